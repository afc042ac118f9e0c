//! What is to be done on the chain, before it is signed: of a charge, a refund, a payment, an account's end.

use crate::escrow::{ChargeOrder, EscrowError, Nonce};
use data_encoding::HEXLOWER;
use suiftly_schema::time::BillingMonth;
use suiftly_store::sui_escrow::Purpose;
use suiftly_sui::{Act, Address, Contract, SharedRef, month_number};

/// Something to be done, once: attempts at it have the same purpose and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Errand {
    pub(super) key: String,
    pub(super) account: Address,
    pub(super) task: Task,
}

/// What is done to the account. Amounts are units of the coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Charge { amount: u64, nonce: [u8; 32], month: u32, bill_root: [u8; 32] },
    Refund { amount: u64, nonce: [u8; 32], month: u32 },
    Release { request: u64 },
    Close,
}

impl Errand {
    /// A charge, if an order can be one.
    pub(super) fn charge(contract: &Contract, order: &ChargeOrder) -> Result<Self, EscrowError> {
        let refused = |cause| EscrowError::Refused { attempted: "charge", cause };
        let task = Task::Charge {
            amount: units(contract, order.amount_usd_cents).map_err(refused)?,
            nonce: nonce_bytes(&order.nonce).map_err(refused)?,
            month: month_number(order.month),
            bill_root: order.root,
        };
        Ok(Self { key: order.nonce.0.clone(), account: address(&order.account).map_err(refused)?, task })
    }

    /// A refund in a month that has begun: that month may be charged so much again.
    pub(super) fn refund(
        contract: &Contract,
        nonce: &Nonce,
        (account, amount_usd_cents): (&str, i64),
        month: BillingMonth,
    ) -> Result<Self, EscrowError> {
        let refused = |cause| EscrowError::Refused { attempted: "refund", cause };
        let task = Task::Refund {
            amount: units(contract, amount_usd_cents).map_err(refused)?,
            nonce: nonce_bytes(nonce).map_err(refused)?,
            month: month_number(month),
        };
        Ok(Self { key: nonce.0.clone(), account: address(account).map_err(refused)?, task })
    }

    /// What attempts at it are for.
    pub(super) const fn purpose(&self) -> Purpose {
        match self.task {
            Task::Charge { .. } => Purpose::Charge,
            Task::Refund { .. } => Purpose::Refund,
            Task::Release { .. } => Purpose::Pay,
            Task::Close => Purpose::Close,
        }
    }

    /// What the chain writes down once it is done, if it does.
    pub(super) const fn nonce(&self) -> Option<&[u8; 32]> {
        match &self.task {
            Task::Charge { nonce, .. } | Task::Refund { nonce, .. } => Some(nonce),
            Task::Release { .. } | Task::Close => None,
        }
    }

    /// Whether it pays the account's owner.
    pub(super) const fn pays_owner(&self) -> bool {
        matches!(self.task, Task::Release { .. } | Task::Close)
    }

    /// The same, as it is built.
    pub(super) const fn act(&self, account: SharedRef) -> Act {
        match self.task {
            Task::Charge { amount, nonce, month, bill_root } => {
                Act::Charge { account, amount, nonce, month, bill_root }
            }
            Task::Refund { amount, nonce, month } => Act::Refund { account, amount, nonce, month },
            Task::Release { request } => Act::Release { account, request },
            Task::Close => Act::Close { account },
        }
    }
}

fn units(contract: &Contract, usd_cents: i64) -> Result<u64, String> {
    let units = contract.units(usd_cents).filter(|units| *units > 0);
    units.ok_or_else(|| format!("{usd_cents} cents is no amount to move"))
}

/// The bytes of a nonce.
pub(super) fn nonce_bytes(nonce: &Nonce) -> Result<[u8; 32], String> {
    let bytes = HEXLOWER.decode(nonce.0.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| format!("{nonce} is no nonce"))
}

/// The address of a text that is written as accounts and owners are: `0x` and 64 hex digits.
pub(super) fn address(text: &str) -> Result<Address, String> {
    let address = text.parse().ok().filter(|address: &Address| address.to_string() == text);
    address.ok_or_else(|| format!("{text} is no account's name"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::contract;
    use super::*;

    fn order() -> ChargeOrder {
        ChargeOrder {
            nonce: Nonce("0a".repeat(32)),
            account: format!("0x{}", "07".repeat(32)),
            amount_usd_cents: 500,
            month: BillingMonth::parse("2026-11").unwrap(),
            root: [9; 32],
        }
    }

    #[test]
    fn an_order_becomes_an_act_in_units_of_the_coin() {
        let errand = Errand::charge(&contract(), &order()).unwrap();
        assert_eq!((errand.purpose(), errand.nonce()), (Purpose::Charge, Some(&[10; 32])));
        let account = SharedRef { id: errand.account, initial_version: 3 };
        let expected = Act::Charge { account, amount: 5_000_000, nonce: [10; 32], month: 202_611, bill_root: [9; 32] };
        assert_eq!(errand.act(account), expected);
    }

    #[test]
    fn what_can_be_no_order_is_refused() {
        let cases = [
            (ChargeOrder { amount_usd_cents: 0, ..order() }, "0 cents is no amount"),
            (ChargeOrder { amount_usd_cents: -1, ..order() }, "-1 cents is no amount"),
            (ChargeOrder { amount_usd_cents: i64::MAX, ..order() }, "is no amount"),
            (ChargeOrder { nonce: Nonce("0A".repeat(32)), ..order() }, "is no nonce"),
            (ChargeOrder { nonce: Nonce("0a".repeat(31)), ..order() }, "is no nonce"),
            (ChargeOrder { account: "0x7".to_owned(), ..order() }, "0x7 is no account's name"),
            (ChargeOrder { account: String::new(), ..order() }, "is no account's name"),
        ];
        for (order, expected) in cases {
            let refused = Errand::charge(&contract(), &order).unwrap_err();
            assert!(matches!(&refused, EscrowError::Refused { cause, .. } if cause.contains(expected)), "{refused}");
        }
    }
}
