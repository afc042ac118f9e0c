//! What is kept of the escrow on Sui: what was signed, what the chain did, and up to where that is known.

use std::slice;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{EscrowEventKind, MoneyStore, Notice, Severity};
use suiftly_store::sui_escrow::{
    Attempt, AttemptState, EntryKind, FAILURE_CHARS_MAX, Follower, LastEntry, Purpose, SuiEntry, SuiEscrowStore,
};
use suiftly_store::testing::{TestDatabase, connect};

const NOW: UnixMillis = UnixMillis(1_795_341_600_000);

fn account(n: u8) -> String {
    format!("0x{n:064x}")
}

fn nonce(n: u8) -> String {
    format!("{n:064x}")
}

fn attempt(digest: &str, purpose: Purpose, key: &str) -> Attempt {
    Attempt {
        digest: digest.to_owned(),
        purpose,
        key: key.to_owned(),
        number: 1,
        account: account(1),
        transaction: digest.as_bytes().to_vec(),
        signature: vec![0, 1, 255],
        epoch: 7,
        state: AttemptState::Live,
        made_at: NOW,
    }
}

fn entry(digest: &str, account_n: u8, number: i64, kind: EntryKind, cents: i64, balance: i64) -> SuiEntry {
    SuiEntry {
        digest: digest.to_owned(),
        checkpoint: 40 + number,
        account: account(account_n),
        number,
        kind,
        amount_usd_cents: cents,
        balance_usd_cents: balance,
        nonce: None,
        request: None,
        at: NOW.plus_ms(number),
    }
}

fn first() -> Follower {
    Follower { chain: "4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S".to_owned(), house: account(9), covered: 9 }
}

/// An account's life: opened with a deposit, charged, a withdrawal asked for and paid, closed.
fn life() -> Vec<SuiEntry> {
    use EscrowEventKind::{Charge, Deposit, Withdrawal, WithdrawalRequested};
    let mut entries = vec![
        entry("a:0", 1, 1, EntryKind::Opened, 2_500, 0),
        entry("a:1", 1, 2, EntryKind::Of(Deposit), 1_000, 1_000),
        entry("b:0", 1, 3, EntryKind::Of(Charge), 300, 700),
        entry("c:0", 1, 4, EntryKind::Of(WithdrawalRequested), 700, 700),
        entry("d:0", 1, 5, EntryKind::Of(Withdrawal), 700, 0),
        entry("e:0", 1, 6, EntryKind::Closed, 0, 0),
    ];
    entries[2].nonce = Some(nonce(3));
    entries[3].request = Some(1);
    entries[4].request = Some(1);
    entries
}

async fn store() -> (TestDatabase, SuiEscrowStore) {
    let database = TestDatabase::create().await;
    let store = SuiEscrowStore::new(database.config()).unwrap();
    (database, store)
}

#[test]
fn purposes_have_words() {
    for purpose in Purpose::ALL {
        assert_eq!(Purpose::from_word(purpose.word()), Some(purpose));
    }
    assert_eq!(Purpose::from_word("gift"), None);
}

#[tokio::test]
async fn one_attempt_is_live_at_a_time_and_what_is_settled_stays_so() {
    let (_database, store) = store().await;
    let (one, other) = (attempt("one", Purpose::Charge, "k"), attempt("other", Purpose::Charge, "k"));
    assert_eq!(
        store.begin_attempts(Purpose::Charge, &[one.clone(), other.clone()]).await.unwrap(),
        slice::from_ref(&one)
    );
    assert_eq!(store.begin_attempts(Purpose::Charge, slice::from_ref(&other)).await.unwrap(), slice::from_ref(&one));
    // The same key for something else is something else.
    let refund = attempt("refund", Purpose::Refund, "k");
    assert_eq!(store.begin_attempts(Purpose::Refund, slice::from_ref(&refund)).await.unwrap(), [refund]);
    assert_eq!(store.attempts(Purpose::Charge, &["k", "nothing"]).await.unwrap(), slice::from_ref(&one));

    let long = format!("\0{}", "x".repeat(2 * FAILURE_CHARS_MAX));
    store.settle_attempt("one", &AttemptState::Failed(long)).await.unwrap();
    assert!(store.attempts(Purpose::Charge, &["k"]).await.unwrap().is_empty(), "a failed one is no hindrance");
    let other = Attempt { number: 2, ..other };
    assert_eq!(store.begin_attempts(Purpose::Charge, slice::from_ref(&other)).await.unwrap(), slice::from_ref(&other));
    store.settle_attempt("other", &AttemptState::Done).await.unwrap();
    store.settle_attempt("other", &AttemptState::Dead).await.unwrap();
    let done = Attempt { state: AttemptState::Done, ..other };
    assert_eq!(store.attempts(Purpose::Charge, &["k"]).await.unwrap(), [done], "settled once");

    store.settle_attempt("refund", &AttemptState::Dead).await.unwrap();
    assert!(store.attempts(Purpose::Refund, &["k"]).await.unwrap().is_empty());
}

/// Whoever has slept between reading what was signed and signing would do what somebody was told is refused.
#[tokio::test]
async fn nothing_is_begun_by_who_does_not_know_the_last_attempt() {
    let (database, store) = store().await;
    let successor = SuiEscrowStore::new(database.config()).unwrap();
    let sleeper = attempt("sleeper", Purpose::Charge, "k");
    assert!(store.last_numbers(Purpose::Charge, &["k"]).await.unwrap().is_empty());
    assert!(store.attempts(Purpose::Charge, &["k"]).await.unwrap().is_empty());

    let theirs = attempt("theirs", Purpose::Charge, "k");
    successor.begin_attempts(Purpose::Charge, slice::from_ref(&theirs)).await.unwrap();
    successor.settle_attempt("theirs", &AttemptState::Failed("refused".to_owned())).await.unwrap();
    assert_eq!(
        store.begin_attempts(Purpose::Charge, slice::from_ref(&sleeper)).await.unwrap(),
        [],
        "nothing to be sent"
    );

    let known = store.last_numbers(Purpose::Charge, &["k", "nothing"]).await.unwrap();
    assert_eq!(known.into_iter().collect::<Vec<_>>(), [("k".to_owned(), 1)]);
    assert!(store.last_numbers(Purpose::Refund, &["k"]).await.unwrap().is_empty(), "of the same purpose");
    let next = Attempt { number: 2, ..sleeper };
    assert_eq!(store.begin_attempts(Purpose::Charge, slice::from_ref(&next)).await.unwrap(), slice::from_ref(&next));
}

#[tokio::test]
async fn old_attempts_go_unless_they_may_still_be_executed() {
    let (database, store) = store().await;
    let of = |n: i64| Attempt { made_at: NOW.plus_ms(n), ..attempt(&n.to_string(), Purpose::Pay, &n.to_string()) };
    for n in 0..5 {
        store.begin_attempts(Purpose::Pay, &[of(n)]).await.unwrap();
    }
    for (digest, state) in
        [("1", AttemptState::Done), ("2", AttemptState::Dead), ("3", AttemptState::Failed("no".to_owned()))]
    {
        store.settle_attempt(digest, &state).await.unwrap();
    }
    assert_eq!(store.remove_attempts(NOW.plus_ms(3), 1).await.unwrap(), 1, "so many at once");
    assert_eq!(store.remove_attempts(NOW.plus_ms(3), 10).await.unwrap(), 1);
    assert_eq!(store.remove_attempts(NOW.plus_ms(9), 10).await.unwrap(), 1);
    let left = database.client().await.query("SELECT digest FROM sui_attempts ORDER BY digest", &[]).await.unwrap();
    assert_eq!(left.iter().map(|row| row.get(0)).collect::<Vec<String>>(), ["0", "4"], "live ones stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_sign_for_the_same_send_the_same() {
    let (database, store) = store().await;
    let another = SuiEscrowStore::new(database.config()).unwrap();
    for round in 0..10 {
        let of = |who: &str| -> Vec<Attempt> {
            (0..20).map(|n| attempt(&format!("{who} {round} {n}"), Purpose::Charge, &format!("{round} {n}"))).collect()
        };
        let (mine, mut theirs) = (of("mine"), of("theirs"));
        theirs.reverse();
        let (one, other) = tokio::join!(
            store.begin_attempts(Purpose::Charge, &mine),
            another.begin_attempts(Purpose::Charge, &theirs)
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!((one.len(), &one), (20, &other), "{round}");
    }
}

#[tokio::test]
async fn entries_are_events_in_the_chains_order() {
    use EscrowEventKind::{Charge, Deposit, Limit, Withdrawal, WithdrawalRequested};
    let (_database, store) = store().await;
    assert_eq!(store.follower().await.unwrap(), None);
    assert_eq!(store.begin_following(&first()).await.unwrap(), first());
    assert!(store.follow((9, 50), &life(), &[], NOW).await.unwrap());
    assert!(!store.follow((9, 60), &[], &[], NOW).await.unwrap(), "somebody has moved on");
    let stranger = entry("f:0", 2, 1, EntryKind::Opened, 0, 0);
    assert!(store.follow((50, 60), &[stranger], &[], NOW).await.unwrap());

    let events = store.events(0, 100).await.unwrap();
    let seen: Vec<_> = events.iter().map(|it| (it.seq, it.digest.as_str(), it.kind, it.amount_usd_cents)).collect();
    let expected = [
        (1, "a:0", Limit, 2_500),
        (2, "a:1", Deposit, 1_000),
        (3, "b:0", Charge, 300),
        (4, "c:0", WithdrawalRequested, 700),
        (5, "d:0", Withdrawal, 700),
        (7, "f:0", Limit, 0),
    ];
    assert_eq!(seen, expected, "a closed account is no event");
    assert_eq!((events[2].nonce.clone(), events[2].at), (Some(nonce(3)), NOW.plus_ms(3)));
    assert_eq!((events[3].request_digest.as_deref(), events[4].request_digest.as_deref()), (None, Some("c:0")));
    assert_eq!(store.events(2, 2).await.unwrap(), events[2..4]);
    assert_eq!(store.history(&account(1)).await.unwrap(), events[..5]);
    assert_eq!(store.history(&account(3)).await.unwrap(), []);
    let (used, unused) = (nonce(3), nonce(4));
    assert_eq!(store.by_nonces(&[&used, &unused]).await.unwrap(), events[2..3]);

    let last = store.last_entries(&[&account(1), &account(3)]).await.unwrap();
    assert_eq!(last.into_iter().collect::<Vec<_>>(), [(account(1), LastEntry { number: 6, balance_usd_cents: 0 })]);
    assert_eq!(store.follower().await.unwrap().map(|follower| follower.covered), Some(60));
    let elsewhere = Follower { house: account(8), covered: 0, ..first() };
    let kept = store.begin_following(&elsewhere).await.unwrap();
    assert_eq!((kept.house, kept.covered), (account(9), 60), "what is followed stays");
}

#[tokio::test]
async fn a_request_is_known_by_its_event_until_it_is_settled_and_after() {
    let (_database, store) = store().await;
    store.begin_following(&first()).await.unwrap();
    let life = life();
    assert!(store.follow((9, 20), &life[..4], &[], NOW).await.unwrap());
    let waiting = store.request("c:0").await.unwrap().unwrap();
    assert_eq!((waiting.account, waiting.number), (account(1), 1));
    assert_eq!((waiting.amount_usd_cents, waiting.balance_usd_cents, waiting.settled), (700, 700, None));
    assert!(store.follow((20, 30), &life[4..], &[], NOW).await.unwrap());
    let settled = store.request("c:0").await.unwrap().unwrap();
    assert_eq!(settled.balance_usd_cents, 0);
    assert_eq!(settled.settled.map(|event| event.digest).as_deref(), Some("d:0"));
    for other in ["d:0", "nothing"] {
        assert_eq!(store.request(other).await.unwrap(), None, "{other}");
    }
}

#[tokio::test]
async fn what_operators_are_told_comes_with_the_entries_and_entries_are_final() {
    let (database, store) = store().await;
    store.begin_following(&first()).await.unwrap();
    let notice = Notice {
        key: "sui:a:0".to_owned(),
        customer: None,
        severity: Severity::Critical,
        kind: "escrow_changed",
        body: serde_json::json!({"what": "operator_named"}),
    };
    assert!(!store.follow((8, 50), &[], slice::from_ref(&notice), NOW).await.unwrap());
    let client = database.client().await;
    let told = "SELECT count(*) FROM notifications WHERE customer_id IS NULL AND severity = 'critical'";
    assert_eq!(client.query_one(told, &[]).await.unwrap().get::<_, i64>(0), 0, "nothing was done");
    assert!(store.follow((9, 50), &life(), &[notice], NOW).await.unwrap());
    assert_eq!(client.query_one(told, &[]).await.unwrap().get::<_, i64>(0), 1);
    // The same entry again is refused, and nothing of it is kept.
    let twice = entry("z:0", 1, 6, EntryKind::Of(EscrowEventKind::Deposit), 1, 1);
    assert!(store.follow((50, 60), &[twice], &[], NOW).await.is_err());
    assert_eq!(store.follower().await.unwrap().unwrap().covered, 50);

    let run = connect(database.config()).await;
    store.begin_attempts(Purpose::Pay, &[attempt("live", Purpose::Pay, "k")]).await.unwrap();
    for statement in [
        "UPDATE sui_events SET amount_usd_cents = 1",
        "DELETE FROM sui_events",
        "DELETE FROM sui_attempts",
        "DELETE FROM sui_follower",
    ] {
        assert!(run.batch_execute(statement).await.is_err(), "{statement}");
    }
    assert!(client.batch_execute("DELETE FROM sui_events").await.is_err(), "not even by the owner");
}

#[tokio::test]
async fn a_nonces_account_is_that_of_its_attempt_or_its_charge() {
    let (database, store) = store().await;
    store.begin_attempts(Purpose::Refund, &[attempt("r", Purpose::Refund, &nonce(1))]).await.unwrap();
    store.begin_attempts(Purpose::Pay, &[attempt("p", Purpose::Pay, &nonce(3))]).await.unwrap();
    let charge = format!(
        "INSERT INTO customers (id, display_name, wallet_address, escrow_contract_id) VALUES (1, 'C', '{}', '{}'); \
         INSERT INTO charges (nonce, customer_id, month, amount_usd_cents, reason, intended_at) \
         VALUES ('{}', 1, '2026-11-01', 5, 'threshold', now())",
        account(1),
        account(5),
        nonce(2)
    );
    database.client().await.batch_execute(&charge).await.unwrap();
    for (n, expected) in [(1, Some(account(1))), (2, Some(account(5))), (3, None), (4, None)] {
        assert_eq!(store.account_of(&nonce(n)).await.unwrap(), expected, "{n}");
    }
    let root = "SELECT encode(root, 'hex') FROM charges";
    let root: String = database.client().await.query_one(root, &[]).await.unwrap().get(0);
    assert_eq!(root, suiftly_schema::proof::Hash::of_no_leaves().to_string(), "of a charge without a bill");
}

#[tokio::test]
async fn a_database_knows_which_escrows_it_was_used_with() {
    let (database, store) = store().await;
    let money = MoneyStore::new(database.config()).unwrap();
    assert!(money.escrows_used().await.unwrap().is_empty());
    store.begin_following(&first()).await.unwrap();
    assert_eq!(money.escrows_used().await.unwrap(), ["sui"]);
    let client = database.client().await;
    let planted = format!("INSERT INTO embedded_escrow_accounts (id, owner) VALUES ('{0}', '{0}')", account(1));
    client.batch_execute(&planted).await.unwrap();
    assert_eq!(money.escrows_used().await.unwrap(), ["embedded", "sui"]);
    client.batch_execute("INSERT INTO escrow_cursors (backend, cursor) VALUES ('another', 0)").await.unwrap();
    assert_eq!(money.escrows_used().await.unwrap(), ["another", "embedded", "sui"]);
}
