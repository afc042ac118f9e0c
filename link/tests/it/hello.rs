//! Who belongs together, and that whoever does not is told why.

use crate::support::{Ca, by_hand, meet, node, with_words};
use bytes::{Bytes, BytesMut};
use suiftly_link::{
    Frame, FrameError, HELLO_BYTES, Hello, HelloError, Kind, Link, LinkError, Node, Party, Purpose, VERSIONS, Versions,
    take_frame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ROLES: [&str; 6] = ["ingest-a", "ingest-b", "dataflow-0", "dataflow-1", "dataflow-2", "api"];

fn party(role: &str, purpose: Purpose) -> Party {
    Party { role: role.parse().unwrap(), hello: Hello::new(purpose, node(role)) }
}

/// What is read to the end, as the one frame that it must be.
async fn only_frame(stream: &mut (impl AsyncReadExt + Unpin)) -> Frame {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let mut buffer = BytesMut::from(&bytes[..]);
    let frame = take_frame(&mut buffer, 4_096).unwrap().unwrap();
    assert!(buffer.is_empty());
    frame
}

#[test]
fn a_hello_comes_back_whole_or_not_at_all() {
    for purpose in Purpose::ALL {
        let hello = Hello::new(purpose, node("dataflow-2"));
        let payload = hello.to_frame().payload;
        assert_eq!((payload.len(), Hello::decode(&payload)), (HELLO_BYTES, Ok(hello)));
        for length in 0..HELLO_BYTES {
            let expected = if length < 4 { HelloError::Magic } else { HelloError::Length(length) };
            assert_eq!(Hello::decode(&payload[..length]), Err(expected));
        }
    }
    let mut payload = Hello::new(Purpose::Ship, node("api")).to_frame().payload.to_vec();
    payload[8] = 5;
    assert_eq!(Hello::decode(&payload), Err(HelloError::UnknownPurpose(5)));
    payload[0] = b's';
    assert_eq!(Hello::decode(&payload), Err(HelloError::Magic));
}

#[test]
fn the_highest_version_that_both_speak_counts() {
    for (ours, theirs, common) in [
        ((1, 1), (1, 1), Some(1)),
        ((1, 1), (1, 9), Some(1)),
        ((1, 4), (2, 3), Some(3)),
        ((2, 3), (3, 9), Some(3)),
        ((1, 1), (2, 3), None),
        ((1, 1), (0, 0), None),
        // From more to less.
        ((1, 4), (4, 2), None),
    ] {
        let versions = |(min, max)| Versions { min, max };
        assert_eq!(versions(ours).common(versions(theirs)), common, "{ours:?} {theirs:?}");
        assert_eq!(versions(theirs).common(versions(ours)), common, "{theirs:?} {ours:?}");
    }
}

#[test]
fn a_later_hello_may_be_longer_and_one_that_cannot_be_understood_says_so() {
    let mut hello = Hello::new(Purpose::Ship, node("ingest-a"));
    let longer = |hello: &Hello| [&hello.to_frame().payload[..], b"more"].concat();
    assert_eq!(Hello::decode(&longer(&hello)), Err(HelloError::Length(HELLO_BYTES + 4)));
    hello.versions.max = VERSIONS.max + 1;
    assert_eq!(Hello::decode(&longer(&hello)), Ok(hello));
    let theirs = Versions { min: VERSIONS.max + 1, max: VERSIONS.max + 2 };
    hello.versions = theirs;
    let expected = Err(HelloError::Versions { ours: VERSIONS, theirs });
    // Of what comes behind its versions nothing is known.
    for payload in [longer(&hello), longer(&hello)[..8].to_vec()] {
        assert_eq!(Hello::decode(&payload), expected);
    }
}

#[test]
fn each_purpose_has_its_roles() {
    let is_meant = |purpose, one: &str, other: &str| match purpose {
        Purpose::Ship => one.starts_with("ingest") && other.starts_with("dataflow"),
        Purpose::Order => one == "dataflow-0" && other.starts_with("dataflow") && other != one,
        Purpose::Mesh => one.starts_with("dataflow") && other.starts_with("dataflow") && other != one,
        Purpose::Deltas => one == "api" && other.starts_with("dataflow"),
    };
    for purpose in Purpose::ALL {
        for one in ROLES {
            for other in ROLES {
                let agreed = party(one, purpose).agree(&party(other, purpose));
                if is_meant(purpose, one, other) || is_meant(purpose, other, one) {
                    assert_eq!(agreed, Ok(1), "{purpose:?} {one} {other}");
                } else {
                    let (ours, theirs) = (one.parse().unwrap(), other.parse().unwrap());
                    assert_eq!(agreed, Err(HelloError::Roles { purpose, ours, theirs }));
                }
            }
        }
    }
}

#[test]
fn who_does_not_belong_here_is_refused() {
    type Case = (Purpose, [&'static str; 2], fn(&mut Node), HelloError);
    let differ = |what, ours, theirs| HelloError::Differ { what, ours, theirs };
    let process = |role: &str, process, processes| {
        let role = role.parse().unwrap();
        HelloError::Process { role, process, processes }
    };
    let cases: [Case; 12] = [
        (Purpose::Ship, ["ingest-a", "dataflow-1"], |node| node.cluster[15] = 9, HelloError::Cluster),
        (Purpose::Ship, ["ingest-a", "dataflow-1"], |node| node.process = 2, process("dataflow-1", 2, 3)),
        (Purpose::Ship, ["ingest-a", "dataflow-1"], |node| node.processes = 1, process("dataflow-1", 1, 1)),
        (Purpose::Ship, ["ingest-a", "dataflow-1"], |node| node.processes = 257, process("dataflow-1", 1, 257)),
        (Purpose::Ship, ["dataflow-1", "ingest-a"], |node| node.processes = 1, process("ingest-a", 0, 1)),
        (
            Purpose::Order,
            ["dataflow-0", "dataflow-1"],
            |node| node.processes = 4,
            differ("the numbers of processes", 3, 4),
        ),
        (Purpose::Mesh, ["dataflow-2", "dataflow-1"], |node| node.threads = 1, differ("the numbers of threads", 2, 1)),
        (
            Purpose::Ship,
            ["dataflow-1", "ingest-a"],
            |node| node.placement = 2,
            differ("the versions of placement", 1, 2),
        ),
        (Purpose::Deltas, ["api", "dataflow-1"], |node| node.placement = 2, differ("the versions of placement", 1, 2)),
        (Purpose::Ship, ["dataflow-1", "ingest-a"], |node| node.formats[0] = 9, HelloError::Formats),
        (Purpose::Order, ["dataflow-1", "dataflow-0"], |node| node.formats[0] = 9, HelloError::Formats),
        (Purpose::Mesh, ["dataflow-1", "dataflow-0"], |node| node.build[0] = 9, HelloError::Build),
    ];
    for (purpose, [ours, theirs], change, expected) in cases {
        let (ours, mut theirs) = (party(ours, purpose), party(theirs, purpose));
        assert_eq!(ours.agree(&theirs), Ok(1));
        change(&mut theirs.hello.node);
        assert_eq!(ours.agree(&theirs), Err(expected));
    }
}

#[test]
fn what_need_not_be_alike_may_differ() {
    type Change = fn(&mut Node);
    let cases: [(Purpose, [&str; 2], Change); 4] = [
        (Purpose::Deltas, ["api", "dataflow-1"], |node| node.formats[0] = 9),
        (Purpose::Deltas, ["api", "dataflow-1"], |node| node.build[0] = 9),
        (Purpose::Ship, ["ingest-a", "dataflow-1"], |node| node.build[0] = 9),
        (Purpose::Order, ["dataflow-0", "dataflow-1"], |node| node.build[0] = 9),
    ];
    for (purpose, [ours, theirs], change) in cases {
        let (ours, mut theirs) = (party(ours, purpose), party(theirs, purpose));
        change(&mut theirs.hello.node);
        assert_eq!(ours.agree(&theirs), Ok(1), "{purpose:?}");
    }
}

#[test]
fn nothing_of_a_run_before_is_linked() {
    for (purpose, [one, other], generations, fits) in [
        (Purpose::Mesh, ["dataflow-0", "dataflow-1"], (5, 5), true),
        (Purpose::Mesh, ["dataflow-0", "dataflow-1"], (5, 4), false),
        (Purpose::Mesh, ["dataflow-0", "dataflow-1"], (0, 5), false),
        (Purpose::Mesh, ["dataflow-0", "dataflow-1"], (0, 0), false),
        (Purpose::Order, ["dataflow-0", "dataflow-1"], (5, 5), true),
        (Purpose::Order, ["dataflow-0", "dataflow-1"], (5, 0), true),
        (Purpose::Order, ["dataflow-0", "dataflow-1"], (0, 0), true),
        (Purpose::Order, ["dataflow-0", "dataflow-1"], (5, 4), false),
        (Purpose::Order, ["dataflow-0", "dataflow-1"], (5, 6), false),
        // An ingester has heard of the first number, a process is of the second.
        (Purpose::Ship, ["ingest-a", "dataflow-1"], (5, 5), true),
        (Purpose::Ship, ["ingest-a", "dataflow-1"], (5, 6), true),
        (Purpose::Ship, ["ingest-a", "dataflow-1"], (0, 6), true),
        (Purpose::Ship, ["ingest-a", "dataflow-1"], (5, 0), true),
        (Purpose::Ship, ["ingest-a", "dataflow-1"], (5, 4), false),
        (Purpose::Deltas, ["api", "dataflow-1"], (5, 6), true),
        (Purpose::Deltas, ["api", "dataflow-1"], (5, 4), false),
    ] {
        let (mut ours, mut theirs) = (party(one, purpose), party(other, purpose));
        (ours.hello.node.generation, theirs.hello.node.generation) = generations;
        assert_eq!(ours.agree(&theirs).is_ok(), fits, "{purpose:?} {generations:?}");
        assert_eq!(theirs.agree(&ours).is_ok(), fits, "{purpose:?} {generations:?}, the other way");
    }
}

#[tokio::test]
async fn both_sides_hear_why_there_is_no_link() {
    let ca = Ca::new();
    let (process, ingester) = (ca.tls("dataflow-1"), ca.tls("ingest-a"));
    let stranger = Node { cluster: [7; 16], ..node("dataflow-1") };
    let (dialled, accepted) = meet(Purpose::Ship, (&process, stranger), (&ingester, node("ingest-a"))).await;
    assert!(matches!(accepted.err().unwrap(), LinkError::Hello(HelloError::Cluster)));
    let LinkError::Bye { why } = dialled.err().unwrap() else { panic!("not told why") };
    assert!(why.contains("another cluster"), "{why}");
}

#[tokio::test]
async fn who_dials_refuses_too() {
    let ca = Ca::new();
    let (process, ingester) = (ca.tls("dataflow-1"), ca.tls("ingest-a"));
    let (here, there) = tokio::io::duplex(64 << 10);
    let ours = node("dataflow-1");
    let answer = async {
        let (mut stream, role) = ingester.accept(there).await.unwrap();
        assert_eq!(role.to_string(), "dataflow-1");
        let hello = Hello::new(Purpose::Mesh, node("ingest-a")).to_frame().encode().unwrap();
        stream.write_all(&hello).await.unwrap();
        stream.flush().await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        bytes
    };
    let (dialled, heard) = tokio::join!(Link::dial(here, &process, ingester.role(), Purpose::Ship, &ours), answer);
    let expected = HelloError::OtherPurpose { ours: Purpose::Ship, theirs: Purpose::Mesh };
    assert!(matches!(dialled.err().unwrap(), LinkError::Hello(refusal) if refusal == expected));
    let mut heard = BytesMut::from(&heard[..]);
    assert_eq!(take_frame(&mut heard, 4_096).unwrap().unwrap().kind, Kind::Hello);
    let bye = take_frame(&mut heard, 4_096).unwrap().unwrap();
    assert_eq!((bye.kind, bye.payload), (Kind::Bye, Bytes::from(expected.to_string())));
}

#[tokio::test]
async fn versions_meet_on_the_wire() {
    let mut hello = Hello::new(Purpose::Ship, node("dataflow-1"));
    // Next year's, which still speaks this one's version.
    hello.versions.max = 7;
    let longer = Frame::new(Kind::Hello, [&hello.to_frame().payload[..], b"more"].concat()).encode().unwrap();
    let (_stream, met) = with_words("dataflow-1", "ingest-a", &longer).await;
    assert_eq!(met.unwrap().version(), 1);
    // One that does not any more.
    hello.versions = Versions { min: 2, max: 7 };
    let (mut stream, met) = with_words("dataflow-1", "ingest-a", &hello.to_frame().encode().unwrap()).await;
    assert!(matches!(met.err().unwrap(), LinkError::Hello(HelloError::Versions { .. })));
    let bye = only_frame(&mut stream).await;
    assert_eq!(
        (bye.kind, &bye.payload[..]),
        (Kind::Bye, &b"no common version: this side speaks 1 to 1, the other 2 to 7"[..])
    );
}

#[tokio::test]
async fn who_does_not_begin_with_a_hello_is_not_listened_to() {
    let want = Frame::new(Kind::Want, vec![0_u8; 60]).encode().unwrap();
    let (_stream, met) = with_words("dataflow-1", "ingest-a", &want).await;
    assert!(matches!(met.err().unwrap(), LinkError::NoHello(Kind::Want)));
    // A hello of a megabyte is refused before it is there.
    let long = Frame::new(Kind::Hello, vec![0_u8; 1 << 20]).encode().unwrap();
    let (_stream, met) = with_words("dataflow-1", "ingest-a", &long[..100]).await;
    assert!(matches!(met.err().unwrap(), LinkError::Frame(FrameError::Length(1_048_576))));
    // And whoever said it once need not say it again.
    let (mut stream, link) = by_hand(Purpose::Ship, "dataflow-1", "ingest-a").await;
    let hello = Hello::new(Purpose::Ship, node("dataflow-1")).to_frame().encode().unwrap();
    stream.write_all(&hello).await.unwrap();
    stream.flush().await.unwrap();
    let (_to, mut from) = link.start(suiftly_link::Beat::default);
    let error = from.recv().await.unwrap_err();
    assert!(matches!(error, LinkError::NotTheirs { kind: Kind::Hello, .. }), "{error}");
}
