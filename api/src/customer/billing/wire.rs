//! Where a customer's money stands, as JSON.

use super::forecast::{self, Outlook};
use crate::admin::customers::CustomerSpend;
use crate::customer::services::ServiceWord;
use crate::wire::Stand;
use serde::Serialize;
use suiftly_schema::bill::{Bill, CENT};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::spend::SpendState;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{ServiceStanding, Services};
use suiftly_store::money::MoneyOverview;
use utoipa::ToSchema;

/// Where the money stands. Usage and its price stand at the epoch, as those of the live stream; what was charged, the
/// ledger and the draft, at the store's.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Billing {
    /// As of.
    #[serde(flatten)]
    pub stand: Stand,
    /// The running UTC month.
    #[schema(example = "2026-11")]
    pub month: String,
    /// `active`; `monthly_limit` or `insufficient_balance` while requests are refused for it; `suspended` by an operator;
    /// `closed`. `null` while nothing is known.
    #[schema(value_type = Option<String>, pattern = "^(active|monthly_limit|insufficient_balance|suspended|closed)$")]
    pub state: Option<&'static str>,
    /// When that began; `null` while it is not known.
    #[schema(format = DateTime, required = true)]
    pub state_since: Option<String>,
    /// While the state is `insufficient_balance`: the least deposit that has requests served again, in whole cents.
    #[schema(required = true)]
    pub resume_deposit_usd_cents: Option<i64>,
    /// In escrow.
    pub balance_usd_cents: i64,
    /// Asked to be withdrawn and not paid yet.
    pub withdrawing_usd_cents: i64,
    /// Rated or subscribed, and not yet charged, waived or credited, in all months.
    pub accrued_micro_usd: i64,
    /// Credits that are left; used before funds are drawn.
    pub credits_micro_usd: i64,
    /// Owed by the ledger: what is posted and not paid; below zero if more was paid.
    pub receivable_micro_usd: i64,
    /// Charges under way.
    pub in_flight_micro_usd: i64,
    /// What a month may be charged; `null`: no limit.
    pub max_monthly_usd_cents: Option<i64>,
    /// Rated this month: the live bill.
    pub rated_this_month_micro_usd: i64,
    /// Subscriptions of this month.
    pub subscriptions_this_month_micro_usd: i64,
    /// Both: what counts against the limit.
    pub used_this_month_micro_usd: i64,
    /// What is left of the limit; `null`: no limit.
    pub remaining_micro_usd: Option<i64>,
    /// Drawn for this month.
    pub charged_this_month_usd_cents: i64,
    /// Drawn for the month before.
    pub charged_last_month_usd_cents: i64,
    /// How the month is expected to end.
    pub forecast: Forecast,
    /// When the escrow runs out, if usage goes on as in the last 24 hours and stops at each month's limit, and subscriptions
    /// are charged on the 1st; now, if it does not cover what is accrued. `null`: not within 90 days.
    #[schema(format = DateTime, required = true)]
    pub lasts_until: Option<String>,
    /// By how much the escrow falls short of what this month's forecast still has to draw; 0: it does not.
    pub short_micro_usd: i64,
    /// What is charged on the next 1st, by what is subscribed then and the prices in force then.
    pub next_subscriptions_micro_usd: i64,
    /// The same by service; those that cost nothing are left out.
    pub next_subscriptions: Vec<NextSubscription>,
    /// The month's draft invoice; `null` if it is closed already.
    #[schema(nullable)]
    pub draft: Option<DraftTotals>,
}

/// What a service is charged on the next 1st.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NextSubscription {
    /// The service.
    pub service: ServiceWord,
    /// Its tier and add-ons.
    pub amount_micro_usd: i64,
}

impl NextSubscription {
    /// Of all services.
    pub(super) fn list(services: &Services, now: UnixMillis) -> Vec<Self> {
        let prices = &services.books.in_force(now.month().end()).subscriptions;
        let of = |one: &ServiceStanding| {
            let next = one.state.at_month_end();
            let amount = next.in_force()?.monthly(prices);
            Some(Self { service: ServiceWord::of(one.service)?, amount_micro_usd: amount.0 })
        };
        services.services.iter().filter_map(of).filter(|next| next.amount_micro_usd != 0).collect()
    }
}

/// How the month is expected to end: what was rated so far, and for the rest of the month as much an hour as in the last
/// 24 hours; plus the month's subscriptions; at most the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Forecast {
    /// Usage.
    pub usage_micro_usd: i64,
    /// Subscriptions.
    pub subscriptions_micro_usd: i64,
    /// What both come to, or the limit.
    pub total_micro_usd: i64,
    /// Whether the limit cuts it.
    pub is_limited: bool,
}

/// What the draft comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DraftTotals {
    /// Its lines.
    pub gross_micro_usd: i64,
    /// What of it passes the limit, and would not be asked for.
    pub waiver_micro_usd: i64,
    /// What is owed for the month.
    pub total_micro_usd: i64,
    /// Less than a cent, of the month before.
    pub carried_in_micro_usd: i64,
    /// What would be asked for, in whole cents.
    pub payable_micro_usd: i64,
    /// What of it is neither drawn, in flight nor credited.
    pub due_micro_usd: i64,
}

impl Billing {
    pub(super) fn new(
        overview: &MoneyOverview,
        services: &Services,
        live: &CustomerSpend,
        recent: MicroUsd,
        now: UnixMillis,
    ) -> Self {
        let next_subscriptions = NextSubscription::list(services, now);
        let next = next_subscriptions.iter().fold(MicroUsd(0), |sum, next| sum + MicroUsd(next.amount_micro_usd));
        let (money, rated) = (&overview.money, MicroUsd(live.rated_this_month_micro_usd));
        let month = money.months.iter().find(|row| row.month == now.month());
        let (stored, waived) = month.map_or((MicroUsd(0), MicroUsd(0)), |row| (row.rated, row.waived));
        let cap = month.map_or(money.max_monthly, |row| money.cap(row));
        let used = rated + overview.fixed;
        let usage = forecast::usage(rated, recent, now);
        let expected = usage + overview.fixed;
        let total = cap.map_or(expected, |cap| expected.min(cap));
        // What is rated live and not stored yet counts too.
        let accrued = money.accrued() + (rated - stored);
        let state = live.state.or_else(|| money.state.map(SpendState::word));
        // What passes the limit is waived, and not drawn.
        let passes = cap.map_or(MicroUsd(0), |cap| (used - cap - waived).max(MicroUsd(0)));
        let withdrawing = MicroUsd(overview.withdrawing_usd_cents.saturating_mul(CENT.0));
        let available = money.balance - withdrawing - (accrued - passes);
        let outlook = Outlook { available, recent, used, cap, later_cap: money.max_monthly, subscriptions: next };
        let still = (total - used).max(MicroUsd(0));
        Self {
            stand: live.stand.clone(),
            month: now.month().to_string(),
            state,
            state_since: live.changed.as_ref().map(|changed| changed.at.clone()),
            resume_deposit_usd_cents: (state == Some(SpendState::InsufficientBalance.word()))
                .then(|| resume_deposit(accrued, money.balance)),
            balance_usd_cents: cents(money.balance),
            withdrawing_usd_cents: overview.withdrawing_usd_cents,
            accrued_micro_usd: accrued.0,
            credits_micro_usd: overview.balances.credits.0,
            receivable_micro_usd: overview.balances.receivable.0,
            in_flight_micro_usd: overview.in_flight.0,
            max_monthly_usd_cents: money.max_monthly.map(cents),
            rated_this_month_micro_usd: rated.0,
            subscriptions_this_month_micro_usd: overview.fixed.0,
            used_this_month_micro_usd: used.0,
            remaining_micro_usd: cap.map(|cap| (cap - used).max(MicroUsd(0)).0),
            charged_this_month_usd_cents: cents(overview.charged),
            charged_last_month_usd_cents: cents(overview.charged_before),
            forecast: Forecast {
                usage_micro_usd: usage.0,
                subscriptions_micro_usd: overview.fixed.0,
                total_micro_usd: total.0,
                is_limited: total < expected,
            },
            lasts_until: outlook.lasts_until(now).map(UnixMillis::rfc3339),
            short_micro_usd: (still - available).max(MicroUsd(0)).0,
            next_subscriptions_micro_usd: next.0,
            next_subscriptions,
            draft: overview.case.as_ref().map(|case| {
                let bill = case.inputs.bill();
                DraftTotals::new(&bill, bill.payable - case.charged - case.in_flight - case.credits)
            }),
        }
    }
}

impl DraftTotals {
    fn new(bill: &Bill, due: MicroUsd) -> Self {
        Self {
            gross_micro_usd: bill.gross.0,
            waiver_micro_usd: bill.waiver.0,
            total_micro_usd: bill.total.0,
            carried_in_micro_usd: bill.carried_in.0,
            payable_micro_usd: bill.payable.0,
            due_micro_usd: due.0,
        }
    }
}

/// The least deposit with which the balance is more than what is accrued, as [`suiftly_schema::spend::state`] has it.
fn resume_deposit(accrued: MicroUsd, balance: MicroUsd) -> i64 {
    (cents(accrued - balance) + 1).max(0)
}

const fn cents(amount: MicroUsd) -> i64 {
    amount.0.div_euclid(CENT.0)
}
