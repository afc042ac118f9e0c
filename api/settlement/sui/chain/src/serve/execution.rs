//! TransactionExecutionService: transactions that are handed in, and what others would come to.

use super::{LATE_MAX, Late, Node, mask, wire};
use crate::admit::Refusal;
use crate::faults::Fault;
use crate::network::NetworkError;
use crate::state::Executed;
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_rpc::proto::sui::rpc::v2::transaction_execution_service_server::TransactionExecutionService;
use sui_sdk_types::{Transaction, UserSignature};
use tonic::{Request, Response, Status};

const EXECUTED: &str = "effects.status,checkpoint";
const SIMULATED: &str = "*";

#[tonic::async_trait]
impl TransactionExecutionService for Node {
    async fn execute_transaction(
        &self,
        request: Request<proto::ExecuteTransactionRequest>,
    ) -> Result<Response<proto::ExecuteTransactionResponse>, Status> {
        self.begin().await?;
        let request = request.into_inner();
        let transaction = transaction(request.transaction.as_ref())?;
        let signatures = request.signatures.iter().map(UserSignature::try_from).collect::<Result<Vec<_>, _>>();
        let signatures = signatures.map_err(|error| Status::invalid_argument(error.to_string()))?;
        let fault = self.faults.lock().next();
        match fault {
            Some(Fault::Refuse) => return Err(Status::unavailable("a fault that was asked for: too much to do")),
            Some(Fault::Fail) => return Err(lost()),
            Some(Fault::Late { calls }) => {
                if let Some(Late { transaction, signatures, .. }) =
                    self.put_off(Late { calls, transaction, signatures })
                {
                    _ = self.execute(transaction, signatures).await;
                }
                return Err(lost());
            }
            Some(Fault::Lose) => {
                _ = self.execute(transaction, signatures).await;
                return Err(lost());
            }
            None => {}
        }
        let executed = self.execute(transaction, signatures).await?;
        let mask = mask(request.read_mask, EXECUTED);
        self.answer(|chain, view| {
            let at = chain.find(&executed.digest).map(|(at, _)| at);
            Ok(proto::ExecuteTransactionResponse::new(wire::executed(chain, view, at, &executed, &mask)))
        })
    }

    async fn simulate_transaction(
        &self,
        request: Request<proto::SimulateTransactionRequest>,
    ) -> Result<Response<proto::SimulateTransactionResponse>, Status> {
        let request = request.into_inner();
        if request.do_gas_selection() {
            return Err(Status::unimplemented("gas is not selected here"));
        }
        let transaction = transaction(request.transaction.as_ref())?;
        // Here the transaction is a part of the answer: its fields are asked for below it.
        let mask = mask(request.read_mask, SIMULATED).subtree("transaction");
        self.read(|chain, view| {
            let executed = chain.simulate(&transaction).map_err(|refusal| refused(&refusal))?;
            let mut response = proto::SimulateTransactionResponse::default();
            response.transaction = mask.map(|mask| wire::executed(chain, view, None, &executed, &mask));
            Ok(response)
        })
        .await
    }
}

impl Node {
    /// Executes a transaction where waiting for the disk holds nobody up.
    pub(super) async fn execute(
        &self,
        transaction: Transaction,
        signatures: Vec<UserSignature>,
    ) -> Result<Executed, Status> {
        let network = self.network.clone();
        let done = tokio::task::spawn_blocking(move || network.execute(&transaction, &signatures)).await;
        done.map_err(|error| Status::internal(error.to_string()))?.map_err(|error| match error {
            NetworkError::Refused(refusal) => refused(&refusal),
            error => Status::internal(error.to_string()),
        })
    }

    /// Answers what there is no room for.
    fn put_off(&self, late: Late) -> Option<Late> {
        let mut waiting = self.late.lock();
        if waiting.len() >= LATE_MAX {
            return Some(late);
        }
        waiting.push(late);
        None
    }
}

fn transaction(message: Option<&proto::Transaction>) -> Result<Transaction, Status> {
    let message = message.ok_or_else(|| Status::invalid_argument("transaction is missing"))?;
    Transaction::try_from(message).map_err(|error| Status::invalid_argument(error.to_string()))
}

fn refused(refusal: &Refusal) -> Status {
    match refusal {
        Refusal::Invalid(cause) => Status::invalid_argument(cause),
        Refusal::Unknown(cause) => Status::aborted(cause),
    }
}

fn lost() -> Status {
    Status::unavailable("a fault that was asked for: there is no answer")
}
