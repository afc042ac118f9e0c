//! A customer's funds, and an entry for whatever happens to them.

use super::allowance::Allowance;
use super::house::House;
use super::nonces::Done;
use super::{Context, Stop, calendar, check};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sui_sdk_types::Address;
use suiftly_sui::{Abort, Entry, EntryKind, Nonce};

const WITHDRAWAL_DELAY_MS: u64 = 86_400_000;
const REQUESTS_MAX: usize = 8;

/// A customer's funds and rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: Address,
    house: Address,
    owner: Address,
    balance: u64,
    pub(crate) allowance: Allowance,
    requests: Vec<Request>,
    requested: u64,
    seq: u64,
    is_closed: bool,
    /// What nonces have done: dynamic fields of the account.
    #[serde(skip)]
    pub(crate) done: BTreeMap<Nonce, Done>,
}

/// A withdrawal that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Request {
    id: u64,
    amount: u64,
    due_ms: u64,
}

/// What a charge or a refund is for.
#[derive(Clone, Copy)]
pub(super) struct Reason {
    pub(super) nonce: Nonce,
    pub(super) month: u32,
    /// None for a refund.
    pub(super) bill_root: Option<[u8; 32]>,
}

impl Account {
    /// The sender's account, empty.
    pub(super) fn new(house: &mut House, limit: u64, ctx: &mut Context) -> Result<Self, Stop> {
        let mut account = Self {
            id: house.claim(ctx.sender)?,
            house: house.id,
            owner: ctx.sender,
            balance: 0,
            allowance: Allowance::new(limit, ctx.fresh_id()),
            requests: Vec::new(),
            requested: 0,
            seq: 0,
            is_closed: false,
            done: BTreeMap::new(),
        };
        account.tell(EntryKind::Opened, limit, 0, ctx);
        Ok(account)
    }

    pub(crate) const fn owner(&self) -> Address {
        self.owner
    }

    pub(crate) const fn balance(&self) -> u64 {
        self.balance
    }

    pub(crate) const fn entries(&self) -> u64 {
        self.seq
    }

    pub(crate) const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// What may be charged, as far as the balance goes: withdrawals that are due are the owner's already.
    pub(crate) fn chargeable(&self, now_ms: u64) -> u64 {
        let due = self.requests.iter().filter(|request| request.due_ms <= now_ms);
        due.fold(self.balance, |left, request| left.saturating_sub(request.amount))
    }

    /// The ids of the withdrawals that wait, the oldest first.
    pub(crate) fn waiting(&self) -> Vec<u64> {
        self.requests.iter().map(|request| request.id).collect()
    }

    pub(super) fn check_house(&self, house: &House) -> Result<(), Stop> {
        house.check_version()?;
        check(self.house == house.id, Abort::WrongHouse)
    }

    pub(super) fn check_operator(&self, house: &House, ctx: &Context) -> Result<(), Stop> {
        self.check_house(house)?;
        house.check_operator(ctx)
    }

    pub(super) fn check_owner(&self, house: &House, ctx: &Context) -> Result<(), Stop> {
        self.check_house(house)?;
        check(self.owner == ctx.sender, Abort::NotOwner)
    }

    pub(super) fn check_open(&self) -> Result<(), Stop> {
        check(!self.is_closed, Abort::Closed)
    }

    pub(super) fn deposit(&mut self, funds: u64, ctx: &mut Context) -> Result<(), Stop> {
        self.join(funds)?;
        self.tell(EntryKind::Deposit, funds, 0, ctx);
        Ok(())
    }

    pub(super) fn set_limit(&mut self, limit: u64, ctx: &mut Context) {
        self.allowance.set_limit(limit, calendar::month_of(ctx.now_ms));
        self.tell(EntryKind::Limit, limit, 0, ctx);
    }

    /// Draws funds for a month's usage, to the house's treasury.
    pub(super) fn draw(&mut self, house: &House, amount: u64, why: Reason, ctx: &mut Context) -> Result<(), Stop> {
        check(amount <= self.chargeable(ctx.now_ms), Abort::Balance)?;
        self.allowance.charge(why.month, amount, calendar::month_of(ctx.now_ms))?;
        self.balance -= amount;
        ctx.send_funds(house.treasury(), amount);
        self.conclude(EntryKind::Charge, amount, why, ctx);
        Ok(())
    }

    /// Takes drawn funds back in.
    pub(super) fn refund(&mut self, funds: u64, why: Reason, ctx: &mut Context) -> Result<(), Stop> {
        self.allowance.refund(why.month, funds);
        self.join(funds)?;
        self.conclude(EntryKind::Refund, funds, why, ctx);
        Ok(())
    }

    /// Puts a withdrawal among those that wait, and answers its id.
    pub(super) fn request(&mut self, amount: u64, ctx: &mut Context) -> Result<u64, Stop> {
        check(amount <= self.balance, Abort::Balance)?;
        check(self.requests.len() < REQUESTS_MAX, Abort::Requests)?;
        self.requested += 1;
        self.requests.push(Request { id: self.requested, amount, due_ms: ctx.now_ms + WITHDRAWAL_DELAY_MS });
        self.tell(EntryKind::WithdrawalRequested, amount, self.requested, ctx);
        Ok(self.requested)
    }

    /// Takes a withdrawal back.
    pub(super) fn cancel(&mut self, request: u64, ctx: &mut Context) -> Result<(), Stop> {
        self.take_request(request)?;
        self.tell(EntryKind::Withdrawal, 0, request, ctx);
        Ok(())
    }

    /// Pays the owner what was asked for, or what is left of it.
    pub(super) fn pay(&mut self, request: u64, must_be_due: bool, ctx: &mut Context) -> Result<(), Stop> {
        let Request { amount, due_ms, .. } = self.take_request(request)?;
        check(!must_be_due || ctx.now_ms >= due_ms, Abort::NotDue)?;
        let amount = amount.min(self.balance);
        if amount > 0 {
            self.balance -= amount;
            ctx.pay_coin(self.owner, amount);
        }
        self.tell(EntryKind::Withdrawal, amount, request, ctx);
        Ok(())
    }

    pub(super) fn set_closed(&mut self, ctx: &mut Context) {
        self.is_closed = true;
        self.tell(EntryKind::Closed, 0, 0, ctx);
    }

    fn join(&mut self, funds: u64) -> Result<(), Stop> {
        self.balance = self.balance.checked_add(funds).ok_or(Stop::Arithmetic("balance"))?;
        Ok(())
    }

    fn take_request(&mut self, request: u64) -> Result<Request, Stop> {
        let at = self.requests.iter().position(|waiting| waiting.id == request).ok_or(Abort::NoRequest)?;
        Ok(self.requests.remove(at))
    }

    fn tell(&mut self, kind: EntryKind, amount: u64, request: u64, ctx: &mut Context) {
        let mut entry = self.entry(kind, amount, ctx);
        entry.request = request;
        ctx.tell("account", "Entry", &entry);
    }

    /// Says what a nonce has done, and writes it down.
    fn conclude(&mut self, kind: EntryKind, amount: u64, why: Reason, ctx: &mut Context) {
        let mut entry = self.entry(kind, amount, ctx);
        entry.month_charged = self.allowance.charged(why.month);
        (entry.month, entry.nonce, entry.bill_root) = (why.month, Some(why.nonce), why.bill_root);
        ctx.tell("account", "Entry", &entry);
        let bill_root = why.bill_root.map_or_else(Vec::new, Vec::from);
        let done = Done { kind, seq: entry.seq, amount, month: why.month, bill_root, at_ms: entry.at_ms };
        self.done.insert(why.nonce, done);
    }

    /// The account's next entry, as the account is now.
    fn entry(&mut self, kind: EntryKind, amount: u64, ctx: &Context) -> Entry {
        self.seq += 1;
        let month = calendar::month_of(ctx.now_ms);
        Entry {
            account: self.id,
            owner: self.owner,
            seq: self.seq,
            kind,
            amount,
            request: 0,
            nonce: None,
            month,
            bill_root: None,
            balance: self.balance,
            month_charged: self.allowance.charged(month),
            limit: self.allowance.limit(),
            at_ms: ctx.now_ms,
        }
    }
}
