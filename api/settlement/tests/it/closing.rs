//! Months closed and corrected, over PostgreSQL.

use crate::desk::{Desk, month};
use std::ops::ControlFlow;
use suiftly_schema::bill::BillInputs;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::invoice::{DocumentKind, DocumentStatus};
use suiftly_store::money::{BilledRecord, RecordPlace, RecordQuery};

const NOVEMBER: &str = "2026-11";
const CLOSE: &str = "2026-12-02T00:00:00Z";
const LATE: &str = "2026-12-09T00:00:00Z";

/// At the instant at which November closes, with everything received.
async fn closing_desk() -> Desk {
    let desk = Desk::at(CLOSE).await;
    desk.received_until(CLOSE).await;
    desk
}

/// So many requests of Seal: 100 micro-dollars each.
async fn requests(desk: &Desk, customer: CustomerId, requests: i64) {
    desk.use_some(customer, "2026-11-20T10:00:00Z", Service::Seal, requests, 0).await;
}

/// A gateway's own synthetic requests, and lines that name somebody who has no account: their usage is stored like any.
#[tokio::test(flavor = "multi_thread")]
async fn usage_of_nobodys_account_enters_no_bill_and_is_no_difference() {
    let desk = Desk::at("2026-11-22T10:00:00Z").await;
    let customer = desk.customer(7, 0, 25_000).await;
    desk.settlement.deposit(customer, 10_000).await.unwrap();
    requests(&desk, customer, 100_000).await;
    let stranger = CustomerId::new(999).unwrap();
    requests(&desk, stranger, 100_000).await;
    let canary = suiftly_schema::vault::canary_customer(17).unwrap();
    desk.use_in_hour(canary, "2026-11-20T10:00:00Z", Service::Seal, 100_000, 0).await;
    let is_clean = async |desk: &Desk| {
        assert_eq!(desk.settlement.ledger_check().await.unwrap().differences, []);
        assert_eq!(desk.settlement.reconcile().await.unwrap().findings, []);
    };
    assert_eq!(desk.settlement.charge_due().await.unwrap().charged, 1);
    is_clean(&desk).await;
    desk.go_to(CLOSE);
    desk.received_until(CLOSE).await;
    desk.settlement.renew_due().await.unwrap();
    desk.settlement.close_due().await.unwrap();
    desk.settlement.charge_due().await.unwrap();
    desk.go_to(LATE);
    desk.settlement.notes_due().await.unwrap();
    is_clean(&desk).await;
    assert_eq!(desk.numbers().await, ["INV-2026-000001"]);
    let of_others = "SELECT (SELECT count(*) FROM ledger WHERE customer_id <> 7) + (SELECT count(*) FROM charges WHERE customer_id <> 7) \
        + (SELECT count(*) FROM billing_months WHERE customer_id <> 7) + (SELECT count(*) FROM invoices WHERE customer_id <> 7) \
        + (SELECT count(*) FROM notifications WHERE customer_id <> 7)";
    assert_eq!(desk.text(of_others).await, "0");
    desk.assert_balanced().await;
}

async fn column(desk: &Desk, customer: CustomerId, of_month: &str, column: &str) -> String {
    let id = customer.get();
    desk.text(&format!("SELECT {column} FROM billing_months WHERE customer_id = {id} AND month = '{of_month}-01'"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_closes_when_the_grace_is_over_and_all_of_it_is_in() {
    let desk = Desk::at(CLOSE).await;
    let customer = desk.customer(7, 0, 25_000).await;
    requests(&desk, customer, 12_345).await;
    let closed = async |desk: &Desk| desk.settlement.close_due().await.unwrap().changed;
    assert_eq!(closed(&desk).await, 0, "nothing was received ever");
    desk.received_until("2026-12-01T23:59:59.999Z").await;
    assert_eq!(closed(&desk).await, 0, "the store is behind");
    desk.received_until(CLOSE).await;
    desk.go_to("2026-12-01T23:59:59.999Z");
    assert_eq!(closed(&desk).await, 0, "the clock is behind");
    desk.go_to(CLOSE);
    // A journal of an installation that is gone holds nobody up, and has nothing of this month.
    desk.run("INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, \
        rejected, records, updated_at) VALUES ('gone', 9, '2026-03-01', 0, 0, 0, 0, 0, '{}', 0, '2026-03-01')").await;
    assert_eq!(closed(&desk).await, 1);
    assert_eq!(closed(&desk).await, 0, "once");
    assert_eq!(desk.numbers().await, ["INV-2026-000001"]);
    let invoice = desk.store.invoice("INV-2026-000001").await.unwrap().unwrap();
    let inputs: BillInputs = serde_json::from_str(&invoice.exported.inputs).unwrap();
    assert_eq!(inputs.bill(), invoice.exported.bill);
    assert_eq!(BillInputs::hash_of(&invoice.exported.inputs), invoice.exported.input_hash);
    let journals: Vec<_> = inputs.journals.iter().map(|point| (point.journal_id.as_str(), point.epoch)).collect();
    assert_eq!(journals, [("journal-a", 2)]);
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_draft_is_the_bill_and_the_limit_waives_what_passes_it() {
    let desk = closing_desk().await;
    let customer = desk.customer(7, 0, 1_000).await;
    desk.charge_tier(customer, NOVEMBER, (9, 30), 40_000_000).await;
    desk.use_some(customer, "2026-11-30T23:00:00Z", Service::Grpc, 12_345, 7 << 30).await;
    desk.draw(customer, NOVEMBER, 500, "2026-11-22T00:00:00Z").await;
    let draft = desk.settlement.draft(customer, month(NOVEMBER)).await.unwrap().unwrap();
    assert_eq!((draft.bill.gross.0, draft.bill.waiver.0, draft.bill.payable.0), (13_654_500, 3_654_500, 10_000_000));
    assert_eq!((draft.standing.charged.0, draft.standing.due.0), (5_000_000, 5_000_000));
    desk.settlement.close_due().await.unwrap();
    assert_eq!(desk.settlement.draft(customer, month(NOVEMBER)).await.unwrap(), None, "it is closed");
    let invoice = desk.store.invoice("INV-2026-000001").await.unwrap().unwrap();
    assert_eq!((&invoice.exported.bill, &invoice.exported.inputs), (&draft.bill, &draft.inputs.to_json()));
    assert_eq!((invoice.row.status, invoice.row.payable.0), (DocumentStatus::Open, 10_000_000));
    let balances = desk.balances(customer).await;
    let of = |account| balances.get(account).copied().unwrap_or_default();
    assert_eq!((of("receivable"), of("revenue"), of("waivers")), (5_000_000, -13_654_500, 3_654_500));
    assert_eq!(desk.text("SELECT credited_in_all_micro_usd FROM customers").await, "3654500");
    desk.run("UPDATE customers SET max_monthly_usd_cents = 5000").await;
    assert_eq!(column(&desk, customer, NOVEMBER, "limit_usd_cents").await, "1000", "the limit is frozen");
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_less_than_a_cent_is_carried_on_until_it_is_one() {
    let desk = closing_desk().await;
    let customer = desk.customer(7, 0, 25_000).await;
    let idle = desk.customer(8, 0, 25_000).await;
    // $0.0060 a month: nothing, then a cent with $0.0020 left.
    requests(&desk, customer, 60).await;
    desk.use_some(customer, "2026-12-20T10:00:00Z", Service::Seal, 60, 0).await;
    desk.settlement.close_due().await.unwrap();
    assert_eq!(column(&desk, customer, NOVEMBER, "payable_micro_usd").await, "0");
    assert_eq!(column(&desk, customer, "2026-12", "carried_in_micro_usd").await, "6000");
    for (close, payable, carried_out) in
        [("2027-01-02T00:00:00Z", "10000", "2000"), ("2027-02-02T00:00:00Z", "0", "2000")]
    {
        desk.go_to(close);
        desk.received_until(close).await;
        desk.settlement.renew_due().await.unwrap();
        desk.settlement.close_due().await.unwrap();
        let last = "ORDER BY id DESC LIMIT 1";
        assert_eq!(desk.text(&format!("SELECT payable_micro_usd FROM invoices {last}")).await, payable);
        assert_eq!(desk.text(&format!("SELECT bill ->> 'carried_out' FROM invoices {last}")).await, carried_out);
    }
    // A year of its own has numbers of its own; who has nothing gets nothing.
    assert_eq!(desk.numbers().await, ["INV-2026-000001", "INV-2026-000002", "INV-2027-000001"]);
    assert_eq!(desk.text("SELECT string_agg(status, ' ' ORDER BY number) FROM invoices").await, "paid open paid");
    assert!(desk.store.invoices(Some(idle), None, None, 10).await.unwrap().is_empty());
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_that_stops_between_chunks_goes_on_without_a_gap() {
    let desk = closing_desk().await;
    desk.run(
        "INSERT INTO customers (id, display_name, wallet_address, current_month_start) \
        SELECT n, 'C', '0x' || lpad(to_hex(n), 64, '0'), '2026-12-01' FROM generate_series(1, 1200) AS n",
    )
    .await;
    desk.run("INSERT INTO usage_per_hour (customer_id, hour, service_type, network, guaranteed, burst, rejected, client_error, \
            server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms) \
        SELECT n, '2026-11-03T05:00Z', 1, 1, n, 0, 0, 0, 0, 0, n, 0, 0, 0 FROM generate_series(1, 1200) AS n; \
        INSERT INTO rated SELECT '2026-11-01', n, 1, 1, n, 0, n * 100 FROM generate_series(1, 1200) AS n").await;
    let stopped = desk.settlement.close_while(&mut |_| ControlFlow::Break(())).await.unwrap();
    assert_eq!((stopped.changed, stopped.is_stopped), (500, true));
    // One customer of the next chunk is refused by the database: the others of it are not.
    desk.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
            IF NEW.customer_id = 777 THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$; \
        CREATE TRIGGER refuse BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    .await;
    let (one, other) = tokio::join!(desk.settlement.close_due(), desk.settlement.close_due());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.changed + other.changed, 699, "{one:?} {other:?}");
    assert!(one.alarms + other.alarms >= 1, "{one:?} {other:?}");
    assert_eq!(desk.text("SELECT string_agg(key, ' ') FROM notifications").await, "close:777:2026-11");
    desk.run("DROP TRIGGER refuse ON invoices").await;
    assert_eq!(desk.settlement.close_due().await.unwrap().changed, 1);
    let numbers = desk.numbers().await;
    let expected: Vec<String> = (1..=1200).map(|n| format!("INV-2026-{n:06}")).collect();
    assert_eq!(numbers, expected);
    let out_of_order = "SELECT count(*) FROM (SELECT customer_id, lag(customer_id) OVER (ORDER BY number) AS before \
        FROM invoices WHERE customer_id <= 500) AS n WHERE customer_id < before";
    assert_eq!(desk.text(out_of_order).await, "0");
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_do_not_come_to_what_was_rated_are_left_open() {
    let desk = closing_desk().await;
    let (odd, even) = (desk.customer(7, 0, 25_000).await, desk.customer(8, 0, 25_000).await);
    requests(&desk, odd, 1_000).await;
    requests(&desk, even, 1_000).await;
    desk.use_in_hour(odd, "2026-11-21T00:00:00Z", Service::Seal, 1, 0).await;
    desk.use_some(odd, "2026-12-01T00:00:00Z", Service::Seal, 1, 0).await;
    desk.run("UPDATE rated SET rated_micro_usd = 100000 WHERE customer_id = 7 AND month = '2026-11-01'").await;
    let report = desk.settlement.close_due().await.unwrap();
    assert_eq!(
        (report.changed, report.alarms),
        (1, 1),
        "{}",
        desk.text("SELECT string_agg(body::text, chr(10)) FROM notifications").await
    );
    let told = desk.text("SELECT body ->> 'why' FROM notifications").await;
    assert_eq!(told, "usage is rated $0.100000, and its hours come to $0.100100");
    // Not before what November carries on is known.
    let later = "2027-01-02T00:00:00Z";
    desk.go_to(later);
    desk.received_until(later).await;
    desk.settlement.close_due().await.unwrap();
    assert_eq!(
        desk.text("SELECT count(*) FROM invoices WHERE month = '2026-12-01'").await,
        "0",
        "they are to be renewed first"
    );
    desk.settlement.renew_due().await.unwrap();
    let report = desk.settlement.close_due().await.unwrap();
    assert_eq!((report.changed, report.alarms, report.waiting), (1, 1, 1));
    desk.rate(odd).await;
    assert_eq!(desk.settlement.close_due().await.unwrap().changed, 2);
    let months = desk.store.invoices(Some(odd), None, None, 10).await.unwrap();
    let months: Vec<_> = months.iter().map(|row| row.month.to_string()).collect();
    assert_eq!(months, ["2026-12", "2026-11"]);
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_lines_make_one_note_when_no_more_can_come() {
    let desk = closing_desk().await;
    let customer = desk.customer(7, 0, 25_000).await;
    requests(&desk, customer, 1_234_560).await;
    desk.settlement.close_due().await.unwrap();
    requests(&desk, customer, 333).await;
    desk.go_to("2026-12-08T23:00:00Z");
    desk.received_until("2026-12-08T23:00:00Z").await;
    assert_eq!(desk.settlement.notes_due().await.unwrap().documents, 0, "more may come");
    requests(&desk, customer, 1_000).await;
    desk.go_to(LATE);
    desk.received_until(LATE).await;
    assert_eq!(desk.settlement.notes_due().await.unwrap().documents, 1);
    assert_eq!(desk.settlement.notes_due().await.unwrap().documents, 0);
    let note = desk.store.invoice("DN-2026-000001").await.unwrap().unwrap();
    assert_eq!((note.row.kind, note.row.corrects.as_deref()), (DocumentKind::DebitNote, Some("INV-2026-000001")));
    // $123.456 was $123.45 and 6 tenths of a cent; $0.1333 more is $123.5893.
    let asked = note.exported.asked();
    assert_eq!((asked.total.0, asked.payable.0, asked.carried_out.0), (133_300, 130_000, 3_300));
    assert_eq!((note.row.total.0, note.row.payable.0, note.row.status), (133_300, 130_000, DocumentStatus::Open));
    assert_eq!(column(&desk, customer, "2026-12", "carried_in_micro_usd").await, "9300");
    assert_eq!(column(&desk, customer, NOVEMBER, "payable_micro_usd").await, "123580000");
    assert_eq!(desk.text("SELECT kind FROM ledger ORDER BY id DESC LIMIT 1").await, "note");
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_note_gives_back_as_credits_what_was_drawn() {
    let desk = closing_desk().await;
    let customer = desk.customer(7, 0, 25_000).await;
    requests(&desk, customer, 100_000).await;
    desk.draw(customer, NOVEMBER, 1_000, "2026-11-22T00:00:00Z").await;
    desk.settlement.close_due().await.unwrap();
    assert_eq!(desk.text("SELECT status FROM invoices").await, "paid");
    desk.go_to(LATE);
    desk.received_until(LATE).await;
    // A correction: a replay found that lines were somebody else's.
    requests(&desk, customer, -30_050).await;
    desk.settlement.notes_due().await.unwrap();
    let note = desk.store.invoice("CN-2026-000001").await.unwrap().unwrap();
    // $6.9950: a cent more than half is given back, and half a cent is carried on.
    assert_eq!((note.row.total.0, note.row.payable.0), (-3_005_000, 3_010_000));
    assert_eq!(note.row.status, DocumentStatus::Paid);
    assert_eq!(column(&desk, customer, NOVEMBER, "charged_micro_usd").await, "6990000");
    assert_eq!(desk.text("SELECT credits_micro_usd FROM customers").await, "3010000");
    let shown = desk.settlement.document("INV-2026-000001").await.unwrap().unwrap();
    assert_eq!((shown.due.0, shown.notes[0].payable.0), (0, -3_010_000));
    let payments: Vec<_> = shown.payments.iter().map(|payment| payment.amount.0).collect();
    assert_eq!(payments, [10_000_000, -3_010_000]);
    desk.assert_balanced().await;
    // And again the other way: a note corrects what the notes before it came to.
    requests(&desk, customer, 30_050).await;
    desk.settlement.notes_due().await.unwrap();
    let note = desk.store.invoice("DN-2026-000001").await.unwrap().unwrap();
    assert_eq!((note.row.total.0, note.row.payable.0, note.row.status), (3_005_000, 3_010_000, DocumentStatus::Open));
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_beyond_the_limit_asks_for_nothing_and_says_what_is_waived() {
    let desk = closing_desk().await;
    let customer = desk.customer(7, 0, 1_000).await;
    requests(&desk, customer, 110_000).await;
    desk.settlement.close_due().await.unwrap();
    desk.go_to(LATE);
    desk.received_until(LATE).await;
    requests(&desk, customer, 5_000).await;
    desk.settlement.notes_due().await.unwrap();
    let note = desk.store.invoice("DN-2026-000001").await.unwrap().unwrap();
    let asked = note.exported.asked();
    assert_eq!((asked.gross.0, asked.waiver.0, asked.total.0, asked.payable.0), (500_000, 500_000, 0, 0));
    assert_eq!(note.row.status, DocumentStatus::Paid);
    assert_eq!(desk.text("SELECT credited_in_all_micro_usd FROM customers").await, "1500000");
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_drawn_than_asked_for_becomes_credits_and_an_undecided_charge_is_awaited() {
    let desk = closing_desk().await;
    let customer = desk.customer(7, 0, 25_000).await;
    requests(&desk, customer, 100_000).await;
    desk.draw(customer, NOVEMBER, 1_200, "2026-11-22T00:00:00Z").await;
    desk.run("UPDATE billing_months SET in_flight_micro_usd = 1000000").await;
    assert_eq!(desk.settlement.close_due().await.unwrap().waiting, 1);
    desk.run("UPDATE billing_months SET in_flight_micro_usd = 0").await;
    assert_eq!(desk.settlement.close_due().await.unwrap().changed, 1);
    assert_eq!(column(&desk, customer, NOVEMBER, "charged_micro_usd").await, "10000000");
    assert_eq!(desk.text("SELECT credits_micro_usd FROM customers").await, "2000000");
    assert_eq!(desk.balances(customer).await.get("receivable"), None);
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_was_closed_empty_is_billed_when_lines_come() {
    let desk = closing_desk().await;
    let customer = desk.customer(7, 0, 25_000).await;
    desk.run("INSERT INTO billing_months (customer_id, month) VALUES (7, '2026-11-01')").await;
    let report = desk.settlement.close_due().await.unwrap();
    assert_eq!((report.changed, report.documents), (1, 0));
    requests(&desk, customer, 1_000).await;
    desk.go_to(LATE);
    desk.received_until(LATE).await;
    assert_eq!(desk.settlement.notes_due().await.unwrap().documents, 0);
    assert_eq!(desk.settlement.close_due().await.unwrap().documents, 1);
    assert_eq!(desk.numbers().await, ["INV-2026-000001"]);
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_issued_is_never_changed() {
    let desk = closing_desk().await;
    let customer = desk.customer(7, 0, 25_000).await;
    requests(&desk, customer, 100_000).await;
    desk.settlement.close_due().await.unwrap();
    let run = suiftly_store::testing::connect(desk.database.config()).await;
    for client in [&desk.client, &run] {
        for sql in [
            "UPDATE invoices SET total_micro_usd = 1",
            "UPDATE invoices SET bill = '{}'",
            "UPDATE invoices SET number = 'INV-2026-000009'",
            "DELETE FROM invoices",
            "TRUNCATE invoices CASCADE",
            "UPDATE invoice_inputs SET inputs = ''",
            "DELETE FROM invoice_inputs",
            "UPDATE ledger SET amount_micro_usd = 1",
            "DELETE FROM ledger",
        ] {
            let refused = client.batch_execute(sql).await;
            assert!(refused.is_err(), "{sql}");
        }
    }
    desk.run("UPDATE invoices SET status = 'paid', settled_at = now()").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_followed_down_to_hours_and_records() {
    let desk = closing_desk().await;
    let customer = desk.customer(7, 0, 25_000).await;
    desk.use_in_hour(customer, "2026-11-20T10:00:00Z", Service::Seal, 3, 30).await;
    desk.use_some(customer, "2026-11-21T10:00:00Z", Service::Grpc, 2, 20).await;
    let record = |at: &str, status: u16, traffic: u8, offset: i64| {
        format!(
            "INSERT INTO haproxy_raw_logs (timestamp, customer_id, service_type, network, api_key_fp, traffic_type, event_type, \
            status_code, bytes_sent, time_total, backend_id, termination_state, server_id, boot, seq, journal_offset) \
            VALUES ('2026-11-20T{at}Z', 7, 1, 1, 4294967295, {traffic}, 0, {status}, 10, 1, 1, '--', 17, '2026-11-01', {offset}, {offset});"
        )
    };
    let records = [
        record("10:00:00", 200, 1, 1),
        record("10:10:00", 304, 2, 2),
        record("10:10:00", 200, 1, 3),
        record("10:20:00", 500, 1, 4),
        record("10:20:00", 200, 3, 5),
        record("11:00:00", 200, 1, 6),
    ];
    desk.run(&records.concat()).await;
    desk.settlement.close_due().await.unwrap();
    let hours = async |service| desk.store.invoice_hours("INV-2026-000001", service).await.unwrap().unwrap();
    let all = hours(None).await;
    assert_eq!(all.iter().map(|hour| hour.charged.0).sum::<i64>(), 500);
    let seal = hours(Some(Some(Service::Seal))).await;
    assert_eq!(seal.iter().map(|hour| (hour.usage.requests, hour.charged.0)).collect::<Vec<_>>(), [(3, 300)]);
    assert_eq!(desk.store.invoice_hours("INV-2026-000009", None).await.unwrap(), None);
    let page = async |after: Option<RecordPlace>| {
        let (service, hour) = (Some(Some(Service::Seal)), seal[0].usage.hour);
        let query = RecordQuery { customer, service, network: None, hour, billed_only: true, after, limit: 2 };
        desk.store.records_of(&query).await.unwrap()
    };
    let place = |record: &BilledRecord| {
        let BilledRecord { timestamp, journal_offset, journal_no, .. } = *record;
        RecordPlace { timestamp, journal_offset, journal_no }
    };
    let first = page(None).await;
    let second = page(first.last().map(place)).await;
    let offsets: Vec<_> = first.iter().chain(&second).map(|record| record.journal_offset).collect();
    assert_eq!(offsets, [1, 2, 3], "as many as the hour is billed for");
    assert_eq!((first[0].api_key_fp, first[0].line_id.map(|id| id.seq)), (u32::MAX, Some(1)));
    assert!(page(second.last().map(place)).await.is_empty());
}
