//! `0x2::coin` and `0x2::balance`, as far as funds go in and out of address balances.

use super::{argument, arity};
use crate::machine::{Done, Machine, Value, wrong};
use sui_sdk_types::{Address, CommandArgumentError, ExecutionError, MoveCall};

impl Machine<'_> {
    pub(super) fn framework(&mut self, call: &MoveCall) -> Done<Vec<Value>> {
        let mismatch = || wrong(0, CommandArgumentError::TypeMismatch);
        match (call.module.as_str(), call.function.as_str()) {
            ("coin", "zero") => {
                arity(call, 1, 0)?;
                Ok(vec![self.make_coin(&call.type_arguments[0], 0)])
            }
            ("coin", "redeem_funds") => {
                let amount = self.redeem(call)?;
                Ok(vec![self.make_coin(&call.type_arguments[0], amount)])
            }
            ("balance", "redeem_funds") => {
                let amount = self.redeem(call)?;
                Ok(vec![Value::Balance(call.type_arguments[0].clone(), amount)])
            }
            ("coin", "send_funds") => {
                arity(call, 1, 2)?;
                let (to, amount): (Address, _) = (self.given(call, 1)?, self.coin_of(call, 0)?);
                self.add_funds(to, &call.type_arguments[0], amount.into());
                Ok(Vec::new())
            }
            ("balance", "send_funds") => {
                arity(call, 1, 2)?;
                let to: Address = self.given(call, 1)?;
                match self.take(argument(call, 0)?, 0)? {
                    Value::Balance(coin, amount) if coin == call.type_arguments[0] => {
                        self.add_funds(to, &coin, amount.into());
                        Ok(Vec::new())
                    }
                    _ => Err(mismatch()),
                }
            }
            _ => Err(ExecutionError::FunctionNotFound),
        }
    }

    /// Takes out of an address balance what a withdrawal has put aside.
    fn redeem(&mut self, call: &MoveCall) -> Done<u64> {
        arity(call, 1, 1)?;
        match self.take(argument(call, 0)?, 0)? {
            Value::Withdrawal { coin, owner, amount } if coin == call.type_arguments[0] => {
                self.add_funds(owner, &coin, -i128::from(amount));
                Ok(amount)
            }
            _ => Err(wrong(0, CommandArgumentError::TypeMismatch)),
        }
    }
}
