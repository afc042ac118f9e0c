//! The contract, the terms and the acts of `tests/data/transactions.json`.

use data_encoding::HEXLOWER;
use serde_json::Value;
use std::path::Path;
use sui_sdk_types::{Address, Digest, ObjectReference, Transaction};
use suiftly_sui::{Act, Contract, OwnAct, Purse, SharedRef, Terms};

pub(crate) const NONCE: [u8; 32] = [0x5a; 32];

pub(crate) fn data(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

pub(crate) fn address(value: &Value) -> Address {
    value.as_str().unwrap().parse().unwrap()
}

fn shared(value: &Value) -> SharedRef {
    SharedRef { id: address(&value["id"]), initial_version: value["initial_version"].as_u64().unwrap() }
}

pub(crate) fn contract() -> Contract {
    let contract = &data("transactions.json")["contract"];
    Contract {
        package: address(&contract["package"]),
        origin: address(&contract["origin"]),
        house: shared(&contract["house"]),
        coin: contract["coin"].as_str().unwrap().parse().unwrap(),
        cent: contract["cent"].as_u64().unwrap(),
    }
}

pub(crate) fn chain() -> Digest {
    data("transactions.json")["terms"]["chain"].as_str().unwrap().parse().unwrap()
}

fn terms(sender: Address) -> Terms {
    let terms = &data("transactions.json")["terms"];
    let number = |name: &str| terms[name].as_u64().unwrap();
    Terms {
        sender,
        gas_price: number("gas_price"),
        gas_budget: number("gas_budget"),
        epoch: number("epoch"),
        chain: chain(),
        salt: 3,
    }
}

fn object(byte: u8, version: u64, digest: u8) -> ObjectReference {
    ObjectReference::new(Address::new([byte; 32]), version, Digest::new([digest; 32]))
}

/// A transaction of the file, built here.
pub(crate) fn built(name: &str) -> Transaction {
    let file = data("transactions.json");
    let account = shared(&file["account"]);
    let terms_of = |name: &str| terms(address(&file["keys"][name]["address"]));
    let act = |act: Act| contract().build(&act, &terms_of("operator")).unwrap();
    let own = |act: OwnAct, coins: &[ObjectReference]| {
        let purse = Purse { coins: coins.to_vec(), gas: vec![object(0x9a, 13, 3)] };
        contract().own(&act, &purse, &terms_of("owner")).unwrap()
    };
    let [one, two] = [object(0xc1, 11, 1), object(0xc2, 12, 2)];
    let bill_root = std::array::from_fn(|at| u8::try_from(at).unwrap());
    match name {
        "charge" => act(Act::Charge { account, amount: 12_500_000, nonce: NONCE, month: 202_611, bill_root }),
        "refund" => act(Act::Refund { account, amount: 2_500_000, nonce: NONCE, month: 202_611 }),
        "release" => act(Act::Release { account, request: 3 }),
        "pay" => act(Act::Pay { account, request: 3 }),
        "close" => act(Act::Close { account }),
        "open" => own(OwnAct::Open { first: 50_000_000, limit: 250_000_000 }, &[one]),
        "open_empty" => own(OwnAct::Open { first: 0, limit: 0 }, &[]),
        "deposit" => own(OwnAct::Deposit { account, amount: 20_000_000 }, &[one, two]),
        "request" => own(OwnAct::Request { account, amount: 10_000_000 }, &[]),
        "cancel" => own(OwnAct::Cancel { account, request: 4 }, &[]),
        "set_limit" => own(OwnAct::SetLimit { account, limit: 0 }, &[]),
        other => panic!("no act is called {other}"),
    }
}
