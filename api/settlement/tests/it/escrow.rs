//! The embedded escrow's rules, as anybody finds them who calls it.

use crate::desk::{Desk, instant, month};
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::escrow::{
    ChargeOrder, EmbeddedEscrow, Escrow, EscrowError, EscrowEvent, EscrowEventKind, Nonce,
};

const NOW: &str = "2026-11-22T10:00:00Z";

struct Bank {
    desk: Desk,
    escrow: EmbeddedEscrow,
    at: UnixMillis,
}

fn owner(n: u8) -> String {
    format!("0x{n:064x}")
}

fn order(nonce: u64, account: u8, cents: i64, of: &str) -> ChargeOrder {
    let nonce = Nonce(format!("{nonce:064x}"));
    ChargeOrder { nonce, account: owner(account), amount_usd_cents: cents, month: month(of), root: [7; 32] }
}

/// `ok`, or why not.
fn told(answer: &Result<EscrowEvent, EscrowError>) -> String {
    match answer {
        Ok(_) => "ok".to_owned(),
        Err(EscrowError::Refused { cause, .. }) => cause.clone(),
        Err(EscrowError::InDoubt { cause, .. }) => panic!("in doubt: {cause}"),
    }
}

impl Bank {
    async fn new() -> Self {
        let desk = Desk::at(NOW).await;
        let escrow = EmbeddedEscrow::new(desk.database.config()).unwrap();
        Self { desk, escrow, at: instant(NOW) }
    }

    async fn with_account(n: u8, limit_cents: i64, cents: i64) -> Self {
        let bank = Self::new().await;
        bank.escrow.open(&owner(n), limit_cents).await.unwrap();
        if cents > 0 {
            bank.escrow.deposit(&owner(n), cents, bank.at).await.unwrap();
        }
        bank
    }

    async fn charge(&self, orders: &[ChargeOrder]) -> Vec<String> {
        self.escrow.charge(orders, self.at).await.iter().map(told).collect()
    }

    async fn balance(&self, n: u8) -> i64 {
        self.escrow.accounts(&[owner(n)]).await.unwrap()[0].balance_usd_cents
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_its_owners_and_opened_once() {
    let bank = Bank::new().await;
    let account = bank.escrow.open(&owner(1), 5_000).await.unwrap();
    assert_eq!(
        (account.id.as_str(), account.balance_usd_cents, account.limit_usd_cents),
        (owner(1).as_str(), 0, 5_000)
    );
    bank.escrow.deposit(&owner(1), 700, bank.at).await.unwrap();
    let again = bank.escrow.open(&owner(1), 9_000).await.unwrap();
    assert_eq!((again.balance_usd_cents, again.limit_usd_cents), (700, 5_000), "as it is");
    for (owner, limit, expected) in [
        ("0x12", 5_000, "is no owner's address"),
        (owner(2).as_str(), 999, "a limit is 0"),
        (owner(2).as_str(), -1, "a limit is 0"),
    ] {
        let refused = bank.escrow.open(owner, limit).await.unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    assert!(bank.escrow.accounts(&[owner(2)]).await.unwrap().is_empty());
    assert!(told(&bank.escrow.deposit(&owner(2), 1, bank.at).await).contains("there is no account"));
    for cents in [0, -1, i64::MAX] {
        assert!(told(&bank.escrow.deposit(&owner(1), cents, bank.at).await).contains("is no amount"), "{cents}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_is_within_the_balance_and_the_months_authorisation() {
    let bank = Bank::with_account(1, 1_000, 5_000).await;
    let answers = bank
        .charge(&[
            order(1, 1, 600, "2026-11"),
            order(2, 1, 401, "2026-11"),
            order(3, 1, 400, "2026-11"),
            order(4, 1, 1, "2026-11"),
            order(5, 1, 1_000, "2026-10"),
            order(6, 2, 1, "2026-11"),
            order(7, 1, 0, "2026-11"),
        ])
        .await;
    let expected = [
        "ok",
        "400 cents are left of what is authorised for 2026-11, and 401 are asked for",
        "ok",
        "0 cents are left of what is authorised for 2026-11, and 1 are asked for",
        "ok",
        &format!("there is no account {}", owner(2)),
        "0 cents is no amount to move",
    ];
    assert_eq!(answers, expected);
    assert_eq!(bank.balance(1).await, 3_000);
    bank.escrow.set_limit(&owner(1), 0, bank.at).await.unwrap();
    let answers =
        bank.charge(&[order(8, 1, 3_001, "2026-11"), order(9, 1, 3_000, "2026-11"), order(10, 1, 1, "2026-11")]).await;
    assert_eq!(answers[0], "the account holds 3000 cents, and 3001 are asked for");
    assert_eq!(answers[1..], ["ok", "the account holds 0 cents, and 1 are asked for"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_authorises_the_highest_limit_that_was_in_force_in_it() {
    // The limit at first; when it was changed, and to what; the month charged; what may be charged of it at most.
    let november = "2026-11-10T00:00:00Z";
    type Case<'a> = (i64, &'a [(&'a str, i64)], &'a str, i64);
    let cases: [Case<'_>; 8] = [
        (2_000, &[], "2026-11", 2_000),
        (2_000, &[(november, 1_000)], "2026-11", 2_000),
        (2_000, &[(november, 3_000)], "2026-11", 3_000),
        (2_000, &[(november, 3_000), ("2026-11-11T00:00:00Z", 1_000)], "2026-11", 3_000),
        (2_000, &[(november, 3_000)], "2026-10", 2_000),
        (2_000, &[(november, 1_000)], "2025-11", 2_000),
        (2_000, &[(november, 1_000)], "2026-12", 1_000),
        (2_000, &[("2026-10-01T00:00:00Z", 0), (november, 1_000)], "2026-10", 100_000),
    ];
    let bank = Bank::new().await;
    for (n, (first, changes, of, expected)) in (1u8..).zip(cases) {
        bank.escrow.open(&owner(n), first).await.unwrap();
        bank.escrow.deposit(&owner(n), 200_000, bank.at).await.unwrap();
        for (at, limit) in changes {
            bank.escrow.set_limit(&owner(n), *limit, instant(at)).await.unwrap();
        }
        let nonce = u64::from(n) * 2;
        if expected < 100_000 {
            let beyond = bank.charge(&[order(nonce, n, expected + 1, of)]).await;
            assert!(beyond[0].contains("are left of what is authorised"), "{first} {changes:?} {of}: {beyond:?}");
        }
        assert_eq!(bank.charge(&[order(nonce + 1, n, expected, of)]).await, ["ok"], "{first} {changes:?} {of}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn months_long_over_are_together_within_the_running_months_limit() {
    let mut bank = Bank::with_account(1, 1_000, 20_000).await;
    let answers = bank
        .charge(&[
            order(1, 1, 600, "2026-09"),
            order(2, 1, 401, "2026-08"),
            order(3, 1, 400, "2026-08"),
            order(4, 1, 1, "2026-07"),
            order(5, 1, 1_000, "2026-10"),
            order(6, 1, 1_000, "2026-11"),
        ])
        .await;
    let expected = [
        "ok",
        "400 cents are left in 2026-11 for months that were over before the last, and 401 are asked for",
        "ok",
        "0 cents are left in 2026-11 for months that were over before the last, and 1 are asked for",
        "ok",
        "ok",
    ];
    assert_eq!(answers, expected, "the last month and the running one have their own");
    let again = bank.charge(&[order(7, 1, 1, "2026-07")]).await;
    assert!(again[0].starts_with("0 cents are left in 2026-11"), "in another call: {again:?}");
    bank.escrow.set_limit(&owner(1), 1_500, bank.at).await.unwrap();
    assert_eq!(
        bank.charge(&[order(8, 1, 500, "2026-07")]).await,
        ["ok"],
        "a limit that is raised is raised for these, too"
    );
    bank.at = instant("2026-12-02T00:00:00Z");
    let answers = bank.charge(&[order(9, 1, 501, "2026-07"), order(10, 1, 500, "2026-07")]).await;
    assert_eq!(answers, ["500 cents are left of what is authorised for 2026-07, and 501 are asked for", "ok"]);
    // No limit is none for these, either.
    bank.escrow.open(&owner(2), 0).await.unwrap();
    bank.escrow.deposit(&owner(2), 9_000, bank.at).await.unwrap();
    assert_eq!(bank.charge(&[order(11, 2, 4_000, "2025-01"), order(12, 2, 5_000, "2025-02")]).await, ["ok", "ok"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_its_own_history_and_is_never_closed() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    bank.escrow.open(&owner(2), 0).await.unwrap();
    bank.escrow.deposit(&owner(2), 50, bank.at).await.unwrap();
    bank.charge(&[order(1, 1, 400, "2026-11")]).await;
    let events = bank.escrow.events(0, 100).await.unwrap();
    assert_eq!(bank.escrow.history(&owner(1)).await.unwrap(), [events[0].clone(), events[2].clone()]);
    assert_eq!(bank.escrow.history(&owner(3)).await.unwrap(), []);
    assert!(bank.escrow.acts_for_owners());
    let refused = bank.escrow.close(&owner(1), bank.at).await.unwrap_err();
    assert!(matches!(refused, EscrowError::Refused { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_charges_once_and_answers_what_it_did() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    bank.escrow.open(&owner(2), 0).await.unwrap();
    let twice = [order(1, 1, 300, "2026-11"), order(1, 1, 300, "2026-11")];
    let answers = bank.escrow.charge(&twice, bank.at).await;
    assert_eq!(answers[0], answers[1], "in one call");
    let again = bank.escrow.charge(&twice[..1], bank.at.plus_ms(9)).await;
    assert_eq!(answers[0], again[0], "in another");
    assert_eq!(bank.escrow.look_up(&twice[0].nonce).await.unwrap().as_ref(), answers[0].as_ref().ok());
    assert_eq!(bank.balance(1).await, 700);
    for other in [order(1, 1, 301, "2026-11"), order(1, 2, 300, "2026-11")] {
        assert!(bank.charge(&[other]).await[0].contains("was used for something else"));
    }
    assert_eq!(bank.escrow.look_up(&Nonce("b".repeat(64))).await.unwrap(), None);
    let malformed = ChargeOrder { nonce: Nonce("x".to_owned()), ..order(2, 1, 1, "2026-11") };
    assert_eq!(bank.charge(&[malformed]).await, ["x is no nonce"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_is_paid_once_to_who_asked_for_it() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    let ask = async |cents| bank.escrow.request_withdrawal(&owner(1), cents, bank.at).await;
    assert!(told(&ask(1_001).await).contains("holds 1000 cents"));
    let request = ask(800).await.unwrap();
    assert_eq!((request.kind, bank.balance(1).await), (EscrowEventKind::WithdrawalRequested, 1_000));
    let pay = async |digest: &str, cents| bank.escrow.pay_withdrawal(digest, cents, bank.at).await;
    assert!(told(&pay("nothing", 1).await).contains("there is no request"));
    assert!(told(&pay(&request.digest, 801).await).contains("is no amount"));
    bank.charge(&[order(1, 1, 500, "2026-11")]).await;
    assert!(told(&pay(&request.digest, 501).await).contains("holds 500 cents"));
    let paid = pay(&request.digest, 500).await.unwrap();
    assert_eq!((paid.amount_usd_cents, paid.request_digest.as_ref()), (500, Some(&request.digest)));
    assert_eq!(pay(&request.digest, 1).await.unwrap(), paid, "again");
    assert!(told(&pay(&paid.digest, 1).await).contains("there is no request"), "a payment is no request");
    assert_eq!(bank.balance(1).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_comes_once_and_events_have_one_order() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    bank.charge(&[order(1, 1, 400, "2026-11"), order(2, 1, 100, "2026-11")]).await;
    let nonce = Nonce("c".repeat(64));
    let refunded = bank.escrow.refund(&nonce, &owner(1), 150, bank.at).await.unwrap();
    assert_eq!(bank.escrow.refund(&nonce, &owner(1), 150, bank.at).await.unwrap(), refunded);
    assert!(told(&bank.escrow.refund(&nonce, &owner(1), 151, bank.at).await).contains("something else"));
    let charged = order(1, 1, 400, "2026-11").nonce;
    assert!(told(&bank.escrow.refund(&charged, &owner(1), 400, bank.at).await).contains("something else"));
    assert_eq!(bank.balance(1).await, 650);
    let events = bank.escrow.events(0, 100).await.unwrap();
    let seen: Vec<_> = events.iter().map(|event| (event.kind.word(), event.amount_usd_cents)).collect();
    assert_eq!(seen, [("deposit", 1_000), ("charge", 400), ("charge", 100), ("refund", 150)]);
    assert!(events.is_sorted_by(|one, next| one.seq < next.seq));
    assert_eq!(bank.escrow.events(events[1].seq, 1).await.unwrap(), events[2..3]);
    assert!(events.iter().all(|event| Nonce(event.digest.clone()).is_well_formed()));
    let final_ = bank.desk.client.execute("DELETE FROM embedded_escrow_events", &[]).await;
    assert!(final_.is_err(), "events are final");
}

#[tokio::test(flavor = "multi_thread")]
async fn charges_at_the_same_time_do_not_overdraw() {
    let bank = Bank::with_account(1, 5_000, 100_000).await;
    let calls = (0..8u64).map(|task| {
        let escrow = bank.escrow.clone();
        let orders: Vec<_> = (0..20).map(|n| order(task * 100 + n, 1, 100, "2026-11")).collect();
        let at = bank.at;
        tokio::spawn(async move { escrow.charge(&orders, at).await.iter().filter(|answer| answer.is_ok()).count() })
    });
    let done: usize = futures::future::join_all(calls).await.into_iter().map(Result::unwrap).sum();
    assert_eq!((done, bank.balance(1).await), (50, 95_000));
}
