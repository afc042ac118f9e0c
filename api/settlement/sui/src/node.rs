//! One node, by gRPC: asked within bounds of time and size, and believed in nothing that can be computed here.
//!
//! Each answer says where the node stands ([`Head`]). What it leaves out, or what does not come to the digest that it
//! should, is an error; what it does not have is an answer, worth something only beside another node's.

mod answer;
mod details;
mod error;
mod events;
mod owned;

pub use answer::{At, Balance, Coin, Coins, Epoch, Executed, Head, INPUTS_MAX, Simulated};
pub use error::{Failure, NodeError};
pub use events::{CHECKPOINT_EVENTS_MAX, EVENTS_MAX, Emitted, Listed};

use crate::{Signed, sui};
use std::sync::Arc;
use std::time::Duration;
use sui_rpc::Client;
use sui_rpc::client::ResponseExt;
use sui_rpc::field::{FieldMask, FieldMaskUtil as _};
use sui_rpc::proto::sui::rpc::v2::{
    ExecuteTransactionRequest, GetEpochRequest, GetObjectRequest, GetServiceInfoRequest, GetTransactionRequest,
};
use sui_sdk_types::{Address, Digest, Object};
use tonic::{Code, Response, Status};
use tower::util::MapResponseLayer;

/// What takes longer has no answer. Events, which come in many pages, have four times as long.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// An answer, or a page of one, has no more bytes.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;

const EXECUTED: [&str; 3] = ["checkpoint", "effects.bcs", "events.bcs"];
const EPOCH: [&str; 3] = ["epoch", "reference_gas_price", "protocol_config.feature_flags"];

/// A node of one chain. Clones share its connection, which is made when it is first needed.
#[derive(Clone)]
pub struct Node {
    name: Arc<str>,
    client: Client,
    chain: Digest,
    timeout: Duration,
}

impl Node {
    /// The node at a URL (`https://…`), which should be of this chain.
    pub fn new(url: &str, chain: Digest) -> Result<Self, NodeError> {
        let failed = |error: Status| NodeError::new(url, Failure::Url(error.message().to_owned()));
        let client = Client::new(url)
            .map_err(failed)?
            .with_max_decoding_message_size(MESSAGE_BYTES_MAX)
            .request_layer(MapResponseLayer::new(details::without_details));
        let host = client.uri().host().unwrap_or(url);
        let port = client.uri().port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { name: format!("{host}{port}").into(), client, chain, timeout: CALL_TIMEOUT })
    }

    /// With another patience.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// What it is called in errors: host and port.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it stands.
    pub async fn head(&self) -> Result<Head, NodeError> {
        let request = GetServiceInfoRequest::default();
        Ok(self.ask(self.client.clone().ledger_client().get_service_info(request)).await?.head)
    }

    /// The epoch that runs.
    pub async fn epoch(&self) -> Result<At<Epoch>, NodeError> {
        let request = GetEpochRequest::latest().with_read_mask(FieldMask::from_paths(EPOCH));
        let answer = self.ask(self.client.clone().ledger_client().get_epoch(request)).await?;
        self.read(answer, |answer| answer::epoch(answer.epoch.as_ref()))
    }

    /// Has a transaction executed, or asks again for what it has come to: it executes once, however often it is sent.
    /// The node says that a quorum has certified what it answers; only another node's checkpoints show it.
    pub async fn submit(&self, signed: &Signed) -> Result<At<Executed>, NodeError> {
        let request = ExecuteTransactionRequest::new(signed.transaction.clone().into())
            .with_signatures(vec![signed.signature.clone().into()])
            .with_read_mask(FieldMask::from_paths(EXECUTED));
        let answer = self.ask(self.client.clone().execution_client().execute_transaction(request)).await?;
        self.read(answer, |answer| answer::executed(&signed.digest, answer.transaction.as_ref()))
    }

    /// What a transaction has come to, if it was executed.
    pub async fn executed(&self, digest: &Digest) -> Result<At<Option<Executed>>, NodeError> {
        let request = GetTransactionRequest::new(digest).with_read_mask(FieldMask::from_paths(EXECUTED));
        let answer = self.look(self.client.clone().ledger_client().get_transaction(request)).await?;
        self.read(answer, |found| found.map(|answer| answer::executed(digest, answer.transaction.as_ref())).transpose())
    }

    /// An object at its newest version, if there is one.
    pub async fn object(&self, id: Address) -> Result<At<Option<Object>>, NodeError> {
        let request = GetObjectRequest::new(&id).with_read_mask(FieldMask::from_paths(["bcs"]));
        let answer = self.look(self.client.clone().ledger_client().get_object(request)).await?;
        self.read(answer, |found| found.map(|answer| answer::object(id, answer.object.as_ref())).transpose())
    }

    /// How much gas an address can pay for out of its address balance, in MIST.
    pub async fn gas(&self, owner: Address) -> Result<At<u64>, NodeError> {
        let At { head, value } = self.balance(owner, &sui()).await?;
        Ok(At { head, value: value.in_address })
    }

    /// An answer, with where the node stands.
    async fn ask<T>(&self, answer: impl Future<Output = Result<Response<T>, Status>>) -> Result<At<T>, NodeError> {
        let answer = within(self.timeout, answer).await.map_err(|status| self.failed(&status))?;
        Ok(At { head: self.stands(&answer)?, value: answer.into_inner() })
    }

    /// The same, where there may be nothing to answer with.
    async fn look<T>(
        &self,
        answer: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<At<Option<T>>, NodeError> {
        match within(self.timeout, answer).await {
            Ok(answer) => Ok(At { head: self.stands(&answer)?, value: Some(answer.into_inner()) }),
            Err(status) if status.code() == Code::NotFound => Ok(At { head: self.stands(&status)?, value: None }),
            Err(status) => Err(self.failed(&status)),
        }
    }

    fn read<T, U>(&self, at: At<T>, read: impl FnOnce(T) -> Result<U, Failure>) -> Result<At<U>, NodeError> {
        let value = read(at.value).map_err(|failure| self.error(failure))?;
        Ok(At { head: at.head, value })
    }

    fn stands(&self, answer: &impl ResponseExt) -> Result<Head, NodeError> {
        let head = answer::head(answer).map_err(|failure| self.error(failure))?;
        if head.chain != self.chain {
            return Err(self.error(Failure::OtherChain(head.chain)));
        }
        Ok(head)
    }

    fn failed(&self, status: &Status) -> NodeError {
        self.error(Failure::from(status))
    }

    fn error(&self, failure: Failure) -> NodeError {
        NodeError::new(&self.name, failure)
    }
}

async fn within<T>(time: Duration, answer: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    let late = |_| Err(Status::deadline_exceeded("not in time"));
    tokio::time::timeout(time, answer).await.unwrap_or_else(late)
}
