//! A chain with owners who sign for themselves, and an escrow over it that a database is kept for.

use crate::desk::{instant, month};
use std::sync::Arc;
use std::time::Duration;
use sui_sdk_types::{Address, ExecutionStatus, ObjectChange, ObjectReference, StructTag, TypeTag};
use suiftly_chain::{Chain, Cutting, Endpoint, Fault, Faults, Genesis, Network};
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::escrow::{
    ACT_FOR, AT_ONCE, ChargeOrder, Escrow, EscrowError, EscrowEvent, Nonce, SuiEscrow, SuiSettings,
};
use suiftly_store::testing::{Client, TestDatabase};
use suiftly_sui::{Contract, Key, Node, OwnAct, Pair, Purse, SharedRef, Terms};
use tokio::net::TcpListener;

pub(super) const NOW: &str = "2026-11-22T10:00:00Z";
/// Less than it takes to ask both nodes twice: they are asked again after two seconds.
const HASTY: Duration = Duration::from_millis(1_900);
const GAS: u64 = 1_000_000_000_000;
const BUDGET: u64 = 100_000_000;
const OPERATOR: u8 = 200;
const STRANGER: u8 = 202;
pub(super) const PAUPER: u8 = 203;

pub(super) fn key(byte: u8) -> Key {
    Key::new([byte; 32])
}

/// An owner's address.
pub(super) fn owner(n: u8) -> String {
    key(n).address().to_string()
}

pub(super) fn sui() -> TypeTag {
    StructTag::sui().into()
}

fn cents(cents: i64) -> u64 {
    u64::try_from(cents).unwrap() * 10_000
}

pub(super) struct Bank {
    pub(super) network: Network,
    pub(super) endpoints: [Endpoint; 2],
    /// One without faults, for what is no matter of a test's.
    sound: Endpoint,
    pub(super) contract: Contract,
    pub(super) escrow: SuiEscrow,
    pub(super) database: Arc<TestDatabase>,
    pub(super) client: Client,
    pub(super) at: UnixMillis,
}

impl Bank {
    pub(super) async fn new() -> Self {
        let at = instant(NOW);
        let genesis = Genesis {
            at_ms: at.0.unsigned_abs(),
            admin: key(201).address(),
            operator: key(OPERATOR).address(),
            treasury: Address::from_static("0x7e"),
            coin: "0xc01::usdc::USDC".parse().unwrap(),
            cent: 10_000,
            gas_price: 1_000,
            checkpoints: Cutting::Each,
        };
        let network = Network::new(&genesis).unwrap();
        for (kind, amount) in [(sui(), GAS), (genesis.coin.clone(), cents(100_000))] {
            network.faucet(key(OPERATOR).address(), &kind, amount, false).unwrap().unwrap();
        }
        let endpoints = [endpoint(&network).await, endpoint(&network).await];
        let sound = endpoint(&network).await;
        let contract = network.look(Chain::published).contract;
        let database = Arc::new(TestDatabase::create().await);
        let escrow = escrow(&database, &network, &endpoints, &contract, (OPERATOR, ACT_FOR));
        let client = database.client().await;
        Self { network, endpoints, sound, contract, escrow, database, client, at }
    }

    /// With an account, opened with a limit and a deposit.
    pub(super) async fn with_account(n: u8, limit_cents: i64, deposit_cents: i64) -> Self {
        let bank = Self::new().await;
        bank.open(n, limit_cents, deposit_cents).await;
        bank
    }

    /// Another process on the same database and chain.
    pub(super) fn another(&self) -> SuiEscrow {
        self.within(ACT_FOR)
    }

    /// One that gives up before it has asked both nodes twice: only for what nobody is to answer. What is to be done takes
    /// as long as a busy machine needs for it.
    pub(super) fn hasty(&self) -> SuiEscrow {
        self.within(HASTY)
    }

    /// One whose calls are over by then.
    pub(super) fn within(&self, act_for: Duration) -> SuiEscrow {
        escrow(&self.database, &self.network, &self.endpoints, &self.contract, (OPERATOR, act_for))
    }

    /// One whose key the house does not list, though it can pay its gas.
    pub(super) fn stranger(&self) -> SuiEscrow {
        self.network.faucet(key(STRANGER).address(), &sui(), GAS, false).unwrap().unwrap();
        escrow(&self.database, &self.network, &self.endpoints, &self.contract, (STRANGER, ACT_FOR))
    }

    /// One whose key has no gas, and is no operator's either.
    pub(super) fn pauper(&self) -> SuiEscrow {
        escrow(&self.database, &self.network, &self.endpoints, &self.contract, (PAUPER, ACT_FOR))
    }

    /// One that has hardly any patience with a node that lacks something.
    pub(super) fn impatient(&self, patience: Duration) -> SuiEscrow {
        let pair = pair(&self.network, &self.endpoints).with_patience(patience);
        over(&self.database, pair, &self.contract, (OPERATOR, ACT_FOR))
    }

    fn node(&self) -> Node {
        node(&self.network, &self.sound)
    }

    /// The chain's clock goes there, and ours with it.
    pub(super) fn go_to(&mut self, at: &str) {
        self.at = instant(at);
        self.network.set_clock(self.at.0.unsigned_abs()).unwrap();
    }

    /// The faults of the next transactions that are handed in, at both.
    pub(super) fn queue(&self, faults: [Option<Fault>; 2]) {
        for (endpoint, fault) in self.endpoints.iter().zip(faults) {
            endpoint.queue([fault]);
        }
    }

    pub(super) fn set_faults(&self, at: usize, faults: &str) {
        self.endpoints[at].set_faults(Faults::parse(faults).unwrap());
    }

    /// The name of an owner's account.
    pub(super) fn account(&self, n: u8) -> String {
        self.contract.account_id(key(n).address()).to_string()
    }

    async fn shared(&self, n: u8) -> SharedRef {
        let object = self.node().object(self.contract.account_id(key(n).address())).await.unwrap().value.unwrap();
        self.contract.account(&object).unwrap().at
    }

    pub(super) async fn open(&self, n: u8, limit_cents: i64, deposit_cents: i64) {
        self.own(n, &OwnAct::Open { first: cents(deposit_cents), limit: cents(limit_cents) }, deposit_cents).await;
    }

    pub(super) async fn ask(&self, n: u8, amount_cents: i64) {
        let account = self.shared(n).await;
        self.own(n, &OwnAct::Request { account, amount: cents(amount_cents) }, 0).await;
    }

    pub(super) async fn cancel(&self, n: u8, request: u64) {
        let account = self.shared(n).await;
        self.own(n, &OwnAct::Cancel { account, request }, 0).await;
    }

    pub(super) async fn set_limit(&self, n: u8, limit_cents: i64) {
        let account = self.shared(n).await;
        self.own(n, &OwnAct::SetLimit { account, limit: cents(limit_cents) }, 0).await;
    }

    /// An owner's transaction, executed where no endpoint stands in the way.
    async fn own(&self, n: u8, act: &OwnAct, funds_cents: i64) {
        let key = key(n);
        let coin = self.contract.coin.clone();
        let coins = if funds_cents > 0 { vec![self.coin(&key, &coin, cents(funds_cents)).await] } else { Vec::new() };
        let purse = Purse { coins, gas: vec![self.coin(&key, &sui(), BUDGET).await] };
        let head = self.node().head().await.unwrap();
        let (sender, epoch, chain) = (key.address(), head.epoch, head.chain);
        let terms = Terms { sender, gas_price: 1_000, gas_budget: BUDGET, epoch, chain, salt: 0 };
        let signed = key.sign(self.contract.own(act, &purse, &terms).unwrap()).unwrap();
        let executed = self.network.execute(&signed.transaction, &[signed.signature]).unwrap();
        assert_eq!(executed.effects.status(), &ExecutionStatus::Success, "{act:?}");
    }

    /// A coin out of nowhere.
    async fn coin(&self, to: &Key, kind: &TypeTag, amount: u64) -> ObjectReference {
        let digest = self.network.faucet(to.address(), kind, amount, true).unwrap().unwrap();
        let executed = self.node().executed(&digest).await.unwrap().value.unwrap();
        let made = executed.effects.object_changes().find_map(|change| match change {
            ObjectChange::Created { object_id, output_version, output_digest, .. } => {
                Some(ObjectReference::new(*object_id, output_version, *output_digest))
            }
            _ => None,
        });
        made.unwrap()
    }

    pub(super) fn order(&self, nonce: u64, account: u8, cents: i64, of: &str) -> ChargeOrder {
        let (nonce, account) = (Nonce(format!("{nonce:064x}")), self.account(account));
        ChargeOrder { nonce, account, amount_usd_cents: cents, month: month(of), root: [7; 32] }
    }

    pub(super) async fn charge(&self, orders: &[ChargeOrder]) -> Vec<String> {
        self.escrow.charge(orders, self.at).await.iter().map(told).collect()
    }

    /// What the treasury has, in cents.
    pub(super) fn drawn(&self) -> i64 {
        let treasury = Address::from_static("0x7e");
        let [in_address, in_coins] = self.network.look(|chain| chain.balance(treasury, &self.contract.coin));
        self.contract.usd_cents(in_address + in_coins).unwrap()
    }

    pub(super) async fn balance(&self, n: u8) -> i64 {
        let accounts = self.escrow.accounts(&[self.account(n)]).await.unwrap();
        accounts[0].balance_usd_cents
    }

    /// What is mirrored: kinds and amounts.
    pub(super) async fn events(&self) -> Vec<(&'static str, i64)> {
        // Once for what is known, once more for what is new.
        let mut events = self.escrow.events(0, 1_000).await.unwrap();
        if let Some(last) = events.last() {
            let new = self.escrow.events(last.seq, 1_000).await.unwrap();
            events.extend(new);
        }
        events.iter().map(|event| (event.kind.word(), event.amount_usd_cents)).collect()
    }

    /// What operators were told, the latest last.
    pub(super) async fn told(&self, kind: &str) -> Vec<String> {
        let sql = "SELECT body->>'why' FROM notifications WHERE kind = $1 AND customer_id IS NULL ORDER BY id";
        self.client.query(sql, &[&kind]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// The first column of the first row.
    pub(super) async fn count(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }
}

async fn endpoint(network: &Network) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Endpoint::start(network.clone(), listener, Faults::default()).unwrap()
}

/// What is refused or lost is told at once: its patience is for a machine that is busy.
fn node(network: &Network, endpoint: &Endpoint) -> Node {
    Node::new(&endpoint.url(), network.look(Chain::id)).unwrap().with_timeout(Duration::from_secs(30))
}

pub(super) fn pair(network: &Network, endpoints: &[Endpoint; 2]) -> Pair {
    Pair::new(node(network, &endpoints[0]), node(network, &endpoints[1]))
}

fn escrow(
    database: &TestDatabase,
    network: &Network,
    endpoints: &[Endpoint; 2],
    contract: &Contract,
    by: (u8, Duration),
) -> SuiEscrow {
    over(database, pair(network, endpoints), contract, by)
}

fn over(database: &TestDatabase, pair: Pair, contract: &Contract, (by, act_for): (u8, Duration)) -> SuiEscrow {
    let settings = SuiSettings { gas_budget: BUDGET, at_once: AT_ONCE, act_for, begins_at: 0 };
    SuiEscrow::new(database.config(), contract.clone(), pair, key(by), settings).unwrap()
}

/// `ok`, why not, or that nobody knows.
pub(super) fn told(answer: &Result<EscrowEvent, EscrowError>) -> String {
    match answer {
        Ok(_) => "ok".to_owned(),
        Err(EscrowError::Refused { cause, .. }) => cause.clone(),
        Err(EscrowError::InDoubt { .. }) => "in doubt".to_owned(),
    }
}
