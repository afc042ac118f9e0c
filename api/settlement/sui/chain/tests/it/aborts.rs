//! Each refusal of the contract, as a node tells it: transactions that are signed and handed in by gRPC, and the module
//! and the code in their effects. What the calls before the last one do is done.
//!
//! Two codes cannot be had here: `house` 1, since all houses of this chain are of its code's version, and `upgrades`
//! 50, since the package's capability is locked in at genesis and there is no other to lock.

use crate::world::{BEGIN, DAY_MS, GAS, NOVEMBER, TREASURY, World, coin, key, sui, usd};
use std::collections::BTreeSet;
use sui_sdk_types::{
    Address, Argument, Command, ExecutionError, ExecutionStatus, Input, MoveCall, ObjectChange, ObjectReference, Owner,
    ProgrammableTransaction, SharedInput, Transaction, TransactionKind,
};
use suiftly_sui::{Abort, Act, Executed, SharedRef};

/// The contract's refusals that cannot be had here.
const NOT_TO_BE_HAD: [(&str, u64); 2] = [("house", 1), ("upgrades", 50)];
const CLOCK: SharedRef = SharedRef { id: Address::from_static("0x6"), initial_version: 1 };
/// Who signs: as the world has it, and somebody who is nobody.
const ADMIN: u8 = 1;
const OPERATOR: u8 = 2;
const OWNER: u8 = 3;
const NOBODY: u8 = 9;
/// Somebody who is named operator.
const OTHER: Address = Address::from_static("0x0ced");
/// $10 and a unit, which is no whole cent.
const ODD: u64 = usd(10) + 1;

/// What a function is given.
#[derive(Clone, Debug)]
enum Given {
    House,
    /// Another house of the coin.
    OtherHouse,
    Account,
    Upgrades,
    Cap,
    Clock,
    /// A coin object, of just this much.
    Coin(u64),
    /// BCS.
    Pure(Vec<u8>),
}

use Given::{Account, Cap, Clock, Coin, House, OtherHouse, Upgrades};

/// A call, and who signs it.
#[derive(Clone, Debug)]
struct Call {
    by: u8,
    path: &'static str,
    given: Vec<Given>,
}

/// Calls, the last of which is refused, by the module and with the code.
type Case = (&'static str, u64, Vec<Call>);

fn pure<T: serde::Serialize>(value: &T) -> Given {
    Given::Pure(bcs::to_bytes(value).unwrap())
}

fn call<const N: usize>(by: u8, path: &'static str, given: [Given; N]) -> Call {
    Call { by, path, given: given.into() }
}

/// A function of a house, the account, a number and the clock.
fn on_number(by: u8, path: &'static str, number: u64) -> Call {
    call(by, path, [House, Account, pure(&number), Clock])
}

fn set_limit(limit: u64) -> Call {
    on_number(OWNER, "escrow::set_limit", limit)
}

fn request(amount: u64) -> Call {
    on_number(OWNER, "escrow::request_withdrawal", amount)
}

fn deposit(amount: u64) -> Call {
    call(OWNER, "escrow::deposit", [House, Account, Coin(amount), Clock])
}

/// What a charge says, and by whom it is signed.
#[derive(Clone, Copy)]
struct Charge {
    by: u8,
    amount: u64,
    nonce: u8,
    nonce_bytes: usize,
    month: u32,
    root_bytes: usize,
}

/// One that is taken.
const CHARGE: Charge =
    Charge { by: OPERATOR, amount: usd(1), nonce: 7, nonce_bytes: 32, month: NOVEMBER, root_bytes: 32 };

fn charge(Charge { by, amount, nonce, nonce_bytes, month, root_bytes }: Charge) -> Call {
    let (nonce, root) = (pure(&vec![nonce; nonce_bytes]), pure(&vec![8_u8; root_bytes]));
    call(by, "escrow::charge", [House, Account, pure(&amount), nonce, pure(&month), root, Clock])
}

fn refund(by: u8, amount: u64, nonce_bytes: usize, month: u32) -> Call {
    let nonce = pure(&vec![CHARGE.nonce; nonce_bytes]);
    call(by, "escrow::refund", [House, Account, Coin(amount), nonce, pure(&month), Clock])
}

fn close(by: u8) -> Call {
    call(by, "escrow::close", [House, Account, Clock])
}

fn open_house(treasury: Address, cent: u64) -> Call {
    call(ADMIN, "house::open_house", [Cap, pure(&treasury), pure(&cent)])
}

fn of_operator(function: &'static str, operator: Address) -> Call {
    call(ADMIN, function, [Cap, House, pure(&operator)])
}

fn announce_treasury(treasury: Address) -> Call {
    call(ADMIN, "house::announce_treasury", [Cap, House, pure(&treasury), Clock])
}

fn name_treasury() -> Call {
    call(ADMIN, "house::name_treasury", [Cap, House, Clock])
}

fn announce(digest_bytes: usize) -> Call {
    call(ADMIN, "upgrades::announce", [Cap, Upgrades, pure(&vec![9_u8; digest_bytes]), Clock])
}

fn authorise() -> Call {
    call(ADMIN, "upgrades::authorise", [Cap, Upgrades, Clock])
}

/// What the house refuses.
fn of_house() -> Vec<Case> {
    let operator = key(OPERATOR).address();
    vec![
        ("house", 2, vec![call(ADMIN, "house::migrate", [Cap, House])]),
        ("house", 3, vec![charge(Charge { by: NOBODY, ..CHARGE })]),
        ("house", 3, vec![charge(Charge { by: OWNER, ..CHARGE })]),
        ("house", 3, vec![refund(NOBODY, usd(1), 32, NOVEMBER)]),
        ("house", 3, vec![request(usd(1)), on_number(NOBODY, "escrow::release_withdrawal", 1)]),
        ("house", 3, vec![close(NOBODY)]),
        ("house", 3, vec![of_operator("house::revoke_operator", OTHER)]),
        ("house", 3, vec![of_operator("house::revoke_operator", operator), charge(CHARGE)]),
        ("house", 4, vec![open_house(TREASURY, 0)]),
        ("house", 5, vec![charge(Charge { amount: 0, ..CHARGE })]),
        ("house", 5, vec![charge(Charge { amount: ODD, ..CHARGE })]),
        ("house", 5, vec![refund(OPERATOR, ODD, 32, NOVEMBER)]),
        ("house", 5, vec![deposit(0)]),
        ("house", 5, vec![deposit(ODD)]),
        ("house", 5, vec![request(0)]),
        ("house", 5, vec![request(ODD)]),
        ("house", 6, vec![set_limit(usd(10) - 10_000)]),
        ("house", 6, vec![set_limit(ODD)]),
        ("house", 6, vec![call(NOBODY, "escrow::open", [House, Coin(0), pure(&1_u64), Clock])]),
        ("house", 7, vec![of_operator("house::name_operator", operator)]),
        ("house", 8, vec![open_house(Address::ZERO, 10_000)]),
        ("house", 8, vec![announce_treasury(Address::ZERO)]),
        ("house", 9, vec![name_treasury()]),
        ("house", 10, vec![announce_treasury(OTHER), name_treasury()]),
    ]
}

/// What an account, its allowance and its nonces refuse. It was opened with $50, and a limit of $20 a month.
fn of_account() -> Vec<Case> {
    let nonce_used = |second| ("nonces", 61, vec![charge(CHARGE), second]);
    let closed = |call| ("account", 32, vec![close(OPERATOR), call]);
    let not_owner = |path| ("account", 31, vec![on_number(NOBODY, path, usd(10))]);
    let no_request = |by, path| ("account", 34, vec![request(usd(1)), on_number(by, path, 2)]);
    // Months of long ago count in the one that runs, too.
    let arrears = |nonce, month, amount| charge(Charge { nonce, month, amount, ..CHARGE });
    vec![
        ("allowance", 20, vec![charge(Charge { month: NOVEMBER + 1, ..CHARGE })]),
        ("allowance", 20, vec![charge(Charge { month: 202_600, ..CHARGE })]),
        ("allowance", 20, vec![refund(OPERATOR, usd(1), 32, NOVEMBER + 1)]),
        ("allowance", 21, vec![charge(Charge { amount: usd(21), ..CHARGE })]),
        ("allowance", 21, vec![arrears(7, 202_601, usd(20)), arrears(8, 202_602, usd(1))]),
        ("account", 30, vec![call(OWNER, "escrow::set_limit", [OtherHouse, Account, pure(&usd(30)), Clock])]),
        ("account", 30, vec![call(NOBODY, "escrow::pay_withdrawal", [OtherHouse, Account, pure(&1_u64), Clock])]),
        ("account", 30, vec![call(OPERATOR, "escrow::close", [OtherHouse, Account, Clock])]),
        ("account", 31, vec![Call { by: NOBODY, ..deposit(usd(1)) }]),
        not_owner("escrow::set_limit"),
        not_owner("escrow::request_withdrawal"),
        not_owner("escrow::cancel_withdrawal"),
        closed(charge(CHARGE)),
        closed(deposit(usd(1))),
        closed(set_limit(usd(30))),
        ("account", 33, vec![set_limit(0), charge(Charge { amount: usd(51), ..CHARGE })]),
        ("account", 33, vec![request(usd(51))]),
        no_request(OWNER, "escrow::cancel_withdrawal"),
        no_request(OPERATOR, "escrow::release_withdrawal"),
        no_request(NOBODY, "escrow::pay_withdrawal"),
        ("account", 35, vec![request(usd(1)), on_number(NOBODY, "escrow::pay_withdrawal", 1)]),
        ("account", 36, vec![request(usd(1)); 9]),
        ("escrow", 40, vec![charge(Charge { root_bytes: 31, ..CHARGE })]),
        ("escrow", 40, vec![charge(Charge { root_bytes: 0, ..CHARGE })]),
        ("nonces", 60, vec![charge(Charge { nonce_bytes: 31, ..CHARGE })]),
        ("nonces", 60, vec![refund(OPERATOR, usd(1), 33, NOVEMBER)]),
        nonce_used(charge(Charge { amount: usd(2), ..CHARGE })),
        nonce_used(refund(OPERATOR, usd(1), 32, NOVEMBER)),
    ]
}

fn of_upgrades() -> Vec<Case> {
    let take_back = || call(ADMIN, "upgrades::take_back", [Cap, Upgrades]);
    vec![
        ("upgrades", 51, vec![announce(31)]),
        ("upgrades", 51, vec![announce(0)]),
        ("upgrades", 52, vec![take_back()]),
        ("upgrades", 52, vec![announce(32), take_back(), authorise()]),
        ("upgrades", 53, vec![announce(32), authorise()]),
    ]
}

/// A world for one case: an account, and another house beside its own.
struct Trial {
    world: World,
    account: SharedRef,
    other_house: SharedRef,
}

impl Trial {
    /// Everybody has gas in an address balance, so that no coin's version has to be looked up.
    async fn new() -> Self {
        let world = World::new().await;
        for who in [OWNER, NOBODY].map(key) {
            world.network.faucet(who.address(), &sui(), GAS, false).unwrap().unwrap();
        }
        let account = world.open(usd(50)).await;
        let mut trial = Self { world, account, other_house: account };
        let opened = trial.handed_in(&open_house(TREASURY, 10_000)).await;
        assert_eq!(*opened.effects.status(), ExecutionStatus::Success);
        let is_house = |change: ObjectChange<'_>| match change {
            ObjectChange::Created { object_id, output_owner: Owner::Shared(_), .. } => Some(*object_id),
            _ => None,
        };
        let house = opened.effects.object_changes().find_map(is_house).unwrap();
        trial.other_house = opened.shared(house).unwrap();
        trial
    }

    /// Signs a call, and hands it in by gRPC.
    async fn handed_in(&self, call: &Call) -> Executed {
        let signer = key(call.by);
        let mut inputs = Vec::new();
        for given in &call.given {
            inputs.push(self.input(given, signer.address()).await);
        }
        let (module, function) = call.path.split_once("::").unwrap();
        let arguments = (0..u16::try_from(inputs.len()).unwrap()).map(Argument::Input).collect();
        let command = Command::MoveCall(MoveCall {
            package: self.world.contract.package,
            module: module.parse().unwrap(),
            function: function.parse().unwrap(),
            // Upgrades are the package's, not a coin's.
            type_arguments: if module == "upgrades" { Vec::new() } else { vec![coin()] },
            arguments,
        });
        // Sender, gas and end are those of whatever is done without a coin for gas.
        let terms = self.world.terms(signer.address()).await;
        let like = self.world.contract.build(&Act::Close { account: self.account }, &terms).unwrap();
        let program = ProgrammableTransaction { inputs, commands: vec![command] };
        let kind = TransactionKind::ProgrammableTransaction(program);
        let signed = signer.sign(Transaction { kind, ..like }).unwrap();
        self.world.node(0).submit(&signed).await.unwrap().value
    }

    async fn input(&self, given: &Given, owner: Address) -> Input {
        let published = self.world.network.look(suiftly_chain::Chain::published);
        let shared = |of: SharedRef, mutable: bool| Input::Shared(SharedInput::new(of.id, of.initial_version, mutable));
        match given {
            House => shared(self.world.contract.house, true),
            OtherHouse => shared(self.other_house, true),
            Account => shared(self.account, true),
            Upgrades => shared(SharedRef { id: published.upgrades, initial_version: 1 }, true),
            Clock => shared(CLOCK, false),
            Cap => Input::ImmutableOrOwned(self.newest(published.admin_cap).await),
            Coin(amount) => {
                let made = self.world.network.faucet(owner, &coin(), *amount, true).unwrap().unwrap();
                let made = self.world.node(0).executed(&made).await.unwrap().value.unwrap();
                let is_coin = |change: ObjectChange<'_>| match change {
                    ObjectChange::Created { object_id, .. } => Some(*object_id),
                    _ => None,
                };
                let id = made.effects.object_changes().find_map(is_coin).unwrap();
                Input::ImmutableOrOwned(self.newest(id).await)
            }
            Given::Pure(bytes) => Input::Pure(bytes.clone()),
        }
    }

    async fn newest(&self, id: Address) -> ObjectReference {
        let object = self.world.node(0).object(id).await.unwrap().value.unwrap();
        ObjectReference::new(object.object_id(), object.version(), object.digest())
    }

    /// What an account holds, and what the treasury has.
    async fn funds(&self) -> (u64, [u64; 2]) {
        let object = self.world.pair().object(self.account.id).await.unwrap().value.unwrap();
        let account = self.world.contract.account(&object).unwrap();
        (account.balance, self.world.balance(TREASURY, &coin()).await)
    }

    async fn is_refused(&self, (module, code, calls): &Case) {
        let (last, before) = calls.split_last().unwrap();
        for call in before {
            let done = self.handed_in(call).await;
            assert_eq!(*done.effects.status(), ExecutionStatus::Success, "{call:?}, before {module} {code}");
        }
        let funds = self.funds().await;
        let refused = self.handed_in(last).await;
        let ExecutionStatus::Failure { error: ExecutionError::MoveAbort { location, code: found }, command } =
            refused.effects.status()
        else {
            panic!("{last:?} is not refused with {module} {code}: {:?}", refused.effects.status())
        };
        assert_eq!((location.module.as_str(), *found), (*module, *code), "{last:?}");
        assert_eq!((location.package, *command), (self.world.contract.package, Some(0)), "{last:?}");
        assert!(Abort::of(module, *code).is_some(), "the client knows {module} {code}");
        assert!(refused.events.is_empty(), "{last:?} tells nothing");
        assert_eq!(self.funds().await, funds, "{last:?} moves nothing");
        // The other node says the same, out of its checkpoints.
        assert_eq!(self.world.pair().executed(&refused.digest).await.unwrap().value, Some(refused));
    }
}

async fn are_refused(cases: Vec<Case>) {
    for case in cases {
        Trial::new().await.is_refused(&case).await;
    }
}

#[tokio::test]
async fn each_refusal_of_a_house_is_in_the_effects() {
    are_refused(of_house()).await;
}

#[tokio::test]
async fn each_refusal_of_an_account_is_in_the_effects() {
    are_refused(of_account()).await;
}

#[tokio::test]
async fn each_refusal_of_an_upgrade_is_in_the_effects() {
    are_refused(of_upgrades()).await;
}

/// What was too early is done once its time has come: it was refused for nothing else.
#[tokio::test]
async fn what_was_announced_a_week_ago_is_not_too_early() {
    let trial = Trial::new().await;
    for call in [announce_treasury(OTHER), request(usd(1))] {
        assert_eq!(*trial.handed_in(&call).await.effects.status(), ExecutionStatus::Success, "{call:?}");
    }
    trial.world.network.set_clock(BEGIN + 7 * DAY_MS).unwrap();
    for call in [name_treasury(), on_number(NOBODY, "escrow::pay_withdrawal", 1), charge(CHARGE)] {
        assert_eq!(*trial.handed_in(&call).await.effects.status(), ExecutionStatus::Success, "{call:?}");
    }
    assert_eq!(trial.world.balance(OTHER, &coin()).await, [usd(1), 0], "the treasury is another");
}

/// It is the framework that refuses this one, by a code with the place in its source in it.
#[tokio::test]
async fn a_second_account_of_an_owner_is_refused_by_the_framework() {
    let trial = Trial::new().await;
    let again = call(OWNER, "escrow::open", [House, Coin(0), pure(&usd(20)), Clock]);
    let refused = trial.handed_in(&again).await;
    let ExecutionStatus::Failure { error: ExecutionError::MoveAbort { location, .. }, .. } = refused.effects.status()
    else {
        panic!("{:?}", refused.effects.status())
    };
    assert_eq!((location.package, location.module.as_str()), (Address::TWO, "derived_object"));
    let outcome = trial.world.contract.outcome(refused.effects.status());
    assert_eq!(outcome, suiftly_sui::Outcome::Refused(Abort::AccountExists));
}

#[test]
fn every_code_of_the_contract_is_among_them() {
    let cases = [of_house(), of_account(), of_upgrades()].concat();
    let tried: BTreeSet<_> = cases.iter().map(|(module, code, _)| (*module, *code)).chain(NOT_TO_BE_HAD).collect();
    let all: BTreeSet<_> = Abort::OF_CONTRACT.iter().map(|(_, module, _, code)| (*module, *code)).collect();
    assert_eq!(tried, all);
}
