//! The contract's rules as `packaging/escrow` has them, module by module: functions over plain values, which are the
//! Move structs field by field. Each test there has one of the same name here.
//!
//! What a call changes is whatever it was given; where it stops, the caller throws that away. Dynamic fields are the
//! `rows` and `done` of their parents: whoever calls puts in what is there of the month that runs, and of the months
//! and the nonce that the call names.

pub(crate) mod account;
pub(crate) mod allowance;
pub(crate) mod calendar;
pub(crate) mod escrow;
pub(crate) mod house;
pub(crate) mod nonces;
pub(crate) mod upgrades;

#[cfg(test)]
mod tests;

use serde::Serialize;
use sui_sdk_types::{Address, Digest};
use suiftly_sui::Abort;

/// Why a call has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The contract refuses.
    Abort(Abort),
    /// A number that does not fit, in a module of the framework's or the contract's.
    Arithmetic(&'static str),
}

impl From<Abort> for Stop {
    fn from(abort: Abort) -> Self {
        Self::Abort(abort)
    }
}

/// Who calls, when, and what comes of it.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) sender: Address,
    pub(crate) now_ms: u64,
    digest: Digest,
    created: u64,
    pub(crate) told: Vec<Told>,
    pub(crate) paid: Vec<Payment>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The module that has the event's type.
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    /// BCS.
    pub(crate) contents: Vec<u8>,
}

/// What leaves an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) to: Address,
    pub(crate) amount: u64,
    /// The coin object that is made of it; none is the address balance.
    pub(crate) coin: Option<Address>,
}

impl Context {
    pub(crate) fn new(sender: Address, now_ms: u64, digest: Digest) -> Self {
        Self { sender, now_ms, digest, created: 0, told: Vec::new(), paid: Vec::new() }
    }

    /// `object::new`: the id of an object that the transaction makes.
    pub(crate) fn fresh_id(&mut self) -> Address {
        self.created += 1;
        Address::derive_id(self.digest, self.created - 1)
    }

    pub(crate) fn tell(&mut self, module: &'static str, name: &'static str, event: &impl Serialize) {
        self.told.push(Told { module, name, contents: bytes(event) });
    }

    fn pay_coin(&mut self, to: Address, amount: u64) {
        let coin = Some(self.fresh_id());
        self.paid.push(Payment { to, amount, coin });
    }

    fn send_funds(&mut self, to: Address, amount: u64) {
        self.paid.push(Payment { to, amount, coin: None });
    }
}

/// A value's BCS.
pub(crate) fn bytes(value: &impl Serialize) -> Vec<u8> {
    bcs::to_bytes(value).expect("the contract's structs are of bounded depth and length")
}

fn check(is_so: bool, otherwise: Abort) -> Result<(), Stop> {
    if is_so { Ok(()) } else { Err(otherwise.into()) }
}
