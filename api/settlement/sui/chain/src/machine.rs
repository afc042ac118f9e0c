//! One transaction while it executes: the objects it works on, the values it hands from command to command. Nothing
//! reaches the chain before all of it is done.

mod calls;
mod commands;
mod settle;

use crate::objects::{Content, month_id, read_done, read_month, tag};
use crate::rules::account::Account;
use crate::rules::escrow::Charge;
use crate::rules::{Context, Told, calendar};
use crate::state::Chain;
use std::collections::{BTreeMap, BTreeSet};
use sui_sdk_types::{
    Address, Argument, CommandArgumentError, Digest, Event, ExecutionError, FundsWithdrawal, Identifier, Input, Object,
    Owner, ProgrammableTransaction, StructTag, Transaction, TransactionKind, TypeTag, WithdrawFrom,
};
use suiftly_sui::{Contract, Nonce};

pub(crate) use commands::failure;
pub(crate) use settle::{GAS_UNITS, Settled};

/// A transaction that executes.
pub(crate) struct Machine<'a> {
    chain: &'a Chain,
    transaction: &'a Transaction,
    digest: Digest,
    context: Context,
    items: BTreeMap<Address, Item>,
    deleted: BTreeSet<Address>,
    /// What the version of all that is written is higher than.
    highest_input: u64,
    dependencies: BTreeSet<Digest>,
    gas: Option<Value>,
    inputs: Vec<Option<Value>>,
    results: Vec<Vec<Option<Value>>>,
    funds: BTreeMap<(Address, TypeTag), i128>,
    events: Vec<Event>,
}

/// An object in hand.
struct Item {
    tag: StructTag,
    /// None: made by this transaction, and given to nobody yet.
    owner: Option<Owner>,
    content: Content,
    /// It gets a new version, whatever is done with it.
    is_mutable: bool,
}

/// What an argument is.
#[derive(Clone, Debug)]
enum Value {
    Pure(Vec<u8>),
    Object(Address),
    Receiving(Address),
    Balance(TypeTag, u64),
    Withdrawal {
        coin: TypeTag,
        owner: Address,
        amount: u64,
    },
    /// An `UpgradeTicket`, which no command here takes.
    Ticket,
}

type Done<T> = Result<T, ExecutionError>;

/// A wrong argument of a command.
fn wrong(argument: usize, kind: CommandArgumentError) -> ExecutionError {
    ExecutionError::CommandArgumentError { argument: u16::try_from(argument).unwrap_or(u16::MAX), kind }
}

impl<'a> Machine<'a> {
    /// With the transaction's objects in hand, and its gas put aside. What it names has been checked to be there.
    pub(crate) fn begin(chain: &'a Chain, transaction: &'a Transaction, digest: Digest) -> Self {
        let mut machine = Self {
            chain,
            transaction,
            digest,
            context: Context::new(transaction.sender, chain.now_ms, digest),
            items: BTreeMap::new(),
            deleted: BTreeSet::new(),
            highest_input: 0,
            dependencies: BTreeSet::new(),
            gas: None,
            inputs: Vec::new(),
            results: Vec::new(),
            funds: BTreeMap::new(),
            events: Vec::new(),
        };
        machine.smash_gas();
        if let TransactionKind::ProgrammableTransaction(ProgrammableTransaction { inputs, .. }) = &transaction.kind {
            machine.inputs = inputs.iter().map(|input| machine.input(input)).collect();
        }
        machine
    }

    fn input(&mut self, input: &Input) -> Option<Value> {
        let value = match input {
            Input::Pure(bytes) => Value::Pure(bytes.clone()),
            Input::ImmutableOrOwned(object) => self.load(*object.object_id(), true).map(Value::Object)?,
            Input::Shared(shared) => {
                self.load(shared.object_id(), shared.mutability().is_mutable()).map(Value::Object)?
            }
            Input::Receiving(object) => self.load(*object.object_id(), false).map(Value::Receiving)?,
            Input::FundsWithdrawal(withdrawal) => Value::Withdrawal {
                coin: withdrawal.coin_type().clone(),
                owner: withdrawn_from(self.transaction, withdrawal)?,
                amount: withdrawal.amount()?,
            },
            _ => return None,
        };
        Some(value)
    }

    /// All coins that pay for gas become the first, and what it may cost at most is taken out of it meanwhile.
    fn smash_gas(&mut self) {
        let payment = &self.transaction.gas_payment;
        let ids: Vec<Address> = payment.objects.iter().map(|object| *object.object_id()).collect();
        let mut sum = 0u64;
        for id in &ids {
            self.load(*id, true);
            sum = sum.saturating_add(self.coin_value(*id));
        }
        let Some((first, others)) = ids.split_first() else { return };
        for id in others {
            self.remove(*id);
        }
        self.gas = Some(Value::Object(*first));
        self.set_content(*first, Content::Coin { id: *first, value: sum - payment.budget });
    }

    /// Takes an object in hand. None: there is none.
    fn load(&mut self, id: Address, is_mutable: bool) -> Option<Address> {
        let object = self.chain.object(id)?;
        let data = object.as_struct()?;
        let content = Content::read(data.object_type(), data.contents(), self.chain.genesis.package())?;
        self.highest_input = self.highest_input.max(object.version());
        self.dependencies.insert(object.previous_transaction());
        let item = Item { tag: data.object_type().clone(), owner: Some(*object.owner()), content, is_mutable };
        self.items.insert(id, item);
        Some(id)
    }

    /// Puts an object in hand that was not there.
    pub(crate) fn put(&mut self, id: Address, tag: StructTag, owner: Owner, content: Content) {
        self.items.insert(id, Item { tag, owner: Some(owner), content, is_mutable: true });
    }

    pub(crate) fn fresh_id(&mut self) -> Address {
        self.context.fresh_id()
    }

    /// A coin of this transaction's making, which nobody owns yet.
    fn make_coin(&mut self, coin: &TypeTag, value: u64) -> Value {
        let id = self.context.fresh_id();
        let (tag, content) = (StructTag::coin(coin.clone()), Content::Coin { id, value });
        self.items.insert(id, Item { tag, owner: None, content, is_mutable: true });
        Value::Object(id)
    }

    /// Has an object hold something else; takes it in hand if it is not.
    pub(crate) fn set_content(&mut self, id: Address, content: Content) {
        if !self.items.contains_key(&id) {
            self.load(id, true);
        }
        if let Some(item) = self.items.get_mut(&id) {
            item.content = content;
        }
    }

    /// An object ends here.
    fn remove(&mut self, id: Address) -> Option<Item> {
        if self.chain.object(id).is_some() {
            self.deleted.insert(id);
        }
        self.items.remove(&id)
    }

    fn coin_value(&self, id: Address) -> u64 {
        match self.items.get(&id).map(|item| &item.content) {
            Some(Content::Coin { value, .. }) => *value,
            _ => 0,
        }
    }

    /// Adds to an address balance.
    pub(crate) fn add_funds(&mut self, owner: Address, coin: &TypeTag, amount: i128) {
        *self.funds.entry((owner, coin.clone())).or_default() += amount;
    }

    /// Has the transaction tell what a call of a module has told. `coin` is the call's.
    pub(crate) fn tell(&mut self, sender: Address, module: &Identifier, coin: Option<&TypeTag>, told: Vec<Told>) {
        let package_id = self.chain.genesis.package();
        for Told { module: of, name, contents } in told {
            // Upgrades are the package's, not a coin's.
            let coin = coin.filter(|_| of != "upgrades");
            let type_ = tag(package_id, of, name, coin.into_iter().cloned().collect());
            self.events.push(Event { package_id, module: module.clone(), sender, type_, contents });
        }
    }

    /// Puts the fields of an account in hand that a call may look at.
    fn load_fields(&self, account: &mut Account, order: Option<&Charge>) {
        let table = account.allowance.months.id;
        let rows = &mut account.allowance.months.rows;
        for month in order.map(|order| order.month).into_iter().chain([calendar::month_of(self.chain.now_ms)]) {
            if let (false, Some(row)) = (rows.contains_key(&month), self.field(month_id(table, month), read_month)) {
                rows.insert(month, row);
            }
        }
        let Some(nonce) = order.and_then(|order| Nonce::try_from(&order.nonce[..]).ok()) else { return };
        if let Some(done) = self.field(Contract::nonce_id(account.id, &nonce), read_done) {
            account.done.insert(nonce, done);
        }
    }

    fn field<T>(&self, id: Address, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        self.chain.object(id).and_then(Object::as_struct).and_then(|data| read(data.contents()))
    }

    /// Where an argument's value is.
    fn slot(&mut self, argument: Argument, at: usize) -> Done<&mut Option<Value>> {
        let outside = |index| wrong(at, CommandArgumentError::IndexOutOfBounds { index });
        match argument {
            Argument::Gas => Ok(&mut self.gas),
            Argument::Input(index) => self.inputs.get_mut(usize::from(index)).ok_or_else(|| outside(index)),
            Argument::Result(result) => {
                match self.results.get_mut(usize::from(result)).ok_or_else(|| outside(result))?.as_mut_slice() {
                    [only] => Ok(only),
                    _ => Err(wrong(at, CommandArgumentError::InvalidResultArity { result })),
                }
            }
            Argument::NestedResult(result, subresult) => {
                let values = self.results.get_mut(usize::from(result)).ok_or_else(|| outside(result))?;
                let kind = CommandArgumentError::SecondaryIndexOutOfBounds { result, subresult };
                values.get_mut(usize::from(subresult)).ok_or_else(|| wrong(at, kind))
            }
        }
    }

    /// An argument's value, which stays where it is.
    fn peek(&mut self, argument: Argument, at: usize) -> Done<&Value> {
        self.slot(argument, at)?.as_ref().ok_or_else(|| wrong(at, CommandArgumentError::InvalidValueUsage))
    }

    /// An argument's value, which is used up.
    fn take(&mut self, argument: Argument, at: usize) -> Done<Value> {
        if argument == Argument::Gas {
            return Err(wrong(at, CommandArgumentError::InvalidGasCoinUsage));
        }
        self.slot(argument, at)?.take().ok_or_else(|| wrong(at, CommandArgumentError::InvalidValueUsage))
    }

    /// A plain value of a type.
    fn pure<T: serde::de::DeserializeOwned>(&mut self, argument: Argument, at: usize) -> Done<T> {
        match self.peek(argument, at)? {
            Value::Pure(bytes) => bcs::from_bytes(bytes).map_err(|_| wrong(at, CommandArgumentError::InvalidBcsBytes)),
            _ => Err(wrong(at, CommandArgumentError::TypeMismatch)),
        }
    }

    /// An object in hand, by its id, with what it is.
    fn object(&mut self, argument: Argument, at: usize) -> Done<(Address, &mut Item)> {
        let Value::Object(id) = *self.peek(argument, at)? else {
            return Err(wrong(at, CommandArgumentError::TypeMismatch));
        };
        let item = self.items.get_mut(&id).ok_or_else(|| wrong(at, CommandArgumentError::InvalidValueUsage))?;
        Ok((id, item))
    }

    /// A coin, to take from or add to: its type and what it is worth.
    fn coin(&mut self, argument: Argument, at: usize) -> Done<(TypeTag, &mut u64)> {
        let (_, item) = self.object(argument, at)?;
        match (item.tag.is_coin().cloned(), &mut item.content) {
            (Some(coin), Content::Coin { value, .. }) => Ok((coin, value)),
            _ => Err(wrong(at, CommandArgumentError::TypeMismatch)),
        }
    }

    /// A coin that is used up: its type and what it was worth.
    fn take_coin(&mut self, argument: Argument, at: usize) -> Done<(TypeTag, u64)> {
        let (coin, value) = self.coin(argument, at).map(|(coin, value)| (coin, *value))?;
        if let Value::Object(id) = self.take(argument, at)? {
            self.remove(id);
        }
        Ok((coin, value))
    }
}

/// Whose address balance a transaction takes from.
pub(crate) fn withdrawn_from(transaction: &Transaction, withdrawal: &FundsWithdrawal) -> Option<Address> {
    match withdrawal.source() {
        WithdrawFrom::Sender => Some(transaction.sender),
        WithdrawFrom::Sponsor => Some(transaction.gas_payment.owner),
        _ => None,
    }
}
