//! An edge between a publisher and a real HAProxy: what is published is enforced, what is not to be believed is refused
//! and changes nothing, and whoever goes away and comes back finds a gateway that works.

use crate::gateway::{Door, Gateway, until};
use crate::grants::{access, crowd, crowd_key, held, key, wanted};
use crate::publisher::{Publisher, Sent};
use crate::running::{Place, Running, ask, door_of, gateway, holds};
use suiftly_schema::fleet::GatewayState;
use suiftly_schema::reference::KeyLife;
use suiftly_schema::vault::{Frame, GrantSet, KeyOfCanary};
use suiftly_schema::view::KeyGrant;

const DOOR: Door = Door::Mseal;

/// One customer with the key `KEY`, and a small crowd.
fn set() -> GrantSet {
    let mut set = crowd(5);
    set.put_key(key("KEY", 7, DOOR));
    set.put_access(access(7, DOOR));
    set
}

fn revoke(set: &mut GrantSet) {
    set.put_key(KeyGrant { state: KeyLife::Revoked, ..key("KEY", 7, DOOR) });
}

fn restore(set: &mut GrantSet) {
    set.put_key(key("KEY", 7, DOOR));
}

/// What HAProxy holds is what was published last, and no more.
fn assert_in_sync(gateway: &Gateway, publisher: &Publisher, set: &GrantSet) {
    assert_eq!(held(&gateway.runtime), wanted(set, &publisher.head()));
}

#[test]
fn what_is_published_is_enforced_and_reported() {
    let (place, mut set) = (Place::new(), set());
    let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
    assert_eq!(ask(&gateway, DOOR, "KEY"), 401, "nothing is known yet");
    let edge = Running::start(place.config(&publisher, gateway.socket()));
    publisher.await_version(1);
    assert_eq!(ask(&gateway, DOOR, "KEY"), 200);
    for turn in 0..5 {
        revoke(&mut set);
        publisher.await_version(publisher.publish(&set));
        assert_eq!(ask(&gateway, DOOR, "KEY"), 403, "{turn}");
        restore(&mut set);
        publisher.await_version(publisher.publish(&set));
        assert_eq!(ask(&gateway, DOOR, "KEY"), 200, "{turn}");
    }
    assert_in_sync(&gateway, &publisher, &set);
    let report = publisher.report();
    let versions: Vec<u64> = report.applied.iter().map(|one| one.version).collect();
    assert_eq!(versions, (1..=11).collect::<Vec<u64>>());
    assert!(report.applied.iter().all(|one| one.applied_at >= one.received_at && one.verify_us > 0));
    assert_eq!((report.applied[0].changes, report.applied[10].changes), (17, 1));
    assert_eq!((report.applied[0].is_refill, report.applied[10].is_refill), (true, false));
    publisher.await_report("a look at the gateway", |report| report.gateways[0].requests.is_some());
    let seen = publisher.report().gateways.remove(0);
    assert_eq!((seen.state, seen.server_id, seen.trouble.as_deref()), (GatewayState::InSync, 17, None));
    assert!(seen.haproxy.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit())));
    assert_eq!(seen.boot_ms, Some(gateway.boot().0));
    // Ended in good order, it leaves HAProxy as it is.
    edge.stop().unwrap();
    assert_eq!(ask(&gateway, DOOR, "KEY"), 200);
    assert_in_sync(&gateway, &publisher, &set);
}

#[test]
fn versions_that_pile_up_are_one_change() {
    let (place, mut set) = (Place::new(), set());
    let (publisher, mut gateway) = (Publisher::start(&set), gateway(&place));
    let _edge = Running::start(place.config(&publisher, gateway.socket()));
    publisher.await_version(1);
    gateway.kill();
    publisher.await_report("HAProxy is away", |report| report.gateways[0].state == GatewayState::Unreachable);
    for n in 0..30 {
        set.put_key(key(&format!("more {n}"), 7, DOOR));
        publisher.publish(&set);
    }
    gateway.restart();
    publisher.await_version(31);
    assert_in_sync(&gateway, &publisher, &set);
    assert_eq!(ask(&gateway, DOOR, "more 29"), 200);
}

#[test]
fn the_publisher_dies_and_comes_back() {
    let (place, mut set) = (Place::new(), set());
    let (mut publisher, gateway) = (Publisher::start(&set), gateway(&place));
    let _edge = Running::start(place.config(&publisher, gateway.socket()));
    publisher.await_version(1);
    publisher.kill();
    assert_eq!(ask(&gateway, DOOR, "KEY"), 200, "nobody needs the publisher");
    let root = publisher.head().root;
    publisher.restart();
    let era = publisher.head().era;
    publisher.await_report("the same set under a new head", |report| (report.era, report.version) == (era, 2));
    assert_eq!(publisher.asked(), ["/api/v1/edge/grants".to_owned(), format!("/api/v1/edge/grants?root={root}")]);
    assert_eq!(publisher.report().applied.last().unwrap().changes, 0);
    revoke(&mut set);
    publisher.await_version(publisher.publish(&set));
    assert_eq!(ask(&gateway, DOOR, "KEY"), 403);
    assert_eq!(publisher.report().refused, Vec::new());
}

/// What goes wrong with the next version, and what the edge says of it.
type Wrong = (fn(Vec<String>) -> Vec<String>, bool, &'static str);

#[test]
fn what_is_not_to_be_believed_is_refused_and_changes_nothing() {
    let cases: [Wrong; 6] = [
        (|lines| lines.iter().map(|line| line.replace("revoked", "active")).collect(), false, "signed root"),
        (|lines| lines.iter().map(|line| line[..line.len() / 2].to_owned() + "\n").collect(), false, "cannot be read"),
        (|lines| lines.iter().map(|line| line[..line.len() / 2].to_owned()).collect(), true, "in the middle of a line"),
        (
            |lines| lines.iter().map(|line| line.replace("\"signature\":\"", "\"signature\":\"A")).collect(),
            false,
            "signature",
        ),
        (|lines| lines.iter().map(|line| line.replace("\"key_id\":1", "\"key_id\":2")).collect(), false, "not trusted"),
        (|_| vec!["x".repeat(17 << 20)], false, "longer than"),
    ];
    let (place, mut set) = (Place::new(), set());
    let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
    let _edge = Running::start(place.config(&publisher, gateway.socket()));
    publisher.await_version(1);
    for (wrong, ends, told) in cases {
        let before = held(&gateway.runtime);
        publisher.tamper(move |lines| Sent { lines: wrong(lines), ends });
        revoke(&mut set);
        let version = publisher.publish(&set);
        publisher.await_report(told, |report| report.refused.iter().any(|one| one.reason.contains(told)));
        // The whole that it then asks for is wrong as well.
        assert_eq!((held(&gateway.runtime), ask(&gateway, DOOR, "KEY")), (before, 200), "{told}");
        publisher.be_honest();
        publisher.await_version(version);
        assert_eq!(ask(&gateway, DOOR, "KEY"), 403, "{told}");
        restore(&mut set);
        publisher.await_version(publisher.publish(&set));
        assert_in_sync(&gateway, &publisher, &set);
    }
    let asked = publisher.asked();
    assert!(asked[1..].iter().all(|path| !path.contains("root=")), "after a refusal the whole is asked for: {asked:?}");
}

#[test]
fn a_whole_set_that_is_cut_off_and_an_older_one_are_refused() {
    let (place, mut set) = (Place::new(), set());
    let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
    // The first that it hears is a whole that is not: nothing is applied.
    publisher.tamper(|lines| Sent { lines: lines[..2].to_vec(), ends: true });
    let _edge = Running::start(place.config(&publisher, gateway.socket()));
    publisher.await_report("cut off", |report| {
        report.refused.first().is_some_and(|one| one.reason.contains("in the middle of version 1"))
    });
    assert_eq!((publisher.report().version, ask(&gateway, DOOR, "KEY")), (0, 401));
    publisher.be_honest();
    publisher.await_version(1);
    let old = publisher.whole(1);
    revoke(&mut set);
    publisher.await_version(publisher.publish(&set));
    // Somebody plays an old version again, in which the key was good.
    publisher.tamper(move |_| Sent::lines(old.clone()));
    set.put_key(key("another", 7, DOOR));
    let version = publisher.publish(&set);
    publisher.await_report("replayed", |report| {
        report.refused.iter().any(|one| one.version == Some(1) && one.reason.contains("not newer than version 2"))
    });
    assert_eq!(ask(&gateway, DOOR, "KEY"), 403);
    publisher.be_honest();
    publisher.await_version(version);
    assert_eq!(ask(&gateway, DOOR, "KEY"), 403);
    assert_in_sync(&gateway, &publisher, &set);
}

#[test]
fn haproxy_is_filled_again_when_it_is_not_as_it_was_left() {
    let (place, mut set) = (Place::new(), set());
    let (publisher, mut gateway) = (Publisher::start(&set), gateway(&place));
    let _edge = Running::start(place.config(&publisher, gateway.socket()));
    publisher.await_version(1);
    let applied = |wanted: u64| publisher.await_report("applied", move |report| report.version == wanted);
    // Killed, it comes back with its files.
    // The mark comes last, with the grants.
    let has_mark = || place.map("grants.map").contains("suiftly 1/");
    until("the files are written", || has_mark() && place.map("keys.map").lines().count() == 11);
    gateway.kill();
    publisher.await_report("it is missed", |report| report.gateways[0].state == GatewayState::Unreachable);
    gateway.restart();
    applied(1);
    assert_in_sync(&gateway, &publisher, &set);
    // Its files are lost: the edge fills it.
    gateway.kill();
    for map in ["keys.map", "grants.map", "allow.map"] {
        std::fs::write(place.maps().join(map), "").unwrap();
    }
    gateway.restart();
    until("it is filled", || holds(&gateway, &wanted(&set, &publisher.head())));
    // Reloaded in a moment, without a gap to notice.
    gateway.reload();
    until("it is filled", || holds(&gateway, &wanted(&set, &publisher.head())));
    // Somebody clears a map by hand.
    gateway.runtime.ask(&format!("clear map {}", place.maps().join("keys.map").display())).unwrap();
    until("it is filled", || holds(&gateway, &wanted(&set, &publisher.head())));
    revoke(&mut set);
    applied(publisher.publish(&set));
    assert_eq!(ask(&gateway, DOOR, "KEY"), 403);
}

#[test]
fn operators_have_every_gateway_filled_anew() {
    let (place, set) = (Place::new(), set());
    let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
    let _edge = Running::start(place.config(&publisher, gateway.socket()));
    publisher.await_version(1);
    publisher.await_version(publisher.publish_as(&set, |head| head.refill = head.version));
    assert!(publisher.report().applied.last().unwrap().is_refill);
    publisher.await_version(publisher.publish(&set));
    assert!(!publisher.report().applied.last().unwrap().is_refill, "once");
    // Another gateway joins the region: all limits are halved.
    publisher.await_version(publisher.publish_as(&set, |head| head.regions = [(1, 2)].into()));
    assert_in_sync(&gateway, &publisher, &set);
}

#[test]
fn two_gateways_and_one_of_them_hangs() {
    let (place, mut set) = (Place::new(), set());
    let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
    // A socket that takes connections and never says a word.
    let silent = place.dir().with_extension("silent.sock");
    let _silent = std::os::unix::net::UnixListener::bind(&silent).unwrap();
    let mut config = place.config(&publisher, gateway.socket());
    config.gateways.push(suiftly_edge::edge::GatewayConfig { server_id: 18, socket: silent, doors: Vec::new() });
    let edge = Running::start(config);
    until("the first is filled", || holds(&gateway, &wanted(&set, &publisher.head())));
    revoke(&mut set);
    publisher.publish(&set);
    until("the first follows", || holds(&gateway, &wanted(&set, &publisher.head())));
    publisher.await_report("the second is told to hang", |report| {
        report.version == 0 && report.gateways[0].version == 2 && report.gateways[1].state == GatewayState::Unreachable
    });
    edge.stop().unwrap();
}

#[test]
fn it_starts_without_the_publisher_and_goes_on_from_its_directory() {
    let (place, mut set) = (Place::new(), set());
    let (mut publisher, gateway) = (Publisher::start(&set), gateway(&place));
    publisher.write_to(&place.dir());
    publisher.kill();
    let edge = Running::start(place.config(&publisher, gateway.socket()));
    until("the last good set is enforced", || ask(&gateway, DOOR, "KEY") == 200);
    // The key may be served before the rest of the set is there.
    until("all of it", || holds(&gateway, &wanted(&set, &publisher.head())));
    let second = Running::start(place.config(&publisher, gateway.socket()));
    let error = second.stop().unwrap_err().to_string();
    assert!(error.contains("another edge runs on"), "{error}");
    let root = publisher.head().root;
    publisher.restart();
    publisher.await_version(2);
    assert_eq!(publisher.asked(), [format!("/api/v1/edge/grants?root={root}")]);
    revoke(&mut set);
    publisher.await_version(publisher.publish(&set));
    assert_eq!(ask(&gateway, DOOR, "KEY"), 403);
    edge.stop().unwrap();
}

#[test]
fn a_publisher_that_falls_silent_is_left() {
    let (place, mut set) = (Place::new(), set());
    let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
    let _edge = Running::start(place.config(&publisher, gateway.socket()));
    publisher.await_version(1);
    publisher.fall_silent();
    revoke(&mut set);
    publisher.await_version(publisher.publish(&set));
    assert_eq!((publisher.asked().len(), ask(&gateway, DOOR, "KEY")), (2, 403));
    assert_eq!(publisher.report().refused, Vec::new());
}

#[test]
fn a_gateway_is_asked_with_a_key_of_its_own() {
    let (place, mut set) = (Place::new(), set());
    set.put_key(key("CANARY", 9, DOOR));
    set.put_access(access(9, DOOR));
    let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
    let door = door_of(&gateway, DOOR);
    let canary = |server_id, key: &str| KeyOfCanary {
        server_id,
        service: door.service,
        network: door.network,
        key: key.to_owned(),
    };
    publisher.set_canaries(vec![canary(18, "KEY"), canary(17, "CANARY")]);
    let mut config = place.config(&publisher, gateway.socket());
    config.canary_every = Some(std::time::Duration::from_millis(100));
    config.gateways[0].doors = vec![door];
    let _edge = Running::start(config);
    publisher.await_report("served", |report| {
        report.gateways[0].canary.as_ref().is_some_and(|canary| canary.served >= 3 && canary.last_status == Some(200))
    });
    let lines = gateway.lines(3);
    assert!(lines.iter().all(|line| crate::gateway::tokens(line).contains(&"9")), "{lines:?}");
    set.put_key(KeyGrant { state: KeyLife::Revoked, ..key("CANARY", 9, DOOR) });
    publisher.await_version(publisher.publish(&set));
    publisher.await_report("refused", |report| {
        report.gateways[0]
            .canary
            .as_ref()
            .is_some_and(|canary| canary.sent > canary.served && canary.last_status == Some(403))
    });
}

#[test]
fn a_token_that_is_not_known_is_told_and_tried_again() {
    let (place, set) = (Place::new(), set());
    let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
    let mut config = place.config(&publisher, gateway.socket());
    config.api = suiftly_edge::http::Http::new(&publisher.url(), Some("sed_wrong"), None).unwrap();
    let edge = Running::start(config);
    until("empty maps are there", || place.maps().join("allow.map").is_file());
    assert_eq!(ask(&gateway, DOOR, &crowd_key(1_000, 0)), 401);
    edge.stop().unwrap();
    let _edge = Running::start(place.config(&publisher, gateway.socket()));
    publisher.await_version(1);
    assert_eq!(ask(&gateway, DOOR, &crowd_key(1_000, 0)), 200);
}

#[test]
fn frames_are_what_the_tests_make_of_them() {
    // `what_is_not_to_be_believed…` replaces text in lines: it must be there.
    let publisher = Publisher::start(&set());
    let mut revoked = set();
    revoke(&mut revoked);
    publisher.publish(&revoked);
    let whole = publisher.whole(2).concat();
    for text in ["revoked", "\"signature\":\"", "\"key_id\":1"] {
        assert!(whole.contains(text), "{text}");
    }
    assert!(matches!(Frame::parse(publisher.whole(2)[0].as_bytes()), Ok(Frame::Whole { .. })));
}
