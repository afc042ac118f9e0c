//! What the tests of this folder have in common: a contract, and what it says.

use super::{ACT_FOR, AT_ONCE, SuiEscrow, SuiSettings};
use sui_sdk_types::{
    Address, Digest, Event, ExecutionStatus, GasCostSummary, Identifier, TransactionEffects, TransactionEffectsV2,
};
use suiftly_store::config::StoreConfig;
use suiftly_sui::{Contract, Emitted, Entry, EntryKind, Executed, Key, Node, Pair, SharedRef};

const OWNER: Address = Address::new([8; 32]);

pub(super) fn contract() -> Contract {
    let origin = Address::new([1; 32]);
    let house = SharedRef { id: Address::new([2; 32]), initial_version: 3 };
    let coin = format!("{}::usdc::USDC", Address::new([5; 32])).parse().unwrap();
    Contract { package: origin, origin, house, coin, cent: 10_000 }
}

/// One over a database and nodes that nobody asks.
pub(super) fn escrow() -> SuiEscrow {
    let database = StoreConfig::from_url("postgres://nobody@127.0.0.1:1/nowhere").unwrap();
    let node = || Node::new("http://127.0.0.1:1", Digest::new([7; 32])).unwrap();
    let settings = SuiSettings { gas_budget: 1_000_000, at_once: AT_ONCE, act_for: ACT_FOR, begins_at: 0 };
    SuiEscrow::new(&database, contract(), Pair::new(node(), node()), Key::new([7; 32]), settings).unwrap()
}

pub(super) fn account() -> String {
    contract().account_id(OWNER).to_string()
}

pub(super) fn entry(number: u64, kind: EntryKind, amount: u64, balance: u64) -> Entry {
    Entry {
        account: contract().account_id(OWNER),
        owner: OWNER,
        seq: number,
        kind,
        amount,
        request: 0,
        nonce: None,
        month: 202_611,
        bill_root: None,
        balance,
        month_charged: 0,
        limit: 0,
        at_ms: 1_000 + number,
    }
}

pub(super) fn emitted(contract: &Contract, checkpoint: u64, event_index: u32, entry: &Entry) -> Emitted {
    Emitted {
        checkpoint,
        transaction_index: 0,
        event_index,
        transaction: Digest::new([u8::try_from(checkpoint).unwrap(); 32]),
        event_type: contract.entry_type(),
        contents: bcs::to_bytes(entry).unwrap(),
    }
}

/// A transaction that has told of these.
pub(super) fn executed(contract: &Contract, entries: &[Entry]) -> Executed {
    let event = |entry: &Entry| Event {
        package_id: contract.package,
        module: Identifier::from_static("escrow"),
        sender: Address::ZERO,
        type_: contract.entry_type(),
        contents: bcs::to_bytes(entry).unwrap(),
    };
    let digest = Digest::new([6; 32]);
    let effects = TransactionEffectsV2 {
        status: ExecutionStatus::Success,
        epoch: 9,
        gas_used: GasCostSummary::default(),
        transaction_digest: digest,
        gas_object_index: None,
        events_digest: None,
        dependencies: Vec::new(),
        lamport_version: 2,
        changed_objects: Vec::new(),
        unchanged_consensus_objects: Vec::new(),
        auxiliary_data_digest: None,
    };
    let effects = TransactionEffects::V2(Box::new(effects));
    Executed { digest, effects, events: entries.iter().map(event).collect(), checkpoint: Some(40) }
}
