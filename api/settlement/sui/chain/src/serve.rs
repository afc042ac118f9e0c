//! A node: gRPC over a chain, each endpoint with faults of its own.
//!
//! An endpoint shows what is in checkpoints, as far as it has come; what was executed and is in none yet is known by the
//! answer to whoever handed it in.

mod events;
mod execution;
mod ledger;
mod lies;
mod state;
mod wire;

use crate::faults::{Fault, Faults, Lie};
use crate::network::Network;
use crate::state::Chain;
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use sui_rpc::field::{FieldMask, FieldMaskTree};
use sui_rpc::headers;
use sui_rpc::proto::sui::rpc::v2::ledger_service_server::LedgerServiceServer;
use sui_rpc::proto::sui::rpc::v2::state_service_server::StateServiceServer;
use sui_rpc::proto::sui::rpc::v2::transaction_execution_service_server::TransactionExecutionServiceServer;
use sui_sdk_types::{Address, Transaction, UserSignature};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Response, Status};

/// Transactions that wait to be done late at most; those beyond are done at once.
const LATE_MAX: usize = 1_000;

/// A node that answers, until it is dropped.
pub struct Endpoint {
    address: SocketAddr,
    node: Arc<Node>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

/// What an endpoint's services share.
pub(crate) struct Node {
    network: Network,
    faults: Mutex<Faults>,
    late: Mutex<Vec<Late>>,
}

/// A transaction that is done after so many more calls.
struct Late {
    calls: u32,
    transaction: Transaction,
    signatures: Vec<UserSignature>,
}

/// How far an endpoint has come.
#[derive(Clone, Copy)]
pub(crate) struct View {
    /// Its last checkpoint.
    height: usize,
    /// How many transactions there are by then.
    end: usize,
    lie: Option<Lie>,
    reorder: bool,
}

impl Endpoint {
    /// Answers what comes to a listener. Has to be called within a tokio runtime.
    pub fn start(network: Network, listener: TcpListener, faults: Faults) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let node = Arc::new(Node { network, faults: Mutex::new(faults), late: Mutex::new(Vec::new()) });
        let (stop, stopped) = oneshot::channel();
        let router = Server::builder()
            .add_service(LedgerServiceServer::from_arc(Arc::clone(&node)))
            .add_service(TransactionExecutionServiceServer::from_arc(Arc::clone(&node)))
            .add_service(StateServiceServer::from_arc(Arc::clone(&node)));
        let stopped = async move {
            // That the other end is gone stops it, too.
            _ = stopped.await;
        };
        // Answers are small: none waits for the one before it to be acknowledged.
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let serving = tokio::spawn(router.serve_with_incoming_shutdown(incoming, stopped));
        Ok(Self { address, node, stop: Some(stop), serving })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it has these faults. What is late stays late.
    pub fn set_faults(&self, faults: Faults) {
        *self.node.faults.lock() = faults;
    }

    /// The faults of the next transactions that are handed in here, after those there are.
    pub fn queue(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.node.faults.lock().queue(faults);
    }

    /// Takes no more calls, and waits until those under way are answered.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            _ = stop.send(());
        }
        _ = (&mut self.serving).await;
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Node {
    /// Answers a call that only reads.
    async fn read<T>(&self, answer: impl FnOnce(&Chain, View) -> Result<T, Status>) -> Result<Response<T>, Status> {
        self.begin().await?;
        if self.faults.lock().is_read_lost() {
            return Err(Status::unavailable("a fault that was asked for: the answer is lost"));
        }
        self.answer(answer)
    }

    /// Answers from where this endpoint has come, and says where that is.
    fn answer<T>(&self, answer: impl FnOnce(&Chain, View) -> Result<T, Status>) -> Result<Response<T>, Status> {
        let (lag, lie, reorder) = {
            let faults = self.faults.lock();
            (faults.lag, faults.lie, faults.reorder)
        };
        self.network.look(|chain| {
            let newest = chain.checkpoints.len().saturating_sub(1);
            let height = newest.saturating_sub(usize::try_from(lag).unwrap_or(usize::MAX));
            let end = chain.checkpoints.get(height).map_or(0, |checkpoint| checkpoint.end);
            let view = View { height, end, lie, reorder };
            match answer(chain, view) {
                Ok(message) => {
                    let mut response = Response::new(message);
                    put_headers(response.metadata_mut(), chain, view);
                    Ok(response)
                }
                Err(mut status) => {
                    put_headers(status.metadata_mut(), chain, view);
                    Err(status)
                }
            }
        })
    }

    /// Every call begins so: it takes its time, and what is late comes due.
    async fn begin(&self) -> Result<(), Status> {
        let (delay, away) = {
            let faults = self.faults.lock();
            (faults.delay, faults.away)
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if away {
            return Err(Status::unavailable("a fault that was asked for: nobody is here"));
        }
        let due = {
            let mut late = self.late.lock();
            for waiting in late.iter_mut() {
                waiting.calls = waiting.calls.saturating_sub(1);
            }
            let (due, waiting) = std::mem::take(&mut *late).into_iter().partition(|late: &Late| late.calls == 0);
            *late = waiting;
            due
        };
        for Late { transaction, signatures, .. } in due {
            // Nobody waits for the answer any more.
            _ = self.execute(transaction, signatures).await;
        }
        Ok(())
    }
}

/// The headers of every answer.
fn put_headers(metadata: &mut MetadataMap, chain: &Chain, view: View) {
    let Some(checkpoint) = chain.checkpoints.get(view.height) else { return };
    let epoch = chain.epochs.partition_point(|epoch| epoch.first_checkpoint <= view.height as u64).saturating_sub(1);
    let values = [
        (headers::X_SUI_CHAIN_ID, chain.id().to_string()),
        (headers::X_SUI_CHAIN, NAME.to_owned()),
        (headers::X_SUI_EPOCH, epoch.to_string()),
        (headers::X_SUI_CHECKPOINT_HEIGHT, view.height.to_string()),
        (headers::X_SUI_TIMESTAMP_MS, checkpoint.summary.timestamp_ms.to_string()),
        (headers::X_SUI_LOWEST_AVAILABLE_CHECKPOINT, "0".to_owned()),
        (headers::X_SUI_LOWEST_AVAILABLE_CHECKPOINT_OBJECTS, "0".to_owned()),
    ];
    for (name, value) in values {
        if let Ok(value) = AsciiMetadataValue::try_from(value) {
            metadata.insert(name, value);
        }
    }
}

/// What the chain is called.
const NAME: &str = "local";

/// What of a message is asked for.
fn mask(asked: Option<FieldMask>, otherwise: &str) -> FieldMaskTree {
    let parse = |text: &str| text.parse().unwrap_or_default();
    asked.map_or_else(|| parse(otherwise), FieldMaskTree::from)
}

/// An address in a request.
fn address(text: Option<&str>, what: &'static str) -> Result<Address, Status> {
    let parsed = text.and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| Status::invalid_argument(format!("{what} is missing, or not an address")))
}
