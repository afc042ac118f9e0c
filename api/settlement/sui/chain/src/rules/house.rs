//! The operator's side: who may charge, and where charges go.

use super::{Context, Stop, check};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use sui_sdk_types::{Address, TypeTag};
use suiftly_sui::Abort;

/// The code's version.
const CODE: u64 = 1;
const LIMIT_MIN_CENTS: u64 = 1_000;
const NOTICE_MS: u64 = 7 * 86_400_000;

/// The operator's side of one coin type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct House {
    pub(crate) id: Address,
    version: u64,
    cent: u64,
    treasury: Address,
    next_treasury: Option<NextTreasury>,
    operators: Vec<Address>,
    /// Ids of accounts that were given out: dynamic fields of the house.
    #[serde(skip)]
    pub(crate) claimed: BTreeSet<Address>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct NextTreasury {
    treasury: Address,
    not_before_ms: u64,
}

/// Opens a house. `cent` is how many units make a cent.
pub(crate) fn open_house(treasury: Address, cent: u64, ctx: &mut Context) -> Result<House, Stop> {
    check(cent > 0, Abort::Cent)?;
    check(treasury != Address::ZERO, Abort::Treasury)?;
    let id = ctx.fresh_id();
    ctx.tell("house", "HouseOpened", &(id, treasury, cent));
    let (next_treasury, operators, claimed) = (None, Vec::new(), BTreeSet::new());
    Ok(House { id, version: CODE, cent, treasury, next_treasury, operators, claimed })
}

/// What the admin does, who is known by a capability.
impl House {
    pub(crate) fn announce_treasury(&mut self, treasury: Address, ctx: &mut Context) -> Result<(), Stop> {
        self.check_version()?;
        check(treasury != Address::ZERO, Abort::Treasury)?;
        let not_before_ms = ctx.now_ms + NOTICE_MS;
        self.next_treasury = Some(NextTreasury { treasury, not_before_ms });
        ctx.tell("house", "TreasuryAnnounced", &(self.id, treasury, not_before_ms));
        Ok(())
    }

    pub(crate) fn name_treasury(&mut self, ctx: &mut Context) -> Result<(), Stop> {
        self.check_version()?;
        let NextTreasury { treasury, not_before_ms } = self.next_treasury.take().ok_or(Abort::TreasuryNotAnnounced)?;
        check(ctx.now_ms >= not_before_ms, Abort::TreasuryTooEarly)?;
        self.treasury = treasury;
        ctx.tell("house", "TreasuryNamed", &(self.id, treasury));
        Ok(())
    }

    pub(crate) fn name_operator(&mut self, operator: Address, ctx: &mut Context) -> Result<(), Stop> {
        self.check_version()?;
        check(!self.is_operator(operator), Abort::IsOperator)?;
        self.operators.push(operator);
        ctx.tell("house", "OperatorNamed", &(self.id, operator));
        Ok(())
    }

    pub(crate) fn revoke_operator(&mut self, operator: Address, ctx: &mut Context) -> Result<(), Stop> {
        self.check_version()?;
        check(self.is_operator(operator), Abort::NotOperator)?;
        self.operators.retain(|named| *named != operator);
        ctx.tell("house", "OperatorRevoked", &(self.id, operator));
        Ok(())
    }

    pub(crate) fn migrate(&mut self, ctx: &mut Context) -> Result<(), Stop> {
        check(self.version < CODE, Abort::NotNewer)?;
        self.version = CODE;
        ctx.tell("house", "VersionRaised", &(self.id, CODE));
        Ok(())
    }
}

impl House {
    pub(crate) const fn cent(&self) -> u64 {
        self.cent
    }

    pub(crate) const fn treasury(&self) -> Address {
        self.treasury
    }

    pub(crate) fn operators(&self) -> &[Address] {
        &self.operators
    }

    pub(crate) fn is_operator(&self, operator: Address) -> bool {
        self.operators.contains(&operator)
    }

    /// The id that an owner's account has, or will have.
    pub(crate) fn account_id(&self, owner: Address) -> Address {
        self.id.derive_object_id(&TypeTag::Address, owner.as_bytes())
    }

    /// Gives an owner's account id out, once.
    pub(super) fn claim(&mut self, owner: Address) -> Result<Address, Stop> {
        let id = self.account_id(owner);
        if self.claimed.insert(id) { Ok(id) } else { Err(Abort::AccountExists.into()) }
    }

    pub(super) fn check_version(&self) -> Result<(), Stop> {
        check(self.version == CODE, Abort::Version)
    }

    pub(super) fn check_operator(&self, ctx: &Context) -> Result<(), Stop> {
        check(self.is_operator(ctx.sender), Abort::NotOperator)
    }

    /// So balances, too, are whole cents always.
    pub(super) fn check_amount(&self, amount: u64) -> Result<(), Stop> {
        check(amount > 0 && amount.is_multiple_of(self.cent), Abort::Amount)
    }

    pub(super) fn check_limit(&self, limit: u64) -> Result<(), Stop> {
        let is_high_enough = limit == 0 || limit / self.cent >= LIMIT_MIN_CENTS;
        check(limit.is_multiple_of(self.cent) && is_high_enough, Abort::Limit)
    }

    /// As if another version of the code had opened the house, or migrated it.
    #[cfg(test)]
    pub(super) const fn set_version(&mut self, version: u64) {
        self.version = version;
    }

    #[cfg(test)]
    pub(super) const fn version(&self) -> u64 {
        self.version
    }
}
