//! What two nodes say together: a table of what each said, and what follows.

use crate::fixture::{address, chain, contract, data};
use crate::server::{effects, executed};
use sui_sdk_types::{Address, Digest, MoveStruct, Object, ObjectData, Owner, StructTag};
use suiftly_schema::time::UnixMillis;
use suiftly_sui::{
    At, Doubt, Emitted, Epoch, Failure, Head, Joined, Joint, LAG_CHECKPOINTS, LAG_MS, Listed, NodeError, agree,
};

/// What a node said of an object: that it failed so, or, at this checkpoint and second, version and content.
#[derive(Clone)]
enum Said {
    Failed(Failure),
    At(u64, i64, Option<(u64, u8)>),
}
use Said::{At as Stands, Failed};

fn head(checkpoint: u64, second: i64) -> Head {
    Head { chain: chain(), epoch: 9, checkpoint, at: UnixMillis(second * 1_000), lowest: 0 }
}

fn object(version: u64, content: u8) -> Object {
    let contents = [[0x33; 32], [content; 32]].concat();
    let data = MoveStruct::new(StructTag::sui(), false, version, contents).unwrap();
    Object::new(ObjectData::Struct(data), Owner::Shared(1), Digest::ZERO, 0)
}

fn answer(node: &str, said: Said) -> Result<At<Option<Object>>, NodeError> {
    match said {
        Failed(failure) => Err(NodeError { node: node.to_owned(), failure }),
        Stands(checkpoint, second, found) => {
            Ok(At { head: head(checkpoint, second), value: found.map(|(version, content)| object(version, content)) })
        }
    }
}

fn told(answer: Result<At<Option<Object>>, Doubt>) -> String {
    match answer {
        Ok(At { head, value: None }) => format!("nothing at {}", head.checkpoint),
        Ok(At { head, value: Some(object) }) => format!("version {} at {}", object.version(), head.checkpoint),
        Err(Doubt::Unanswered(error)) => format!("{} failed", error.node),
        Err(Doubt::Lagging { node, checkpoint, newest }) => format!("{node} lags: {checkpoint} of {newest}"),
        Err(Doubt::Lacking { node, .. }) => format!("{node} lacks it"),
        Err(Doubt::Disagree { .. }) => "contradiction".to_owned(),
    }
}

#[test]
fn two_nodes_are_believed_where_they_say_the_same() {
    let lost = || Failed(Failure::Lost("away".to_owned()));
    let lying = || Failed(Failure::Lying("other events".to_owned()));
    let lag = LAG_CHECKPOINTS;
    let seconds = LAG_MS / 1_000;
    let cases = [
        // The same, at the lower head of both.
        (Stands(100, 0, Some((7, 1))), Stands(101, 0, Some((7, 1))), None, "version 7 at 100"),
        (Stands(101, 0, None), Stands(100, 0, None), None, "nothing at 100"),
        (Stands(100, 0, None), Stands(100, 0, None), Some(100), "nothing at 100"),
        // One is a little behind, or hides it.
        (Stands(100, 0, None), Stands(101, 0, Some((7, 1))), None, "one lacks it"),
        (Stands(100, 0, Some((7, 1))), Stands(100, 0, None), None, "other lacks it"),
        (Stands(100, 0, Some((8, 1))), Stands(100, 0, Some((7, 1))), None, "other lacks it"),
        // The same version with other contents.
        (Stands(100, 0, Some((7, 1))), Stands(100, 0, Some((7, 2))), None, "contradiction"),
        // One is far behind the other: by checkpoints, or by time.
        (Stands(1, 0, None), Stands(1 + lag, 0, None), None, "nothing at 1"),
        (Stands(1, 0, None), Stands(2 + lag, 0, None), None, "one lags: 1 of 302"),
        (Stands(1, seconds, None), Stands(1, 0, None), None, "nothing at 1"),
        (Stands(2, seconds + 1, None), Stands(1, 0, None), None, "other lags: 1 of 2"),
        (Stands(1, 0, Some((7, 1))), Stands(2 + lag, 0, Some((7, 1))), None, "one lags: 1 of 302"),
        // Both are behind where both have been: far, or so that what they lack may be there.
        (Stands(100, 0, Some((7, 1))), Stands(100, 0, Some((7, 1))), Some(101 + lag), "one lags: 100 of 401"),
        (Stands(100, 0, Some((7, 1))), Stands(100, 0, Some((7, 1))), Some(101), "version 7 at 100"),
        (Stands(101, 0, None), Stands(100, 0, None), Some(101), "other lags: 100 of 101"),
        (Stands(100, 0, None), Stands(101, 0, None), Some(101), "one lags: 100 of 101"),
        // Nothing is believed of one alone, and what is alarming is told first.
        (lost(), Stands(100, 0, Some((7, 1))), None, "one failed"),
        (Stands(100, 0, None), lost(), None, "other failed"),
        (lost(), lying(), None, "other failed"),
        (lying(), lost(), None, "one failed"),
        (Failed(Failure::OtherChain(Digest::ZERO)), lying(), None, "one failed"),
    ];
    for (at, (one, other, seen, expected)) in cases.into_iter().enumerate() {
        let said = [answer("one", one), answer("other", other)];
        let found = agree(["one", "other"], said, seen.map(|checkpoint| head(checkpoint, 0)));
        assert_eq!(told(found), expected, "case {at}");
    }
}

#[test]
fn what_alarms() {
    let doubt = |failure| Doubt::Unanswered(NodeError { node: "one".to_owned(), failure });
    let lying = doubt(Failure::Lying("other events".to_owned()));
    assert_eq!(lying.to_string(), "node one says what cannot be: other events");
    let disagree = Doubt::Disagree { one: "one".to_owned(), other: "other".to_owned() };
    for alarming in [lying, doubt(Failure::OtherChain(Digest::ZERO)), disagree] {
        assert!(alarming.is_alarming(), "{alarming}");
    }
    let lack = |what: Option<&str>| Doubt::Lacking {
        node: "one".to_owned(),
        other: "other".to_owned(),
        lasting: what.map(str::to_owned),
    };
    let lacking = lack(None);
    assert_eq!(lacking.to_string(), "node one does not have what node other has");
    let lasting = lack(Some("transaction T"));
    assert!(lasting.is_alarming());
    assert_eq!(
        lasting.to_string(),
        "node one does not have what node other has, and has not for minutes: transaction T"
    );
    for quiet in [doubt(Failure::Lost("away".to_owned())), doubt(Failure::Refused("price".to_owned())), lacking] {
        assert!(!quiet.is_alarming(), "{quiet}");
    }
}

#[test]
fn heads_are_those_of_both() {
    let [mut one, mut other] = [head(100, 5), head(101, 4)];
    (one.epoch, one.lowest) = (8, 7);
    (other.epoch, other.lowest) = (9, 3);
    let both = agree(["one", "other"], [Ok(At { head: one, value: () }), Ok(At { head: other, value: () })], None);
    let expected = Head { chain: chain(), epoch: 8, checkpoint: 100, at: UnixMillis(4_000), lowest: 7 };
    assert_eq!(both, Ok(At { head: expected, value: () }));
}

#[test]
fn a_transaction_is_in_a_checkpoint_when_it_is_at_both() {
    let digest = Digest::new([1; 32]);
    let at = |checkpoint| executed(&effects(digest, true), checkpoint);
    for (one, other, joined) in [
        (None, None, Joined::Same(at(None))),
        (Some(5), None, Joined::Same(at(None))),
        (Some(5), Some(5), Joined::Same(at(Some(5)))),
        (Some(5), Some(6), Joined::Contrary),
    ] {
        assert_eq!(Joint::join(at(one), at(other)), joined);
    }
    let without_events = executed(&effects(digest, false), None);
    assert_eq!(Joint::join(at(None), without_events), Joined::Contrary);
}

#[test]
fn epochs_are_one_after_the_other() {
    let epoch = |number, gas_price| Epoch { number, gas_price, gas_from_balance: true };
    for (one, other, joined) in [
        (epoch(3, 750), epoch(3, 750), Joined::Same(epoch(3, 750))),
        (epoch(3, 750), epoch(4, 800), Joined::Lacking(0)),
        (epoch(4, 800), epoch(3, 750), Joined::Lacking(1)),
        (epoch(3, 750), epoch(3, 751), Joined::Contrary),
    ] {
        assert_eq!(Joint::join(one, other), joined);
    }
}

#[test]
fn lists_are_compared_as_far_as_both_cover() {
    let account: Address = address(&data("transactions.json")["account"]["id"]);
    let event = |checkpoint: u64, content: u8| Emitted {
        checkpoint,
        transaction_index: 0,
        event_index: 0,
        transaction: Digest::ZERO,
        event_type: contract().entry_type(),
        contents: [account.as_bytes(), &[content][..]].concat(),
    };
    let list = |covered, events: &[(u64, u8)]| Listed {
        covered,
        events: events.iter().map(|(checkpoint, content)| event(*checkpoint, *content)).collect(),
    };
    for (one, other, joined) in [
        (list(Some(9), &[(3, 1), (8, 1)]), list(Some(5), &[(3, 1)]), Joined::Same(list(Some(5), &[(3, 1)]))),
        (list(None, &[]), list(Some(5), &[(3, 1)]), Joined::Same(list(None, &[]))),
        (list(Some(5), &[(3, 1)]), list(Some(5), &[(3, 2)]), Joined::Contrary),
        (list(Some(5), &[(3, 1)]), list(Some(5), &[]), Joined::Contrary),
    ] {
        assert_eq!(Joint::join(one, other), joined);
    }
}
