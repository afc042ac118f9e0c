//! Entries, and what a transaction has come to.

use crate::fixture::{address, bytes, contract, data};
use sui_sdk_types::{Address, ExecutionError, ExecutionStatus, Identifier, MoveLocation, StructTag};
use suiftly_sui::{Abort, Entry, EntryKind, Outcome};

#[test]
fn entries_are_read_field_by_field_and_written_back() {
    let contract = contract();
    let file = data("entries.json");
    let entries = file.as_array().unwrap();
    assert_eq!(entries.len(), EntryKind::ALL.len());
    for (kind, expected) in EntryKind::ALL.into_iter().zip(entries) {
        let number = |name: &str| expected[name].as_u64().unwrap();
        let maybe = |name: &str| <[u8; 32]>::try_from(bytes(&expected[name])).ok();
        let found = contract.entry(&contract.entry_type(), &bytes(&expected["bytes"])).unwrap().unwrap();
        let entry = Entry {
            account: address(&expected["account"]),
            owner: address(&expected["owner"]),
            seq: number("seq"),
            kind,
            amount: number("amount"),
            request: number("request"),
            nonce: maybe("nonce"),
            month: u32::try_from(number("month")).unwrap(),
            bill_root: maybe("bill_root"),
            balance: number("balance"),
            month_charged: number("month_charged"),
            limit: number("limit"),
            at_ms: number("at_ms"),
        };
        assert_eq!((found.clone(), u64::from(u8::from(kind))), (entry, number("kind")));
        assert_eq!(bcs::to_bytes(&found).unwrap(), bytes(&expected["bytes"]));
        assert_eq!(u64::try_from(found.at().0).unwrap(), found.at_ms);
    }
}

#[test]
fn what_is_no_entry_of_ours_is_passed_over_or_refused() {
    let contract = contract();
    let entry = bytes(&data("entries.json")[4]["bytes"]);
    let mut other = contract.clone();
    other.coin = StructTag::sui().into();
    assert_eq!(contract.entry(&other.entry_type(), &entry), Ok(None));
    other.origin = Address::TWO;
    other.coin = contract.coin.clone();
    assert_eq!(contract.entry(&other.entry_type(), &entry), Ok(None));

    let read = |bytes: &[u8]| contract.entry(&contract.entry_type(), bytes);
    let with = |at: usize, byte: u8| {
        let mut changed = entry.clone();
        changed[at] = byte;
        changed
    };
    // Account and owner, 32 bytes each, and the number, 8, are before the kind; amount and request are after it.
    let (kind, length) = (72, 89);
    let shorter = entry[..entry.len() - 1].to_vec();
    let longer = [&entry[..], &[0][..]].concat();
    for bytes in [shorter, longer, with(kind, 0), with(kind, 9), with(length, 31), Vec::new()] {
        assert!(read(&bytes).is_err(), "{bytes:?}");
    }
}

fn failure(error: ExecutionError) -> ExecutionStatus {
    ExecutionStatus::Failure { error, command: Some(0) }
}

fn aborted(package: Address, module: &'static str, code: u64) -> ExecutionStatus {
    let module = Identifier::from_static(module);
    let location = MoveLocation { package, module, function: 0, instruction: 0, function_name: None };
    failure(ExecutionError::MoveAbort { location, code })
}

#[test]
fn aborts_are_known_by_module_and_code() {
    let contract = contract();
    for (abort, module, _, code) in Abort::OF_CONTRACT {
        assert_eq!(Abort::of(module, *code), Some(*abort));
        for package in [contract.package, contract.origin] {
            let outcome = contract.outcome(&aborted(package, module, *code));
            assert!(!matches!(outcome, Outcome::Done), "{abort:?}");
        }
    }
    assert_eq!([Abort::of("house", 20), Abort::of("coin", 1), Abort::of("account", 37)], [None; 3]);
    assert_eq!(Abort::NonceUsed.to_string(), "The nonce has charged or refunded before.");
}

#[test]
fn what_a_transaction_has_come_to() {
    let contract = contract();
    let ours = |module, code| contract.outcome(&aborted(contract.package, module, code));
    assert_eq!(contract.outcome(&ExecutionStatus::Success), Outcome::Done);
    assert_eq!(ours("nonces", 61), Outcome::Used);
    for (module, code, abort) in [
        ("account", 33, Abort::Balance),
        ("allowance", 21, Abort::Authorisation),
        ("account", 32, Abort::Closed),
        ("account", 35, Abort::NotDue),
        ("house", 6, Abort::Limit),
    ] {
        assert_eq!(ours(module, code), Outcome::Refused(abort));
    }
    // The framework's own code for it, with a line's number in it.
    let exists = aborted(Address::TWO, "derived_object", 0x8000_0029_0000_0000);
    assert_eq!(contract.outcome(&exists), Outcome::Refused(Abort::AccountExists));

    let mended = [
        aborted(contract.package, "house", 1),
        aborted(contract.package, "house", 3),
        aborted(contract.package, "escrow", 40),
        failure(ExecutionError::InsufficientFundsForWithdraw),
        failure(ExecutionError::CoinTypeGlobalPause { coin_type: "usdc".to_owned() }),
    ];
    for status in mended {
        assert!(matches!(contract.outcome(&status), Outcome::Ours { .. }), "{status:?}");
    }
    // Whose fault that is depends on whose address it is.
    let denied = ExecutionError::AddressDeniedForCoin { address: Address::TWO, coin_type: "usdc".to_owned() };
    let outcome = contract.outcome(&failure(denied));
    assert!(matches!(outcome, Outcome::Denied { address: Address::TWO, .. }), "{outcome:?}");
    let congested = ExecutionError::ExecutionCanceledDueToConsensusObjectCongestion { congested_objects: Vec::new() };
    let spent = [
        // The chain's clock is behind: it is not refused for good.
        aborted(contract.package, "allowance", 20),
        // Another package's code of the same number.
        aborted(Address::TWO, "account", 33),
        aborted(contract.package, "account", 99),
        failure(ExecutionError::InsufficientGas),
        failure(ExecutionError::InvariantViolation),
        failure(congested),
    ];
    for status in spent {
        assert!(matches!(contract.outcome(&status), Outcome::Spent { .. }), "{status:?}");
    }
}
