//! Commands, one after the other.

use super::{Done, Machine, Value, wrong};
use crate::admit::reserved;
use sui_sdk_types::{
    Address, Argument, Command, CommandArgumentError, ExecutionError, ExecutionStatus, MergeCoins, Owner,
    ProgrammableTransaction, SplitCoins, TransactionKind, TransferObjects,
};

impl Machine<'_> {
    /// Executes all commands, or says which of them has failed and why.
    pub(crate) fn run(&mut self) -> ExecutionStatus {
        let TransactionKind::ProgrammableTransaction(ProgrammableTransaction { commands, .. }) = &self.transaction.kind
        else {
            return ExecutionStatus::Success;
        };
        if !self.has_funds() {
            return failure(ExecutionError::InsufficientFundsForWithdraw, None);
        }
        for (at, command) in commands.iter().enumerate() {
            match self.command(command) {
                Ok(values) => self.results.push(values.into_iter().map(Some).collect()),
                Err(error) => return failure(error, Some(at as u64)),
            }
        }
        match self.check_leftovers() {
            Ok(()) => ExecutionStatus::Success,
            Err(error) => failure(error, None),
        }
    }

    fn command(&mut self, command: &Command) -> Done<Vec<Value>> {
        match command {
            Command::MoveCall(call) => self.call(call),
            Command::SplitCoins(SplitCoins { coin, amounts }) => self.split(*coin, amounts),
            Command::MergeCoins(MergeCoins { coin, coins_to_merge }) => self.merge(*coin, coins_to_merge),
            Command::TransferObjects(TransferObjects { objects, address }) => self.transfer(objects, *address),
            _ => Err(ExecutionError::FeatureNotYetSupported),
        }
    }

    fn split(&mut self, from: Argument, amounts: &[Argument]) -> Done<Vec<Value>> {
        let mut coins = Vec::with_capacity(amounts.len());
        for (at, amount) in amounts.iter().enumerate() {
            let amount: u64 = self.pure(*amount, at + 1)?;
            let (coin, value) = self.coin(from, 0)?;
            *value = value.checked_sub(amount).ok_or(ExecutionError::InsufficientCoinBalance)?;
            coins.push(self.make_coin(&coin, amount));
        }
        Ok(coins)
    }

    fn merge(&mut self, into: Argument, coins: &[Argument]) -> Done<Vec<Value>> {
        let (expected, _) = self.coin(into, 0)?;
        for (at, coin) in coins.iter().enumerate() {
            let (kind, amount) = self.take_coin(*coin, at + 1)?;
            if kind != expected {
                return Err(wrong(at + 1, CommandArgumentError::TypeMismatch));
            }
            // One that is merged into itself is used up by then.
            let (_, value) = self.coin(into, 0)?;
            *value = value.checked_add(amount).ok_or(ExecutionError::CoinBalanceOverflow)?;
        }
        Ok(Vec::new())
    }

    fn transfer(&mut self, objects: &[Argument], to: Argument) -> Done<Vec<Value>> {
        let to: Address = self.pure(to, objects.len())?;
        for (at, object) in objects.iter().enumerate() {
            let (_, item) = self.object(*object, at)?;
            let is_owned = matches!(item.owner, None | Some(Owner::Address(_)));
            if !is_owned {
                return Err(ExecutionError::InvalidTransferObject);
            }
            item.owner = Some(Owner::Address(to));
            // The coin that pays for gas, too, is given away so, and pays all the same.
            self.slot(*object, at)?.take();
        }
        Ok(Vec::new())
    }

    /// Whether there is what is asked for out of address balances, together with what gas may cost.
    fn has_funds(&self) -> bool {
        let asked = reserved(self.transaction);
        asked.iter().all(|((owner, coin), sum)| *sum <= i128::from(self.chain.funds(*owner, coin)))
    }

    /// Nothing of worth is left that nobody has, and no address has more than fits.
    fn check_leftovers(&self) -> Done<()> {
        for (result, values) in (0u16..).zip(&self.results) {
            for (subresult, value) in (0u16..).zip(values) {
                let is_lost = match value {
                    Some(Value::Object(id)) => self.items.get(id).is_some_and(|item| item.owner.is_none()),
                    Some(Value::Balance(..) | Value::Ticket) => true,
                    _ => false,
                };
                if is_lost {
                    return Err(ExecutionError::UnusedValueWithoutDrop { result, subresult });
                }
            }
        }
        let fits = |(owner, coin): &(Address, _), change: &i128| {
            u64::try_from(i128::from(self.chain.funds(*owner, coin)) + change).is_ok()
        };
        let fits = self.funds.iter().all(|(of, change)| fits(of, change));
        if fits { Ok(()) } else { Err(ExecutionError::CoinBalanceOverflow) }
    }
}

pub(crate) fn failure(error: ExecutionError, command: Option<u64>) -> ExecutionStatus {
    ExecutionStatus::Failure { error, command }
}
