//! Published formats over a real store: tried on quarantined lines, published, retired, and what is refused.

use crate::admin_office::{JOURNAL, Office};
use axum::http::Method;
use serde_json::{Value, json};
use suiftly_api::Clock;
use suiftly_schema::log_format::MAX_FORMATS_IN_FORCE;
use suiftly_schema::quarantine::{QuarantinedLine, Requeued};
use suiftly_schema::reference::Entity;
use suiftly_schema::time::UnixMillis;
use suiftly_store::outbox::Outbox;
use suiftly_store::writer::{Commit, Writer};

const FORMAT: &str = "NEW %Ts %ST %B %hr";
const HEADER: &str = "<134>Nov 22 10:00:00 gw haproxy[7]: ";

/// An office with lines in the quarantine: from 10 on, ten bytes apart.
async fn office(lines: &[&str]) -> Office {
    let office = Office::open().await;
    let (mut writer, _) = Writer::open(office.house.database.config(), JOURNAL).await.unwrap();
    let line = |(line, n): (&&str, u64)| QuarantinedLine {
        journal_no: 0,
        journal_offset: n * 10,
        received_at: office.house.world.clock.now(),
        reason: "unknown_format",
        source: "udp 192.0.2.7:514".to_owned(),
        line: format!("{HEADER}{line}").into_bytes(),
    };
    let quarantined = lines.iter().zip(1..).map(line).collect();
    writer.commit(&[Commit { epoch: 1, quarantined, ..Commit::default() }.into()]).await.unwrap();
    office
}

fn format(log_format: &str, attribution: &[(&str, &str)]) -> Value {
    let entries: serde_json::Map<_, _> =
        attribution.iter().map(|(name, from)| ((*name).into(), (*from).into())).collect();
    json!({"log_format": log_format, "attribution": entries})
}

async fn put(office: &Office, name: &str, body: &Value) -> (u16, Value) {
    let answered = office.ask("operator", Method::PUT, &format!("/formats/{name}"), Some(body.clone())).await;
    (answered.status.as_u16(), answered.json())
}

#[tokio::test]
async fn a_format_is_tried_on_lines_and_nothing_comes_of_it() {
    let lines = ["NEW 1795298482 200 100 {a|17}", "NEW 1795298482 2x0 100 {a|17}", "OLD", "NEW 1795298482 404 7 {b}"];
    let office = office(&lines).await;
    let try_on = async |more: Value| {
        let mut body = format(FORMAT, &[("customer", "hr[2]"), ("traffic", "=1")]);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        office.post("/formats/try", body).await
    };
    let tried = try_on(json!({"offsets": [10, 20, 30, 7]})).await;
    assert_eq!((&tried["error"], &tried["read"], &tried["failed"]), (&Value::Null, &json!(1), &json!(2)), "{tried}");
    assert_eq!(tried["fields"], json!(["Ts", "ST", "B", "hr[1]", "hr[2]"]));
    let first = &tried["lines"][0];
    assert_eq!((&first["offset"], &first["problem"]), (&json!(10), &Value::Null));
    assert_eq!(first["text"], format!("{HEADER}{}", lines[0]));
    let record = &first["record"];
    let said = (&record["customer_id"], &record["bytes_sent"], &record["traffic_type"], &record["journal_offset"]);
    assert_eq!(said, (&json!(17), &json!(100), &json!(1), &json!(10)));
    let second = &tried["lines"][1];
    let place = HEADER.len() + "NEW 1795298482 ".len() + 1;
    assert_eq!((&second["record"], &second["stops_at"]), (&Value::Null, &json!(place)));
    let problem = second["problem"].as_str().unwrap();
    assert!(problem.starts_with(&format!("character {place}: not a value for %ST")), "{problem}");
    assert_eq!(tried["lines"][2]["stops_at"], HEADER.len() + 1, "{tried}");

    // Of a reason: the newest, but for those that have become something.
    let (mut writer, _) = Writer::open(office.house.database.config(), JOURNAL).await.unwrap();
    let requeued = vec![Requeued { journal_no: 0, journal_offset: 40, outcome: "accepted" }];
    writer.commit(&[Commit { epoch: 2, requeued, ..Commit::default() }.into()]).await.unwrap();
    let tried = try_on(json!({"reason": "unknown_format", "limit": 2})).await;
    let offsets: Vec<_> = tried["lines"].as_array().unwrap().iter().map(|line| line["offset"].clone()).collect();
    assert_eq!(offsets, [json!(30), json!(20)]);
    assert_eq!(try_on(json!({"reason": "conflict"})).await["lines"], json!([]));
    assert_eq!(try_on(json!({})).await["fields"], json!(["Ts", "ST", "B", "hr[1]"]));

    assert_eq!(office.count("SELECT count(*) FROM activity WHERE actor_kind = 'operator'").await, 0);
    assert_eq!(office.get("/formats").await, json!({"items": []}));
    assert_eq!(office.count("SELECT count(*) FROM quarantine WHERE requested_at IS NOT NULL").await, 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_format_is_told_where() {
    let office = office(&["NEW 1"]).await;
    let wrong = async |log_format: &str, attribution: &[(&str, &str)]| {
        let mut body = format(log_format, attribution);
        body["offsets"] = json!([10]);
        let tried = office.post("/formats/try", body.clone()).await;
        assert_eq!((&tried["lines"], &tried["read"], &tried["failed"]), (&json!([]), &json!(0), &json!(0)), "{tried}");
        body.as_object_mut().unwrap().remove("offsets");
        let (status, refused) = put(&office, "edge", &body).await;
        assert_eq!((status, &refused["code"]), (400, &json!("validation")), "{refused}");
        assert_eq!(tried["error"]["field"], refused["errors"][0]["field"]);
        (tried["error"].clone(), refused["errors"][0]["message"].as_str().unwrap().to_owned(), tried["fields"].clone())
    };
    let (error, refused, _) = wrong("%ci %zz", &[]).await;
    assert_eq!((&error["field"], &error["position"]), (&json!("log_format"), &json!(5)));
    assert!(refused.starts_with("at character 5: "), "{refused}");
    let (error, refused, fields) = wrong("%ci %ST", &[("customer", "hr[1]")]).await;
    assert_eq!(error["field"], "attribution.customer");
    assert_eq!(
        (error["message"].as_str().unwrap(), fields),
        (refused.as_str(), json!(["ci", "ST"])),
        "what it has is told"
    );
    let warned = office.post("/formats/try", format("%[req.hdr(a)] %[req.hdr(b)]", &[])).await;
    assert!(warned["warnings"][0]["position"].is_number(), "{warned}");
    assert_eq!(office.count("SELECT count(*) FROM log_formats").await, 0);
}

#[tokio::test]
async fn a_format_is_published_once_and_retired_once() {
    let office = office(&[]).await;
    let body = format(FORMAT, &[("customer", "hr[2]")]);
    let (status, item) = put(&office, "edge-2", &body).await;
    let at = item["published_at"].clone();
    let published = UnixMillis::parse_rfc3339(at.as_str().unwrap()).unwrap();
    assert!(published <= office.house.world.clock.now(), "{at}");
    let expected = json!({"name": "edge-2", "log_format": FORMAT, "attribution": {"customer": "hr[2]"},
        "state": "in_force", "published_at": at, "published_by": "operator"});
    assert_eq!((status, &item), (201, &expected));
    assert_eq!(put(&office, "edge-2", &body).await, (200, expected.clone()), "just so");
    assert_eq!(put(&office, "other", &json!({"log_format": "httplog"})).await.0, 201);
    assert_eq!(put(&office, "edge-2", &format(FORMAT, &[])).await.0, 201, "another is published in its place");
    let names = async || {
        let items = office.get("/formats").await["items"].clone();
        items
            .as_array()
            .unwrap()
            .iter()
            .map(|item| format!("{} {}", item["name"], item["state"]))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(names().await, r#""other" "in_force", "edge-2" "in_force""#);
    for _ in 0..2 {
        assert_eq!(office.ask("operator", Method::DELETE, "/formats/other", None).await.status, 204);
    }
    assert_eq!(names().await, r#""edge-2" "in_force", "other" "retired""#);
    let told = Outbox::new(office.house.database.config()).after(0, 1_000).await.unwrap();
    let told = told.iter().filter(|change| matches!(change.entity, Entity::LogFormat(_))).count();
    assert_eq!(told, 4);
    let audit = office.get("/audit?action=log_format.&limit=10").await;
    assert_eq!(audit["items"].as_array().unwrap().len(), 4, "{audit}");
    let change = &audit["items"][3]["change"];
    assert_eq!((&change["log_format"], &change["attribution"]), (&json!(FORMAT), &json!({"customer": "hr[2]"})));
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let office = office(&[]).await;
    let fine = json!({"log_format": "%ci %ST"});
    let cases = [
        (Method::PUT, "/formats/a%20b", Some(fine.clone()), (400, "validation")),
        (Method::PUT, "/formats/%C3%BC", Some(fine.clone()), (400, "validation")),
        (Method::PUT, "/formats/a", Some(json!({})), (400, "validation")),
        (Method::PUT, "/formats/a", Some(json!({"log_format": "%ci", "map": 1})), (400, "validation")),
        (
            Method::PUT,
            "/formats/a",
            Some(json!({"log_format": "%ci", "attribution": {"customer": 7}})),
            (400, "validation"),
        ),
        (Method::PUT, "/formats/a", Some(json!({"log_format": "x".repeat(8_193)})), (400, "validation")),
        (Method::DELETE, "/formats/a", None, (404, "not_found")),
        (Method::DELETE, "/formats/a%20b", None, (404, "not_found")),
        (
            Method::POST,
            "/formats/try",
            Some(json!({"log_format": "%ci", "offsets": [1], "reason": "x"})),
            (400, "validation"),
        ),
        (
            Method::POST,
            "/formats/try",
            Some(json!({"log_format": "%ci", "reason": "x", "limit": 101})),
            (400, "validation"),
        ),
        (Method::POST, "/formats/try", Some(json!({"log_format": "%ci", "offsets": [-1]})), (400, "validation")),
    ];
    for (method, path, body, (status, code)) in cases {
        let refused = office.refused(method.clone(), path, body.clone()).await;
        assert_eq!(refused, (status, code.to_owned()), "{method} {path} {body:?}");
    }
    for (method, path) in [(Method::PUT, "/formats/a"), (Method::DELETE, "/formats/a"), (Method::POST, "/formats/try")]
    {
        let answered = office.ask("viewer", method.clone(), path, Some(fine.clone())).await;
        assert_eq!((answered.status.as_u16(), answered.problem().as_str()), (403, "forbidden"), "{method} {path}");
    }
    assert_eq!(office.count("SELECT count(*) FROM log_formats").await, 0);
    assert_eq!(office.count("SELECT count(*) FROM activity WHERE actor_kind = 'operator'").await, 0);

    office
        .run(&format!(
            "INSERT INTO log_formats (name, log_format, attribution, publication, is_in_force, published_at, published_by) \
             SELECT 'f' || n, '%ci', '{{}}', n, true, now(), 'x' FROM generate_series(1, {MAX_FORMATS_IN_FORCE}) AS n"
        ))
        .await;
    let (status, full) = put(&office, "one-more", &fine).await;
    assert_eq!((status, &full["code"]), (409, &json!("format_limit_reached")));
    assert!(full["detail"].as_str().unwrap().contains("64 formats are in force"), "{full}");
}
