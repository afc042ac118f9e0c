//! A customer's money by HTTP: numbers that agree with the ledger, the draft and the stream; invoices down to requests;
//! funds.

use crate::desk::Desk;
use crate::house::Member;
use crate::sse::Events;
use crate::traffic::{Row, at, row};
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::ledger::Account;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::spend::{SpendState, Used};
use suiftly_schema::subscription::{Order, Subscription, Tier};
use suiftly_schema::view::{EpochDeltas, Spend};

/// Seal: 100 micro-dollars a request, and nothing for bytes, until a quarter of an hour before the tests begin.
fn seal(member: &Member, when: &str, requests: i64) -> Row {
    let (mut key, sums) = row(member.id.get(), Network::Mainnet, at(when), requests);
    key.usage.service = Some(Service::Seal);
    (key, sums)
}

async fn post(member: &Member, path: &str, body: Value) -> Value {
    let answered = member.ask(Method::POST, path, Some(body)).await;
    assert_eq!(answered.status, StatusCode::OK, "{path}: {}", answered.body);
    answered.json()
}

/// Somebody with $60, a Starter service, and usage: $7.50 charged, $2 in the store since, $1 live.
async fn customer(desk: &mut Desk) -> Member {
    let member = desk.member(1).await;
    post(&member, "/billing/deposit", json!({"amount_usd_cents": 6_000})).await;
    let order = Order::Enable(Subscription::of(Tier::Starter));
    desk.settlement.order(member.id, Service::Seal, order, None).await.unwrap();
    desk.use_some(&[seal(&member, "2026-11-20T10:00:00Z", 75_000)]).await;
    desk.settlement.charge_due().await.unwrap();
    desk.use_some(&[seal(&member, "2026-11-21T10:00:00Z", 20_000)]).await;
    desk.publish(&[seal(&member, "2026-11-21T11:00:00Z", 10_000)]);
    member
}

#[tokio::test]
async fn what_is_said_agrees_with_the_ledger_the_draft_and_the_stream() {
    let mut desk = Desk::open().await;
    let member = customer(&mut desk).await;
    let billing = member.get("/billing").await;
    let number = |name: &str| billing[name].as_i64().unwrap();

    // The stream and the summary say the same of the live bill.
    let (_, body) = desk.body(&member, "/usage/stream").await;
    let snapshot = Events::reading(body).next().await.unwrap().data;
    assert_eq!(number("rated_this_month_micro_usd"), 10_500_000);
    assert_eq!(snapshot["rated_micro_usd"], billing["rated_this_month_micro_usd"]);
    assert_eq!(snapshot["epoch"], billing["epoch"]);
    assert_eq!(member.get("/usage/summary").await["rated_micro_usd"], billing["rated_this_month_micro_usd"]);

    // The ledger, of one customer.
    let ledger = desk.settlement.store().balances(Some(member.id)).await.unwrap();
    let debit = |account| ledger.iter().find(|one| one.account == account).unwrap().debit_balance;
    assert_eq!(MicroUsd(number("balance_usd_cents") * 10_000), -debit(Account::Escrow));
    assert_eq!(MicroUsd(number("receivable_micro_usd")), debit(Account::Receivable));
    assert_eq!(MicroUsd(number("credits_micro_usd")), -debit(Account::Credits));
    // $20 a month for ten days of thirty, rounded down.
    let fixed = 6_666_666;
    assert_eq!((number("subscriptions_this_month_micro_usd"), number("charged_this_month_usd_cents")), (fixed, 1_416));
    assert_eq!(number("balance_usd_cents"), 6_000 - 1_416);
    assert_eq!(number("accrued_micro_usd"), fixed + 10_500_000 - 14_160_000);
    assert_eq!(number("used_this_month_micro_usd"), fixed + 10_500_000);
    assert_eq!(number("remaining_micro_usd"), 250_000_000 - fixed - 10_500_000);
    assert_eq!(number("charged_last_month_usd_cents"), 0);

    // The draft, which has what is in the store.
    let draft = member.get("/billing/draft").await;
    assert_eq!((&draft["number"], &draft["status"]), (&json!("draft"), &json!("draft")));
    for name in ["gross_micro_usd", "waiver_micro_usd", "total_micro_usd", "payable_micro_usd", "carried_in_micro_usd"]
    {
        assert_eq!(draft["sums"][name], billing["draft"][name], "{name}");
    }
    assert_eq!(draft["due_micro_usd"], billing["draft"]["due_micro_usd"]);
    assert_eq!(billing["draft"]["gross_micro_usd"], fixed + 9_500_000);
    let lines: i64 =
        draft["lines"].as_array().unwrap().iter().map(|line| line["amount_micro_usd"].as_i64().unwrap()).sum();
    assert_eq!(json!(lines), draft["sums"]["gross_micro_usd"]);
    desk.commit().await;
    let billing = member.get("/billing").await;
    let (total, used) = (&billing["draft"]["total_micro_usd"], &billing["used_this_month_micro_usd"]);
    assert_eq!(total, used, "all of it is in the store");
    assert_eq!(billing["draft"]["due_micro_usd"], json!(fixed + 10_500_000 - 14_160_000 - 6_666), "whole cents");

    // $3 in 23.5 hours, and 227.5 hours are left.
    let (usage, more) = (&billing["forecast"]["usage_micro_usd"], 3_000_000.0 * 9.0 * 24.0 / 23.5);
    assert!((usage.as_f64().unwrap() - 10_500_000.0 - more).abs() < 0.06 * more, "{usage} {more}");
    assert_eq!(billing["forecast"]["is_limited"], false);
    assert!(!billing.to_string().contains(&member.id.get().to_string()), "no number of theirs is shown");
}

#[tokio::test]
async fn how_long_the_escrow_lasts_and_what_it_is_short_of() {
    let mut desk = Desk::open().await;
    let member = desk.member(1).await;
    let nothing = member.get("/billing").await;
    assert_eq!((&nothing["next_subscriptions"], &nothing["next_subscriptions_micro_usd"]), (&json!([]), &json!(0)));
    assert_eq!((&nothing["short_micro_usd"], &nothing["state_since"]), (&json!(0), &Value::Null));
    post(&member, "/billing/deposit", json!({"amount_usd_cents": 6_000})).await;
    assert_eq!(member.get("/billing").await["lasts_until"], Value::Null, "nothing is used");
    let order = Order::Enable(Subscription::of(Tier::Starter));
    desk.settlement.order(member.id, Service::Seal, order, None).await.unwrap();
    let billing = member.get("/billing").await;
    let next = json!([{"service": "seal", "amount_micro_usd": 20_000_000}]);
    assert_eq!((&billing["next_subscriptions"], &billing["next_subscriptions_micro_usd"]), (&next, &json!(20_000_000)));
    // $53.33 are left: two months more, and the third 1st takes more than there is.
    assert_eq!((&billing["lasts_until"], &billing["short_micro_usd"]), (&json!("2027-02-01T00:00:00Z"), &json!(0)));

    // $9.40 in 23.5 hours are forty cents an hour: 91 dollars to the month's end.
    desk.use_some(&[seal(&member, "2026-11-21T10:00:00Z", 94_000)]).await;
    let billing = member.get("/billing").await;
    let number = |name: &str| billing[name].as_i64().unwrap();
    let forecast = billing["forecast"]["total_micro_usd"].as_i64().unwrap();
    assert_eq!(number("short_micro_usd"), forecast - 60_000_000);
    let until = at(billing["lasts_until"].as_str().unwrap());
    let left_ms = (until.0 - desk.now().0) as f64;
    let left = (60_000_000 - number("used_this_month_micro_usd")) as f64;
    assert!((left_ms / 3_600_000.0 * 400_000.0 / left - 1.0).abs() < 0.01, "{billing}");
    // At the limit usage stops, and nothing is short any more.
    member.ask(Method::PUT, "/billing/limit", Some(json!({"max_monthly_usd_cents": 2_000}))).await;
    let billing = member.get("/billing").await;
    assert_eq!((&billing["short_micro_usd"], &billing["forecast"]["is_limited"]), (&json!(0), &json!(true)));
}

#[tokio::test]
async fn who_has_used_up_the_escrow_is_told_what_to_deposit() {
    let mut desk = Desk::open().await;
    let member = desk.member(1).await;
    post(&member, "/billing/deposit", json!({"amount_usd_cents": 500})).await;
    let spend = Spend {
        state: SpendState::InsufficientBalance,
        month: desk.now().month(),
        used: Used { rated_this_month: MicroUsd(6_000_000), rated_in_all: MicroUsd(6_000_000) },
    };
    desk.use_some(&[seal(&member, "2026-11-21T10:00:00Z", 60_000)]).await;
    assert_eq!(member.get("/billing").await["resume_deposit_usd_cents"], Value::Null, "it is not known yet");
    desk.house.world.publish_deltas(EpochDeltas { spend: vec![(member.id, spend)], ..EpochDeltas::default() });
    let billing = member.get("/billing").await;
    assert_eq!(billing["state"], "insufficient_balance");
    // The epoch's, which the house cuts by its clock as it goes.
    let is_now = |field: &str| billing[field].as_str().is_some_and(|at| at.starts_with("2026-11-21T12:30:"));
    assert!(is_now("state_since") && is_now("lasts_until"), "{billing}");
    // $6.00 are accrued against $5.00: with one dollar the balance would be what is accrued, and that is not enough.
    assert_eq!(billing["resume_deposit_usd_cents"], 101);
}

#[tokio::test]
async fn a_limit_cuts_what_is_left_and_the_forecast() {
    let mut desk = Desk::open().await;
    let member = customer(&mut desk).await;
    let limit = |cents: i64| json!({"max_monthly_usd_cents": cents});
    for (cents, status) in [(999, 400), (-1, 400), (100_000_000_001, 400), (1_000, 200), (0, 200), (2_000, 200)] {
        let asked = member.ask(Method::PUT, "/billing/limit", Some(limit(cents))).await;
        assert_eq!(asked.status.as_u16(), status, "{cents}: {}", asked.body);
    }
    let billing = member.get("/billing").await;
    assert_eq!(billing["max_monthly_usd_cents"], 2_000);
    assert_eq!(billing["remaining_micro_usd"], 20_000_000 - 6_666_666 - 10_500_000);
    assert_eq!(billing["forecast"]["total_micro_usd"], 20_000_000);
    assert_eq!(billing["forecast"]["is_limited"], true);
    member.ask(Method::PUT, "/billing/limit", Some(limit(0))).await;
    let billing = member.get("/billing").await;
    assert_eq!((&billing["max_monthly_usd_cents"], &billing["remaining_micro_usd"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn funds_are_moved_and_on_record() {
    let desk = Desk::open().await;
    let member = desk.member(1).await;
    for (path, body, field) in [
        ("/billing/deposit", json!({"amount_usd_cents": 0}), "amount_usd_cents"),
        ("/billing/deposit", json!({"amount_usd_cents": 100_000_000_001i64}), "amount_usd_cents"),
        ("/billing/deposit", json!({"amount_usd_cents": 1.5}), "amount_usd_cents"),
        ("/billing/deposit", json!({"amount_usd_cents": 1, "to": "me"}), "to"),
        ("/billing/withdraw", json!({}), "amount_usd_cents"),
    ] {
        let asked = member.ask(Method::POST, path, Some(body.clone())).await;
        assert_eq!(
            (asked.problem(), asked.json()["errors"][0]["field"].clone()),
            ("validation".into(), json!(field)),
            "{body}"
        );
    }
    let moved = post(&member, "/billing/deposit", json!({"amount_usd_cents": 5_000})).await;
    assert_eq!((&moved["kind"], &moved["balance_usd_cents"]), (&json!("deposit"), &json!(5_000)));
    let moved = post(&member, "/billing/withdraw", json!({"amount_usd_cents": 2_000})).await;
    assert_eq!((&moved["kind"], &moved["balance_usd_cents"]), (&json!("withdrawal_requested"), &json!(5_000)));
    let too_much = member.ask(Method::POST, "/billing/withdraw", Some(json!({"amount_usd_cents": 3_001}))).await;
    assert_eq!((too_much.status.as_u16(), too_much.problem()), (402, "insufficient_balance".into()));
    assert_eq!(too_much.json()["current_balance_usd"], 30.0);
    assert_eq!(too_much.json()["required_deposit_usd"], 0.01);
    assert_eq!(member.get("/billing").await["withdrawing_usd_cents"], 2_000);
    desk.settlement.pay_withdrawals().await.unwrap();
    assert_eq!(member.get("/billing").await["withdrawing_usd_cents"], 0);
    member.ask(Method::PUT, "/billing/limit", Some(json!({"max_monthly_usd_cents": 5_000}))).await;

    // Page by page: each transaction once, the latest first.
    let (mut kinds, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = member.get(&format!("/billing/transactions?limit=1{cursor}")).await;
        for item in page["items"].as_array().unwrap() {
            kinds.push(format!("{} {}", item["kind"].as_str().unwrap(), item["amount_usd_cents"]));
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(kinds, ["limit 5000", "withdrawal 2000", "withdrawal_requested 2000", "deposit 5000"]);
    let activity = member.get("/activity?action=billing.").await;
    let actions: Vec<_> =
        activity["items"].as_array().unwrap().iter().map(|item| item["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["billing.limit", "billing.withdraw", "billing.deposit"]);
    assert_eq!(
        activity["items"][2]["target"],
        member.get("/billing/transactions?limit=10").await["items"][3]["digest"]
    );

    let statement = member.get("/billing/statement").await;
    assert_eq!(statement["opening"]["escrow_micro_usd"], 0);
    assert_eq!(statement["closing"]["escrow_micro_usd"], 30_000_000);
    let rows = statement["rows"].as_array().unwrap();
    assert_eq!(rows.last().unwrap()["balances"], statement["closing"]);
    let before = member.get("/billing/statement?to=2026-11-21T00:00:00Z").await;
    assert_eq!(before["rows"], json!([]));
    // Nobody else has any of it.
    let other = desk.member(2).await;
    assert_eq!(other.get("/billing/transactions").await["items"], json!([]));
    assert_eq!(other.get("/billing/statement").await["rows"], json!([]));
    assert_eq!(other.get("/billing").await["balance_usd_cents"], 0);
}

/// Billed requests of an hour, as raw records; some that are not billed, and some of somebody else.
async fn records(desk: &Desk, member: &Member, other: &Member) {
    desk.run("SELECT suiftly_ensure_partitions('haproxy_raw_logs', '2026-10-30 10:00Z', '2026-10-30 11:00Z')").await;
    for (n, customer, traffic, status, repeat) in [
        (0, member, 1, 200, 1),
        (1, member, 1, 200, 3),
        (2, member, 2, 304, 1),
        (3, member, 3, 429, 1),
        (4, other, 1, 200, 1),
        (5, member, 1, 200, 5),
    ] {
        let id = customer.id.get();
        desk.run(&format!(
            "INSERT INTO haproxy_raw_logs (timestamp, customer_id, network, service_type, server_id, fe_type, traffic_type, event_type, \
                status_code, bytes_sent, time_total, backend_id, termination_state, repeat, api_key_fp, journal_offset) \
             VALUES ('2026-10-30 10:0{n}:00Z', {id}, 1, 1, 1, 2, {traffic}, 0, {status}, 100, 1, 1, '--', {repeat}, 7, {n})"
        ))
        .await;
    }
}

#[tokio::test]
async fn an_invoice_can_be_taken_apart_down_to_its_requests() {
    let mut desk = Desk::open().await;
    let (member, other) = (desk.member(1).await, desk.member(2).await);
    post(&member, "/billing/deposit", json!({"amount_usd_cents": 6_000})).await;
    desk.use_some(&[
        seal(&member, "2026-10-30T10:00:00Z", 10),
        seal(&member, "2026-10-30T11:00:00Z", 33_333),
        row(member.id.get(), Network::Testnet, at("2026-10-31T23:00:00Z"), 777),
        seal(&other, "2026-10-30T10:00:00Z", 1),
    ])
    .await;
    records(&desk, &member, &other).await;
    taken_apart_before_it_is_closed(&desk, &member, &other).await;
    let closed = desk.settlement.close_due().await.unwrap();
    assert_eq!((closed.documents, closed.alarms), (2, 0));
    desk.settlement.charge_due().await.unwrap();

    let list = member.get("/billing/invoices").await;
    assert_eq!((list["items"].as_array().unwrap().len(), &list["next_cursor"]), (1, &Value::Null));
    assert_eq!(member.get("/billing/invoices?month=2026-09").await["items"], json!([]));
    let number = list["items"][0]["number"].as_str().unwrap();
    let invoice = member.get(&format!("/billing/invoices/{number}")).await;
    assert_eq!((&invoice["status"], &invoice["due_micro_usd"]), (&json!("paid"), &json!(0)));
    let amounts =
        |rows: &Value, name: &str| rows.as_array().unwrap().iter().map(|row| row[name].as_i64().unwrap()).sum::<i64>();
    let gross = amounts(&invoice["lines"], "amount_micro_usd");
    assert_eq!(json!(gross), invoice["sums"]["gross_micro_usd"]);
    assert_eq!(json!(amounts(&invoice["payments"], "amount_micro_usd")), invoice["sums"]["payable_micro_usd"]);

    // Hours add up to the lines; page by page, and of a service.
    let hours = member.get(&format!("/billing/invoices/{number}/hours")).await;
    assert_eq!(amounts(&hours["items"], "charged_micro_usd"), gross);
    let first = member.get(&format!("/billing/invoices/{number}/hours?limit=2")).await;
    let rest = member
        .get(&format!("/billing/invoices/{number}/hours?limit=2&cursor={}", first["next_cursor"].as_str().unwrap()))
        .await;
    assert_eq!(amounts(&first["items"], "charged_micro_usd") + amounts(&rest["items"], "charged_micro_usd"), gross);
    let grpc = member.get(&format!("/billing/invoices/{number}/hours?service_type=grpc")).await;
    assert_eq!((grpc["items"].as_array().unwrap().len(), amounts(&grpc["items"], "billable_requests")), (1, 777));

    // Requests add up to their hour.
    let path = format!("/billing/invoices/{number}/records?hour=2026-10-30T10:00:00Z&service_type=seal");
    let all = member.get(&path).await;
    assert_eq!(amounts(&all["items"], "repeat"), hours["items"][0]["billable_requests"].as_i64().unwrap());
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = member.get(&format!("{path}&limit=3{cursor}")).await;
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(json!(paged), all["items"]);
    let outside = member.ask(Method::GET, &path.replace("2026-10-30", "2026-11-01"), None).await;
    assert_eq!(outside.json()["errors"][0]["field"], "hour");
    let bad = member.ask(Method::GET, &format!("/billing/invoices/{number}/records?cursor=1"), None).await;
    let fields: Vec<_> = bad.json()["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, ["service_type", "hour", "cursor"]);
    files(&desk, &member, number, &invoice).await;

    // Somebody else's number is none; so is what is no number at all.
    for number in [number, "INV-2026-999999", "draft", "'; DROP TABLE invoices", "%00"] {
        for path in ["", "/document?format=json", "/hours", "/records?hour=2026-10-30T10:00:00Z&service_type=seal"] {
            let number = number.replace(' ', "%20");
            let asked = other.ask(Method::GET, &format!("/billing/invoices/{number}{path}"), None).await;
            assert_eq!((asked.status, asked.problem()), (StatusCode::NOT_FOUND, "not_found".into()), "{number}{path}");
        }
    }
    let theirs = other.get("/billing/invoices").await;
    assert_eq!(theirs["items"].as_array().unwrap().len(), 1);
    assert_ne!(theirs["items"][0]["number"], number);
    for path in ["/billing/draft?month=2026-10", "/billing/draft/hours?month=2026-10"] {
        let closed = member.ask(Method::GET, path, None).await;
        assert_eq!(closed.problem(), "not_found", "{path}: it has an invoice");
    }
}

/// The draft's hours and requests are the invoice's.
async fn taken_apart_before_it_is_closed(desk: &Desk, member: &Member, other: &Member) {
    let hours = member.get("/billing/draft/hours?month=2026-10").await;
    let charged = hours["items"].as_array().unwrap().iter().map(|row| row["charged_micro_usd"].as_i64().unwrap());
    let draft = member.get("/billing/draft?month=2026-10").await;
    assert_eq!(json!(charged.sum::<i64>()), draft["sums"]["gross_micro_usd"]);
    let page = member.get("/billing/draft/hours?month=2026-10&limit=1&service_type=seal").await;
    assert_eq!((&page["items"][0], &page["next_cursor"]), (&hours["items"][0], &json!("1")));
    assert_eq!(member.get("/billing/draft/hours").await["items"], json!([]), "the running month's");

    desk.run(&format!(
        "UPDATE haproxy_raw_logs SET path_prefix = 'v1/fetch_k', server_id = 33 WHERE customer_id = {} AND journal_offset = 0",
        member.id.get()
    ))
    .await;
    let path = "/billing/draft/records?hour=2026-10-30T10:00:00Z";
    let billed = member.get(path).await;
    assert_eq!(billed["items"].as_array().unwrap().len(), 4);
    let of = |row: &Value| {
        ["class", "path_prefix", "region", "is_billed", "charged_micro_usd"].map(|name| row[name].clone())
    };
    let first = [json!("guaranteed"), json!("v1/fetch_k"), json!(2), json!(true), json!(100)];
    assert_eq!(of(&billed["items"][0]), first);
    let all = member.get(&format!("{path}&billed_only=false&network=mainnet")).await;
    let all: Vec<_> = all["items"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(all.len(), 5);
    assert_eq!(all[2][0], "other", "304");
    assert_eq!(all[3], [json!("rejected"), Value::Null, json!(0), json!(false), json!(0)]);
    assert_eq!(other.get(path).await["items"].as_array().unwrap().len(), 1);
    assert_eq!(member.get(&format!("{path}&service_type=grpc")).await["items"], json!([]));
    for (query, field) in [
        ("", "hour"),
        ("hour=2026-10-30T10:00:01Z", "hour"),
        ("hour=2026-10-30T10:00:00Z&billed_only=2", "billed_only"),
    ] {
        let asked = member.ask(Method::GET, &format!("/billing/draft/records?{query}"), None).await;
        assert_eq!(asked.json()["errors"][0]["field"], field, "{query}");
    }
}

/// The document in each form. None names the customer's number.
async fn files(desk: &Desk, member: &Member, number: &str, invoice: &Value) {
    let id = member.id.get().to_string();
    for (format, content_type, holds) in [
        ("csv", "text/csv; charset=utf-8; header=present", "amount_micro_usd"),
        ("json", "application/json", "\"input_hash\""),
        ("text", "text/plain; charset=utf-8", "Total"),
    ] {
        let file = member.ask(Method::GET, &format!("/billing/invoices/{number}/document?format={format}"), None).await;
        assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, content_type));
        assert!(file.header("content-disposition").contains(number), "{format}");
        assert!(file.body.contains(holds) && file.body.contains(number), "{format}: {}", file.body);
        assert!(!file.body.contains(&id) && !file.body.contains("customer_id"), "{format}: {}", file.body);
        if format == "json" {
            assert_eq!(&file.json(), invoice);
        }
    }
    let (parts, body) = desk.body(member, &format!("/billing/invoices/{number}/document")).await;
    assert_eq!(parts.headers["content-type"], "application/pdf");
    assert!(body.collect().await.unwrap().to_bytes().starts_with(b"%PDF-"));
    let wrong = member.ask(Method::GET, &format!("/billing/invoices/{number}/document?format=docx"), None).await;
    assert_eq!(wrong.json()["errors"][0]["field"], "format");
}
