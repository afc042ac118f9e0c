//! `kill -9` on the edge at whatever moment: in a process of its own, which this test starts out of its own binary.

use crate::gateway::{Door, Gateway};
use crate::grants::{access, crowd, held, key, wanted};
use crate::publisher::{Publisher, SERVER, TOKEN};
use crate::running::{Place, ask, gateway};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use suiftly_edge::directory::read_current;
use suiftly_edge::edge::{self, EdgeConfig, GatewayConfig};
use suiftly_edge::http::Http;
use suiftly_schema::reference::KeyLife;
use suiftly_schema::vault::PublicKeys;
use suiftly_schema::view::KeyGrant;

const DOOR: Door = Door::Mseal;
/// What the process of [`edge_process`] is told.
const TOLD: &str = "SUIFTLY_TEST_EDGE";
const LIVES: u64 = 12;
const CUSTOMERS: i64 = 300;

/// Not a test by itself: the process that [`Killable`] starts, which runs an edge until it is killed.
#[test]
fn edge_process() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let told: Value = serde_json::from_str(&told).unwrap();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let config = EdgeConfig {
        api: Http::new(&text("api"), Some(TOKEN), None).unwrap(),
        trusted: PublicKeys::parse(&text("keys")).unwrap(),
        dir: text("dir").into(),
        maps: text("maps").into(),
        canary_every: None,
        canary_path: "/".to_owned(),
        gateways: vec![GatewayConfig { server_id: SERVER, socket: text("socket").into(), doors: Vec::new() }],
        homes: Vec::new(),
        streams: false,
        metrics: None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(edge::run(config, std::future::pending())).unwrap();
}

/// An edge in a process of its own; killed when dropped.
struct Killable(Child);

impl Killable {
    fn start(place: &Place, publisher: &Publisher, socket: &Path) -> Self {
        let told = json!({
            "api": publisher.url(), "keys": publisher.trusted().text(), "dir": place.dir(), "maps": place.maps(),
            "socket": socket,
        });
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::edge_process", "--nocapture"])
            .env(TOLD, told.to_string())
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Killable {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The key's state says which version this is: what a request meets must be one that was published.
fn publish(publisher: &Publisher, set: &mut suiftly_schema::vault::GrantSet, turn: u64) -> u64 {
    let state = if turn.is_multiple_of(2) { KeyLife::Active } else { KeyLife::Revoked };
    set.put_key(KeyGrant { state, ..key("KEY", 7, DOOR) });
    // Every third is a change of many rows, which replaces whole maps.
    let many = if turn.is_multiple_of(3) { 200 } else { 1 };
    for n in 0..many {
        set.put_key(key(&format!("more {n}"), 7, if turn.is_multiple_of(2) { Door::Mseal } else { Door::Tseal }));
    }
    publisher.publish(set)
}

fn assert_works(gateway: &Gateway) {
    assert!([200, 403].contains(&ask(gateway, DOOR, "KEY")));
    assert_eq!(ask(gateway, DOOR, "1000-0"), 200, "a key that never changed");
}

#[test]
fn killed_at_any_moment_it_leaves_a_gateway_that_works_and_comes_back_to_the_last_version() {
    let place = Place::new();
    let mut set = crowd(CUSTOMERS);
    // From anywhere.
    set.put_access(access(1_000, DOOR));
    set.put_access(access(7, DOOR));
    set.put_key(key("KEY", 7, DOOR));
    let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
    let first = Killable::start(&place, &publisher, gateway.socket());
    publisher.await_version(1);
    drop(first);
    let mut published = 1;
    for life in 0..LIVES {
        let edge = Killable::start(&place, &publisher, gateway.socket());
        // Lives of another length each; some end before the edge has read its directory.
        for turn in 0..life * life {
            published = publish(&publisher, &mut set, turn);
            assert_works(&gateway);
        }
        drop(edge);
        assert_works(&gateway);
        // What it leaves on the disk is whole.
        if let Some(stored) = read_current(&place.dir(), &publisher.trusted()).unwrap() {
            assert!(stored.head.version <= published);
        }
    }
    let _edge = Killable::start(&place, &publisher, gateway.socket());
    publisher.await_version(published);
    assert_eq!(held(&gateway.runtime), wanted(&set, &publisher.head()));
    crate::gateway::until("files and directory follow", || {
        let stored = read_current(&place.dir(), &publisher.trusted()).unwrap();
        let mark = format!("suiftly {published}/");
        stored.is_some_and(|stored| stored.head.version == published) && place.map("grants.map").contains(&mark)
    });
}

#[test]
fn haproxy_killed_at_any_moment_of_a_change_comes_back_to_the_last_version() {
    let place = Place::new();
    let mut set = crowd(CUSTOMERS);
    set.put_access(access(7, DOOR));
    let (publisher, mut gateway) = (Publisher::start(&set), gateway(&place));
    let _edge = Killable::start(&place, &publisher, gateway.socket());
    publisher.await_version(1);
    for life in 0..LIVES / 2 {
        for turn in 0..life * 2 {
            publish(&publisher, &mut set, turn);
        }
        gateway.kill();
        let published = publish(&publisher, &mut set, life);
        gateway.restart();
        publisher.await_version(published);
        assert_eq!(held(&gateway.runtime), wanted(&set, &publisher.head()), "{life}");
    }
}
