//! Odd requests: several keys, empty ones, tunnels, and headers that only the gateway may write.

use crate::gateway::{Door, Gateway, PLENTY, Texts, Transport, hash, token};
use Door::Mseal;

fn start(transport: Transport) -> Gateway {
    let texts =
        Texts::default().key("GOOD", 1, Mseal).grant(1, Mseal, PLENTY).key("OTHER", 2, Mseal).grant(2, Mseal, PLENTY);
    Gateway::start(transport, &texts)
}

const CREDENTIALS: &[(&str, u16, &str)] = &[
    // One key, however it is written.
    ("x-api-key:   GOOD  \r\n", 200, "ok"),
    ("AUTHORIZATION: bearer GOOD\r\n", 200, "ok"),
    ("X-API-Key: GOOD\r\nAuthorization: Basic R09PRA==\r\n", 200, "ok"),
    ("X-API-Key: \r\nAuthorization: Bearer GOOD\r\n", 200, "ok"),
    ("X-API-Key: GOOD\r\nAuthorization: Bearer \r\n", 200, "ok"),
    // More than one: whose would it be?
    ("X-API-Key: GOOD\r\nX-API-Key: OTHER\r\n", 401, "ambiguous_key"),
    ("X-API-Key: GOOD\r\nx-api-key: \r\n", 401, "ambiguous_key"),
    ("X-API-Key: GOOD\r\nAuthorization: Bearer OTHER\r\n", 401, "ambiguous_key"),
    ("X-API-Key: GOOD\r\nAuthorization: Bearer GOOD\r\n", 401, "ambiguous_key"),
    ("Authorization: Bearer GOOD\r\nAuthorization: Bearer OTHER\r\n", 401, "ambiguous_key"),
    ("Authorization: Basic R09PRA==\r\nAuthorization: Bearer GOOD\r\n", 401, "ambiguous_key"),
    // None.
    ("X-API-Key:\r\n", 401, "missing_key"),
    ("X-API-Key:    \r\n", 401, "missing_key"),
    ("Authorization: Bearer\r\n", 401, "missing_key"),
    ("Authorization: Token GOOD\r\n", 401, "missing_key"),
    ("Authorization: GOOD\r\n", 401, "missing_key"),
    ("X_API_Key: GOOD\r\n", 401, "missing_key"),
    ("Cookie: X-API-Key=GOOD\r\n", 401, "missing_key"),
    // Something else.
    ("X-API-Key: good\r\n", 401, "unknown_key"),
    ("X-API-Key: \"GOOD\"\r\n", 401, "unknown_key"),
    ("X-API-Key: GOOD,OTHER\r\n", 401, "unknown_key"),
    ("X-API-Key: GOOD, GOOD\r\n", 401, "unknown_key"),
    ("X-API-Key: GOOD OTHER\r\n", 401, "unknown_key"),
    ("X-API-Key: G\u{d6}\u{d6}D\r\n", 401, "unknown_key"),
];

#[test]
fn one_request_one_key() {
    let gateway = start(Transport::Udp);
    for (headers, status, says) in CREDENTIALS {
        let answer = gateway.get(Mseal, "/x", headers);
        assert_eq!(answer.status, *status, "{headers:?}: {}", answer.body);
        assert!(answer.body.contains(&format!("\"{says}\"")), "{headers:?}: {}", answer.body);
    }
}

/// What lies in the map files opens nothing, nor does a key that is as long as a header may be.
#[test]
fn neither_hashes_nor_long_texts_are_keys() {
    let gateway = start(Transport::Udp);
    for key in [hash("GOOD"), hash("GOOD").to_lowercase(), "GOOD".repeat(2_000)] {
        let answer = gateway.get(Mseal, "/x", &format!("X-API-Key: {key}\r\n"));
        assert!(answer.body.contains("\"unknown_key\""), "{}", answer.body);
    }
}

#[test]
fn the_origin_sees_our_headers_alone() {
    let gateway = start(Transport::Ring);
    let forged = "X-Suiftly-Customer: 9\r\nX_Suiftly_Customer: 9\r\nx-suiftly-admin: 9\r\nX-Request-ID: 9\r\n\
                  X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Host: 9\r\nForwarded: for=9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\n";
    for key in ["X-API-Key: GOOD\r\nAuthorization: Basic R09PRA==\r\n", "Authorization: Bearer GOOD\r\n"] {
        let answer = gateway.get(Mseal, "/echo", &format!("{key}{forged}Accept: kept\r\n"));
        let mut seen: Vec<&str> = answer.body.split("%0D%0A").filter(|line| !line.is_empty()).collect();
        seen.sort_unstable();
        let request_id = token(&gateway.lines(1)[0], 29).to_owned();
        let expected = [
            "accept: kept",
            "host: gateway",
            "x-forwarded-for: 127.0.0.1",
            &format!("x-request-id: {request_id}"),
            "x-suiftly-customer: 1",
        ];
        assert_eq!(seen, expected);
        assert!(!answer.head.contains("x-suiftly"), "{}", answer.head);
    }
}

/// By it a client asks for a proof: on every answer, the origin's and ours, the name that the line has.
#[test]
fn every_answer_names_its_request() {
    let gateway = start(Transport::Ring);
    let mut client = gateway.client(Mseal);
    let mut seen = Vec::new();
    for (headers, status) in [("X-API-Key: GOOD\r\n", 200), ("X-API-Key: GOOD\r\nX-Request-ID: 9\r\n", 200), ("", 401)]
    {
        let answer = client.get("/x", headers).unwrap();
        let line = gateway.lines(1).pop().unwrap();
        let named = format!("x-request-id: {}\r\n", token(&line, 29).to_lowercase());
        assert_eq!(answer.status, status);
        assert_eq!(answer.head.matches("x-request-id:").count(), 1, "{}", answer.head);
        assert!(format!("{}\r\n", answer.head.trim_end()).contains(&named), "{named} {}", answer.head);
        seen.push(named);
    }
    seen.dedup();
    assert_eq!(seen.len(), 3, "each of one connection has its own: {seen:?}");
}

/// What would carry requests past the meter.
#[test]
fn no_tunnels() {
    let gateway = start(Transport::Ring);
    let upgrade = |to: &str| format!("X-API-Key: GOOD\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {to}\r\n");
    let answer = gateway.get(Mseal, "/echo", &upgrade("h2c"));
    assert!(answer.status == 200 && !answer.body.contains("upgrade: "), "{}", answer.body);
    let answer = gateway.get(Mseal, "/echo", &upgrade("h2c, websocket"));
    assert!(!answer.body.contains("h2c"), "{}", answer.body);
    let connect = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nConnection: close\r\nX-API-Key: GOOD\r\n\r\n";
    let answer = gateway.send(Mseal, connect.as_bytes());
    assert!(answer.status == 405 && answer.body.contains("\"method_not_allowed\""), "{}", answer.body);
    let line = gateway.lines(3).pop().unwrap();
    assert_eq!((token(&line, 10), token(&line, 11), token(&line, 18)), ("3", "16", "405"), "{line}");
}
