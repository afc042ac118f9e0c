//! The bytes of each kind of transaction, and the ids.

use crate::fixture::{address, built, bytes, contract, data};
use data_encoding::HEXLOWER;
use sui_sdk_types::{Address, Digest};
use suiftly_schema::time::BillingMonth;
use suiftly_sui::{BuildError, Contract, OwnAct, Purse, Terms, billing_month, month_number};

#[test]
fn transactions_are_those_of_the_official_sdk_byte_for_byte() {
    for expected in data("transactions.json")["transactions"].as_array().unwrap() {
        let name = expected["name"].as_str().unwrap();
        let transaction = built(name);
        let found = HEXLOWER.encode(&bcs::to_bytes(&transaction).unwrap());
        assert_eq!(found, expected["bytes"].as_str().unwrap(), "{name}");
        assert_eq!(transaction.digest().to_string(), expected["digest"].as_str().unwrap(), "{name}");
    }
}

#[test]
fn funds_come_out_of_coins_and_gas_too() {
    let terms = Terms { sender: Address::TWO, gas_price: 1, gas_budget: 1, epoch: 1, chain: Digest::ZERO, salt: 0 };
    let open = |first| contract().own(&OwnAct::Open { first, limit: 0 }, &Purse::default(), &terms);
    assert_eq!(open(1), Err(BuildError::NoCoins));
    assert!(matches!(open(0), Err(BuildError::Builder { .. })));
}

#[test]
fn accounts_and_nonces_have_derived_ids() {
    let file = data("ids.json");
    for expected in file["accounts"].as_array().unwrap() {
        let mut contract = contract();
        contract.house.id = address(&expected["house"]);
        assert_eq!(contract.account_id(address(&expected["owner"])), address(&expected["account"]));
    }
    for expected in file["nonces"].as_array().unwrap() {
        let nonce = bytes(&expected["nonce"]).try_into().unwrap();
        assert_eq!(Contract::nonce_id(address(&expected["account"]), &nonce), address(&expected["field"]));
    }
}

#[test]
fn cents_are_whole() {
    let contract = contract();
    for (cents, units) in [(0, 0), (1, 10_000), (1_250, 12_500_000)] {
        assert_eq!((contract.units(cents), contract.usd_cents(units)), (Some(units), Some(cents)));
    }
    assert_eq!([-1, i64::MAX].map(|cents| contract.units(cents)), [None, None]);
    assert_eq!([1, 9_999, 10_001].map(|units| contract.usd_cents(units)), [None, None, None]);
}

#[test]
fn months_are_numbers() {
    for (text, number) in [("2026-11", 202_611), ("1970-01", 197_001), ("9998-12", 999_812)] {
        let month = BillingMonth::parse(text).unwrap();
        assert_eq!((month_number(month), billing_month(number)), (number, Some(month)));
    }
    assert_eq!([0, 202_600, 202_613, 20_261].map(billing_month), [None; 4]);
}
