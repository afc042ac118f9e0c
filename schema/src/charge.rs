//! What is to be drawn next, as a pure function of where a customer's months stand.
//!
//! A month that runs is charged when it has come to the threshold, or when a subscription is not covered; one that is
//! closed, for whatever is left. The oldest comes first. What is asked for is in whole cents, never more than the month
//! may be charged, never more than there is; and for months that are long over, no more than the escrow gives out for
//! such in the month that runs.

use crate::bill::{CENT, Sums, sums, whole_cents};
use crate::money::MicroUsd;
use crate::time::BillingMonth;

/// A running month is charged when so much is due: $5.
pub const THRESHOLD: MicroUsd = MicroUsd(5_000_000);

/// Where a customer's month stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthStanding {
    /// Which.
    pub month: BillingMonth,
    /// What subscriptions were charged.
    pub fixed: MicroUsd,
    /// What its usage is rated.
    pub rated: MicroUsd,
    /// What rounding left before.
    pub carried_in: MicroUsd,
    /// What it may be charged at most; `None`: no limit.
    pub cap: Option<MicroUsd>,
    /// What its invoice and notes ask for, once it is closed.
    pub payable: Option<MicroUsd>,
    /// What was drawn, or is in flight.
    pub charged: MicroUsd,
    /// Credits that were used.
    pub credited: MicroUsd,
}

/// Why funds are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeReason {
    /// What has come together is worth a charge.
    Threshold,
    /// A tier or an add-on is charged directly.
    Subscription,
    /// The month is closed.
    Close,
    /// A withdrawal waits for it.
    Withdrawal,
}

impl ChargeReason {
    /// Its word in tables and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::Subscription => "subscription",
            Self::Close => "close",
            Self::Withdrawal => "withdrawal",
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// For which month.
    pub month: BillingMonth,
    /// Credits to use first, in whole cents.
    pub from_credits: MicroUsd,
    /// Funds to draw, in whole cents. May be zero where credits suffice.
    pub from_escrow: MicroUsd,
    /// Why.
    pub reason: ChargeReason,
}

/// What may still be drawn, in the month that runs, for months that were over before the last one. The escrow counts
/// those in the running month's limit, too: months that were not used up do not add up to one large draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrearsRoom {
    /// The month that runs.
    pub running: BillingMonth,
    /// How much; `None`: no limit.
    pub left: Option<MicroUsd>,
}

impl ArrearsRoom {
    /// The same once something is drawn.
    #[must_use]
    pub fn after(self, draw: &Draw) -> Self {
        let left = self.of(draw.month).map(|left| left - draw.from_escrow);
        Self { left: left.or(self.left), ..self }
    }

    /// What may be drawn for a month, as far as this goes; `None`: no limit.
    fn of(self, month: BillingMonth) -> Option<MicroUsd> {
        self.left.filter(|_| month < self.running.previous())
    }
}

impl MonthStanding {
    /// What is asked for, in whole cents: by its documents, or by what it has come to so far.
    pub fn payable(&self) -> MicroUsd {
        self.payable.unwrap_or_else(|| {
            let Sums { payable, .. } = sums(self.fixed + self.rated, self.cap, self.carried_in);
            payable
        })
    }

    /// What of it is neither drawn, in flight, nor credited. Negative if corrections came after it was drawn.
    pub fn due(&self) -> MicroUsd {
        self.payable() - self.charged - self.credited
    }

    fn reason(&self, is_pressing: bool) -> Option<ChargeReason> {
        let (due, paid) = (self.due(), self.charged + self.credited);
        if due < CENT {
            return None;
        }
        // No more than the month may be charged: a waived subscription is not uncovered.
        let fixed = whole_cents(self.fixed).min(self.payable());
        match () {
            () if self.payable.is_some() => Some(ChargeReason::Close),
            () if paid < fixed => Some(ChargeReason::Subscription),
            () if due >= THRESHOLD => Some(ChargeReason::Threshold),
            () if is_pressing => Some(ChargeReason::Withdrawal),
            () => None,
        }
    }
}

/// What to draw next, if anything: `months` ascending, `balance` in escrow, `credits` unused, `is_pressing` if all that is
/// accrued is to be charged (a withdrawal waits). A month long over for which there is no more room holds up no other.
pub fn next_draw(
    months: &[MonthStanding],
    balance: MicroUsd,
    credits: MicroUsd,
    is_pressing: bool,
    room: ArrearsRoom,
) -> Option<Draw> {
    let (balance, credits) = (whole_cents(balance).max(MicroUsd(0)), whole_cents(credits).max(MicroUsd(0)));
    months.iter().find_map(|month| {
        let reason = month.reason(is_pressing)?;
        let due = month.due();
        let from_credits = due.min(credits);
        let funds = room.of(month.month).map_or(balance, |left| balance.min(whole_cents(left).max(MicroUsd(0))));
        let from_escrow = (due - from_credits).min(funds);
        (from_credits + from_escrow >= CENT).then_some(Draw { month: month.month, from_credits, from_escrow, reason })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;

    const DOLLAR: i64 = 1_000_000;

    fn month(text: &str) -> BillingMonth {
        UnixMillis::parse_rfc3339(&format!("{text}-01T00:00:00Z")).unwrap().month()
    }

    fn standing(fixed: i64, rated: i64, charged: i64) -> MonthStanding {
        MonthStanding {
            month: month("2026-11"),
            fixed: MicroUsd(fixed),
            rated: MicroUsd(rated),
            carried_in: MicroUsd(0),
            cap: Some(MicroUsd(250 * DOLLAR)),
            payable: None,
            charged: MicroUsd(charged),
            credited: MicroUsd(0),
        }
    }

    fn room(left: Option<i64>) -> ArrearsRoom {
        ArrearsRoom { running: month("2026-11"), left: left.map(MicroUsd) }
    }

    #[test]
    fn when_and_how_much() {
        use ChargeReason::{Close, Subscription, Threshold, Withdrawal};
        let closed = |payable: i64, charged| MonthStanding {
            payable: Some(MicroUsd(payable)),
            month: month("2026-10"),
            ..standing(0, payable, charged)
        };
        // months, balance, credits, pressing → credits used, drawn, why
        type Case = (Vec<MonthStanding>, i64, i64, bool, Option<(i64, i64, ChargeReason)>);
        let cases: [Case; 16] = [
            (vec![], 100, 0, true, None),
            (vec![standing(0, 5 * DOLLAR - 1, 0)], 100 * DOLLAR, 0, false, None),
            (vec![standing(0, 5 * DOLLAR, 0)], 100 * DOLLAR, 0, false, Some((0, 5 * DOLLAR, Threshold))),
            (vec![standing(0, 5_009_999, 0)], 100 * DOLLAR, 0, false, Some((0, 5 * DOLLAR, Threshold))),
            (vec![standing(0, 7 * DOLLAR, 5 * DOLLAR)], 100 * DOLLAR, 0, false, None),
            (vec![standing(0, 7 * DOLLAR, 5 * DOLLAR)], 100 * DOLLAR, 0, true, Some((0, 2 * DOLLAR, Withdrawal))),
            (vec![standing(0, 7 * DOLLAR, 0)], 3 * DOLLAR, 0, false, Some((0, 3 * DOLLAR, Threshold))),
            (vec![standing(0, 7 * DOLLAR, 0)], 0, 0, false, None),
            (vec![standing(2 * DOLLAR, 0, 0)], 9 * DOLLAR, 0, false, Some((0, 2 * DOLLAR, Subscription))),
            (vec![standing(2 * DOLLAR, DOLLAR, 2 * DOLLAR)], 9 * DOLLAR, 0, false, None),
            (vec![standing(0, 300 * DOLLAR, 245 * DOLLAR)], 900 * DOLLAR, 0, false, Some((0, 5 * DOLLAR, Threshold))),
            (vec![standing(0, 300 * DOLLAR, 250 * DOLLAR)], 900 * DOLLAR, 0, true, None),
            (
                vec![standing(0, 7 * DOLLAR, 0)],
                100 * DOLLAR,
                2_009_999,
                false,
                Some((2_000_000, 5 * DOLLAR, Threshold)),
            ),
            (vec![standing(0, 7 * DOLLAR, 0)], 0, 9 * DOLLAR, false, Some((7 * DOLLAR, 0, Threshold))),
            (vec![closed(30_000, 0), standing(0, 7 * DOLLAR, 0)], 9 * DOLLAR, 0, false, Some((0, 30_000, Close))),
            (
                vec![closed(30_000, 30_000), standing(0, 7 * DOLLAR, 0)],
                9 * DOLLAR,
                0,
                false,
                Some((0, 7 * DOLLAR, Threshold)),
            ),
        ];
        for (months, balance, credits, is_pressing, expected) in cases {
            let draw = next_draw(&months, MicroUsd(balance), MicroUsd(credits), is_pressing, room(None));
            let found = draw.map(|draw| (draw.from_credits.0, draw.from_escrow.0, draw.reason));
            assert_eq!(found, expected, "{months:?} {balance} {credits} {is_pressing}");
        }
    }

    #[test]
    fn months_long_over_are_drawn_within_the_room_there_is_and_hold_up_no_other() {
        let closed = |text: &str, dollars: i64| MonthStanding {
            payable: Some(MicroUsd(dollars * DOLLAR)),
            month: month(text),
            ..standing(0, dollars * DOLLAR, 0)
        };
        let months = [closed("2026-08", 30), closed("2026-09", 20), closed("2026-10", 7)];
        let (august, september, october) = (month("2026-08"), month("2026-09"), month("2026-10"));
        // Room, credits (dollars) → the draws that follow: month, from credits, from escrow (dollars).
        type Case<'a> = (Option<i64>, i64, &'a [(BillingMonth, i64, i64)]);
        let cases: [Case<'_>; 6] = [
            (None, 0, &[(august, 0, 30), (september, 0, 20), (october, 0, 7)]),
            (Some(60), 0, &[(august, 0, 30), (september, 0, 20), (october, 0, 7)]),
            (Some(35), 0, &[(august, 0, 30), (september, 0, 5), (october, 0, 7)]),
            (Some(10), 0, &[(august, 0, 10), (october, 0, 7)]),
            (Some(0), 0, &[(october, 0, 7)]),
            // Credits are no matter of the escrow's.
            (Some(-5), 12, &[(august, 12, 0), (october, 0, 7)]),
        ];
        for (left, credits, expected) in cases {
            let (mut months, mut room) = (months.to_vec(), room(left.map(|dollars| dollars * DOLLAR)));
            let (mut balance, mut credits) = (MicroUsd(100 * DOLLAR), MicroUsd(credits * DOLLAR));
            let mut draws = Vec::new();
            while let Some(draw) = next_draw(&months, balance, credits, false, room) {
                draws.push((draw.month, draw.from_credits.0 / DOLLAR, draw.from_escrow.0 / DOLLAR));
                for drawn in months.iter_mut().filter(|standing| standing.month == draw.month) {
                    drawn.charged += draw.from_escrow;
                    drawn.credited += draw.from_credits;
                }
                (balance, credits, room) = (balance - draw.from_escrow, credits - draw.from_credits, room.after(&draw));
            }
            assert_eq!(draws, expected, "{left:?}");
        }
    }
}
