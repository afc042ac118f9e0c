//! The vault from outside: an edge that follows it, what operators see and do, and what customers are told.

use crate::admin_office::{CUSTOMER, Office};
use crate::house::request;
use crate::world::{World, get, send, vault};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use suiftly_api::Clock;
use suiftly_api::fleet::ExpectedEdge;
use suiftly_api::vault::{STREAMS_AN_EDGE, Start, keep_versions};
use suiftly_schema::fleet::{
    AppliedVersion, CanaryReport, DrainedWorker, EdgeReport, GatewayReport, GatewayState, HotAccount, Refusal,
    RepairReport, ReportAnswer, SeqRange, ServerReport, Wanted,
};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{Assembler, Frame, SigningKeys};
use suiftly_schema::view::{AccessGrant, KeyGrant};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const EDGE: &str = "sed_fra";
const OTHER: &str = "sed_ams";

fn edges() -> Vec<ExpectedEdge> {
    let edge = |name: &str, server: i16, token: &str| ExpectedEdge {
        name: name.to_owned(),
        servers: vec![server],
        token_sha256: Sha256::digest(token.as_bytes()).into(),
        is_implied: false,
    };
    vec![edge("fra-1", 17, EDGE), edge("ams-1", 33, OTHER)]
}

fn key(n: u8, state: KeyLife) -> KeyGrant {
    KeyGrant {
        key_sha256: format!("{n:02X}").repeat(32),
        customer_id: CustomerId::new(CUSTOMER).unwrap(),
        service: Service::Seal,
        network: Network::Mainnet,
        api_key_fp: n.into(),
        key_metadata: 10_496,
        state,
    }
}

fn access(state: SpendState) -> AccessGrant {
    AccessGrant {
        customer_id: CustomerId::new(CUSTOMER).unwrap(),
        service: Service::Seal,
        is_enabled: true,
        state,
        guaranteed_per_second: 1_000,
        burst_per_second: 1_000,
        allowlist: Vec::new(),
    }
}

/// A world whose publisher is open, with two edges.
fn world() -> World {
    let mut world = World::roomy();
    world.vault = vault(&world.clock, edges(), Start::default(), None);
    world.vault.publisher.open();
    world.vault.publisher.publish_now();
    world
}

fn as_edge(token: &str, path: &str) -> Request<Body> {
    request(Method::GET, path, None, &[("authorization", &format!("Bearer {token}"))])
}

/// An open stream.
struct Followed {
    body: Body,
    text: String,
}

impl Followed {
    async fn open(router: &Router, path: &str) -> Self {
        let response = router.clone().oneshot(as_edge(EDGE, path)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next frame. Paused time moves on by itself.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((line, rest)) = self.text.split_once('\n') {
                let (frame, rest) = (Frame::parse(line.as_bytes()).unwrap(), rest.to_owned());
                self.text = rest;
                return Some(frame);
            }
            let frame = self.body.frame().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }

    /// Takes frames until a set is there.
    async fn receive(&mut self, assembler: &mut Assembler) -> suiftly_schema::vault::Received {
        loop {
            if let Some(received) = assembler.take(self.next().await.unwrap()).unwrap() {
                return received;
            }
        }
    }
}

fn assembler() -> Assembler {
    Assembler::new(SigningKeys::parse(&format!("1 {}", "07".repeat(32))).unwrap().public())
}

#[tokio::test(start_paused = true)]
async fn an_edge_is_sent_the_set_then_each_change_and_comes_back_where_it_was() {
    let world = world();
    let (router, publisher) = (world.router(), &world.vault.publisher);
    let mut stream = Followed::open(&router, "/edge/grants").await;
    let Some(Frame::Hello(hello)) = stream.next().await else { panic!("hello first") };
    assert_eq!((hello.name.as_str(), hello.servers.as_slice()), ("fra-1", [17].as_slice()));
    assert!(!hello.canaries.is_empty() && hello.canaries.iter().all(|of| of.server_id == 17), "its own alone");
    let mut edge = assembler();
    let first = stream.receive(&mut edge).await;
    assert_eq!(first.head, publisher.current().unwrap().head);
    assert_eq!(stream.next().await, Some(Frame::Alive { version: 1, at: world.clock.now() }));

    publisher.apply(1, UnixMillis(0), &[(key(1, KeyLife::Active), 1)], &[(access(SpendState::Active), 1)]);
    publisher.publish_now();
    let second = stream.receive(&mut edge).await;
    assert_eq!((second.head.version, second.changes.len()), (2, 2));
    // Two versions while nobody reads are one step.
    let stopped = [(access(SpendState::Active), -1), (access(SpendState::MonthlyLimit), 1)];
    publisher.apply(2, UnixMillis(0), &[], &stopped);
    publisher.publish_now();
    publisher.apply(3, UnixMillis(0), &[(key(1, KeyLife::Active), -1), (key(1, KeyLife::Revoked), 1)], &[]);
    publisher.publish_now();
    assert_eq!(stream.receive(&mut edge).await.head.version, 4);
    drop(stream);

    // It comes back with an older set, and with the one in force.
    let mut returned = assembler();
    returned.hold(&second.signed, second.set.clone()).unwrap();
    let mut stream = Followed::open(&router, &format!("/edge/grants?root={}", second.head.root)).await;
    let caught_up = stream.receive(&mut returned).await;
    assert_eq!((caught_up.head.version, caught_up.changes.len()), (4, 2));
    let mut again = Followed::open(&router, &format!("/edge/grants?root={}", caught_up.head.root)).await;
    assert!(matches!(again.next().await, Some(Frame::Hello(_))));
    let same = again.next().await.unwrap();
    assert!(matches!(&same, Frame::Changes { changes, .. } if changes.is_empty()), "{same:?}");
    assert_eq!(returned.take(same), Ok(None));
    // With one that nobody remembers.
    let mut stranger = Followed::open(&router, &format!("/edge/grants?root={}", "0".repeat(64))).await;
    assert!(matches!(stranger.next().await, Some(Frame::Hello(_))));
    assert!(matches!(stranger.next().await, Some(Frame::Whole { .. })));
    // The server ends: so do its streams.
    world.shutdown.cancel();
    while stranger.next().await.is_some() {}
}

#[tokio::test(start_paused = true)]
async fn only_edges_follow_and_only_so_many_times() {
    let world = world();
    let router = world.router();
    for path in ["/edge/grants", "/edge/grants?root=x"] {
        for token in ["", "sed_nobody", crate::world::TOKEN] {
            let answered = send(&router, as_edge(token, path)).await;
            assert_eq!((answered.status.as_u16(), answered.problem().as_str()), (401, "unauthorized"), "{token}");
        }
    }
    assert_eq!(send(&router, request(Method::GET, "/edge/grants", None, &[])).await.status, 401);
    let refused = send(&router, request(Method::POST, "/edge/report", Some(json!({})), &[])).await;
    assert_eq!(refused.status, 401);
    // An edge is no operator.
    assert_eq!(send(&router, as_edge(EDGE, "/fleet")).await.status, 401);
    let wrong = send(&router, as_edge(EDGE, "/edge/grants?root=ABC")).await;
    assert_eq!((wrong.status.as_u16(), wrong.json()["errors"][0]["field"].clone()), (400, json!("root")));
    let mut open = Vec::new();
    for _ in 0..STREAMS_AN_EDGE {
        open.push(Followed::open(&router, "/edge/grants").await);
    }
    let full = send(&router, as_edge(EDGE, "/edge/grants")).await;
    assert_eq!((full.status.as_u16(), full.problem().as_str()), (503, "too_many_streams"));
    // One that has gone makes room, as soon as that is noticed.
    open.pop();
    let other = router.clone().oneshot(as_edge(OTHER, "/edge/grants")).await.unwrap();
    assert_eq!(other.status(), StatusCode::OK, "another's streams are its own");
    loop {
        if router.clone().oneshot(as_edge(EDGE, "/edge/grants")).await.unwrap().status() == StatusCode::OK {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn edges_are_not_held_up_by_an_addresss_limit_but_guessers_are() {
    let mut world = world();
    world.config.limits.address.burst = 3;
    world.config.limits.failed_attempts = 2;
    let router = world.router();
    for _ in 0..20 {
        assert_eq!(report(&router, EDGE, &EdgeReport::default()).await, 204);
    }
    assert_eq!(report(&router, "sed_wrong", &EdgeReport::default()).await, 401);
    assert_eq!(report(&router, "sed_wrong", &EdgeReport::default()).await, 401);
    assert_eq!(report(&router, "sed_wrong", &EdgeReport::default()).await, 429);
    assert_eq!(report(&router, EDGE, &EdgeReport::default()).await, 204, "who is right is let in");
}

async fn report(router: &Router, token: &str, report: &EdgeReport) -> u16 {
    let body = serde_json::to_value(report).unwrap();
    let bearer = format!("Bearer {token}");
    send(router, request(Method::POST, "/edge/report", Some(body), &[("authorization", &bearer)])).await.status.as_u16()
}

/// A report of one gateway that has this version, with everything that may be told.
fn full_report(world: &World, server_id: i16) -> EdgeReport {
    let head = &world.vault.publisher.current().unwrap().head;
    let (at, era, version) = (world.clock.now(), head.era, head.version);
    let applied = AppliedVersion {
        era,
        version,
        received_at: at,
        applied_at: at.plus_ms(3),
        verify_us: 400,
        change_us: 1_500,
        confirm_us: 200,
        changes: 2,
        is_refill: false,
    };
    let gateway = GatewayReport {
        server_id,
        state: GatewayState::InSync,
        trouble: Some("nothing\nat all".to_owned()),
        version,
        haproxy: Some("2.6.12".to_owned()),
        boot_ms: Some(at.0),
        requests: Some(10),
        lines_numbered: Some(9),
        dropped_logs: Some(8),
        hot: vec![HotAccount { account: "12345:1".to_owned(), per_second: 7 }],
        servers: vec![ServerReport {
            backend: "seal".to_owned(),
            server: "s1".to_owned(),
            status: "UP".to_owned(),
            sessions: 3,
        }],
        canary: Some(CanaryReport { sent: 5, served: 4, last_status: Some(200), last_at: at, last_us: 900 }),
        repair: Some(RepairReport {
            has_ring: true,
            sent: 7,
            in_vain: 6,
            waiting: 5,
            drained: vec![DrainedWorker { boot_ms: at.0 - 1_000, last_seq: 4 }],
        }),
    };
    let refused = vec![Refusal { at, version: Some(1), reason: "an old one".to_owned() }];
    let (applied, gateways, trusts) = (vec![applied], vec![gateway], vec!["1 ea4a6c63e29c520a".to_owned()]);
    EdgeReport { at, started_at: at, era, version, applied, refused, gateways, trusts }
}

#[tokio::test(start_paused = true)]
async fn the_fleet_tells_what_edges_report() {
    let world = world();
    let router = world.router();
    let states = async || {
        let fleet = send(&router, get("/api/v1/fleet")).await.json();
        let edges = fleet["edges"].as_array().unwrap().iter();
        (edges.map(|edge| edge["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), fleet)
    };
    assert_eq!(states().await.0, ["never_seen", "never_seen"]);
    let told = full_report(&world, 17);
    assert_eq!(report(&router, EDGE, &told).await, 204);
    let (found, fleet) = states().await;
    assert_eq!((found, &fleet["is_in_sync"]), (vec!["in_sync".to_owned(), "never_seen".to_owned()], &json!(false)));
    let edge = &fleet["edges"][0];
    assert_eq!((&edge["version"], &edge["applied"][0]["change_us"]), (&json!(1), &json!(1_500)));
    assert_eq!((&edge["applied"][0]["edge_ms"], &edge["refused"][0]["reason"]), (&json!(3), &json!("an old one")));
    let gateway = &edge["gateways"][0];
    assert_eq!((&gateway["is_expected"], &gateway["trouble"]), (&json!(true), &json!("nothingat all")));
    assert_eq!((&gateway["servers"][0]["status"], &gateway["hot"][0]["per_second"]), (&json!("UP"), &json!(7)));
    assert_eq!(gateway["canary"]["served"], json!(4));
    assert_eq!(report(&router, OTHER, &full_report(&world, 33)).await, 204);
    assert_eq!(states().await.1["is_in_sync"], json!(true));

    let page = send(&router, get("/metrics")).await.body;
    for line in [
        "suiftly_vault_version 1",
        "suiftly_vault_frozen 0",
        "suiftly_edge_in_sync{edge=\"fra-1\"} 1",
        "suiftly_edge_version_lag_seconds{edge=\"ams-1\"} 0",
        "suiftly_gateway_dropped_logs{server_id=\"17\"} 8",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    world.clock.set(world.clock.now().plus_ms(10_000));
    assert_eq!(states().await.0, ["unreachable", "unreachable"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_report_is_named() {
    let world = world();
    let router = world.router();
    let good = serde_json::to_value(full_report(&world, 17)).unwrap();
    let many = |n: usize, item: &Value| Value::Array(vec![item.clone(); n]);
    let cases: Vec<(&str, Value, &str)> = vec![
        ("/at", json!(-1), "at"),
        ("/version", json!(1_u64 << 53), "version"),
        ("/gateways", many(17, &good["gateways"][0]), "gateways"),
        ("/applied", many(65, &good["applied"][0]), "applied"),
        ("/refused", many(17, &good["refused"][0]), "refused"),
        ("/refused/0/reason", json!("x".repeat(301)), "refused[0].reason"),
        ("/gateways/0/hot", many(21, &good["gateways"][0]["hot"][0]), "gateways[0].hot"),
        ("/gateways/0/servers", many(257, &good["gateways"][0]["servers"][0]), "gateways[0].servers"),
        ("/gateways/0/state", json!("fine"), "gateways[0].state"),
        ("/gateways/0/canary/sent", json!(-1), "gateways[0].canary.sent"),
        ("/gateways/0/repair/sent", json!(1_u64 << 53), "gateways[0].repair.sent"),
        (
            "/gateways/0/repair/drained",
            many(3, &good["gateways"][0]["repair"]["drained"][0]),
            "gateways[0].repair.drained",
        ),
        ("/gateways/0/repair/drained/0/boot_ms", json!(-1), "gateways[0].repair.drained[0].boot_ms"),
    ];
    for (pointer, value, field) in cases {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        let bearer = format!("Bearer {EDGE}");
        let asked = request(Method::POST, "/edge/report", Some(body), &[("authorization", &bearer)]);
        let answered = send(&router, asked).await;
        assert_eq!(answered.status, 400, "{pointer}: {}", answered.body);
        assert_eq!(answered.json()["errors"][0]["field"], field, "{pointer}");
    }
}

#[test]
fn the_document_has_every_field_of_a_report() {
    let document: Value = serde_json::from_str(suiftly_api::openapi::admin_json()).unwrap();
    let schema = |name: &str| {
        let properties = document["components"]["schemas"][name]["properties"].as_object();
        let mut fields: Vec<_> = properties.unwrap_or_else(|| panic!("{name}")).keys().cloned().collect();
        fields.sort();
        fields
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = runtime.block_on(async { serde_json::to_value(full_report(&world(), 17)).unwrap() });
    let fields = |value: &Value| {
        let mut fields: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        fields.sort();
        fields
    };
    let gateway = &told["gateways"][0];
    let ranges = vec![SeqRange { first: 1, last: 2 }];
    let answer = ReportAnswer { wanted: vec![Wanted { server_id: 17, boot_ms: 1, ranges, is_all: true }] };
    let answer = serde_json::to_value(answer).unwrap();
    for (name, value) in [
        ("EdgeReport", &told),
        ("AppliedVersion", &told["applied"][0]),
        ("VaultRefusal", &told["refused"][0]),
        ("GatewayReport", gateway),
        ("HotAccount", &gateway["hot"][0]),
        ("ServerReport", &gateway["servers"][0]),
        ("CanaryReport", &gateway["canary"]),
        ("RepairReport", &gateway["repair"]),
        ("DrainedWorker", &gateway["repair"]["drained"][0]),
        ("ReportAnswer", &answer),
        ("Wanted", &answer["wanted"][0]),
        ("SeqRange", &answer["wanted"][0]["ranges"][0]),
    ] {
        assert_eq!(schema(name), fields(value), "{name}");
    }
}

/// An office with an open vault and its router.
async fn office() -> (Office, Router) {
    let mut office = Office::open().await;
    let world = &mut office.house.world;
    world.vault = vault(&world.clock, edges(), Start::default(), None);
    world.vault.publisher.open();
    world.vault.publisher.publish_now();
    office.router = office.house.world.router();
    office.house.router = office.house.world.customer_router();
    let router = office.router.clone();
    (office, router)
}

#[tokio::test]
async fn operators_hold_release_push_and_look_back() {
    let (office, _) = office().await;
    let publisher = office.house.world.vault.publisher.clone();
    let thread = std::thread::spawn({
        let publisher = publisher.clone();
        move || publisher.run()
    });
    let status = office.get("/vault/status").await;
    assert_eq!((&status["version"]["version"], &status["frozen"]), (&json!(1), &Value::Null));
    assert_eq!(status["regions"], json!({"1": 1, "2": 1}));
    let pushed = office.post("/vault/push", json!({})).await;
    assert_eq!(pushed["version"], json!(2));
    assert_eq!(office.get("/vault/status").await["refill"], json!(2));

    let freeze = |confirm: u64| json!({"reason": "a bad price book", "confirm": confirm});
    let refused = async |path: &str, body: Value| office.refused(Method::POST, path, Some(body)).await;
    assert_eq!(refused("/vault/freeze", freeze(1)).await, (409, "vault_version".to_owned()));
    assert_eq!(refused("/vault/freeze", json!({"reason": " ", "confirm": 2})).await.0, 400);
    assert_eq!(refused("/vault/thaw", json!({"confirm": 2})).await, (409, "vault_not_frozen".to_owned()));
    let frozen = office.post("/vault/freeze", freeze(2)).await;
    assert_eq!((&frozen["frozen"]["by"], &frozen["frozen"]["reason"]), (&json!("admin"), &json!("a bad price book")));
    assert_eq!(refused("/vault/freeze", freeze(2)).await, (409, "vault_frozen".to_owned()));
    assert_eq!(refused("/vault/push", json!({})).await, (409, "vault_frozen".to_owned()));
    let kept = office.accounts().store.vault_control().await.unwrap();
    assert_eq!(kept.frozen.map(|of| of.by).as_deref(), Some("admin"), "also over a restart");

    publisher.apply(1, UnixMillis(0), &[(key(1, KeyLife::Active), 1)], &[(access(SpendState::Active), 1)]);
    let status = office.get("/vault/status").await;
    assert_eq!((&status["version"]["version"], &status["waiting"]), (&json!(2), &json!(2)));
    office.post("/vault/thaw", json!({"confirm": 2})).await;
    let mut current = publisher.watch();
    current.wait_for(|current| current.as_ref().is_some_and(|of| of.head.version == 3)).await.unwrap();
    assert_eq!(office.accounts().store.vault_control().await.unwrap().frozen, None);
    let diff = office.get("/vault/diff?from=2").await;
    assert_eq!((&diff["from"], &diff["to"]), (&json!(2), &json!(3)));
    assert_eq!(diff["changes"]["counts"], json!({"granted": 1, "issued": 1}));
    assert!(!diff.to_string().contains(&"01".repeat(8)), "never a hash: {diff}");
    let missing = office.ask("viewer", Method::GET, "/vault/diff?from=77", None).await;
    assert_eq!((missing.status.as_u16(), missing.problem().as_str()), (404, "not_found"));
    let acts = office.get("/audit?action=vault.").await;
    let acts: Vec<_> = acts["items"].as_array().unwrap().iter().map(|of| of["action"].clone()).collect();
    assert_eq!(acts, ["vault.thaw", "vault.freeze", "vault.push"]);

    // Written down behind, for people.
    let end = CancellationToken::new();
    let keeping = tokio::spawn(keep_versions(publisher.clone(), office.accounts().store.clone(), end.clone()));
    end.cancel();
    keeping.await.unwrap();
    let versions = office.pages("/vault/versions").await;
    let numbers: Vec<_> = versions.iter().map(|of| of["version"].clone()).collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(versions[0]["changes"]["rows"][0]["customer_id"], json!(CUSTOMER));
    let control = office.accounts().store.vault_control().await.unwrap();
    assert_eq!((control.refill, control.last.1), (2, 3));
    publisher.end();
    thread.join().unwrap();
}

#[tokio::test]
async fn a_freeze_that_cannot_be_kept_is_none() {
    let world = world();
    let router = world.router();
    let body = json!({"reason": "the database is away", "confirm": 1});
    let bearer = format!("Bearer {}", crate::world::TOKEN);
    let asked = request(Method::POST, "/vault/freeze", Some(body), &[("authorization", &bearer)]);
    assert_eq!(send(&router, asked).await.status, 503);
    assert_eq!(world.vault.publisher.frozen(), None);
}

#[tokio::test]
async fn a_service_is_updating_until_every_edge_has_it() {
    let (office, router) = office().await;
    let publisher = &office.house.world.vault.publisher;
    let member = office.house.member(1).await;
    let is_updating = async || {
        let seal = member.get("/services/seal").await;
        let all = member.get("/services").await;
        let of = |word: &str| {
            let items = all["items"].as_array().unwrap().iter();
            items.clone().find(|one| one["service"] == word).unwrap()["is_updating"].clone()
        };
        assert_eq!(of("grpc"), json!(false), "another service is not");
        assert_eq!(of("seal"), seal["is_updating"]);
        seal["is_updating"].clone()
    };
    let world = &office.house.world;
    for (token, server) in [(EDGE, 17), (OTHER, 33)] {
        assert_eq!(report(&router, token, &full_report(world, server)).await, 204);
    }
    assert_eq!(is_updating().await, json!(false));
    let grant = AccessGrant { customer_id: member.id, ..access(SpendState::Active) };
    publisher.apply(1, UnixMillis(0), &[], &[(grant, 1)]);
    assert_eq!(is_updating().await, json!(true), "it is in no version yet");
    publisher.publish_now();
    assert_eq!(is_updating().await, json!(true));
    assert_eq!(report(&router, EDGE, &full_report(world, 17)).await, 204);
    assert_eq!(is_updating().await, json!(true), "one edge has not said so");
    assert_eq!(report(&router, OTHER, &full_report(world, 33)).await, 204);
    assert_eq!(is_updating().await, json!(false));
}

#[tokio::test]
async fn a_service_that_no_gateway_serves_is_down() {
    let (office, router) = office().await;
    let (world, member) = (&office.house.world, office.house.member(1).await);
    office.accounts().settlement.deposit(member.id, 20_000).await.unwrap();
    for (path, body) in [
        ("/services/grpc/enable", json!({"subscription": {"tier": "starter"}})),
        ("/keys", json!({"service": "grpc", "network": "mainnet"})),
    ] {
        let answered = member.ask(Method::POST, path, Some(body)).await;
        assert!(answered.status.is_success(), "{path}: {}", answered.body);
    }
    let told = async |token, server_id, status: &str| {
        let mut told = full_report(world, server_id);
        let server = &mut told.gateways[0].servers[0];
        (server.backend, server.status) = ("grpc_mainnet".to_owned(), status.to_owned());
        assert_eq!(report(&router, token, &told).await, 204);
    };
    let status = async || {
        let (one, all) = (member.get("/services/grpc").await, member.get("/services").await);
        assert_eq!(all["items"][1]["status"], one["status"]);
        (one["status"].as_str().unwrap().to_owned(), one["status_detail"].clone())
    };
    let fine = ("ok".to_owned(), Value::Null);
    assert_eq!(status().await, fine, "of no gateway anything is known");
    told(EDGE, 17, "DOWN").await;
    assert_eq!(status().await, fine, "the other one may serve it");
    told(OTHER, 33, "DOWN").await;
    assert_eq!(status().await, ("down".to_owned(), json!("no gateway serves it at present")));
    told(OTHER, 33, "UP").await;
    assert_eq!(status().await, fine);
}
