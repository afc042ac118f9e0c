//! Programmable transactions, command by command: what they do, and how they fail.

use crate::world::{BUDGET, GAS, World, coin, sui, usd};
use sui_sdk_types::{
    Address, Argument, Command, CommandArgumentError, ExecutionError, ExecutionStatus, FundsWithdrawal, GasPayment,
    Input, MergeCoins, MoveCall, ObjectReference, ProgrammableTransaction, SharedInput, SplitCoins, Transaction,
    TransactionExpiration, TransactionKind, TransferObjects, TypeTag, WithdrawFrom,
};
use suiftly_chain::Executed;
use suiftly_sui::{Abort, Key, Outcome};

const OTHER: Address = Address::from_static("0x0ced");

fn pure<T: serde::Serialize>(value: &T) -> Input {
    Input::Pure(bcs::to_bytes(value).unwrap())
}

fn shared(id: Address, version: u64, mutable: bool) -> Input {
    Input::Shared(SharedInput::new(id, version, mutable))
}

fn clock() -> Input {
    shared("0x6".parse().unwrap(), 1, false)
}

fn call(package: Address, path: &str, of: Vec<TypeTag>, arguments: &[u16]) -> Command {
    let (module, function) = path.split_once("::").unwrap();
    let (module, function) = (module.parse().unwrap(), function.parse().unwrap());
    let arguments = arguments.iter().map(|at| Argument::Input(*at)).collect();
    Command::MoveCall(MoveCall { package, module, function, type_arguments: of, arguments })
}

impl World {
    /// Executes a program, with gas out of coins, or out of the sender's address balance if there are none.
    fn run(
        &self,
        by: &Key,
        gas: Vec<ObjectReference>,
        budget: u64,
        inputs: Vec<Input>,
        commands: Vec<Command>,
    ) -> Executed {
        let (min_epoch, max_epoch) = (Some(0), Some(0));
        let (chain, nonce) = (self.network.look(suiftly_chain::Chain::id), 7);
        let transaction = Transaction {
            kind: TransactionKind::ProgrammableTransaction(ProgrammableTransaction { inputs, commands }),
            sender: by.address(),
            gas_payment: GasPayment { objects: gas, owner: by.address(), price: 1_000, budget },
            expiration: TransactionExpiration::ValidDuring {
                min_epoch,
                max_epoch,
                min_timestamp: None,
                max_timestamp: None,
                chain,
                nonce,
            },
        };
        let signed = by.sign(transaction).unwrap();
        self.network.execute(&signed.transaction, &[signed.signature]).unwrap()
    }

    /// A program of the owner's.
    async fn program(&self, inputs: Vec<Input>, commands: Vec<Command>) -> Executed {
        let gas = self.coins(self.owner.address(), &sui()).await;
        self.run(&self.owner, gas, BUDGET, inputs, commands)
    }
}

fn failed(executed: &Executed, error: ExecutionError, command: Option<u64>) {
    assert_eq!(*executed.effects.status(), ExecutionStatus::Failure { error, command });
    assert_eq!(executed.events, None);
}

#[tokio::test]
async fn coins_are_split_merged_and_given_away() {
    let world = World::new().await;
    let owner = world.owner.address();
    let coins = world.coins(owner, &coin()).await;
    let mut inputs: Vec<_> = coins.into_iter().map(Input::ImmutableOrOwned).collect();
    inputs.extend([pure(&usd(7)), pure(&usd(3)), pure(&OTHER)]);
    let commands = vec![
        Command::MergeCoins(MergeCoins { coin: Argument::Input(0), coins_to_merge: vec![Argument::Input(1)] }),
        Command::SplitCoins(SplitCoins {
            coin: Argument::Input(0),
            amounts: vec![Argument::Input(2), Argument::Input(3)],
        }),
        Command::TransferObjects(TransferObjects {
            objects: vec![Argument::NestedResult(1, 0), Argument::NestedResult(1, 1)],
            address: Argument::Input(4),
        }),
    ];
    let done = world.program(inputs, commands).await;
    assert_eq!(*done.effects.status(), ExecutionStatus::Success);
    assert_eq!(
        [world.balance(owner, &coin()).await, world.balance(OTHER, &coin()).await],
        [[0, usd(90)], [0, usd(10)]]
    );
    assert_eq!(world.coins(owner, &coin()).await.len(), 1);
    let used = u64::try_from(done.effects.gas_summary().net_gas_usage()).unwrap();
    assert_eq!(world.balance(owner, &sui()).await, [0, GAS - used]);
}

#[tokio::test]
async fn the_coin_that_pays_for_gas_can_be_split_and_given_away() {
    let world = World::new().await;
    let owner = world.owner.address();
    world.network.faucet(owner, &sui(), 5, true).unwrap();
    let split = |amount: u64| {
        let inputs = vec![pure(&amount), pure(&OTHER)];
        let split = SplitCoins { coin: Argument::Gas, amounts: vec![Argument::Input(0)] };
        let give = TransferObjects { objects: vec![Argument::Result(0)], address: Argument::Input(1) };
        (inputs, vec![Command::SplitCoins(split), Command::TransferObjects(give)])
    };
    // Not what gas may cost.
    let (inputs, commands) = split(GAS);
    failed(&world.program(inputs, commands).await, ExecutionError::InsufficientCoinBalance, Some(0));
    // Two coins have become one.
    assert_eq!(world.coins(owner, &sui()).await.len(), 1);
    let (inputs, commands) = split(1_000);
    assert_eq!(*world.program(inputs, commands).await.effects.status(), ExecutionStatus::Success);
    assert_eq!(world.balance(OTHER, &sui()).await, [0, 1_000]);
    let give = TransferObjects { objects: vec![Argument::Gas], address: Argument::Input(0) };
    world.program(vec![pure(&OTHER)], vec![Command::TransferObjects(give)]).await;
    assert_eq!(world.balance(owner, &sui()).await, [0, 0]);
}

#[tokio::test]
async fn funds_go_into_address_balances_and_out_of_them() {
    let world = World::new().await;
    let operator = world.operator.address();
    let withdrawal = |amount| Input::FundsWithdrawal(FundsWithdrawal::new(amount, coin(), WithdrawFrom::Sender));
    let program = |module: &str, amount| {
        let redeem = call(Address::TWO, &format!("{module}::redeem_funds"), vec![coin()], &[0]);
        let mut send = call(Address::TWO, &format!("{module}::send_funds"), vec![coin()], &[1]);
        if let Command::MoveCall(send) = &mut send {
            send.arguments.insert(0, Argument::Result(0));
        }
        (vec![withdrawal(amount), pure(&OTHER)], vec![redeem, send])
    };
    for module in ["coin", "balance"] {
        let (inputs, commands) = program(module, usd(30));
        let done = world.run(&world.operator, Vec::new(), BUDGET, inputs, commands);
        assert_eq!(*done.effects.status(), ExecutionStatus::Success);
    }
    assert_eq!(world.balance(operator, &coin()).await, [usd(40), 0]);
    assert_eq!(world.balance(OTHER, &coin()).await, [usd(60), 0]);
    let (inputs, commands) = program("coin", usd(41));
    let done = world.run(&world.operator, Vec::new(), BUDGET, inputs, commands);
    failed(&done, ExecutionError::InsufficientFundsForWithdraw, None);
    // Half of it, and nobody has it.
    let redeem = call(Address::TWO, "balance::redeem_funds", vec![coin()], &[0]);
    let done = world.run(&world.operator, Vec::new(), BUDGET, vec![withdrawal(1)], vec![redeem]);
    failed(&done, ExecutionError::UnusedValueWithoutDrop { result: 0, subresult: 0 }, None);
    assert_eq!(world.balance(operator, &coin()).await, [usd(40), 0]);
}

#[tokio::test]
async fn all_of_a_program_is_done_or_nothing() {
    let world = World::new().await;
    let account = world.open(usd(10)).await;
    let house = world.contract.house;
    // Opening has left one coin.
    world.network.faucet(world.owner.address(), &coin(), usd(5), true).unwrap();
    let coins = world.coins(world.owner.address(), &coin()).await;
    let mut inputs = vec![shared(house.id, 1, false), shared(account.id, account.initial_version, true)];
    inputs.extend(coins.into_iter().map(Input::ImmutableOrOwned));
    inputs.extend([clock(), pure(&1u64)]);
    let deposit =
        |coin: u16| call(world.contract.package, "escrow::deposit", vec![crate::world::coin()], &[0, 1, coin, 4]);
    let cancel = call(world.contract.package, "escrow::cancel_withdrawal", vec![coin()], &[0, 1, 5, 4]);
    let both = vec![deposit(2), deposit(3), cancel];
    let done = world.program(inputs.clone(), both).await;
    let Outcome::Refused(Abort::NoRequest) = world.contract.outcome(done.effects.status()) else { panic!("{done:?}") };
    assert_eq!(world.balance(world.owner.address(), &coin()).await, [0, usd(95)]);
    // The coins have new versions: they were inputs.
    let coins = world.coins(world.owner.address(), &coin()).await;
    inputs.splice(2..4, coins.into_iter().map(Input::ImmutableOrOwned));
    let done = world.program(inputs, vec![deposit(2), deposit(3)]).await;
    assert_eq!(done.events.unwrap().0.len(), 2);
    assert_eq!(world.balance(world.owner.address(), &coin()).await, [0, 0]);
}

#[tokio::test]
async fn what_is_no_call_or_does_not_fit_is_told() {
    let world = World::new().await;
    let account = world.open(usd(10)).await;
    let (package, house) = (world.contract.package, shared(world.contract.house.id, 1, false));
    let ours = |mutable| shared(account.id, account.initial_version, mutable);
    let limit = |of, inputs: &[u16]| vec![call(package, "escrow::set_limit", vec![of], inputs)];
    let argument = |argument, kind| ExecutionError::CommandArgumentError { argument, kind };
    let inputs = |mutable| vec![house.clone(), ours(mutable), pure(&usd(30)), clock(), pure(&7u8)];
    let cases = [
        (vec![call(package, "escrow::nothing", vec![coin()], &[])], ExecutionError::FunctionNotFound),
        (vec![call(OTHER, "escrow::open", vec![coin()], &[])], ExecutionError::FunctionNotFound),
        (vec![call(Address::TWO, "coin::mint", vec![coin()], &[])], ExecutionError::FunctionNotFound),
        (limit(coin(), &[0, 1, 2]), ExecutionError::ArityMismatch),
        (vec![call(package, "escrow::set_limit", vec![], &[0, 1, 2, 3])], ExecutionError::TypeArityMismatch),
        (limit(sui(), &[0, 1, 2, 3]), argument(0, CommandArgumentError::TypeMismatch)),
        (limit(coin(), &[1, 0, 2, 3]), argument(0, CommandArgumentError::TypeMismatch)),
        (limit(coin(), &[0, 1, 4, 3]), argument(2, CommandArgumentError::InvalidBcsBytes)),
        (limit(coin(), &[0, 1, 9, 3]), argument(2, CommandArgumentError::IndexOutOfBounds { index: 9 })),
        (
            vec![call(Address::TWO, "coin::zero", vec![coin()], &[])],
            ExecutionError::UnusedValueWithoutDrop { result: 0, subresult: 0 },
        ),
    ];
    for (commands, error) in cases {
        let command = (!matches!(error, ExecutionError::UnusedValueWithoutDrop { .. })).then_some(0);
        failed(&world.program(inputs(true), commands).await, error, command);
    }
    let done = world.program(inputs(false), limit(coin(), &[0, 1, 2, 3])).await;
    failed(&done, argument(1, CommandArgumentError::InvalidObjectByMutRef), Some(0));
    // A budget that does for the least, and not for what is stored.
    let gas = world.coins(world.owner.address(), &sui()).await;
    let done = world.run(&world.owner, gas, 1_000_001, inputs(true), limit(coin(), &[0, 1, 2, 3]));
    failed(&done, ExecutionError::InsufficientGas, None);
}

#[tokio::test]
async fn the_admin_names_operators_and_announces_code() {
    let world = World::new().await;
    let account = world.open(usd(10)).await;
    let published = world.network.look(suiftly_chain::Chain::published);
    let package = world.contract.package;
    let cap = async || {
        let cap = world.node(0).object(published.admin_cap).await.unwrap().value.unwrap();
        Input::ImmutableOrOwned(ObjectReference::new(cap.object_id(), cap.version(), cap.digest()))
    };
    let house = shared(world.contract.house.id, 1, true);
    let operator = async |function: &str, operator: Address| {
        let inputs = vec![cap().await, house.clone(), pure(&operator)];
        let commands = vec![call(package, &format!("house::{function}"), vec![coin()], &[0, 1, 2])];
        let done = world.run(&world.admin, Vec::new(), BUDGET, inputs, commands);
        assert_eq!(*done.effects.status(), ExecutionStatus::Success);
    };
    operator("revoke_operator", world.operator.address()).await;
    let refused = world.act(&world.charge(account, 1, usd(1))).await;
    assert!(matches!(world.contract.outcome(refused.effects.status()), Outcome::Ours { .. }));
    operator("name_operator", world.operator.address()).await;
    let charged = world.act(&world.charge(account, 1, usd(1))).await;
    assert_eq!(world.contract.outcome(charged.effects.status()), Outcome::Done);
    let inputs = vec![cap().await, shared(published.upgrades, 1, true), pure(&vec![7u8; 32]), clock()];
    world.run(
        &world.admin,
        Vec::new(),
        BUDGET,
        inputs,
        vec![call(package, "upgrades::announce", vec![], &[0, 1, 2, 3])],
    );
    let told = world.pair().events(&world.contract, 0..1_000).await.unwrap().value.events;
    let names: Vec<_> = told.iter().map(|event| event.event_type.name().to_string()).collect();
    let ours = ["HouseOpened", "OperatorNamed", "Entry", "Entry", "OperatorRevoked", "OperatorNamed", "Entry"];
    assert_eq!(names, [&ours[..], &["UpgradeAnnounced"]].concat());
}

#[tokio::test]
async fn what_was_sent_to_an_account_goes_to_its_owner() {
    let world = World::new().await;
    let account = world.open(usd(10)).await;
    world.network.faucet(account.id, &sui(), 77, true).unwrap();
    let stray = world.coins(account.id, &sui()).await.remove(0);
    let of = vec![coin(), sui_sdk_types::StructTag::gas_coin().into()];
    let house = shared(world.contract.house.id, 1, false);
    let inputs = vec![house, shared(account.id, account.initial_version, true), Input::Receiving(stray)];
    let commands = vec![call(world.contract.package, "escrow::return_stray", of, &[0, 1, 2])];
    let done = world.run(&world.operator, Vec::new(), BUDGET, inputs, commands);
    assert_eq!(*done.effects.status(), ExecutionStatus::Success);
    assert_eq!(world.balance(account.id, &sui()).await, [0, 0]);
    assert_eq!(world.coins(world.owner.address(), &sui()).await.len(), 2);
}
