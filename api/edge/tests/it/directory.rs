//! An edge that starts on a directory which somebody, or a disk, has harmed.

use crate::gateway::{Door, until};
use crate::grants::{access, held, key, wanted};
use crate::publisher::Publisher;
use crate::running::{Place, Running, ask, gateway};
use std::fs;
use suiftly_edge::directory::read_current;
use suiftly_schema::vault::GrantSet;

const DOOR: Door = Door::Mseal;

fn set() -> GrantSet {
    GrantSet::of([key("KEY", 7, DOOR)], [access(7, DOOR)])
}

/// Makes other text of a file of the current version.
fn harm(place: &Place, file: &str, change: impl FnOnce(String) -> String) {
    let path = place.dir().join("current").join(file);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, change(text)).unwrap();
}

#[test]
fn a_damaged_directory_is_refused_and_the_whole_is_asked_for() {
    type Harm = fn(&Place);
    let cases: [(Harm, &str); 4] = [
        (|place| harm(place, "rows.ndjson", |text| text[..text.len() / 2].to_owned()), "is damaged"),
        (|place| harm(place, "rows.ndjson", |text| text.replacen("active", "revoked", 1)), "signed root"),
        (|place| harm(place, "head.json", |text| text.replace("\"signature\":\"", "\"signature\":\"A")), "signature"),
        (|place| harm(place, "head.json", |_| String::new()), "is damaged"),
    ];
    for (harm, told) in cases {
        let (place, set) = (Place::new(), set());
        let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
        publisher.write_to(&place.dir());
        harm(&place);
        let edge = Running::start(place.config(&publisher, gateway.socket()));
        publisher.await_version(1);
        assert_eq!(publisher.asked(), ["/api/v1/edge/grants"], "{told}");
        let refused = publisher.report().refused;
        assert!(refused.len() == 1 && refused[0].reason.contains(told), "{told}: {refused:?}");
        assert_eq!(held(&gateway.runtime), wanted(&set, &publisher.head()), "{told}");
        let is_mended = || read_current(&place.dir(), &publisher.trusted()).is_ok_and(|stored| stored.is_some());
        until("the directory is whole again", is_mended);
        edge.stop().unwrap();
    }
}

#[test]
fn rows_that_are_lost_are_no_way_back_to_an_older_set() {
    let (place, mut set) = (Place::new(), set());
    let (publisher, gateway) = (Publisher::start(&set), gateway(&place));
    let old = publisher.whole(1);
    set.remove_key(&key("KEY", 7, DOOR).key_sha256);
    publisher.publish(&set);
    publisher.write_to(&place.dir());
    harm(&place, "rows.ndjson", |_| String::new());
    publisher.tamper(move |_| crate::publisher::Sent::lines(old.clone()));
    let _edge = Running::start(place.config(&publisher, gateway.socket()));
    publisher.await_report("replayed", |report| {
        report.refused.iter().any(|one| one.version == Some(1) && one.reason.contains("not newer than version 2"))
    });
    assert_eq!(ask(&gateway, DOOR, "KEY"), 401);
    publisher.be_honest();
    publisher.await_version(2);
    assert_eq!(ask(&gateway, DOOR, "KEY"), 401);
}
