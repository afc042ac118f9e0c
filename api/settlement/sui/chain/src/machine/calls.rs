//! Calls of Move functions: the contract's, and the few of the framework's that move funds.

mod admin;
mod framework;

use super::{Done, Machine, Value, wrong};
use crate::objects::{Content, claimed_id, is, tag};
use crate::rules::account::Account;
use crate::rules::escrow::{self, Charge};
use crate::rules::house::House;
use crate::rules::{Context, Stop, bytes};
use serde::de::DeserializeOwned;
use sui_sdk_types::{
    Address, Argument, CommandArgumentError, ExecutionError, Identifier, MoveCall, MoveLocation, Owner, StructTag,
    TypeTag,
};
use suiftly_sui::Abort;

/// `#[error(code = 0)]`: such a code has its place in the source in it, of which only the mark is known here.
const CODE_WITH_PLACE: u64 = 1 << 63;

impl Machine<'_> {
    /// Calls a function, and answers what it returns.
    pub(super) fn call(&mut self, call: &MoveCall) -> Done<Vec<Value>> {
        if call.package == Address::TWO {
            return self.framework(call);
        }
        let is_ours = call.package == self.chain.genesis.package();
        let values = match call.module.as_str() {
            "escrow" if is_ours => self.escrow(call)?,
            "house" if is_ours => self.house(call)?,
            "upgrades" if is_ours => self.upgrades(call)?,
            _ => return Err(ExecutionError::FunctionNotFound),
        };
        self.take_events(call);
        self.pay_out(call);
        Ok(values)
    }

    /// What owners and operators call.
    fn escrow(&mut self, call: &MoveCall) -> Done<Vec<Value>> {
        match call.function.as_str() {
            "open" => self.open(call),
            "deposit" => {
                arity(call, 1, 4)?;
                let funds = self.coin_of(call, 2)?;
                self.on_account(call, None, |house, account, ctx| escrow::deposit(house, account, funds, ctx))
            }
            "set_limit" => self.on_number(call, escrow::set_limit),
            "request_withdrawal" => self.request(call),
            "cancel_withdrawal" => self.on_number(call, escrow::cancel_withdrawal),
            "pay_withdrawal" => self.on_number(call, escrow::pay_withdrawal),
            "release_withdrawal" => self.on_number(call, escrow::release_withdrawal),
            "return_stray" => self.return_stray(call),
            "charge" => {
                arity(call, 1, 7)?;
                let (amount, bill_root) = (self.given(call, 2)?, self.given(call, 5)?);
                let order = Charge { amount, nonce: self.given(call, 3)?, month: self.given(call, 4)?, bill_root };
                self.on_account(call, Some(&order), |house, account, ctx| escrow::charge(house, account, &order, ctx))
            }
            "refund" => {
                arity(call, 1, 6)?;
                let (amount, bill_root) = (self.coin_of(call, 2)?, Vec::new());
                let order = Charge { amount, nonce: self.given(call, 3)?, month: self.given(call, 4)?, bill_root };
                self.on_account(call, Some(&order), |house, account, ctx| escrow::refund(house, account, &order, ctx))
            }
            "close" => {
                arity(call, 1, 3)?;
                self.on_account(call, None, escrow::close)
            }
            _ => Err(ExecutionError::FunctionNotFound),
        }
    }

    fn open(&mut self, call: &MoveCall) -> Done<Vec<Value>> {
        arity(call, 1, 4)?;
        let (first, limit) = (self.coin_of(call, 1)?, self.given(call, 2)?);
        self.check_clock(call, 3)?;
        let (id, mut house) = self.house_of(call, 0, true)?;
        let account_id = house.account_id(self.context.sender);
        if self.chain.object(claimed_id(id, account_id)).is_some() {
            house.claimed.insert(account_id);
        }
        let opened = escrow::open(&mut house, first, limit, &mut self.context);
        let account = opened.map_err(|stop| stopped(stop, call))?;
        self.set_content(id, Content::House(house));
        let account_tag = tag(call.package, "account", "Account", call.type_arguments.clone());
        self.put(account.id, account_tag, Owner::Shared(0), Content::Account(account));
        Ok(Vec::new())
    }

    fn request(&mut self, call: &MoveCall) -> Done<Vec<Value>> {
        let mut id = 0;
        self.on_number(call, |house, account, amount, ctx| {
            id = escrow::request_withdrawal(house, account, amount, ctx)?;
            Ok(())
        })?;
        Ok(vec![Value::Pure(bytes(&id))])
    }

    /// A function of a house, an account, a number and the clock.
    fn on_number(
        &mut self,
        call: &MoveCall,
        act: impl FnOnce(&House, &mut Account, u64, &mut Context) -> Result<(), Stop>,
    ) -> Done<Vec<Value>> {
        arity(call, 1, 4)?;
        let number = self.given(call, 2)?;
        self.on_account(call, None, |house, account, ctx| act(house, account, number, ctx))
    }

    /// A function whose first two arguments are a house and an account, and whose last is the clock.
    fn on_account(
        &mut self,
        call: &MoveCall,
        order: Option<&Charge>,
        act: impl FnOnce(&House, &mut Account, &mut Context) -> Result<(), Stop>,
    ) -> Done<Vec<Value>> {
        self.check_clock(call, call.arguments.len() - 1)?;
        let (_, house) = self.house_of(call, 0, false)?;
        let (id, mut account) = self.account_of(call)?;
        self.load_fields(&mut account, order);
        act(&house, &mut account, &mut self.context).map_err(|stop| stopped(stop, call))?;
        self.set_content(id, Content::Account(account));
        Ok(Vec::new())
    }

    fn return_stray(&mut self, call: &MoveCall) -> Done<Vec<Value>> {
        arity(call, 2, 3)?;
        let (_, house) = self.house_of(call, 0, false)?;
        let (account_id, account) = self.account_of(call)?;
        let owner = escrow::return_stray(&house, &account).map_err(|stop| stopped(stop, call))?;
        let Value::Receiving(id) = self.take(call.arguments[2], 2)? else {
            return Err(wrong(2, CommandArgumentError::TypeMismatch));
        };
        let item = self.items.get_mut(&id).filter(|item| item.owner == Some(Owner::Address(account_id)));
        let item = item.filter(|item| TypeTag::from(item.tag.clone()) == call.type_arguments[1]);
        let item = item.ok_or_else(|| wrong(2, CommandArgumentError::TypeMismatch))?;
        (item.owner, item.is_mutable) = (Some(Owner::Address(owner)), true);
        Ok(Vec::new())
    }

    /// The house of the call's coin, to be read, or to be written and put back.
    fn house_of(&mut self, call: &MoveCall, at: usize, writes: bool) -> Done<(Address, House)> {
        let (id, content) = self.ours(call, at, "house", "House", writes)?;
        match content {
            Content::House(house) => Ok((id, house)),
            _ => Err(wrong(at, CommandArgumentError::TypeMismatch)),
        }
    }

    fn account_of(&mut self, call: &MoveCall) -> Done<(Address, Account)> {
        match self.ours(call, 1, "account", "Account", true)? {
            (id, Content::Account(account)) => Ok((id, account)),
            _ => Err(wrong(1, CommandArgumentError::TypeMismatch)),
        }
    }

    /// An object of the contract's that is of the call's first coin type, if it has one.
    fn ours(&mut self, call: &MoveCall, at: usize, module: &str, name: &str, writes: bool) -> Done<(Address, Content)> {
        let package = self.chain.genesis.package();
        let (id, item) = self.object(argument(call, at)?, at)?;
        if !is(&item.tag, package, module, name) || item.tag.type_params().first() != call.type_arguments.first() {
            return Err(wrong(at, CommandArgumentError::TypeMismatch));
        }
        if writes && !item.is_mutable {
            return Err(wrong(at, CommandArgumentError::InvalidObjectByMutRef));
        }
        Ok((id, item.content.clone()))
    }

    /// A plain value among the call's arguments.
    fn given<T: DeserializeOwned>(&mut self, call: &MoveCall, at: usize) -> Done<T> {
        self.pure(argument(call, at)?, at)
    }

    /// What a coin among the call's arguments is worth, which is of the call's type and is used up.
    fn coin_of(&mut self, call: &MoveCall, at: usize) -> Done<u64> {
        let (coin, amount) = self.take_coin(argument(call, at)?, at)?;
        let is_of_type = call.type_arguments.first() == Some(&coin);
        if is_of_type { Ok(amount) } else { Err(wrong(at, CommandArgumentError::TypeMismatch)) }
    }

    fn check_clock(&mut self, call: &MoveCall, at: usize) -> Done<()> {
        let (_, item) = self.object(argument(call, at)?, at)?;
        let is_clock = matches!(item.content, Content::Clock { .. });
        if is_clock { Ok(()) } else { Err(wrong(at, CommandArgumentError::TypeMismatch)) }
    }

    /// Has the transaction tell what a call has told.
    fn take_events(&mut self, call: &MoveCall) {
        let told = std::mem::take(&mut self.context.told);
        self.tell(self.context.sender, &call.module, call.type_arguments.first(), told);
    }

    /// Has what has left accounts arrive.
    fn pay_out(&mut self, call: &MoveCall) {
        let Some(coin) = call.type_arguments.first() else { return };
        for paid in std::mem::take(&mut self.context.paid) {
            match paid.coin {
                Some(id) => {
                    let content = Content::Coin { id, value: paid.amount };
                    self.put(id, StructTag::coin(coin.clone()), Owner::Address(paid.to), content);
                }
                None => self.add_funds(paid.to, coin, paid.amount.into()),
            }
        }
    }
}

fn argument(call: &MoveCall, at: usize) -> Done<Argument> {
    call.arguments.get(at).copied().ok_or(ExecutionError::ArityMismatch)
}

/// That a call has so many types, and so many arguments.
fn arity(call: &MoveCall, types: usize, arguments: usize) -> Done<()> {
    if call.type_arguments.len() != types {
        return Err(ExecutionError::TypeArityMismatch);
    }
    if call.arguments.len() == arguments { Ok(()) } else { Err(ExecutionError::ArityMismatch) }
}

/// The status of a call that a rule has stopped.
fn stopped(stop: Stop, call: &MoveCall) -> ExecutionError {
    let of_contract = |abort: Abort| Abort::OF_CONTRACT.iter().find(|row| row.0 == abort).map(|row| (row.1, row.3));
    let (package, module, code) = match stop {
        Stop::Abort(abort) => match of_contract(abort) {
            Some((module, code)) => (call.package, module, Some(code)),
            None => (Address::TWO, "derived_object", Some(CODE_WITH_PLACE)),
        },
        Stop::Arithmetic("balance") => (Address::TWO, "balance", None),
        Stop::Arithmetic(module) => (call.package, module, None),
    };
    let function_name = (package == call.package).then(|| call.function.clone());
    let module = Identifier::from_static(module);
    let location = MoveLocation { package, module, function: 0, instruction: 0, function_name };
    match code {
        Some(code) => ExecutionError::MoveAbort { location, code },
        None => ExecutionError::MovePrimitiveRuntimeError { location: Some(location) },
    }
}
