/// What an account's owner lets each month be charged, and what each was charged.
///
/// A charge counts in the month of its usage. For a month at most the highest limit is charged that was in force in it:
/// or lowering a limit would make free what was used before.
module suiftly_escrow::allowance;

use sui::clock::Clock;
use sui::table::{Self, Table};
use suiftly_escrow::calendar;

/// No month, or one that has not begun.
const EMonth: u64 = 20;
/// The month would be charged more than its owner has authorised.
const EAuthorisation: u64 = 21;

public struct Allowance has store {
    /// The months in which the limit was set, ascending. The first is month 0: what the account was opened with is in force
    /// before the opening, too, where usage on credits may still be owed.
    limits: vector<MonthLimit>,
    months: Table<u32, Month>,
}

/// A month in which the limit was set. 0 is no limit.
public struct MonthLimit has copy, drop, store {
    month: u32,
    /// The highest that was in force in it.
    highest: u64,
    /// The last, in force since, until the month of the next.
    last: u64,
}

public struct Month has copy, drop, store {
    /// What was charged for it, less what was refunded.
    charged: u64,
    /// What was charged in it for months that were long over.
    arrears: u64,
}

public(package) fun new(limit: u64, ctx: &mut TxContext): Allowance {
    let first = MonthLimit { month: 0, highest: limit, last: limit };
    Allowance { limits: vector[first], months: table::new(ctx) }
}

/// The limit in force.
public(package) fun limit(allowance: &Allowance): u64 {
    allowance.limits[allowance.limits.length() - 1].last
}

public(package) fun set_limit(allowance: &mut Allowance, limit: u64, clock: &Clock) {
    let month = calendar::running(clock);
    let highest = wider(allowance.authorised(month), limit);
    // The list is never empty, and the clock never goes back.
    if (allowance.limits[allowance.limits.length() - 1].month == month) { allowance.limits.pop_back(); };
    allowance.limits.push_back(MonthLimit { month, highest, last: limit });
}

/// The highest limit that was in force in a month.
public(package) fun authorised(allowance: &Allowance, month: u32): u64 {
    let mut at = allowance.limits.length() - 1;
    while (allowance.limits[at].month > month) at = at - 1;
    let limit = &allowance.limits[at];
    if (limit.month == month) limit.highest else limit.last
}

/// What was charged for a month, less refunds.
public(package) fun charged(allowance: &Allowance, month: u32): u64 {
    if (allowance.months.contains(month)) allowance.months[month].charged else 0
}

/// Counts a charge. One for a month that was over before the last one counts twice, as arrears of the running month, too:
/// months that were not used up do not add up to one large charge.
public(package) fun charge(allowance: &mut Allowance, month: u32, amount: u64, clock: &Clock) {
    let authorised = allowance.authorised(month);
    let charged = &mut allowance.month_mut(month).charged;
    assert!(authorised == 0 || amount <= authorised - *charged, EAuthorisation);
    *charged = *charged + amount;
    let running = calendar::running(clock);
    if (month < calendar::previous(running)) {
        let authorised = allowance.authorised(running);
        let arrears = &mut allowance.month_mut(running).arrears;
        assert!(authorised == 0 || amount <= authorised - *arrears, EAuthorisation);
        *arrears = *arrears + amount;
    }
}

/// Counts a refund: the month may be charged so much again. What is given beyond what it was charged is a gift.
public(package) fun refund(allowance: &mut Allowance, month: u32, amount: u64) {
    if (allowance.months.contains(month)) {
        let charged = &mut allowance.months[month].charged;
        *charged = *charged - amount.min(*charged);
    }
}

/// That it is a month, and has begun.
public(package) fun check_month(month: u32, clock: &Clock) {
    assert!(month <= calendar::running(clock) && calendar::is_month(month), EMonth);
}

fun month_mut(allowance: &mut Allowance, month: u32): &mut Month {
    if (!allowance.months.contains(month)) allowance.months.add(month, Month { charged: 0, arrears: 0 });
    &mut allowance.months[month]
}

/// The wider of two limits.
fun wider(one: u64, other: u64): u64 {
    if (one == 0 || other == 0) 0 else one.max(other)
}
