//! Quotes and orders.

use super::Said;
use super::args::{OrderArgs, What};
use crate::money::Money;
use crate::table::{Side, table};
use serde_json::json;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::subscription::{Effect, Item, Order, Quote};
use suiftly_settlement::document::words::dollars;

impl OrderArgs {
    fn order(&self) -> anyhow::Result<Order> {
        Ok(match self.what {
            What::Enable => Order::Enable(self.subscription()?),
            What::Change => Order::Change(self.subscription()?),
            What::Disable => Order::Disable,
            What::Resume => Order::Resume,
        })
    }
}

pub(super) async fn quote(money: &Money, args: &OrderArgs) -> anyhow::Result<Said> {
    let quoted = money.settlement.quote(args.customer, args.service, args.order()?).await?;
    let refusal = quoted.refusal.as_ref().map(ToString::to_string);
    let mut text = in_words(&quoted.quote);
    if let Some(refusal) = &refusal {
        text.push_str(&format!("it would be refused: {refusal}\n"));
    }
    Ok(Said { json: json!({ "quote": quoted.quote, "refusal": refusal }), text })
}

pub(super) async fn order(money: &Money, args: &OrderArgs) -> anyhow::Result<Said> {
    let expected = args.expect_micro_usd.map(MicroUsd);
    let ordered = money.settlement.order(args.customer, args.service, args.order()?, expected).await?;
    let text = format!("ordered\n{}", in_words(&ordered.quote));
    Ok(Said { json: json!({ "quote": ordered.quote, "items": ordered.items }), text })
}

fn in_words(quote: &Quote) -> String {
    let effect = match quote.effect {
        Effect::Now => "it takes effect at once".to_owned(),
        Effect::MonthEnd(at) => format!("it takes effect at the month's end, {}", at.rfc3339()),
        Effect::NowAndMonthEnd(at) => {
            format!("it takes effect at once, and in part at the month's end, {}", at.rfc3339())
        }
    };
    format!(
        "{}charged now: {}\n{}each month from {} on: {}\n{effect}\n",
        items(&quote.items_now),
        dollars(quote.total_now),
        items(&quote.items_next_month),
        quote.next_month,
        dollars(quote.total_next_month),
    )
}

fn items(items: &[Item]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let head = [
        ("item", Side::Left),
        ("number", Side::Right),
        ("a month", Side::Right),
        ("days", Side::Right),
        ("amount", Side::Right),
    ];
    let row = |item: &Item| {
        let days = format!("{} of {}", item.days, item.days_in_month);
        vec![item.kind.to_string(), item.quantity.to_string(), dollars(item.monthly), days, dollars(item.amount)]
    };
    table(&head, &items.iter().map(row).collect::<Vec<_>>())
}
