use super::*;
use crate::testing::{Publisher, access, key};
use suiftly_schema::vault::{Changes, GrantSet};

const NOW: UnixMillis = UnixMillis(7);

fn session(of: &Publisher) -> Session {
    Session::new(of.trusted(), None)
}

/// The versions that lines bring, and why one is refused, which ends the stream.
fn outcome(session: &mut Session, lines: &[String]) -> Vec<Result<u64, (Option<u64>, String)>> {
    let mut told = Vec::new();
    for line in lines {
        match session.line(line.trim_end().as_bytes(), NOW) {
            Step::Quiet | Step::Hello(_) => {}
            Step::Believed(believed) => told.push(Ok(believed.received.head.version)),
            Step::Refused { version, reason } => {
                told.push(Err((version, reason)));
                break;
            }
        }
    }
    told
}

fn refused(session: &mut Session, lines: &[String]) -> (Option<u64>, String) {
    let mut told = outcome(session, lines);
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0).unwrap_err()
}

#[test]
fn whole_then_changes_then_nothing_new() {
    let mut publisher = Publisher::new(3);
    let mut session = session(&publisher);
    assert_eq!(session.root_to_ask(), None);
    let mut lines = vec![Frame::Hello(Hello::default()).line()];
    lines.extend(publisher.whole());
    lines.push(publisher.change(|set| set.put_key(key(9))));
    lines.push(Frame::Alive { version: 2, at: NOW }.line());
    assert_eq!(outcome(&mut session, &lines), [Ok(1), Ok(2)]);
    assert_eq!(session.root_to_ask(), Some(publisher.head().root));
    // A publisher that was started anew has the same set under another head.
    let same = publisher.change(|_| true);
    assert_eq!(outcome(&mut session, &[same]), [Ok(3)]);
}

#[test]
fn what_is_held_is_no_refusal_when_it_comes_again() {
    let mut publisher = Publisher::new(3);
    let mut session = session(&publisher);
    assert_eq!(outcome(&mut session, &publisher.whole()), [Ok(1)]);
    // Asked for the whole after a refusal, the publisher sends what is held.
    assert!(matches!(session.line(b"nonsense", NOW), Step::Refused { version: None, .. }));
    assert_eq!(session.root_to_ask(), None);
    assert_eq!(outcome(&mut session, &publisher.whole()), []);
    assert_eq!(session.root_to_ask(), Some(publisher.head().root));
    let again =
        Frame::Changes { from: publisher.head().root, head: publisher.signed().clone(), changes: Changes::default() };
    assert_eq!(outcome(&mut session, &[again.line()]), []);
    let change = publisher.change(|set| set.put_key(key(9)));
    assert_eq!(outcome(&mut session, std::slice::from_ref(&change)), [Ok(2)]);
    let (version, reason) = refused(&mut session, &[change]);
    assert!(version == Some(2) && reason.contains("version 2 of the grant set is not newer"), "{reason}");
}

#[test]
fn every_way_of_being_wrong_is_refused_and_changes_nothing() {
    let mut publisher = Publisher::new(3);
    let first = publisher.whole();
    let change = publisher.change(|set| set.put_access(access(2, 500)));
    let second = publisher.whole();
    let stranger = Publisher::seeded(9, 3).whole();
    let half = |lines: &[String], then: String| -> Vec<String> { lines[..2].iter().cloned().chain([then]).collect() };
    let alive = Frame::Alive { version: 2, at: NOW }.line();
    let cases: Vec<(Vec<String>, Option<u64>, &str)> = vec![
        (vec![change.replace("500", "501")], Some(2), "do not come to its signed root"),
        (vec![change.replace("\\\"version\\\":2", "\\\"version\\\":3")], Some(3), "signature does not hold"),
        (vec![change.replace("\"key_id\":1", "\"key_id\":4")], Some(2), "key 4, which is not trusted"),
        (vec![change[..change.len() / 2].to_owned()], None, "cannot be read"),
        (
            vec![change.replace("\"changes\":{", "\"changes\":{\"gone_keys\":[\"X\"],\"gone_keys\":[],")],
            None,
            "duplicate",
        ),
        (stranger, Some(1), "signature does not hold"),
        (half(&second, alive), Some(2), "begun and is not whole"),
        (half(&second, change.clone()), Some(2), "begun and is not whole"),
        (half(&second, second[1].clone()), Some(2), "more rows than were signed for"),
        (vec![second[1].clone()], None, "rows of nothing"),
        (vec![String::new()], None, "cannot be read"),
    ];
    for (lines, version, told) in cases {
        let mut session = session(&publisher);
        assert_eq!(outcome(&mut session, &first), [Ok(1)]);
        let (offered, reason) = refused(&mut session, &lines);
        assert!(reason.contains(told), "{told}: {reason}");
        assert_eq!(offered, version, "{told}");
        assert_eq!(session.root_to_ask(), None, "{told}");
        assert_eq!(outcome(&mut session, &second), [Ok(2)], "{told}: the whole mends it");
    }
}

#[test]
fn a_stream_that_ends_in_the_middle() {
    let publisher = Publisher::new(3);
    let mut session = session(&publisher);
    assert_eq!(session.cut_off(true), None);
    assert_eq!(session.cut_off(false), Some((None, "the stream ended in the middle of a line".to_owned())));
    outcome(&mut session, &publisher.whole()[..2]);
    assert_eq!(session.cut_off(true), Some((Some(1), "the stream ended in the middle of version 1".to_owned())));
    outcome(&mut session, &publisher.whole()[..2]);
    session.ended();
    assert_eq!(session.cut_off(true), None, "a connection that broke is no forgery");
    assert_eq!(outcome(&mut session, &publisher.whole()), [Ok(1)]);
}

#[test]
fn what_was_stored_is_gone_on_from_and_a_floor_keeps_older_sets_out() {
    let mut publisher = Publisher::new(3);
    let first = publisher.whole();
    let change = publisher.change(|set| set.put_key(key(9)));
    let stored =
        Stored { head: publisher.head().clone(), signed: publisher.signed().clone(), set: publisher.set().clone() };
    let mut held = session(&publisher);
    held.hold(&stored).unwrap();
    assert_eq!(held.root_to_ask(), Some(stored.head.root));
    assert!(refused(&mut held, &[change]).1.contains("not newer"));
    let mut wrong = Stored { set: GrantSet::default(), ..stored.clone() };
    assert!(session(&publisher).hold(&wrong).is_err());
    wrong.set = stored.set;
    // Its rows were lost, its head was not.
    let mut floored = Session::new(publisher.trusted(), Some(stored.head));
    assert_eq!(floored.root_to_ask(), None);
    let (version, reason) = refused(&mut floored, &first);
    assert!(version == Some(1) && reason.contains("version 2, which is held"), "{reason}");
    assert_eq!(outcome(&mut floored, &publisher.whole()), [Ok(2)]);
}
