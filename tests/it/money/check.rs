//! What must hold of money, counted by code and SQL of the test's own.

use super::Recorded;
use super::bank::Bank;
use super::lines::Gateway;
use super::people::{People, customer};
use std::collections::BTreeMap;
use std::path::Path;
use suiftly_ingest::audit::{Customers, From, JournalDirs, RecountOrder, recount};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_schema::bill::{Bill, BillInputs};
use suiftly_schema::time::BillingMonth;
use suiftly_settlement::{Settlement, SettlementError};
use suiftly_store::testing::TestDatabase;

/// A month's invoice is what the live bill was before it was closed.
pub(super) async fn closed_as_it_was_live(
    database: &TestDatabase,
    id: i64,
    month: BillingMonth,
    inputs: &BillInputs,
    bill: &Bill,
) {
    let client = database.client().await;
    let sql = format!(
        "SELECT inputs, bill::text, input_hash FROM invoices JOIN invoice_inputs ON invoice_id = invoices.id \
         WHERE customer_id = {id} AND month = '{month}-01' AND kind = 'invoice'"
    );
    let rows = client.query(&sql, &[]).await.unwrap();
    let Some(row) = rows.first() else {
        assert!(bill.gross.0 == 0 && bill.carried_in.0 == 0, "customer {id} has a live bill of {month} and no invoice");
        return;
    };
    let (recorded, written, hash): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
    let closed: BillInputs = serde_json::from_str(recorded).unwrap();
    // A draft names no tree.
    let decided = BillInputs { proof: None, ..closed };
    assert_eq!(&decided, inputs, "what decided the bill of customer {id} for {month}");
    assert_eq!(&serde_json::from_str::<Bill>(written).unwrap(), bill, "the bill of customer {id} for {month}");
    assert_eq!(BillInputs::hash_of(recorded), hash);
}

/// Escrow, mirror, charges and ledger agree.
pub(super) async fn books_balance(settlement: &Settlement) {
    let found = settlement.ledger_check().await.unwrap();
    assert!(found.count == 0, "{found:#?}");
    let found = loop {
        // The escrow may let it down.
        match settlement.reconcile().await {
            Ok(found) => break found,
            Err(SettlementError::Escrow(_)) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert!(found.count == 0, "{found:#?}");
}

/// Nobody is in debt to their escrow, nobody was charged past what they authorised; how many cents were charged in all.
pub(super) async fn nobody_is_charged_past_a_limit(database: &TestDatabase, people: &People, bank: &Bank) -> i64 {
    let client = database.client().await;
    let sql = "SELECT count(*) FROM customers WHERE current_balance_usd_cents < 0 OR credits_micro_usd < 0";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0, "negative balances");
    let sql = "SELECT customer_id, to_char(month, 'YYYY-MM'), sum(amount_usd_cents)::bigint FROM charges \
        WHERE state = 'charged' GROUP BY 1, 2";
    let mut charged = 0;
    for row in client.query(sql, &[]).await.unwrap() {
        let (id, month, cents): (i64, String, i64) = (row.get(0), row.get(1), row.get(2));
        let limit = people.authorised(id, BillingMonth::parse(&month).unwrap());
        assert!(limit.is_none_or(|limit| cents <= limit), "customer {id} was charged {cents} of {limit:?} for {month}");
        charged += cents;
    }
    assert_eq!(bank.drawn(database).await, charged, "the escrow's own word");
    let sides = "SELECT coalesce(sum(CASE side WHEN 1 THEN amount ELSE -amount END), 0)::bigint FROM \
        (SELECT 1 AS side, amount_micro_usd AS amount FROM ledger UNION ALL SELECT 2, amount_micro_usd FROM ledger) AS s";
    assert_eq!(client.query_one(sides, &[]).await.unwrap().get::<_, i64>(0), 0);
    let receivable = "SELECT count(*) FROM (SELECT customer_id, \
            sum(CASE WHEN debit = 'receivable' THEN amount_micro_usd ELSE -amount_micro_usd END) AS owed \
            FROM ledger WHERE 'receivable' IN (debit, credit) GROUP BY 1) AS r WHERE owed < 0";
    assert_eq!(client.query_one(receivable, &[]).await.unwrap().get::<_, i64>(0), 0, "nobody is owed by receivable");
    charged
}

/// Every month that is closed is what the gateway counted and what was ordered; no number is missing. All documents.
pub(super) async fn documents(database: &TestDatabase, gateway: &Gateway, last: BillingMonth) -> Vec<Recorded> {
    let client = database.client().await;
    let sql = "SELECT number, customer_id, to_char(month, 'YYYY-MM'), inputs, kind FROM invoices \
        JOIN invoice_inputs ON invoice_id = invoices.id ORDER BY invoices.id";
    let recorded: Vec<Recorded> = client
        .query(sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| Recorded {
            number: row.get(0),
            id: row.get(1),
            month: BillingMonth::parse(row.get(2)).unwrap(),
            inputs: serde_json::from_str(row.get(3)).unwrap(),
        })
        .collect();
    let mut numbers: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for document in &recorded {
        let (series, number) = document.number.rsplit_once('-').unwrap();
        numbers.entry(series).or_default().push(number.parse().unwrap());
    }
    for (series, mut found) in numbers {
        found.sort_unstable();
        let expected: Vec<u64> = (1..=found.len().try_into().unwrap()).collect();
        assert_eq!(found, expected, "numbers of {series}");
    }
    let latest: BTreeMap<(i64, BillingMonth), &BillInputs> =
        recorded.iter().map(|document| ((document.id, document.month), &document.inputs)).collect();
    for (&(id, _, month), _) in gateway.billable.iter().filter(|((.., month), _)| *month <= last) {
        let usage = gateway.price(id, month);
        let Some(inputs) = latest.get(&(id, month)) else {
            assert_eq!(usage, 0, "customer {id} used something in {month}, and was never billed");
            continue;
        };
        let items: i64 = inputs.items.iter().map(|item| item.amount.0).sum();
        assert_eq!(inputs.bill().gross.0, usage + items, "customer {id}, {month}");
    }
    items_are_billed(database, &latest, last).await;
    recorded
}

/// Every item of a closed month is in its document.
async fn items_are_billed(
    database: &TestDatabase,
    latest: &BTreeMap<(i64, BillingMonth), &BillInputs>,
    last: BillingMonth,
) {
    let sql = "SELECT customer_id, to_char(month, 'YYYY-MM'), sum(amount_micro_usd)::bigint FROM subscription_items GROUP BY 1, 2";
    for row in database.client().await.query(sql, &[]).await.unwrap() {
        let (id, month, amount): (i64, String, i64) = (row.get(0), row.get(1), row.get(2));
        let month = BillingMonth::parse(&month).unwrap();
        if month <= last {
            let billed: i64 = latest[&(id, month)].items.iter().map(|item| item.amount.0).sum();
            assert_eq!(billed, amount, "items of customer {id} for {month}");
        }
    }
}

/// The states of all customers follow from what is in the tables: all that was told has arrived.
pub(super) async fn states(database: &TestDatabase, month: BillingMonth) {
    let client = database.client().await;
    assert!(client.query("SELECT seq FROM outbox", &[]).await.unwrap().is_empty(), "the outbox is empty");
    let sql = format!(
        "SELECT id, state, CASE \
            WHEN max_monthly_usd_cents > 0 AND this_month + fixed >= max_monthly_usd_cents * 10000 THEN 'monthly_limit' \
            WHEN in_all + fixed_in_all_micro_usd - charged_in_all_micro_usd - credited_in_all_micro_usd \
                >= current_balance_usd_cents * 10000 THEN 'insufficient_balance' \
            ELSE 'active' END \
         FROM customers JOIN spend ON customer_id = id, LATERAL (SELECT \
            coalesce((SELECT sum(rated_micro_usd) FROM rated WHERE rated.customer_id = id AND month = '{month}-01'), 0) AS this_month, \
            coalesce((SELECT sum(rated_micro_usd) FROM rated WHERE rated.customer_id = id), 0) AS in_all, \
            coalesce((SELECT fixed_micro_usd FROM billing_months AS m WHERE m.customer_id = id AND month = '{month}-01'), 0) AS fixed) AS s"
    );
    let rows = client.query(&sql, &[]).await.unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        let (id, state, expected): (i64, &str, &str) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(state, expected, "customer {id}");
    }
}

/// Every document's hours are counted again out of the journal; how many documents.
pub(super) fn audits(journal: &Path, documents: &[Recorded]) -> usize {
    let mut by_point: BTreeMap<(BillingMonth, u64), Vec<&Recorded>> = BTreeMap::new();
    for document in documents {
        let [point] = &*document.inputs.journals else { panic!("{} names other than one journal", document.number) };
        by_point.entry((document.month, point.epoch)).or_default().push(document);
    }
    for ((month, epoch), documents) in by_point {
        let order = RecountOrder {
            journal_id: documents[0].inputs.journals[0].journal_id.parse().unwrap(),
            through: epoch,
            month,
            customers: Customers::All,
            books: documents[0].inputs.books.clone(),
            decode: DecodeConfig::LIVE,
            from: From::Month,
        };
        let found = recount(&JournalDirs::new(journal), &order).unwrap();
        for document in documents {
            let hours = found.hours.get(&customer(document.id)).cloned().unwrap_or_default();
            assert_eq!(hours, document.inputs.hours, "{}", document.number);
        }
    }
    documents.len()
}
