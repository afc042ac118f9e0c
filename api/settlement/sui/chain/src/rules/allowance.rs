//! What an account's owner lets each month be charged, and what each was charged.

use super::{Stop, calendar, check};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sui_sdk_types::Address;
use suiftly_sui::Abort;

const OVERFLOW: Stop = Stop::Arithmetic("allowance");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Allowance {
    /// The months in which the limit was set, ascending. The first is 0: what the account was opened with.
    limits: Vec<MonthLimit>,
    pub(crate) months: Months,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MonthLimit {
    month: u32,
    highest: u64,
    last: u64,
}

/// `Table<u32, Month>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Months {
    pub(crate) id: Address,
    size: u64,
    #[serde(skip)]
    pub(crate) rows: BTreeMap<u32, Month>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Month {
    charged: u64,
    arrears: u64,
}

impl Allowance {
    pub(super) fn new(limit: u64, table: Address) -> Self {
        let months = Months { id: table, size: 0, rows: BTreeMap::new() };
        Self { limits: vec![MonthLimit { month: 0, highest: limit, last: limit }], months }
    }

    /// The limit in force; 0 is none.
    pub(crate) fn limit(&self) -> u64 {
        self.limits.last().map_or(0, |limit| limit.last)
    }

    pub(super) fn set_limit(&mut self, limit: u64, running: u32) {
        let highest = wider(self.authorised(running), limit);
        self.limits.pop_if(|last| last.month == running);
        self.limits.push(MonthLimit { month: running, highest, last: limit });
    }

    /// The highest limit that was in force in a month.
    pub(crate) fn authorised(&self, month: u32) -> u64 {
        let limit = self.limits.iter().rev().find(|limit| limit.month <= month);
        limit.map_or(0, |limit| if limit.month == month { limit.highest } else { limit.last })
    }

    /// What was charged for a month, less refunds.
    pub(crate) fn charged(&self, month: u32) -> u64 {
        self.months.rows.get(&month).map_or(0, |row| row.charged)
    }

    /// Counts a charge; one for a month that was over before the last one counts as the running month's arrears, too.
    pub(super) fn charge(&mut self, month: u32, amount: u64, running: u32) -> Result<(), Stop> {
        let authorised = self.authorised(month);
        count(authorised, &mut self.month_mut(month).charged, amount)?;
        if month < calendar::previous(running) {
            let authorised = self.authorised(running);
            count(authorised, &mut self.month_mut(running).arrears, amount)?;
        }
        Ok(())
    }

    /// Counts a refund: the month may be charged so much again.
    pub(super) fn refund(&mut self, month: u32, amount: u64) {
        if let Some(row) = self.months.rows.get_mut(&month) {
            row.charged = row.charged.saturating_sub(amount);
        }
    }

    fn month_mut(&mut self, month: u32) -> &mut Month {
        self.months.rows.entry(month).or_insert_with(|| {
            self.months.size += 1;
            Month::default()
        })
    }
}

/// That it is a month which has begun.
pub(super) fn check_month(month: u32, running: u32) -> Result<(), Stop> {
    check(calendar::is_month(month) && month <= running, Abort::Month)
}

/// Adds to a sum that may be as high as is authorised; 0 is without limit.
fn count(authorised: u64, sum: &mut u64, amount: u64) -> Result<(), Stop> {
    if authorised != 0 {
        check(amount <= authorised.checked_sub(*sum).ok_or(OVERFLOW)?, Abort::Authorisation)?;
    }
    *sum = sum.checked_add(amount).ok_or(OVERFLOW)?;
    Ok(())
}

/// The wider of two limits.
fn wider(one: u64, other: u64) -> u64 {
    if one == 0 || other == 0 { 0 } else { one.max(other) }
}
