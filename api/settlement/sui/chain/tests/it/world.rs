//! A chain with two endpoints, an operator and an owner, each with funds.

use std::sync::atomic::{AtomicU32, Ordering};
use sui_rpc::Client;
use sui_rpc::field::{FieldMask, FieldMaskUtil as _};
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_sdk_types::{Address, ObjectReference, StructTag, TypeTag};
use suiftly_chain::{Cutting, Endpoint, Faults, Genesis, Network, Published};
use suiftly_schema::time::UnixMillis;
use suiftly_sui::{Act, Contract, Executed, Key, Node, OwnAct, Pair, Purse, SharedRef, Signed, Terms};
use tokio::net::TcpListener;

/// 2026-11-10T00:00:00Z.
pub(crate) const BEGIN: u64 = 1_794_268_800_000;
pub(crate) const DAY_MS: u64 = 86_400_000;
pub(crate) const NOVEMBER: u32 = 202_611;
pub(crate) const TREASURY: Address = Address::from_static("0x7e");
/// What the operator and the owner have at first, in MIST and in units.
pub(crate) const GAS: u64 = 10_000_000_000;
pub(crate) const BUDGET: u64 = 100_000_000;

pub(crate) const fn usd(dollars: u64) -> u64 {
    dollars * 1_000_000
}

pub(crate) fn coin() -> TypeTag {
    "0xc01::usdc::USDC".parse().unwrap()
}

pub(crate) fn sui() -> TypeTag {
    StructTag::sui().into()
}

pub(crate) fn key(byte: u8) -> Key {
    Key::new([byte; 32])
}

pub(crate) fn genesis() -> Genesis {
    Genesis {
        at_ms: BEGIN,
        admin: key(1).address(),
        operator: key(2).address(),
        treasury: TREASURY,
        coin: coin(),
        cent: 10_000,
        gas_price: 1_000,
        checkpoints: Cutting::Each,
    }
}

pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) endpoints: [Endpoint; 2],
    pub(crate) contract: Contract,
    pub(crate) admin: Key,
    pub(crate) operator: Key,
    pub(crate) owner: Key,
    salt: AtomicU32,
}

pub(crate) async fn endpoint(network: &Network, faults: &str) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Endpoint::start(network.clone(), listener, Faults::parse(faults).unwrap()).unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        let network = Network::new(&genesis()).unwrap();
        Self::give(&network);
        Self::of(network).await
    }

    /// What everybody has at first.
    pub(crate) fn give(network: &Network) {
        let give = |to: &Key, kind: &TypeTag, amount, as_coin| {
            network.faucet(to.address(), kind, amount, as_coin).unwrap().unwrap();
        };
        for who in [1, 2].map(key) {
            give(&who, &sui(), GAS, false);
        }
        give(&key(2), &coin(), usd(100), false);
        give(&key(3), &sui(), GAS, true);
        give(&key(3), &coin(), usd(60), true);
        give(&key(3), &coin(), usd(40), true);
    }

    pub(crate) async fn of(network: Network) -> Self {
        let endpoints = [endpoint(&network, "").await, endpoint(&network, "").await];
        let Published { contract, .. } = network.look(suiftly_chain::Chain::published);
        let [admin, operator, owner] = [1, 2, 3].map(key);
        Self { network, endpoints, contract, admin, operator, owner, salt: AtomicU32::new(0) }
    }

    pub(crate) fn node(&self, at: usize) -> Node {
        Node::new(&self.endpoints[at].url(), self.network.look(suiftly_chain::Chain::id)).unwrap()
    }

    pub(crate) fn pair(&self) -> Pair {
        Pair::new(self.node(0), self.node(1))
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.endpoints[0].url()).unwrap()
    }

    pub(crate) fn set_faults(&self, at: usize, faults: &str) {
        self.endpoints[at].set_faults(Faults::parse(faults).unwrap());
    }

    pub(crate) async fn terms(&self, sender: Address) -> Terms {
        let epoch = self.node(1).epoch().await.unwrap();
        assert!(epoch.value.gas_from_balance);
        let salt = self.salt.fetch_add(1, Ordering::Relaxed);
        let (gas_price, epoch, chain) = (epoch.value.gas_price, epoch.value.number, epoch.head.chain);
        Terms { sender, gas_price, gas_budget: BUDGET, epoch, chain, salt }
    }

    /// What the operator does, signed and not sent.
    pub(crate) async fn signed(&self, act: &Act) -> Signed {
        let terms = self.terms(self.operator.address()).await;
        self.operator.sign(self.contract.build(act, &terms).unwrap()).unwrap()
    }

    pub(crate) async fn act(&self, act: &Act) -> Executed {
        let signed = self.signed(act).await;
        self.node(0).submit(&signed).await.unwrap().value
    }

    /// What the owner does.
    pub(crate) async fn own(&self, act: &OwnAct) -> Executed {
        let terms = self.terms(self.owner.address()).await;
        let coins = self.coins(self.owner.address(), &coin()).await;
        let gas = self.coins(self.owner.address(), &sui()).await;
        let transaction = self.contract.own(act, &Purse { coins, gas }, &terms).unwrap();
        let signed = self.owner.sign(transaction).unwrap();
        self.node(0).submit(&signed).await.unwrap().value
    }

    /// The owner's account, opened with a limit of $20 a month.
    pub(crate) async fn open(&self, first: u64) -> SharedRef {
        let opened = self.own(&OwnAct::Open { first, limit: usd(20) }).await;
        opened.shared(self.contract.account_id(self.owner.address())).unwrap()
    }

    /// The coins of an address.
    pub(crate) async fn coins(&self, owner: Address, kind: &TypeTag) -> Vec<ObjectReference> {
        let request = proto::ListOwnedObjectsRequest::default()
            .with_owner(owner.to_string())
            .with_object_type(StructTag::coin(kind.clone()).to_string())
            .with_read_mask(FieldMask::from_paths(["object_id", "version", "digest"]));
        let answer = self.client().state_client().list_owned_objects(request).await.unwrap().into_inner();
        let reference = |object: proto::Object| {
            let (id, digest) = (object.object_id().parse().unwrap(), object.digest().parse().unwrap());
            ObjectReference::new(id, object.version(), digest)
        };
        answer.objects.into_iter().map(reference).collect()
    }

    /// What an address has: in its address balance, in coins.
    pub(crate) async fn balance(&self, owner: Address, kind: &TypeTag) -> [u64; 2] {
        let request =
            proto::GetBalanceRequest::default().with_owner(owner.to_string()).with_coin_type(kind.to_string());
        let answer = self.client().state_client().get_balance(request).await.unwrap().into_inner();
        let balance = answer.balance.unwrap();
        [balance.address_balance(), balance.coin_balance()]
    }

    pub(crate) fn charge(&self, account: SharedRef, number: u8, amount: u64) -> Act {
        Act::Charge { account, amount, nonce: [number; 32], month: NOVEMBER, bill_root: [0xb1; 32] }
    }
}

pub(crate) fn at(ms: u64) -> UnixMillis {
    UnixMillis(i64::try_from(ms).unwrap())
}
