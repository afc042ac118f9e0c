use super::*;
use crate::ids::CustomerId;
use crate::reference::KeyLife;
use crate::spend::SpendState;
use crate::vault::SigningKeys;
use crate::vault::head::FORMAT;
use std::collections::BTreeMap;

fn key(n: u32, state: KeyLife) -> KeyGrant {
    KeyGrant {
        key_sha256: format!("{:064X}", u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_9e37_79b9_7f4a_7c15)),
        customer_id: CustomerId::new(i64::from(n) + 1).unwrap(),
        service: Service::Seal,
        network: Network::Mainnet,
        api_key_fp: n,
        key_metadata: 10_496,
        state,
    }
}

fn access(n: u32, state: SpendState) -> AccessGrant {
    AccessGrant {
        customer_id: CustomerId::new(i64::from(n) + 1).unwrap(),
        service: Service::Seal,
        is_enabled: true,
        state,
        guaranteed_per_second: 50,
        burst_per_second: 100,
        allowlist: Vec::new(),
    }
}

fn set(count: u32) -> GrantSet {
    let keys = (0..count).map(|n| key(n, KeyLife::Active));
    GrantSet::of(keys, (0..count).map(|n| access(n, SpendState::Active)))
}

fn signer() -> SigningKeys {
    SigningKeys::parse(&format!("1 {}", "07".repeat(32))).unwrap()
}

fn head(version: u64, set: &mut GrantSet) -> SignedHead {
    signer().sign(&Head {
        format: FORMAT,
        era: UnixMillis(1),
        version,
        refill: 0,
        root: set.root(),
        keys: set.key_count() as u64,
        access: set.access_count() as u64,
        epoch: version,
        as_of: UnixMillis(0),
        issued_at: UnixMillis(0),
        regions: BTreeMap::new(),
    })
}

fn whole(version: u64, set: &mut GrantSet) -> Vec<Frame> {
    let whole = Frame::Whole { head: head(version, set) };
    std::iter::once(whole).chain(Frame::rows_of(set)).collect()
}

fn changes(version: u64, from: &mut GrantSet, to: &mut GrantSet) -> Frame {
    Frame::Changes { from: from.root(), head: head(version, to), changes: from.changes_to(to) }
}

/// Takes all, through their text; the last answer.
fn take(assembler: &mut Assembler, frames: Vec<Frame>) -> Result<Option<Received>, FrameError> {
    let mut last = Ok(None);
    for frame in frames {
        last = Ok(assembler.take(Frame::parse(frame.line().trim_end().as_bytes())?)?);
    }
    last
}

#[test]
fn whole_sets_then_changes() {
    let mut assembler = Assembler::new(signer().public());
    let (mut first, mut second) = (set(1_201), set(1_201));
    second.put_key(key(7, KeyLife::Revoked));
    second.remove_key(&key(8, KeyLife::Active).key_sha256);
    second.put_access(access(9, SpendState::MonthlyLimit));
    second.remove_access((access(10, SpendState::Active).customer_id, Service::Seal));
    let got = take(&mut assembler, whole(1, &mut first)).unwrap().unwrap();
    assert_eq!((got.head.version, got.changes.len(), &got.set), (1, 2_402, &first));
    let got = take(&mut assembler, vec![changes(2, &mut first, &mut second)]).unwrap().unwrap();
    assert_eq!((got.head.version, got.changes.len(), &got.set), (2, 4, &second));
    // A new head of the same set, as after the publisher's restart.
    let got = take(&mut assembler, vec![changes(3, &mut second.clone(), &mut second)]).unwrap().unwrap();
    assert!(got.changes.is_empty());
    // The very same version, as after a new connection: nothing new, and no replay.
    assert_eq!(take(&mut assembler, vec![changes(3, &mut second.clone(), &mut second)]), Ok(None));
    // A whole set again: what differs is told.
    let got = take(&mut assembler, whole(4, &mut first)).unwrap().unwrap();
    assert_eq!(got.changes.len(), 4);
    let got = take(&mut assembler, whole(5, &mut GrantSet::default())).unwrap().unwrap();
    assert_eq!((got.set.key_count(), assembler.held().unwrap().0.version), (0, 5));
}

#[test]
fn what_is_cut_changed_or_old_is_refused_and_changes_nothing() {
    let (mut first, mut second) = (set(600), set(601));
    let mut held = Assembler::new(signer().public());
    take(&mut held, whole(5, &mut first)).unwrap();
    let forged = |frames: &mut Vec<Frame>| match &mut frames[1] {
        Frame::Rows { keys, .. } => keys[0].customer_id = CustomerId::new(99).unwrap(),
        _ => unreachable!(),
    };
    let mut altered = whole(6, &mut second);
    forged(&mut altered);
    let mut doubled = whole(6, &mut second);
    doubled.insert(2, doubled[1].clone());
    let mut cut = changes(6, &mut first, &mut second);
    if let Frame::Changes { changes, .. } = &mut cut {
        changes.keys.clear();
    }
    let stranger = SigningKeys::parse(&format!("1 {}", "08".repeat(32))).unwrap();
    let mut unsigned = changes(6, &mut first, &mut second);
    if let Frame::Changes { head, .. } = &mut unsigned {
        *head = stranger.sign(&head.verify(&signer().public()).unwrap());
    }
    let replayed = Err(FrameError::Refused(VaultError::Replayed { offered: 5, held: 5 }));
    let cases: Vec<(&str, Vec<Frame>, Result<(), FrameError>)> = vec![
        ("altered", altered, Err(VaultError::Root { version: 6 }.into())),
        ("doubled", doubled, Err(FrameError::Turn { what: "more rows than were signed for" })),
        ("cut", vec![cut], Err(VaultError::Root { version: 6 }.into())),
        ("unsigned", vec![unsigned], Err(VaultError::Signature.into())),
        ("the same again", whole(5, &mut first), replayed.clone()),
        ("the same number, other rows", whole(5, &mut second), replayed),
        ("older", whole(4, &mut second), Err(VaultError::Replayed { offered: 4, held: 5 }.into())),
        (
            "changes to another set",
            vec![changes(7, &mut second, &mut first)],
            Err(FrameError::Turn { what: "changes to a set that is not held" }),
        ),
        ("rows of nothing", whole(6, &mut second).split_off(1), Err(FrameError::Turn { what: "rows of nothing" })),
    ];
    for (what, frames, expected) in cases {
        let mut assembler = held.clone();
        assert_eq!(take(&mut assembler, frames).map(|_| ()), expected, "{what}");
        let (head, set) = assembler.held().unwrap();
        assert_eq!((head.version, set), (5, &first), "{what}");
    }
    // Cut in the middle: not an error yet, and not a set either.
    let mut frames = whole(6, &mut second);
    frames.pop();
    assert_eq!(take(&mut held, frames), Ok(None));
    assert_eq!(held.held().unwrap().0.version, 5);
}

#[test]
fn what_is_no_frame() {
    for line in
        ["", "{}", "[]", "{\"frame\":\"other\"}", "{\"frame\":\"alive\",\"version\":1}", "{\"frame\":\"rows\",\"x\":1}"]
    {
        assert!(matches!(Frame::parse(line.as_bytes()), Err(FrameError::Unreadable { .. })), "{line}");
    }
}

#[test]
fn a_kept_set_is_checked_again() {
    let mut kept = set(3);
    let signed = head(5, &mut kept);
    let mut assembler = Assembler::new(signer().public());
    assert_eq!(assembler.hold(&signed, set(2)), Err(VaultError::Root { version: 5 }));
    assert_eq!(assembler.hold(&signed, kept.clone()), Ok(()));
    let older = FrameError::Refused(VaultError::Replayed { offered: 4, held: 5 });
    assert_eq!(take(&mut assembler, whole(4, &mut kept)), Err(older));
}

#[test]
fn a_canarys_key_is_not_shown() {
    let key = KeyOfCanary { server_id: 17, service: Service::Seal, network: Network::Mainnet, key: "SECRET".into() };
    assert!(!format!("{:?}", Hello { canaries: vec![key], ..Hello::default() }).contains("SECRET"));
}
