//! What the contract has emitted, in our nouns: entries in cents, in an order without gaps; and what operators are told.

use crate::escrow::{EscrowEvent, EscrowEventKind};
use data_encoding::HEXLOWER;
use serde_json::json;
use std::collections::HashMap;
use std::fmt::Display;
use suiftly_store::money::{Notice, Severity};
use suiftly_store::sui_escrow::{EntryKind, LastEntry, SuiEntry};
use suiftly_sui as sui;
use suiftly_sui::{Contract, Emitted, Executed};

/// A higher limit is shown as this one, $5.6 trillion: beyond it sums of micro-dollars would not be numbers any more.
const LIMIT_MAX_USD_CENTS: i64 = 1 << 49;

/// What is read out of a range of checkpoints.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) entries: Vec<SuiEntry>,
    /// What the admin has changed: of the house, or of the code.
    pub(super) told: Vec<Notice>,
}

/// Reads events in their order. What cannot be read is told, and nothing of this house is passed over.
pub(super) fn read(contract: &Contract, events: &[Emitted]) -> Result<Read, String> {
    let mut read = Read::default();
    for event in events {
        let digest = digest(&event.transaction, &event.event_index);
        match contract.entry(&event.event_type, &event.contents).map_err(|error| format!("{digest}: {error}"))? {
            Some(entry) if contract.account_id(entry.owner) == entry.account => {
                read.entries.push(entry_of(contract, &entry, digest, event.checkpoint)?);
            }
            // Another house of the coin, which has accounts of its own.
            Some(_) => {}
            None => read.told.push(notice(event, &digest)),
        }
    }
    Ok(read)
}

/// Names an event: its transaction, and its place in it.
fn digest(transaction: &impl Display, index: &impl Display) -> String {
    format!("{transaction}:{index}")
}

fn notice(event: &Emitted, digest: &str) -> Notice {
    let (module, name) = (event.event_type.module(), event.event_type.name());
    let contents = HEXLOWER.encode(&event.contents);
    Notice {
        key: format!("escrow_changed:{digest}"),
        customer: None,
        severity: Severity::Critical,
        kind: "escrow_changed",
        body: json!({"event": format!("{module}::{name}"), "digest": digest, "contents": contents}),
    }
}

/// What an account may be charged a month, in cents. Its owner may say any number, whatever the coin's unit is worth.
pub(super) fn limit_usd_cents(contract: &Contract, units: u64) -> Option<i64> {
    let cents = (units.checked_rem(contract.cent)? == 0).then_some(units / contract.cent)?;
    Some(i64::try_from(cents).map_or(LIMIT_MAX_USD_CENTS, |cents| cents.min(LIMIT_MAX_USD_CENTS)))
}

fn entry_of(contract: &Contract, entry: &sui::Entry, digest: String, checkpoint: u64) -> Result<SuiEntry, String> {
    let kind = kind_of(entry.kind);
    let is_limit = matches!(kind, EntryKind::Opened | EntryKind::Of(EscrowEventKind::Limit));
    let amount = if is_limit { limit_usd_cents(contract, entry.amount) } else { contract.usd_cents(entry.amount) };
    let odd = |what: &str| format!("{digest} says what cannot be: {what}");
    let number = |number: u64| i64::try_from(number).map_err(|_| odd("a number is too large"));
    let is_withdrawal =
        matches!(kind, EntryKind::Of(EscrowEventKind::Withdrawal | EscrowEventKind::WithdrawalRequested));
    let is_by_nonce = matches!(kind, EntryKind::Of(EscrowEventKind::Charge | EscrowEventKind::Refund));
    if is_withdrawal != (entry.request > 0) || is_by_nonce != entry.nonce.is_some() {
        return Err(odd("a request or a nonce where there is none, or none where there is one"));
    }
    Ok(SuiEntry {
        checkpoint: number(checkpoint)?,
        account: entry.account.to_string(),
        number: number(entry.seq)?,
        kind,
        amount_usd_cents: amount.ok_or_else(|| odd("an amount is not in whole cents"))?,
        balance_usd_cents: contract.usd_cents(entry.balance).ok_or_else(|| odd("a balance is not in whole cents"))?,
        nonce: entry.nonce.map(|nonce| HEXLOWER.encode(&nonce)),
        request: if is_withdrawal { Some(number(entry.request)?) } else { None },
        at: entry.at(),
        digest,
    })
}

const fn kind_of(kind: sui::EntryKind) -> EntryKind {
    match kind {
        sui::EntryKind::Opened => EntryKind::Opened,
        sui::EntryKind::Deposit => EntryKind::Of(EscrowEventKind::Deposit),
        sui::EntryKind::WithdrawalRequested => EntryKind::Of(EscrowEventKind::WithdrawalRequested),
        sui::EntryKind::Withdrawal => EntryKind::Of(EscrowEventKind::Withdrawal),
        sui::EntryKind::Charge => EntryKind::Of(EscrowEventKind::Charge),
        sui::EntryKind::Refund => EntryKind::Of(EscrowEventKind::Refund),
        sui::EntryKind::Limit => EntryKind::Of(EscrowEventKind::Limit),
        sui::EntryKind::Closed => EntryKind::Closed,
    }
}

/// That each account's entries go on where the last that is known ended, and its balance with them. What was hidden, by
/// whomever, shows here at the latest.
pub(super) fn check(entries: &[SuiEntry], last: &HashMap<String, LastEntry>) -> Result<(), String> {
    let mut last: HashMap<&str, LastEntry> = last.iter().map(|(account, entry)| (account.as_str(), *entry)).collect();
    for entry in entries {
        let none = LastEntry { number: 0, balance_usd_cents: 0 };
        let before = last.insert(&entry.account, LastEntry::of(entry)).unwrap_or(none);
        let SuiEntry { digest, account, number, .. } = entry;
        if *number != before.number + 1 {
            return Err(format!("{digest} is entry {number} of account {account}, after {}", before.number));
        }
        if (entry.kind == EntryKind::Opened) != (*number == 1) {
            return Err(format!("{digest} is entry {number} of account {account}, and not the one that opens it"));
        }
        let expected = before.balance_usd_cents + moved(entry);
        if entry.balance_usd_cents != expected {
            let found = entry.balance_usd_cents;
            return Err(format!("after {digest} account {account} holds {found} cents where it should {expected}"));
        }
    }
    Ok(())
}

/// What an entry adds to its account, in cents.
const fn moved(entry: &SuiEntry) -> i64 {
    match entry.kind {
        EntryKind::Of(EscrowEventKind::Deposit | EscrowEventKind::Refund) => entry.amount_usd_cents,
        EntryKind::Of(EscrowEventKind::Withdrawal | EscrowEventKind::Charge) => -entry.amount_usd_cents,
        EntryKind::Of(EscrowEventKind::Limit | EscrowEventKind::WithdrawalRequested)
        | EntryKind::Opened
        | EntryKind::Closed => 0,
    }
}

/// The event of an executed transaction that has the place in it, and in its account, that is looked for. `seq` is 0: what
/// was executed a moment ago is not mirrored yet.
pub(super) fn find(
    contract: &Contract,
    executed: &Executed,
    is_it: impl Fn(&sui::Entry) -> bool,
) -> Result<EscrowEvent, String> {
    for (index, event) in executed.events.iter().enumerate() {
        let digest = digest(&executed.digest, &index);
        let entry = contract.entry(&event.type_, &event.contents).map_err(|error| format!("{digest}: {error}"))?;
        if let Some(entry) = entry.filter(&is_it) {
            return event_of(&entry_of(contract, &entry, digest, executed.checkpoint.unwrap_or_default())?);
        }
    }
    Err(format!("transaction {} was executed, and does not say what it should have done", executed.digest))
}

fn event_of(entry: &SuiEntry) -> Result<EscrowEvent, String> {
    let EntryKind::Of(kind) = entry.kind else { return Err(format!("{} is no event", entry.digest)) };
    Ok(EscrowEvent {
        seq: 0,
        digest: entry.digest.clone(),
        account: entry.account.clone(),
        kind,
        amount_usd_cents: entry.amount_usd_cents,
        nonce: entry.nonce.clone(),
        request_digest: None,
        at: entry.at,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{account, contract, emitted, entry, executed};
    use super::*;
    use suiftly_schema::time::UnixMillis;

    fn names(read: &Read) -> Vec<(String, i64, &'static str, i64, i64)> {
        let name = |entry: &SuiEntry| {
            let amounts = (entry.amount_usd_cents, entry.balance_usd_cents);
            (entry.digest.clone(), entry.number, entry.kind.word(), amounts.0, amounts.1)
        };
        read.entries.iter().map(name).collect()
    }

    #[test]
    fn entries_are_read_in_cents_with_their_transactions_and_places() {
        let contract = contract();
        let mut charged = entry(3, sui::EntryKind::Charge, 5_000_000, 7_000_000);
        charged.nonce = Some([0xab; 32]);
        let opened = entry(1, sui::EntryKind::Opened, 250_000_000, 0);
        let events = [
            emitted(&contract, 40, 0, &opened),
            emitted(&contract, 40, 1, &entry(2, sui::EntryKind::Deposit, 12_000_000, 12_000_000)),
            emitted(&contract, 41, 0, &charged),
        ];
        let found = read(&contract, &events).unwrap();
        let at = |event: &Emitted| format!("{}:{}", event.transaction, event.event_index);
        let expected = [
            (at(&events[0]), 1, "opened", 25_000, 0),
            (at(&events[1]), 2, "deposit", 1_200, 1_200),
            (at(&events[2]), 3, "charge", 500, 700),
        ];
        assert_eq!(names(&found), expected);
        assert_eq!(found.entries[2].nonce, Some("ab".repeat(32)));
        assert_eq!((found.entries[2].account.clone(), found.entries[2].at), (account(), UnixMillis(1_003)));
        assert_eq!(found.told, []);
        assert_eq!(check(&found.entries, &HashMap::new()), Ok(()));
    }

    #[test]
    fn what_the_admin_changes_is_told_once_to_operators() {
        let contract = contract();
        let mut event = emitted(&contract, 9, 2, &entry(1, sui::EntryKind::Opened, 0, 0));
        event.event_type = format!("{}::upgrades::UpgradeAnnounced", contract.origin).parse().unwrap();
        event.contents = vec![1, 255];
        let told = read(&contract, std::slice::from_ref(&event)).unwrap().told;
        let digest = format!("{}:2", event.transaction);
        assert_eq!((told.len(), told[0].severity, told[0].customer), (1, Severity::Critical, None));
        assert_eq!(told[0].key, format!("escrow_changed:{digest}"));
        let body = json!({"event": "upgrades::UpgradeAnnounced", "digest": digest, "contents": "01ff"});
        assert_eq!(told[0].body, body);
    }

    #[test]
    fn what_no_contract_of_ours_says_is_told() {
        let contract = contract();
        let broken = |change: fn(&mut sui::Entry)| {
            let mut entry = entry(1, sui::EntryKind::Deposit, 10_000, 10_000);
            change(&mut entry);
            read(&contract, &[emitted(&contract, 1, 0, &entry)]).unwrap_err()
        };
        for (told, expected) in [
            (broken(|entry| entry.amount = 10_001), "an amount is not in whole cents"),
            (broken(|entry| entry.balance = 1), "a balance is not in whole cents"),
            (broken(|entry| entry.seq = u64::MAX), "a number is too large"),
            (broken(|entry| entry.request = 1), "a request or a nonce"),
            (broken(|entry| entry.nonce = Some([0; 32])), "a request or a nonce"),
            (broken(|entry| entry.kind = sui::EntryKind::Charge), "a request or a nonce"),
            (broken(|entry| entry.kind = sui::EntryKind::Withdrawal), "a request or a nonce"),
        ] {
            assert!(told.contains(expected), "{told}");
        }
        let mut event = emitted(&contract, 1, 0, &entry(1, sui::EntryKind::Opened, 0, 0));
        event.contents.pop();
        assert!(read(&contract, &[event]).unwrap_err().contains("cannot be read"));
    }

    #[test]
    fn the_highest_limits_are_one() {
        let contract = contract();
        for (units, expected) in [
            (0, Some(0)),
            (10_000_000, Some(1_000)),
            (u64::MAX - u64::MAX % 10_000, Some(LIMIT_MAX_USD_CENTS)),
            (10_001, None),
        ] {
            assert_eq!(limit_usd_cents(&contract, units), expected, "{units}");
        }
        assert!(LIMIT_MAX_USD_CENTS.checked_mul(10_000).is_some());
        let coarse = Contract { cent: 1, ..contract };
        assert_eq!(limit_usd_cents(&coarse, u64::MAX), Some(LIMIT_MAX_USD_CENTS));
    }

    #[test]
    fn another_house_of_the_coin_has_accounts_of_its_own() {
        let contract = contract();
        let house = sui::SharedRef { id: sui::Address::new([3; 32]), ..contract.house };
        let mut other = entry(7, sui::EntryKind::Deposit, 10_000, 10_000);
        other.account = Contract { house, ..contract.clone() }.account_id(other.owner);
        let found = read(&contract, &[emitted(&contract, 1, 0, &other)]).unwrap();
        assert!(found.entries.is_empty() && found.told.is_empty(), "{found:?}");
    }

    #[test]
    fn a_gap_a_jump_and_a_balance_that_does_not_follow_are_found() {
        use EscrowEventKind::{Charge, Deposit, Limit, Refund, Withdrawal, WithdrawalRequested};
        let line = |number, kind, amount_usd_cents, balance_usd_cents| SuiEntry {
            digest: format!("t:{number}"),
            checkpoint: 1,
            account: account(),
            number,
            kind,
            amount_usd_cents,
            balance_usd_cents,
            nonce: None,
            request: None,
            at: UnixMillis(0),
        };
        let of = |number, kind, amount, balance| line(number, EntryKind::Of(kind), amount, balance);
        let life = [
            line(1, EntryKind::Opened, 2_500, 0),
            of(2, Deposit, 1_000, 1_000),
            of(3, Charge, 300, 700),
            of(4, Refund, 50, 750),
            of(5, Limit, 9_000, 750),
            of(6, WithdrawalRequested, 700, 750),
            of(7, Withdrawal, 700, 50),
            line(8, EntryKind::Closed, 0, 50),
        ];
        assert_eq!(check(&life, &HashMap::new()), Ok(()));
        for at in 1..life.len() {
            let known = HashMap::from([(account(), LastEntry::of(&life[at - 1]))]);
            assert_eq!(check(&life[at..], &known), Ok(()), "from {at} on");
            assert!(check(&life[at..], &HashMap::new()).is_err(), "nothing is known before {at}");
            if at + 1 < life.len() {
                assert!(check(&life[at + 1..], &known).unwrap_err().contains("after"), "{at} is hidden");
            }
            let mut other = life[at..].to_vec();
            other[0].balance_usd_cents += 1;
            assert!(check(&other, &known).unwrap_err().contains("where it should"), "{at} has another balance");
        }
        let unopened = [of(1, Deposit, 5, 5)];
        assert!(check(&unopened, &HashMap::new()).unwrap_err().contains("not the one that opens it"));
    }

    #[test]
    fn what_a_transaction_did_is_found_among_its_events() {
        let contract = contract();
        let mut charged = entry(3, sui::EntryKind::Charge, 5_000_000, 7_000_000);
        charged.nonce = Some([1; 32]);
        let executed = executed(&contract, &[entry(2, sui::EntryKind::Deposit, 10_000, 10_000), charged]);
        let event = find(&contract, &executed, |entry| entry.nonce == Some([1; 32])).unwrap();
        assert_eq!((event.digest, event.kind), (format!("{}:1", executed.digest), EscrowEventKind::Charge));
        assert_eq!((event.seq, event.amount_usd_cents, event.nonce), (0, 500, Some("01".repeat(32))));
        let told = find(&contract, &executed, |entry| entry.nonce == Some([2; 32])).unwrap_err();
        assert!(told.contains("does not say what it should have done"), "{told}");
    }
}
