//! StateService: what an address has.

use super::{Node, address, events, mask, wire};
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_rpc::proto::sui::rpc::v2::state_service_server::StateService;
use sui_sdk_types::{Address, ObjectType, TypeTag};
use tonic::{Request, Response, Status};

const OBJECT: &str = "object_id,version,object_type";
const PAGE: u32 = 50;
const PAGE_MAX: u32 = 1_000;

#[tonic::async_trait]
impl StateService for Node {
    async fn get_balance(
        &self,
        request: Request<proto::GetBalanceRequest>,
    ) -> Result<Response<proto::GetBalanceResponse>, Status> {
        let request = request.into_inner();
        let owner = address(request.owner.as_deref(), "owner")?;
        let coin = request.coin_type().parse::<TypeTag>();
        let coin = coin.map_err(|_| Status::invalid_argument("coin_type is missing, or not a type"))?;
        self.read(|chain, view| {
            let [funds, in_coins] = chain.balance_as_of(owner, &coin, view.end);
            let mut balance = proto::Balance::default();
            balance.coin_type = Some(coin.to_string());
            balance.balance = Some(in_coins.saturating_add(funds));
            balance.address_balance = Some(funds);
            balance.coin_balance = Some(in_coins);
            let mut response = proto::GetBalanceResponse::default();
            response.balance = Some(balance);
            Ok(response)
        })
        .await
    }

    async fn list_owned_objects(
        &self,
        request: Request<proto::ListOwnedObjectsRequest>,
    ) -> Result<Response<proto::ListOwnedObjectsResponse>, Status> {
        let request = request.into_inner();
        let owner = address(request.owner.as_deref(), "owner")?;
        let after = request.page_token.as_deref().map(Address::from_bytes).transpose();
        let after = after.map_err(|_| Status::invalid_argument("page_token is none of ours"))?;
        let mask = mask(request.read_mask, OBJECT);
        let size = request.page_size.unwrap_or(PAGE).clamp(1, PAGE_MAX) as usize;
        self.read(|chain, view| {
            let (mut response, mut last) = (proto::ListOwnedObjectsResponse::default(), None);
            let later = chain.owned_as_of(owner, view.end);
            for object in later.filter(|object| after.is_none_or(|after| object.object_id() > after)) {
                let is_asked_for = match (&request.object_type, object.object_type()) {
                    (None, _) => true,
                    (Some(path), ObjectType::Struct(tag)) => events::is_type(path, &tag)
                        .ok_or_else(|| Status::invalid_argument("object_type is not a type"))?,
                    (Some(_), ObjectType::Package) => false,
                };
                if !is_asked_for {
                    continue;
                }
                if response.objects.len() == size {
                    // One more than the page has: the next begins after the last of this one.
                    response.next_page_token = last.map(|id: Address| id.as_bytes().to_vec().into());
                    break;
                }
                last = Some(object.object_id());
                response.objects.push(wire::object(object, &mask));
            }
            Ok(response)
        })
        .await
    }
}
