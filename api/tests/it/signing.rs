//! Owners' transactions by HTTP, over a chain of our own: made, signed by the wallet, handed on, mirrored.

use crate::desk::SameClock;
use crate::house::{House, Member, request};
use crate::world::{accounts, send};
use axum::http::{Method, StatusCode};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::sync::Arc;
use suiftly_api::{EscrowKind, SuiDeployment};
use suiftly_chain::{Chain, Cutting, Endpoint, Faults, Genesis, Network};
use suiftly_settlement::Settlement;
use suiftly_settlement::escrow::{ACT_FOR, AT_ONCE, SuiEscrow, SuiSettings};
use suiftly_settlement::owners::Owners;
use suiftly_store::money::MoneyStore;
use suiftly_store::reader::Reader;
use suiftly_sui::{Contract, Key, Node, Pair, sui};
use tokio::net::TcpListener;

const BUDGET: u64 = 50_000_000;
const USD: u64 = 1_000_000;

/// A house whose escrow is on a chain.
struct Shop {
    house: House,
    settlement: Settlement,
    network: Network,
    contract: Contract,
    _endpoints: [Endpoint; 2],
}

impl Shop {
    async fn open() -> Self {
        let mut house = House::open().await;
        let at_ms = suiftly_api::Clock::now(&*house.world.clock).0.unsigned_abs();
        let network = Network::new(&genesis(at_ms)).unwrap();
        let contract = network.look(Chain::published).contract;
        let endpoints = [endpoint(&network).await, endpoint(&network).await];
        let database = house.database.config();
        let settings = SuiSettings { gas_budget: BUDGET, at_once: AT_ONCE, act_for: ACT_FOR, begins_at: 0 };
        let nodes = pair(&network, &endpoints);
        let escrow = SuiEscrow::new(database, contract.clone(), nodes, Key::new([200; 32]), settings).unwrap();
        let clock = Arc::new(SameClock(house.world.clock.clone()));
        let settlement = Settlement::new(MoneyStore::new(database).unwrap(), Arc::new(escrow), clock);
        let owners = Owners::new(contract.clone(), pair(&network, &endpoints), BUDGET);
        let mut accounts = accounts(database);
        accounts.settlement = settlement.clone();
        accounts.owners = Some(Arc::new(owners));
        house.world.accounts = Some(accounts);
        house.world.other_rows = Some(Arc::new(Reader::new(database, "api").unwrap()));
        house.world.config.deployment.escrow = EscrowKind::Sui;
        house.world.config.deployment.sui = Some(SuiDeployment {
            network: "localnet",
            package: contract.package.to_string(),
            house: contract.house.id.to_string(),
            coin: contract.coin.to_string(),
            units_per_cent: contract.cent,
        });
        house.router = house.world.customer_router();
        Self { house, settlement, network, contract, _endpoints: endpoints }
    }

    /// A member whose wallet has so many dollars and MIST.
    async fn member(&self, number: u8, dollars: u64, mist: u64) -> Member {
        let member = self.house.member(number).await;
        let wallet = member.wallet.address.parse().unwrap();
        for (coin, amount) in [(&self.contract.coin, dollars * USD), (&sui(), mist)] {
            if amount > 0 {
                self.network.faucet(wallet, coin, amount, true).unwrap().unwrap();
            }
        }
        member
    }

    /// What the manager does each second.
    async fn mirror(&self) {
        self.settlement.poll_events().await.unwrap();
    }
}

fn genesis(at_ms: u64) -> Genesis {
    let key = |byte: u8| Key::new([byte; 32]).address();
    Genesis {
        at_ms,
        admin: key(201),
        operator: key(200),
        treasury: key(202),
        coin: "0xc01::usdc::USDC".parse().unwrap(),
        cent: 10_000,
        gas_price: 1_000,
        checkpoints: Cutting::Each,
    }
}

async fn endpoint(network: &Network) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Endpoint::start(network.clone(), listener, Faults::default()).unwrap()
}

fn pair(network: &Network, endpoints: &[Endpoint; 2]) -> Pair {
    let node = |endpoint: &Endpoint| Node::new(&endpoint.url(), network.look(Chain::id)).unwrap();
    Pair::new(node(&endpoints[0]), node(&endpoints[1]))
}

async fn make(member: &Member, act: &str, cents: i64) -> Value {
    let body = json!({"act": act, "amount_usd_cents": cents});
    let made = member.ask(Method::POST, "/billing/transactions", Some(body)).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    made.json()
}

fn path(made: &Value) -> String {
    format!("/billing/transactions/{}", made["digest"].as_str().unwrap())
}

/// The signature of what was made.
fn signed(member: &Member, made: &Value) -> Value {
    let transaction = BASE64.decode(made["transaction"].as_str().unwrap().as_bytes()).unwrap();
    json!({"signature": member.wallet.sign_transaction(&transaction)})
}

/// From the order until two nodes have it.
async fn done(member: &Member, act: &str, cents: i64) -> Value {
    let made = make(member, act, cents).await;
    let handed = member.ask(Method::POST, &path(&made), Some(signed(member, &made))).await;
    assert_eq!(handed.json(), json!({"digest": made["digest"], "state": "pending", "detail": null}));
    assert_eq!(member.get(&path(&made)).await["state"], "confirmed");
    made
}

/// Status and code of the problem that must be the answer.
async fn refused(member: &Member, method: Method, path: &str, body: Option<Value>) -> (u16, String, Value) {
    let answered = member.ask(method, path, body).await;
    assert!(!answered.status.is_success(), "{path}: {}", answered.body);
    (answered.status.as_u16(), answered.problem(), answered.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_is_made_signed_handed_on_and_mirrored() {
    let shop = Shop::open().await;
    let member = shop.member(1, 100, 10 * BUDGET).await;
    let config = send(&shop.house.router, request(Method::GET, "/auth/config", None, &[])).await.json();
    assert_eq!((&config["escrow"], &config["sui"]["network"]), (&json!("sui"), &json!("localnet")));
    assert_eq!(config["sui"]["house"], shop.contract.house.id.to_string());
    assert_eq!(config["sui"]["units_per_cent"], 10_000);

    let made = make(&member, "deposit", 5_000).await;
    assert!(made["gas_mist"].as_u64().unwrap() > 0);
    assert_eq!((&made["gas_budget_mist"], &made["epoch"]), (&json!(BUDGET), &json!(0)));
    let path = path(&made);
    assert_eq!(member.get(&path).await["state"], "waiting");
    let handed = member.ask(Method::POST, &path, Some(signed(&member, &made))).await;
    assert_eq!((handed.status, handed.json()["state"].clone()), (StatusCode::OK, json!("pending")));
    assert_eq!(member.get(&path).await["state"], "confirmed");
    shop.mirror().await;
    assert_eq!(member.get(&path).await["state"], "mirrored");
    assert_eq!(member.get("/billing").await["balance_usd_cents"], 5_000);

    done(&member, "limit", 2_000).await;
    done(&member, "withdraw", 700).await;
    shop.mirror().await;
    let page = member.get("/billing/transactions").await;
    let rows = page["items"].as_array().unwrap();
    let kinds = rows.iter().map(|row| (row["kind"].as_str().unwrap(), row["amount_usd_cents"].as_i64().unwrap()));
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(kinds, [("withdrawal_requested", 700), ("limit", 2_000), ("deposit", 5_000), ("limit", 25_000)]);
    let first = rows.last().unwrap()["digest"].as_str().unwrap();
    assert!(first.starts_with(&format!("{}:", made["digest"].as_str().unwrap())), "{first}");
    let activity = member.get("/activity").await.to_string();
    for action in ["billing.deposit", "billing.limit", "billing.withdraw"] {
        assert!(activity.contains(action), "{action}: {activity}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_signs_or_sees_it() {
    let shop = Shop::open().await;
    let (member, other) = (shop.member(1, 100, 10 * BUDGET).await, shop.member(2, 0, 0).await);
    let made = make(&member, "deposit", 5_000).await;
    let path = path(&made);
    let personal = member.wallet.sign(&"a message, not a transaction".repeat(10));
    for bad in [signed(&other, &made), json!({"signature": "AA=="}), json!({"signature": personal})] {
        let (status, code, problem) = refused(&member, Method::POST, &path, Some(bad)).await;
        assert_eq!((status, code.as_str()), (400, "validation"), "{problem}");
        assert_eq!(problem["errors"][0]["field"], "signature");
    }
    let (status, code, _) = refused(&other, Method::POST, &path, Some(signed(&member, &made))).await;
    assert_eq!((status, code.as_str()), (409, "transaction_unknown"));
    assert_eq!(refused(&other, Method::GET, &path, None).await.0, 404);
    assert_eq!(member.get(&path).await["state"], "waiting", "nothing was handed on");

    member.ask(Method::POST, &path, Some(signed(&member, &made))).await;
    assert_eq!(refused(&other, Method::GET, &path, None).await.0, 404, "done, and still not theirs");
    for none in ["/billing/transactions/x", "/billing/transactions/%ff", "/billing/transactions/a.b"] {
        assert_eq!(refused(&member, Method::GET, none, None).await.0, 404, "{none}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_is_told() {
    let shop = Shop::open().await;
    let member = shop.member(1, 10, 10 * BUDGET).await;
    let make = async |act: &str, cents: i64| {
        let body = json!({"act": act, "amount_usd_cents": cents});
        refused(&member, Method::POST, "/billing/transactions", Some(body)).await
    };
    for (act, cents) in [("deposit", 0), ("withdraw", 0), ("limit", 999), ("limit", -1), ("deposit", 100_000_000_001)] {
        let (status, _, problem) = make(act, cents).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("amount_usd_cents")), "{act} {cents}");
    }
    assert_eq!(make("steal", 1).await.0, 400);
    let (status, code, problem) = make("deposit", 1_001).await;
    assert_eq!((status, code.as_str()), (409, "wallet_short"));
    assert_eq!(
        (&problem["coin"], &problem["has"], &problem["wanted"]),
        (&json!("funds"), &json!(1_000), &json!(1_001))
    );
    assert_eq!(make("withdraw", 1).await.1, "insufficient_balance");
    let body = json!({"amount_usd_cents": 500});
    assert_eq!(refused(&member, Method::POST, "/billing/deposit", Some(body)).await.1, "not_by_api");

    let poor = shop.member(2, 10, 0).await;
    let body = json!({"act": "deposit", "amount_usd_cents": 500});
    let (_, code, problem) = refused(&poor, Method::POST, "/billing/transactions", Some(body)).await;
    assert_eq!((code.as_str(), &problem["coin"]), ("wallet_short", &json!("gas")));
}

#[tokio::test]
async fn where_the_server_keeps_the_escrow_nothing_is_to_be_signed() {
    let house = House::open().await;
    let member = house.member(1).await;
    let body = json!({"act": "deposit", "amount_usd_cents": 500});
    assert_eq!(refused(&member, Method::POST, "/billing/transactions", Some(body)).await.0, 404);
    assert_eq!(refused(&member, Method::GET, "/billing/transactions/x", None).await.0, 404);
    let config = send(&house.router, request(Method::GET, "/auth/config", None, &[])).await.json();
    assert_eq!((&config["escrow"], &config["sui"]), (&json!("embedded"), &Value::Null));
}
