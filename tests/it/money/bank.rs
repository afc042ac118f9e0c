//! Who holds the simulated customers' funds: the embedded escrow, or the contract on a local chain. Both refuse, are late and
//! lose their answers, and the chain's nodes list events in an order of their own. On the chain owners sign for themselves, at
//! an endpoint that has no faults: wallets ask again until somebody answers, and the chain is what is tried here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use suiftly_chain::{Chain, Cutting, Endpoint, Faults, Genesis, Network};
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::escrow::{AT_ONCE, EmbeddedEscrow, Escrow, FaultPlan, Faulty, SuiEscrow, SuiSettings};
use suiftly_store::testing::TestDatabase;
use suiftly_sui::{Address, Contract, Key, Node, Outcome, OwnAct, Pair, Purse, SharedRef, Terms, sui};
use tokio::net::TcpListener;

/// Each can happen to a call of an escrow, or of a node.
const FAULTS: &str = "refuse=0.03,fail=0.03,lose=0.05,late=0.03";
const CENT: u64 = 10_000;
const GAS: u64 = 1_000_000_000_000_000;
const OWNERS_GAS: u64 = 1_000_000_000_000;
const BUDGET: u64 = 50_000_000;
/// What is not done by then is in doubt, and decided by another run.
const ACT_FOR: Duration = Duration::from_millis(1_500);
const NODE_TIMEOUT: Duration = Duration::from_millis(500);
const OPERATOR: i64 = -1;
const ADMIN: i64 = -2;

/// Who holds the funds.
pub(super) enum Bank {
    Embedded(Arc<Faulty<EmbeddedEscrow>>),
    Sui(Box<SuiBank>),
}

/// The contract on a local chain, with two nodes that fail, and one for owners.
pub(super) struct SuiBank {
    network: Network,
    endpoints: [Endpoint; 2],
    /// It listens as long as it is held.
    _sound: Endpoint,
    node: Node,
    contract: Contract,
    treasury: Address,
    /// What chance comes from, another each time that it begins again.
    seed: AtomicU64,
}

/// What an owner does. In cents.
#[derive(Clone, Copy, Debug)]
pub(super) enum Own {
    Deposit(i64),
    Withdraw(i64),
    Limit(i64),
}

impl Bank {
    /// The one that is asked for, by its name.
    pub(super) async fn open(name: &str, database: &TestDatabase, seed: u64, at: UnixMillis) -> Self {
        match name {
            "embedded" => {
                let plan = FaultPlan::parse(&format!("{FAULTS},seed={seed}")).unwrap();
                let embedded = EmbeddedEscrow::new(database.config()).unwrap();
                Self::Embedded(Arc::new(Faulty::new(embedded, plan)))
            }
            "sui" => Self::Sui(Box::new(SuiBank::begin(seed, at).await)),
            other => panic!("no escrow {other}"),
        }
    }

    /// The escrow, as a process that has just started opens it.
    pub(super) fn escrow(&self, database: &TestDatabase) -> Arc<dyn Escrow> {
        match self {
            Self::Embedded(escrow) => Arc::clone(escrow) as _,
            Self::Sui(bank) => Arc::new(bank.escrow(database)),
        }
    }

    /// From now on nothing goes wrong.
    pub(super) fn calm(&self) {
        match self {
            Self::Embedded(escrow) => escrow.replan(FaultPlan::default()),
            Self::Sui(bank) => bank.endpoints.iter().for_each(|endpoint| endpoint.set_faults(Faults::default())),
        }
    }

    /// Whatever is held is to be read, which takes a question an account on a chain: nothing goes wrong there until it is said
    /// again that it may.
    pub(super) fn quiet(&self, is_quiet: bool) {
        match self {
            Self::Embedded(_) => {}
            Self::Sui(bank) if is_quiet => bank.endpoints.iter().for_each(|it| it.set_faults(Faults::default())),
            Self::Sui(bank) => bank.disturb(),
        }
    }

    /// A chain has a clock of its own.
    pub(super) fn set_clock(&self, at: UnixMillis) {
        if let Self::Sui(bank) = self {
            bank.network.set_clock(at.0.unsigned_abs()).unwrap();
        }
    }

    /// A customer's wallet, and the account that it has or will have.
    pub(super) fn wallet_and_account(&self, id: i64) -> (String, String) {
        match self {
            Self::Embedded(_) => (embedded_account(id), embedded_account(id)),
            Self::Sui(bank) => {
                let wallet = key(id).address();
                (wallet.to_string(), bank.contract.account_id(wallet).to_string())
            }
        }
    }

    /// A customer's account is opened, with a deposit or without.
    pub(super) async fn come(&self, id: i64, limit_cents: i64, deposit_cents: i64, at: UnixMillis) {
        match self {
            Self::Embedded(escrow) => {
                // People come before anything goes wrong.
                while escrow.open(&embedded_account(id), limit_cents).await.is_err() {}
                if deposit_cents > 0 {
                    drop(escrow.deposit(&embedded_account(id), deposit_cents, at).await);
                }
            }
            Self::Sui(bank) => {
                bank.network.faucet(key(id).address(), &sui(), OWNERS_GAS, true).unwrap().unwrap();
                let act = OwnAct::Open { first: units(deposit_cents), limit: units(limit_cents) };
                assert_eq!(bank.sign(id, &act, deposit_cents).await, Outcome::Done);
            }
        }
    }

    /// They do something, or are refused. An answer may be lost: the event comes all the same.
    pub(super) async fn own(&self, id: i64, own: Own, at: UnixMillis) {
        match self {
            Self::Embedded(escrow) => {
                let account = embedded_account(id);
                drop(match own {
                    Own::Deposit(cents) => escrow.deposit(&account, cents, at).await,
                    Own::Withdraw(cents) => escrow.request_withdrawal(&account, cents, at).await,
                    Own::Limit(cents) => escrow.set_limit(&account, cents, at).await,
                });
            }
            Self::Sui(bank) => {
                let account = bank.account(id).await;
                let (act, funds) = match own {
                    Own::Deposit(cents) => (OwnAct::Deposit { account, amount: units(cents) }, cents),
                    Own::Withdraw(cents) => (OwnAct::Request { account, amount: units(cents) }, 0),
                    Own::Limit(cents) => (OwnAct::SetLimit { account, limit: units(cents) }, 0),
                };
                let came = bank.sign(id, &act, funds).await;
                assert!(matches!(came, Outcome::Done | Outcome::Refused(_)), "{own:?}: {came:?}");
            }
        }
    }

    /// The limit that is in force now, in cents.
    pub(super) async fn limit(&self, id: i64) -> i64 {
        match self {
            Self::Embedded(escrow) => loop {
                if let Ok(found) = escrow.accounts(&[embedded_account(id)]).await {
                    return found[0].limit_usd_cents;
                }
            },
            Self::Sui(bank) => {
                let object = bank.node.object(bank.contract.account_id(key(id).address())).await.unwrap().value;
                cents(bank.contract.account(&object.unwrap()).unwrap().limit)
            }
        }
    }

    /// What the escrow itself says was drawn, in cents.
    pub(super) async fn drawn(&self, database: &TestDatabase) -> i64 {
        match self {
            Self::Embedded(_) => {
                let drawn = "SELECT coalesce(sum(amount_usd_cents), 0)::bigint FROM embedded_escrow_events WHERE type = 'charge'";
                database.client().await.query_one(drawn, &[]).await.unwrap().get(0)
            }
            Self::Sui(bank) => {
                let [in_address, in_coins] =
                    bank.network.look(|chain| chain.balance(bank.treasury, &bank.contract.coin));
                cents(in_address + in_coins)
            }
        }
    }
}

impl SuiBank {
    async fn begin(seed: u64, at: UnixMillis) -> Self {
        let genesis = Genesis {
            at_ms: at.0.unsigned_abs(),
            admin: key(ADMIN).address(),
            operator: key(OPERATOR).address(),
            treasury: Address::from_static("0x7e"),
            coin: "0xc01::usdc::USDC".parse().unwrap(),
            cent: CENT,
            gas_price: 1_000,
            checkpoints: Cutting::Each,
        };
        let network = Network::new(&genesis).unwrap();
        network.faucet(key(OPERATOR).address(), &sui(), GAS, false).unwrap().unwrap();
        let endpoints = [endpoint(&network).await, endpoint(&network).await];
        let sound = endpoint(&network).await;
        let (node, contract) = (node(&network, &sound), network.look(Chain::published).contract);
        let (treasury, seed) = (genesis.treasury, AtomicU64::new(seed));
        let bank = Self { network, endpoints, _sound: sound, node, contract, treasury, seed };
        bank.disturb();
        bank
    }

    /// From now on answers are lost, and more. Events are listed in another order by either node, or by both, by turns.
    fn disturb(&self) {
        for endpoint in &self.endpoints {
            let seed = self.seed.fetch_add(1, Ordering::Relaxed);
            let order = if seed.is_multiple_of(3) { "" } else { ",reorder" };
            endpoint.set_faults(Faults::parse(&format!("{FAULTS}{order},seed={seed}")).unwrap());
        }
    }

    fn escrow(&self, database: &TestDatabase) -> SuiEscrow {
        let [one, other] = self.endpoints.each_ref().map(|endpoint| node(&self.network, endpoint));
        let settings = SuiSettings { gas_budget: BUDGET, at_once: AT_ONCE, act_for: ACT_FOR, begins_at: 0 };
        let pair = Pair::new(one, other);
        SuiEscrow::new(database.config(), self.contract.clone(), pair, key(OPERATOR), settings).unwrap()
    }

    async fn account(&self, id: i64) -> SharedRef {
        let object = self.node.object(self.contract.account_id(key(id).address())).await.unwrap().value;
        self.contract.account(&object.unwrap()).unwrap().at
    }

    /// An owner's transaction, with funds out of nowhere.
    async fn sign(&self, id: i64, act: &OwnAct, funds_cents: i64) -> Outcome {
        let (key, coin) = (key(id), &self.contract.coin);
        let funds = units(funds_cents);
        if funds > 0 {
            self.network.faucet(key.address(), coin, funds, true).unwrap().unwrap();
        }
        let coins = self.node.coins(key.address(), coin).await.unwrap().value.richest(funds).0;
        let gas = self.node.coins(key.address(), &sui()).await.unwrap().value.richest(BUDGET).0;
        let head = self.node.head().await.unwrap();
        let (sender, epoch, chain) = (key.address(), head.epoch, head.chain);
        let terms = Terms { sender, gas_price: 1_000, gas_budget: BUDGET, epoch, chain, salt: 0 };
        let signed = key.sign(self.contract.own(act, &Purse { coins, gas }, &terms).unwrap()).unwrap();
        let executed = self.network.execute(&signed.transaction, &[signed.signature]).unwrap();
        self.contract.outcome(executed.effects.status())
    }
}

fn embedded_account(id: i64) -> String {
    format!("0x{id:064x}")
}

fn units(cents: i64) -> u64 {
    cents.unsigned_abs() * CENT
}

fn cents(units: u64) -> i64 {
    assert_eq!(units % CENT, 0, "{units} are no whole cents");
    i64::try_from(units / CENT).unwrap()
}

/// Somebody's key, by their number.
fn key(id: i64) -> Key {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&id.to_be_bytes());
    Key::new(bytes)
}

async fn endpoint(network: &Network) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Endpoint::start(network.clone(), listener, Faults::default()).unwrap()
}

fn node(network: &Network, endpoint: &Endpoint) -> Node {
    Node::new(&endpoint.url(), network.look(Chain::id)).unwrap().with_timeout(NODE_TIMEOUT)
}
