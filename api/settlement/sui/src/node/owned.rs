//! What an address has, and what a transaction would come to: what an owner's transaction is made by. A node can hide a
//! coin or foretell a refusal; it cannot make anybody pay: the bytes are built here, and the chain executes them.

use super::answer::{self, At, Balance, Coins, Simulated};
use super::{Node, NodeError};
use sui_rpc::field::{FieldMask, FieldMaskUtil as _};
use sui_rpc::proto::sui::rpc::v2::{GetBalanceRequest, ListOwnedObjectsRequest, SimulateTransactionRequest};
use sui_sdk_types::{Address, StructTag, Transaction, TypeTag};

/// Coins a page.
const PAGE: u32 = 200;
/// Pages that are read at most: whoever has more coins has enough in these, or is told that they lie scattered.
const PAGES_MAX: usize = 5;

impl Node {
    /// The coin objects of a type that an address owns: the first thousand.
    pub async fn coins(&self, owner: Address, coin: &TypeTag) -> Result<At<Coins>, NodeError> {
        let mut request = ListOwnedObjectsRequest::default()
            .with_owner(owner.to_string())
            .with_object_type(StructTag::coin(coin.clone()).to_string())
            .with_page_size(PAGE)
            .with_read_mask(FieldMask::from_paths(["bcs"]));
        let (mut coins, mut pages) = (Vec::new(), 0);
        loop {
            let page = request.clone();
            let At { head, value: answer } =
                self.ask(self.client.clone().state_client().list_owned_objects(page)).await?;
            for object in &answer.objects {
                coins.push(answer::coin(object, owner, coin).map_err(|failure| self.error(failure))?);
            }
            pages += 1;
            match answer.next_page_token {
                Some(next) if pages < PAGES_MAX => request.set_page_token(next),
                _ => return Ok(At { head, value: Coins::new(coins) }),
            }
        }
    }

    /// How much an address has of a coin, in coin objects and in its address balance.
    pub async fn balance(&self, owner: Address, coin: &TypeTag) -> Result<At<Balance>, NodeError> {
        let request = GetBalanceRequest::default().with_owner(owner.to_string()).with_coin_type(coin.to_string());
        let answer = self.ask(self.client.clone().state_client().get_balance(request)).await?;
        self.read(answer, |answer| answer::balance(answer.balance.as_ref()))
    }

    /// What a transaction would come to now. Nobody has signed it, and nothing is done.
    pub async fn simulate(&self, transaction: &Transaction) -> Result<At<Simulated>, NodeError> {
        let request = SimulateTransactionRequest::new(transaction.clone().into())
            .with_read_mask(FieldMask::from_paths(["transaction.effects.bcs"]));
        let answer = self.ask(self.client.clone().execution_client().simulate_transaction(request)).await?;
        self.read(answer, |answer| answer::simulated(answer.transaction.as_ref()))
    }
}
