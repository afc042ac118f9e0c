//! Raw records as operators look at them: narrowed, counted by group, followed into the bill.

use crate::admin_office::Office;
use axum::http::Method;
use serde_json::{Value, json};

const SPAN: &str = "from=2026-11-21T10:00:00Z&to=2026-11-21T11:00:00Z";

/// Records a second apart, every second one of customer 6, every third one a server error, every fourth one refused; the
/// last is nobody's and of nobody's key.
const RECORDS: &str = "INSERT INTO haproxy_raw_logs (timestamp, customer_id, path_prefix, network, server_id, service_type, \
        api_key_fp, traffic_type, event_type, client_ip, status_code, bytes_sent, time_total, backend_id, \
        termination_state, repeat, journal_offset) \
    SELECT TIMESTAMPTZ '2026-11-21T10:00:00Z' + n * INTERVAL '1 second', CASE WHEN n < 11 THEN 5 + n % 2 END, \
        (ARRAY['v1/fetch_k', 'v1/service', 'health'])[1 + n % 3], 1, 16 + n % 2, 1, CASE WHEN n < 11 THEN 100 + n % 2 ELSE 0 END, \
        CASE WHEN n % 4 = 3 THEN 4 ELSE 1 END, CASE n % 3 WHEN 2 THEN 52 ELSE 0 END, \
        CASE n % 2 WHEN 0 THEN inet '192.0.2.7' ELSE inet '2001:db8::7' END, (ARRAY[200, 304, 503])[1 + n % 3], 512, n, \
        1 + 10 * (n % 2), (ARRAY['----', 'SC--'])[1 + (n % 3) / 2], 2, n * 300 FROM generate_series(0, 11) AS n";

fn offsets(items: &[Value]) -> Vec<i64> {
    items.iter().rev().map(|item| item["journal_offset"].as_i64().unwrap() / 300).collect()
}

#[tokio::test]
async fn records_are_narrowed_by_whatever_they_say() {
    let office = Office::open().await;
    office.run(RECORDS).await;
    let some = |keep: fn(i64) -> bool| (0..12).filter(|n| keep(*n)).collect::<Vec<i64>>();
    let cases = [
        ("backend_id=11", some(|n| n % 2 == 1)),
        ("termination_state=SC--", some(|n| n % 3 == 2)),
        ("traffic_type=4", some(|n| n % 4 == 3)),
        ("client_ip=192.0.2.7", some(|n| n % 2 == 0)),
        ("client_ip=2001:db8:0::7&traffic_type=1", some(|n| n % 2 == 1 && n % 4 != 3)),
        ("path_prefix=/v1/", some(|n| n % 3 < 2)),
        ("path_prefix=v1/fetch_key", some(|n| n % 3 == 0)),
        ("path_prefix=v_", vec![]),
        ("api_key_fp=101", some(|n| n % 2 == 1 && n < 11)),
        ("api_key_fp=0", vec![11]),
        ("journal_offset=900", vec![3]),
        ("journal_offset=901", vec![]),
    ];
    for (query, expected) in cases {
        let found = office.pages(&format!("/records?{SPAN}&{query}")).await;
        assert_eq!(offsets(&found), expected, "{query}");
    }
}

#[tokio::test]
async fn records_are_counted_by_group() {
    let office = Office::open().await;
    office.run(RECORDS).await;
    let all = office.get(&format!("/records/summary?{SPAN}")).await;
    assert_eq!((&all["requests"], &all["customers"], &all["groups"]), (&json!(24), &json!(2), &json!([])), "{all}");
    // 503: 2, 5 and 8 of customers, of two requests each; 11 was refused, and is nobody's.
    assert_eq!(all["not_billed_micro_usd"], 600, "{all}");
    let by = office.get(&format!("/records/summary?{SPAN}&group_by=termination_state,status_code&limit=2")).await;
    let expected = json!([
        {"group": {"termination_state": "----", "status_code": 200}, "requests": 8,
            "first_at": "2026-11-21T10:00:00Z", "last_at": "2026-11-21T10:00:09Z"},
        {"group": {"termination_state": "----", "status_code": 304}, "requests": 8,
            "first_at": "2026-11-21T10:00:01Z", "last_at": "2026-11-21T10:00:10Z"},
    ]);
    assert_eq!((&by["groups"], &by["groups_left_out"]), (&expected, &json!(1)), "{by}");
    let narrow = office
        .get(&format!("/records/summary?{SPAN}&status=5xx&group_by=customer_id,server_id,backend_id,event_type"))
        .await;
    let groups: Vec<_> =
        narrow["groups"].as_array().unwrap().iter().map(|of| (&of["group"], &of["requests"])).collect();
    let group = |customer: Value, server: i64, backend: i64| json!({"customer_id": customer, "server_id": server, "backend_id": backend, "event_type": 52});
    let expected = [
        (group(json!(5), 16, 1), json!(4)),
        (group(json!(6), 17, 11), json!(2)),
        (group(Value::Null, 17, 11), json!(2)),
    ];
    assert_eq!(groups, expected.iter().map(|(group, n)| (group, n)).collect::<Vec<_>>());
    assert_eq!((&narrow["customers"], &narrow["groups_left_out"]), (&json!(2), &json!(0)));
    let none =
        office.get("/records/summary?from=2026-11-20T10:00:00Z&to=2026-11-20T11:00:00Z&group_by=api_key_fp").await;
    assert_eq!((&none["requests"], &none["groups"], &none["not_billed_micro_usd"]), (&json!(0), &json!([]), &json!(0)));
}

/// What the view has of the hour: of customer 5, the records 0, 2, …, 10.
const HOUR: &str = "INSERT INTO usage_per_hour (customer_id, hour, service_type, network, guaranteed, burst, rejected, \
        client_error, server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms) \
    VALUES (5, '2026-11-21T10:00:00Z', 1, 1, 4, 0, 0, 0, 4, 4, 8, 3072, 2048, 0)";

#[tokio::test]
async fn a_request_is_followed_into_the_bill() {
    let office = Office::open().await;
    office.customer(5, "Nightjar").await;
    office.run(RECORDS).await;
    office.run(HOUR).await;
    let bill = |n: i64| format!("/records/bill?timestamp=2026-11-21T10:00:{n:02}Z&journal_offset={}", n * 300);
    let billed = office.get(&bill(0)).await;
    assert_eq!(billed["record"].get("journal"), None, "a process alone has one");
    let parts = (&billed["class"], &billed["is_billable"], &billed["price_book"], &billed["amount_micro_usd"]);
    assert_eq!(parts, (&json!("guaranteed"), &json!(true), &json!(1), &json!(200)), "{billed}");
    assert!(billed["reason"].as_str().unwrap().contains("price book 1 bills statuses 100 to 399"), "{billed}");
    let hour = &billed["hour"];
    assert_eq!((&hour["start"], &hour["is_equal"]), (&json!("2026-11-21T10:00:00Z"), &json!(true)), "{hour}");
    assert_eq!((&hour["recounted"], &hour["counts"]["requests"]), (&hour["counts"], &json!(12)), "{hour}");
    let line = json!({"description": "Seal requests", "amount_micro_usd": 800});
    let draft = json!({"number": null, "month": "2026-11", "is_draft": true, "line": line});
    assert_eq!((&billed["invoice"], &billed["is_attributed"]), (&draft, &json!(true)), "{billed}");

    let failed = office.get(&bill(2)).await;
    let parts = (&failed["class"], &failed["is_billable"], &failed["amount_micro_usd"]);
    assert_eq!(parts, (&json!("server_error"), &json!(false), &json!(0)), "{failed}");
    assert!(failed["reason"].as_str().unwrap().starts_with("Status 503 is free"), "{failed}");

    let nobodys = office.get(&bill(11)).await;
    let parts = (&nobodys["class"], &nobodys["is_attributed"], &nobodys["invoice"], &nobodys["hour"]["recounted"]);
    assert_eq!(parts, (&json!("rejected"), &json!(false), &Value::Null, &Value::Null), "{nobodys}");

    office.run("UPDATE usage_per_hour SET server_error = 5").await;
    assert_eq!(office.get(&bill(0)).await["hour"]["is_equal"], json!(false), "a difference is told");
    // Older than records are kept, and there by chance: the rest of its hour may be gone.
    office.run("UPDATE haproxy_raw_logs SET timestamp = '2026-11-18T10:00:00Z' WHERE journal_offset = 0").await;
    let old = office.get("/records/bill?timestamp=2026-11-18T10:00:00Z&journal_offset=0").await;
    assert_eq!((&old["hour"]["recounted"], &old["hour"]["is_equal"]), (&Value::Null, &Value::Null), "{old}");
    for (query, status, field) in [
        ("timestamp=2026-11-21T10:00:00Z&journal_offset=1", 404, Value::Null),
        ("timestamp=2026-11-21T10:00:00Z", 400, json!("journal_offset")),
        ("timestamp=now&journal_offset=-1", 400, json!("timestamp")),
    ] {
        let refused = office.ask("viewer", Method::GET, &format!("/records/bill?{query}"), None).await;
        let found = (refused.status.as_u16(), refused.json()["errors"][0]["field"].clone());
        assert_eq!(found, (status, field), "{query}");
    }
}

/// The same records in the journals 1 and 2 of a cluster; those of the second are longer, and customer 7's.
async fn in_two_journals(office: &Office) {
    office.run(RECORDS).await;
    office.run("UPDATE haproxy_raw_logs SET journal_no = 1").await;
    office.run(RECORDS).await;
    let second = "UPDATE haproxy_raw_logs SET journal_no = 2, bytes_sent = 1536, customer_id = 7 WHERE journal_no = 0";
    office.run(second).await;
}

#[tokio::test]
async fn a_place_is_of_the_journal_that_is_meant_or_of_none() {
    let office = Office::open().await;
    in_two_journals(&office).await;
    let bill = "/records/bill?timestamp=2026-11-21T10:00:03Z&journal_offset=900";
    let page = format!("/records?{SPAN}&journal_offset=900");
    for path in [bill.to_owned(), page.clone(), format!("{page}&limit=1")] {
        let refused = office.ask("viewer", Method::GET, &path, None).await;
        let error = refused.json()["errors"][0].clone();
        assert_eq!((refused.status.as_u16(), &error["field"]), (400, &json!("journal")), "{path}");
        assert!(error["message"].as_str().unwrap().contains("journals 1, 2 have"), "{error}");
    }
    for (journal, customer, bytes) in [(1, 6, 512), (2, 7, 1536)] {
        let record = office.get(&format!("{bill}&journal={journal}")).await["record"].clone();
        let said = (&record["journal"], &record["customer_id"], &record["bytes_sent"]);
        assert_eq!(said, (&json!(journal), &json!(customer), &json!(bytes)), "{record}");
        assert_eq!(office.pages(&format!("{page}&journal={journal}")).await, [record]);
        assert_eq!(office.pages(&format!("/records?{SPAN}&journal={journal}")).await.len(), 12);
    }
    let none = office.ask("viewer", Method::GET, &format!("{bill}&journal=0"), None).await;
    assert_eq!((none.status.as_u16(), none.problem().as_str()), (404, "not_found"));
    for path in [format!("{bill}&journal=-1"), format!("{page}&journal=a")] {
        let refused = office.ask("viewer", Method::GET, &path, None).await;
        assert_eq!(refused.json()["errors"][0]["field"], "journal", "{path}");
    }
    // A sum is of all of them; only one has a record at that instant now.
    let all = office.get(&format!("/records/summary?{SPAN}&journal_offset=900")).await;
    let one = office.get(&format!("/records/summary?{SPAN}&journal_offset=900&journal=2")).await;
    assert_eq!((&all["requests"], &one["requests"]), (&json!(4), &json!(2)));
    office.run("DELETE FROM haproxy_raw_logs WHERE journal_no = 1 AND journal_offset = 900").await;
    assert_eq!(office.get(bill).await["record"]["journal"], 2);
}
