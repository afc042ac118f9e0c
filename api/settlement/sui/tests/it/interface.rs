//! What we call and what we read, against the interface of the compiled contract.

use crate::fixture::{built, contract, data};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use sui_sdk_types::{Address, Argument, Command, Input, MoveCall, ProgrammableTransaction, TransactionKind, TypeTag};
use suiftly_sui::{Abort, EntryKind};

const CLOCK: Address = Address::from_static("0x6");

/// The modules of the compiled contract.
fn modules() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../packaging/escrow/interface.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["modules"].clone()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// The type that an argument is passed as.
fn type_of(argument: Argument, transaction: &ProgrammableTransaction) -> &'static str {
    let Argument::Input(at) = argument else { return "0x2::coin::Coin<T0>" };
    match &transaction.inputs[usize::from(at)] {
        Input::Pure(bytes) if bytes.len() == 8 => "u64",
        Input::Pure(bytes) if bytes.len() == 4 => "u32",
        Input::Pure(bytes) if bytes.len() == 33 && bytes[0] == 32 => "vector<u8>",
        Input::Shared(object) => match (object.object_id(), object.mutability().is_mutable()) {
            (CLOCK, false) => "&0x2::clock::Clock",
            (id, false) if id == contract().house.id => "&house::House<T0>",
            (id, true) if id == contract().house.id => "&mut house::House<T0>",
            (_, true) => "&mut account::Account<T0>",
            (id, false) => panic!("{id} is read, and is neither the house nor the clock"),
        },
        other => panic!("{other:?} is passed to the contract"),
    }
}

fn calls(transaction: &ProgrammableTransaction) -> Vec<&MoveCall> {
    let calls = transaction.commands.iter().filter_map(|command| match command {
        Command::MoveCall(call) if call.module.as_str() == "escrow" => Some(call),
        _ => None,
    });
    calls.collect()
}

#[test]
fn what_we_call_is_there_with_these_parameters() {
    let escrow = &modules()["escrow"]["functions"];
    let mut called = BTreeSet::new();
    for expected in data("transactions.json")["transactions"].as_array().unwrap() {
        let TransactionKind::ProgrammableTransaction(transaction) = built(expected["name"].as_str().unwrap()).kind
        else {
            panic!("of another kind");
        };
        let found = calls(&transaction);
        assert_eq!(found.len(), 1);
        let call = found[0];
        let function = &escrow[call.function.as_str()];
        let mut parameters = texts(&function["parameters"]);
        parameters.retain(|parameter| !parameter.ends_with("::tx_context::TxContext"));
        let arguments: Vec<_> = call.arguments.iter().map(|argument| type_of(*argument, &transaction)).collect();
        assert_eq!(arguments, parameters, "{}", call.function.as_str());
        assert_eq!(texts(&function["type_parameters"]).len(), 1);
        assert!(matches!(&call.type_arguments[..], [TypeTag::Struct(coin)] if coin.name().as_str() == "USDC"));
        called.insert(call.function.as_str().to_owned());
    }
    // What we never call: it is for whoever finds something at an account's address.
    called.insert("return_stray".to_owned());
    let there: BTreeSet<String> = escrow.as_object().unwrap().keys().cloned().collect();
    assert_eq!(called, there);
}

#[test]
fn codes_and_kinds_are_all_known_by_their_names() {
    let modules = modules();
    let mut codes = BTreeSet::new();
    for (module, interface) in modules.as_object().unwrap() {
        for (name, code) in interface["errors"].as_object().unwrap() {
            codes.insert((module.as_str(), name.as_str(), code.as_u64().unwrap()));
        }
    }
    let known: BTreeSet<_> = Abort::OF_CONTRACT.iter().map(|(_, module, name, code)| (*module, *name, *code)).collect();
    assert_eq!(known, codes);
    assert_eq!(Abort::OF_CONTRACT.len(), codes.len());

    let kinds = modules["account"]["kinds"].as_object().unwrap();
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let there: BTreeSet<_> = kinds.iter().map(|(name, number)| (plain(name), number.as_u64().unwrap())).collect();
    let known = EntryKind::ALL.map(|kind| (plain(&format!("{kind:?}")), u64::from(u8::from(kind))));
    assert_eq!(BTreeSet::from(known), there);
}

#[test]
fn an_entry_has_these_fields() {
    let modules = modules();
    let fields = texts(&modules["account"]["structs"]["Entry"]["fields"]);
    let expected = [
        "account: 0x2::object::ID",
        "owner: address",
        "seq: u64",
        "kind: u8",
        "amount: u64",
        "request: u64",
        "nonce: vector<u8>",
        "month: u32",
        "bill_root: vector<u8>",
        "balance: u64",
        "month_charged: u64",
        "limit: u64",
        "at_ms: u64",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn accounts_and_houses_have_these_fields() {
    let modules = modules();
    let expected: [(&str, &str, &[&str]); 6] = [
        (
            "account",
            "Account",
            &[
                "id: 0x2::object::UID",
                "house: 0x2::object::ID",
                "owner: address",
                "balance: 0x2::balance::Balance<T0>",
                "allowance: allowance::Allowance",
                "requests: vector<account::Request>",
                "requested: u64",
                "seq: u64",
                "is_closed: bool",
            ],
        ),
        ("account", "Request", &["id: u64", "amount: u64", "due_ms: u64"]),
        (
            "allowance",
            "Allowance",
            &["limits: vector<allowance::MonthLimit>", "months: 0x2::table::Table<u32, allowance::Month>"],
        ),
        ("allowance", "MonthLimit", &["month: u32", "highest: u64", "last: u64"]),
        (
            "house",
            "House",
            &[
                "id: 0x2::object::UID",
                "version: u64",
                "cent: u64",
                "treasury: address",
                "next_treasury: 0x1::option::Option<house::NextTreasury>",
                "operators: 0x2::vec_set::VecSet<address>",
            ],
        ),
        ("house", "NextTreasury", &["treasury: address", "not_before_ms: u64"]),
    ];
    for (module, name, fields) in expected {
        assert_eq!(texts(&modules[module]["structs"][name]["fields"]), fields, "{module}::{name}");
    }
}
