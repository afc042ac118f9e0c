//! A node of one's own: it says what a test has it say.

use crate::fixture::{chain, contract};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use sui_rpc::headers;
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_rpc::proto::sui::rpc::v2::ledger_service_server::{LedgerService, LedgerServiceServer};
use sui_rpc::proto::sui::rpc::v2::state_service_server::{StateService, StateServiceServer};
use sui_rpc::proto::sui::rpc::v2::transaction_execution_service_server::{
    TransactionExecutionService, TransactionExecutionServiceServer,
};
use sui_sdk_types::{
    Address, Digest, Event, ExecutionStatus, GasCostSummary, Identifier, StructTag, TransactionEffects,
    TransactionEffectsV2, TransactionEvents,
};
use suiftly_sui::{Executed, Node, sui};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tonic::codegen::http::{HeaderMap, HeaderValue};
use tonic::metadata::MetadataMap;
use tonic::transport::server::{Server, TcpIncoming};
use tonic::{Code, Request, Response, Status, async_trait};

type Answered<T> = Result<Response<T>, Status>;
type Frames = futures::stream::BoxStream<'static, Result<proto::ListEventsResponse, Status>>;

/// What it says.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) chain: Digest,
    pub(crate) checkpoint: Arc<AtomicU64>,
    pub(crate) transaction: Option<proto::ExecutedTransaction>,
    pub(crate) object: Option<proto::Object>,
    pub(crate) balance: Option<proto::Balance>,
    /// Pages of events: after a cursor of n, the page n.
    pub(crate) pages: Vec<Vec<proto::ListEventsResponse>>,
    /// Pages of coins, likewise.
    pub(crate) owned: Vec<Vec<proto::Object>>,
    /// Instead of any answer.
    pub(crate) failure: Option<(Code, &'static str)>,
    /// Whether its lists break off.
    pub(crate) breaks: bool,
    pub(crate) delay: Duration,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            chain: chain(),
            checkpoint: Arc::new(100.into()),
            transaction: None,
            object: None,
            balance: None,
            pages: Vec::new(),
            owned: Vec::new(),
            failure: None,
            breaks: false,
            delay: Duration::ZERO,
        }
    }
}

impl Script {
    /// With a head of its own.
    pub(crate) fn at(self, checkpoint: u64) -> Self {
        Self { checkpoint: Arc::new(checkpoint.into()), ..self }
    }

    async fn answer<T>(&self, answer: Option<T>) -> Answered<T> {
        tokio::time::sleep(self.delay).await;
        if let Some((code, message)) = self.failure {
            return Err(broken(code, message));
        }
        let Some(answer) = answer else {
            let mut status = Status::not_found("not here");
            self.stands(status.metadata_mut());
            return Err(status);
        };
        let mut answer = Response::new(answer);
        self.stands(answer.metadata_mut());
        Ok(answer)
    }

    fn stands(&self, to: &mut MetadataMap) {
        to.insert(headers::X_SUI_CHAIN_ID, self.chain.to_string().parse().unwrap());
        for (name, number) in [
            (headers::X_SUI_EPOCH, 9),
            (headers::X_SUI_CHECKPOINT_HEIGHT, self.checkpoint.load(Ordering::Relaxed)),
            (headers::X_SUI_TIMESTAMP_MS, 1_795_392_000_000),
            (headers::X_SUI_LOWEST_AVAILABLE_CHECKPOINT, 3),
        ] {
            to.insert(name, number.into());
        }
    }
}

#[async_trait]
impl LedgerService for Script {
    async fn get_service_info(
        &self,
        _: Request<proto::GetServiceInfoRequest>,
    ) -> Answered<proto::GetServiceInfoResponse> {
        self.answer(Some(proto::GetServiceInfoResponse::default())).await
    }

    async fn get_epoch(&self, request: Request<proto::GetEpochRequest>) -> Answered<proto::GetEpochResponse> {
        let mut epoch = proto::Epoch::default().with_epoch(9).with_reference_gas_price(750);
        if masks(request.get_ref().read_mask.as_ref(), "protocol_config.feature_flags") {
            epoch.protocol_config_mut().feature_flags.insert("enable_address_balance_gas_payments".to_owned(), true);
        }
        self.answer(Some(proto::GetEpochResponse::new(epoch))).await
    }

    async fn get_object(&self, request: Request<proto::GetObjectRequest>) -> Answered<proto::GetObjectResponse> {
        assert!(masks(request.get_ref().read_mask.as_ref(), "bcs"));
        self.answer(self.object.clone().map(proto::GetObjectResponse::new)).await
    }

    async fn get_transaction(
        &self,
        request: Request<proto::GetTransactionRequest>,
    ) -> Answered<proto::GetTransactionResponse> {
        assert!(masks(request.get_ref().read_mask.as_ref(), "events.bcs"));
        self.answer(self.transaction.clone().map(proto::GetTransactionResponse::new)).await
    }

    async fn list_events(&self, request: Request<proto::ListEventsRequest>) -> Answered<Frames> {
        let request = request.into_inner();
        let types = request.filter.iter().flat_map(|filter| &filter.terms).flat_map(|term| &term.literals).count();
        assert_eq!(types, 3);
        let page = request.options().after_opt().map_or(0, |cursor| usize::from(cursor[0]));
        let end = self.breaks.then(|| Err(broken(Code::Internal, "broken off")));
        let frames = self.pages[page].clone().into_iter().map(Ok).chain(end);
        self.answer(Some(Box::pin(futures::stream::iter(frames)) as Frames)).await
    }
}

#[async_trait]
impl TransactionExecutionService for Script {
    async fn execute_transaction(
        &self,
        request: Request<proto::ExecuteTransactionRequest>,
    ) -> Answered<proto::ExecuteTransactionResponse> {
        let request = request.into_inner();
        assert_eq!(request.signatures.len(), 1);
        assert!(masks(request.read_mask.as_ref(), "effects.bcs"));
        self.answer(self.transaction.clone().map(proto::ExecuteTransactionResponse::new)).await
    }

    async fn simulate_transaction(
        &self,
        request: Request<proto::SimulateTransactionRequest>,
    ) -> Answered<proto::SimulateTransactionResponse> {
        // Here the transaction is a part of the answer, and its fields are asked for below it.
        assert!(masks(request.get_ref().read_mask.as_ref(), "transaction.effects.bcs"));
        self.answer(self.transaction.clone().map(|transaction| {
            let mut response = proto::SimulateTransactionResponse::default();
            response.transaction = Some(transaction);
            response
        }))
        .await
    }
}

#[async_trait]
impl StateService for Script {
    async fn get_balance(&self, request: Request<proto::GetBalanceRequest>) -> Answered<proto::GetBalanceResponse> {
        let request = request.into_inner();
        assert!(request.owner().parse::<Address>().is_ok());
        assert!([contract().coin, sui()].contains(&request.coin_type().parse().unwrap()));
        let mut response = proto::GetBalanceResponse::default();
        response.balance.clone_from(&self.balance);
        self.answer(Some(response)).await
    }

    async fn list_owned_objects(
        &self,
        request: Request<proto::ListOwnedObjectsRequest>,
    ) -> Answered<proto::ListOwnedObjectsResponse> {
        let request = request.into_inner();
        assert_eq!(request.object_type(), StructTag::coin(contract().coin).to_string());
        let page = request.page_token.as_ref().map_or(0, |token| usize::from(token[0]));
        let mut response = proto::ListOwnedObjectsResponse::default();
        response.objects = self.owned[page].clone();
        let next = page + 1;
        response.next_page_token = (next < self.owned.len()).then(|| vec![u8::try_from(next).unwrap()].into());
        self.answer(Some(response)).await
    }
}

/// A status with details that are no base64.
fn broken(code: Code, message: &str) -> Status {
    let mut headers = HeaderMap::new();
    headers.insert("grpc-status-details-bin", HeaderValue::from_static("!"));
    Status::with_metadata(code, message, MetadataMap::from_headers(headers))
}

fn masks(mask: Option<&sui_rpc::field::FieldMask>, path: &str) -> bool {
    mask.is_some_and(|mask| mask.paths.iter().any(|known| known == path))
}

/// A node that runs as long as this is held.
pub(crate) struct Running {
    pub(crate) node: Node,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn run(script: Script) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let script = Arc::new(script);
    let server = Server::builder()
        .add_service(LedgerServiceServer::from_arc(Arc::clone(&script)))
        .add_service(TransactionExecutionServiceServer::from_arc(Arc::clone(&script)))
        .add_service(StateServiceServer::from_arc(script))
        .serve_with_incoming(TcpIncoming::from(listener));
    let task = tokio::spawn(server).abort_handle();
    Running { node: Node::new(&url, chain()).unwrap().with_timeout(Duration::from_secs(10)), task }
}

/// An event of the contract, with nothing in it.
fn event() -> Event {
    Event {
        package_id: contract().package,
        module: Identifier::from_static("escrow"),
        sender: Address::TWO,
        type_: contract().entry_type(),
        contents: vec![1, 2, 3],
    }
}

/// Effects of a transaction that went well, with one event or none, and the events.
pub(crate) fn effects(transaction_digest: Digest, has_event: bool) -> (TransactionEffects, TransactionEvents) {
    let events = TransactionEvents(if has_event { vec![event()] } else { Vec::new() });
    let effects = TransactionEffectsV2 {
        status: ExecutionStatus::Success,
        epoch: 9,
        gas_used: GasCostSummary::default(),
        transaction_digest,
        gas_object_index: None,
        events_digest: has_event.then(|| events.digest()),
        dependencies: Vec::new(),
        lamport_version: 43,
        changed_objects: Vec::new(),
        unchanged_consensus_objects: Vec::new(),
        auxiliary_data_digest: None,
    };
    (TransactionEffects::V2(Box::new(effects)), events)
}

/// The same, as it is read.
pub(crate) fn executed(of: &(TransactionEffects, TransactionEvents), checkpoint: Option<u64>) -> Executed {
    let (effects, events) = of.clone();
    Executed { digest: *effects.transaction_digest(), effects, events: events.0, checkpoint }
}

/// The same, as it is sent.
pub(crate) fn sent(of: &(TransactionEffects, TransactionEvents), checkpoint: u64) -> proto::ExecutedTransaction {
    let effects = proto::TransactionEffects::default().with_bcs(proto::Bcs::serialize(&of.0).unwrap());
    let mut transaction = proto::ExecutedTransaction::default().with_effects(effects).with_checkpoint(checkpoint);
    if !of.1.0.is_empty() {
        let events = proto::TransactionEvents::default().with_bcs(proto::Bcs::serialize(&of.1).unwrap());
        transaction.set_events(events);
    }
    transaction
}
