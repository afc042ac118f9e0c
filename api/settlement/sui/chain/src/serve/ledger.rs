//! LedgerService: objects, transactions, checkpoints, epochs, events.

use super::lies::{is_hidden, is_transaction_hidden};
use super::{NAME, Node, View, address, events, mask, wire};
use crate::state::Chain;
use sui_rpc::field::FieldMaskTree;
use sui_rpc::proto::google::rpc::Status as Refused;
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_rpc::proto::sui::rpc::v2::get_checkpoint_request::CheckpointId;
use sui_rpc::proto::sui::rpc::v2::ledger_service_server::LedgerService;
use sui_rpc::proto::timestamp_ms_to_proto;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

const OBJECT: &str = "object_id,version,digest";
const TRANSACTION: &str = "digest";
const CHECKPOINT: &str = "sequence_number,digest";
const EPOCH: &str = "epoch";

#[tonic::async_trait]
impl LedgerService for Node {
    async fn get_service_info(
        &self,
        _: Request<proto::GetServiceInfoRequest>,
    ) -> Result<Response<proto::GetServiceInfoResponse>, Status> {
        self.read(|chain, view| {
            let head = chain.checkpoints.get(view.height).ok_or_else(|| Status::internal("no checkpoint"))?;
            let mut info = proto::GetServiceInfoResponse::default();
            info.chain_id = Some(chain.id().to_string());
            info.chain = Some(NAME.to_owned());
            info.epoch = Some(head.summary.epoch);
            info.checkpoint_height = Some(view.height as u64);
            info.timestamp = Some(timestamp_ms_to_proto(head.summary.timestamp_ms));
            info.lowest_available_checkpoint = Some(0);
            info.lowest_available_checkpoint_objects = Some(0);
            info.server = Some(concat!("suiftly-chain/", env!("CARGO_PKG_VERSION")).to_owned());
            Ok(info)
        })
        .await
    }

    async fn get_object(
        &self,
        request: Request<proto::GetObjectRequest>,
    ) -> Result<Response<proto::GetObjectResponse>, Status> {
        let request = request.into_inner();
        let mask = mask(request.read_mask.clone(), OBJECT);
        self.read(|chain, view| Ok(proto::GetObjectResponse::new(object(chain, view, &request, &mask)?))).await
    }

    async fn batch_get_objects(
        &self,
        request: Request<proto::BatchGetObjectsRequest>,
    ) -> Result<Response<proto::BatchGetObjectsResponse>, Status> {
        let request = request.into_inner();
        let mask = mask(request.read_mask, OBJECT);
        self.read(|chain, view| {
            let objects = request.requests.iter().map(|request| match object(chain, view, request, &mask) {
                Ok(object) => proto::GetObjectResult::new_object(object),
                Err(status) => proto::GetObjectResult::new_error(refused(&status)),
            });
            Ok(proto::BatchGetObjectsResponse::new(objects.collect()))
        })
        .await
    }

    async fn get_transaction(
        &self,
        request: Request<proto::GetTransactionRequest>,
    ) -> Result<Response<proto::GetTransactionResponse>, Status> {
        let request = request.into_inner();
        let mask = mask(request.read_mask, TRANSACTION);
        let digest = request.digest.unwrap_or_default();
        self.read(|chain, view| Ok(proto::GetTransactionResponse::new(transaction(chain, view, &digest, &mask)?))).await
    }

    async fn batch_get_transactions(
        &self,
        request: Request<proto::BatchGetTransactionsRequest>,
    ) -> Result<Response<proto::BatchGetTransactionsResponse>, Status> {
        let request = request.into_inner();
        let mask = mask(request.read_mask, TRANSACTION);
        self.read(|chain, view| {
            let transactions = request.digests.iter().map(|digest| match transaction(chain, view, digest, &mask) {
                Ok(transaction) => proto::GetTransactionResult::new_transaction(transaction),
                Err(status) => proto::GetTransactionResult::new_error(refused(&status)),
            });
            Ok(proto::BatchGetTransactionsResponse::new(transactions.collect()))
        })
        .await
    }

    async fn get_checkpoint(
        &self,
        request: Request<proto::GetCheckpointRequest>,
    ) -> Result<Response<proto::GetCheckpointResponse>, Status> {
        let request = request.into_inner();
        let mask = mask(request.read_mask, CHECKPOINT);
        self.read(|chain, view| {
            let number = match request.checkpoint_id {
                Some(CheckpointId::SequenceNumber(number)) => usize::try_from(number).ok(),
                Some(CheckpointId::Digest(digest)) => {
                    chain.checkpoints.iter().position(|checkpoint| checkpoint.digest.to_string() == digest)
                }
                _ => Some(view.height),
            };
            let number = number.filter(|number| *number <= view.height);
            let found = number.and_then(|number| Some((number, chain.checkpoints.get(number)?)));
            let (number, checkpoint) = found.ok_or_else(|| Status::not_found("there is no such checkpoint"))?;
            Ok(proto::GetCheckpointResponse::new(wire::checkpoint(chain, view, number, checkpoint, &mask)))
        })
        .await
    }

    async fn get_epoch(
        &self,
        request: Request<proto::GetEpochRequest>,
    ) -> Result<Response<proto::GetEpochResponse>, Status> {
        let request = request.into_inner();
        let mask = mask(request.read_mask, EPOCH);
        self.read(|chain, view| {
            let running = chain.checkpoints.get(view.height).map_or(0, |head| head.summary.epoch);
            let number = usize::try_from(request.epoch.unwrap_or(running)).ok();
            let epoch = number.and_then(|number| wire::epoch(chain, view, number, &mask));
            epoch.map(proto::GetEpochResponse::new).ok_or_else(|| Status::not_found("there is no such epoch"))
        })
        .await
    }

    async fn list_events(
        &self,
        request: Request<proto::ListEventsRequest>,
    ) -> Result<Response<BoxStream<proto::ListEventsResponse>>, Status> {
        let request = request.into_inner();
        let frames = self.read(|chain, view| events::list(chain, view, &request)).await?;
        Ok(frames.map(|frames| -> BoxStream<_> { Box::pin(futures::stream::iter(frames.into_iter().map(Ok))) }))
    }
}

fn object(
    chain: &Chain,
    view: View,
    request: &proto::GetObjectRequest,
    mask: &FieldMaskTree,
) -> Result<proto::Object, Status> {
    let id = address(request.object_id.as_deref(), "object_id")?;
    let object = match request.version {
        Some(version) => chain.object_version(id, version, view.end),
        None => chain.object_as_of(id, view.end),
    };
    let object = object.filter(|object| !is_hidden(chain, view.lie, object));
    object.map(|object| wire::object(object, mask)).ok_or_else(|| Status::not_found(format!("there is no object {id}")))
}

fn transaction(
    chain: &Chain,
    view: View,
    digest: &str,
    mask: &FieldMaskTree,
) -> Result<proto::ExecutedTransaction, Status> {
    let parsed = digest.parse().map_err(|_| Status::invalid_argument("digest is missing, or none"))?;
    let found = chain.find(&parsed).filter(|(at, _)| *at < view.end);
    let found = found.filter(|(_, executed)| !is_transaction_hidden(view.lie, executed));
    let (at, executed) = found.ok_or_else(|| Status::not_found(format!("there is no transaction {digest}")))?;
    Ok(wire::executed(chain, view, Some(at), executed, mask))
}

/// One of several that is not answered.
fn refused(status: &Status) -> Refused {
    Refused { code: status.code().into(), message: status.message().to_owned(), ..Refused::default() }
}
