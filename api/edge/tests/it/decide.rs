//! Every row of the table in `haproxy.cfg`: what is answered, with which code, and which event and traffic type the
//! line carries.

use crate::gateway::{Answer, Door, Gateway, PLENTY, Texts, Transport, hash, tokens};
use Door::{Mgrpc, Mseal, Tseal};

/// What a row says: header lines, status, code, then traffic type, event and customer as in the line.
struct Row(&'static str, u16, &'static str, &'static str);

const SERVED: &str = "-";
const ROWS: &[Row] = &[
    Row("", 401, "missing_key", "3 10 -"),
    Row("X-API-Key: WRONG\r\n", 401, "unknown_key", "3 11 -"),
    Row("X-API-Key: GOOD\r\nX-API-Key: GOOD\r\n", 401, "ambiguous_key", "3 11 -"),
    Row("X-API-Key: GOOD\r\n", 200, SERVED, "1 0 1"),
    Row("Authorization: Bearer GOOD\r\n", 200, SERVED, "1 0 1"),
    Row("X-API-Key: REVOKED\r\n", 403, "key_revoked", "3 31 1"),
    Row("X-API-Key: REVOKED-GRPC\r\n", 403, "key_revoked", "3 31 1"),
    Row("X-API-Key: FROZEN\r\n", 403, "no_usable_grant", "3 30 1"),
    Row("X-API-Key: STATELESS\r\n", 403, "no_usable_grant", "3 30 1"),
    Row("X-API-Key: GRPC\r\n", 403, "wrong_service", "3 30 1"),
    Row("X-API-Key: TESTNET\r\n", 403, "wrong_network", "3 30 1"),
    Row("X-API-Key: ORPHAN\r\n", 403, "no_usable_grant", "3 32 2"),
    Row("X-API-Key: DISABLED\r\n", 403, "disabled", "3 30 10"),
    Row("X-API-Key: MONTHLY\r\n", 403, "monthly_limit", "3 30 11"),
    Row("X-API-Key: BALANCE\r\n", 403, "insufficient_balance", "3 30 12"),
    Row("X-API-Key: SUSPENDED\r\n", 403, "suspended", "3 30 13"),
    Row("X-API-Key: CLOSED\r\n", 403, "closed", "3 30 14"),
    Row("X-API-Key: PAUSED\r\n", 403, "no_usable_grant", "3 30 15"),
    Row("X-API-Key: ELSEWHERE\r\n", 403, "address_not_allowed", "5 20 16"),
    Row("X-API-Key: UNSAID\r\n", 403, "address_not_allowed", "5 20 17"),
    Row("X-API-Key: SUSPENDED-ELSEWHERE\r\n", 403, "suspended", "3 30 18"),
    Row("X-API-Key: HERE\r\n", 200, SERVED, "1 0 19"),
    Row("X-API-Key: BURST\r\n", 200, SERVED, "2 0 20"),
    Row("X-API-Key: NONE\r\n", 429, "rate_limited", "3 0 21"),
    // A gateway that lacks its mark or has one decides alike: nobody is customer `suiftly`.
    Row("X-API-Key: suiftly\r\n", 401, "unknown_key", "3 11 -"),
];

fn texts() -> Texts {
    let mut texts = Texts::default()
        .key("GOOD", 1, Mseal)
        .grant(1, Mseal, PLENTY)
        .grant(1, Mgrpc, PLENTY)
        .key("GRPC", 1, Mgrpc)
        .key("TESTNET", 1, Tseal)
        .key_in("REVOKED", 1, Mseal, "revoked")
        .key_in("REVOKED-GRPC", 1, Mgrpc, "revoked")
        .key_in("FROZEN", 1, Mseal, "frozen")
        .key("ORPHAN", 2, Mseal)
        .key("ELSEWHERE", 16, Mseal)
        .grant_in(16, Mseal, "active", PLENTY, "listed")
        .allow(16, Mseal, "47F000002")
        .key("UNSAID", 17, Mseal)
        .key("SUSPENDED-ELSEWHERE", 18, Mseal)
        .grant_in(18, Mseal, "suspended", PLENTY, "listed")
        .key("HERE", 19, Mseal)
        .grant_in(19, Mseal, "active", PLENTY, "listed")
        .allow(19, Mseal, "47F000001")
        .key("BURST", 20, Mseal)
        .grant(20, Mseal, (0, 1_000_000))
        .key("NONE", 21, Mseal)
        .grant(21, Mseal, (0, 0));
    let states = [
        (10, "DISABLED", "disabled"),
        (11, "MONTHLY", "monthly_limit"),
        (12, "BALANCE", "insufficient_balance"),
        (13, "SUSPENDED", "suspended"),
        (14, "CLOSED", "closed"),
        (15, "PAUSED", "paused"),
    ];
    for (customer, key, state) in states {
        texts = texts.key(key, customer, Mseal).grant_in(customer, Mseal, state, PLENTY, "open");
    }
    // The edge's mark; a key that says no state, a grant that does not say whether it is listed.
    texts.grants.push_str("suiftly 12/1795302214397\n17:1 active,1000,1000\n");
    texts.keys.push_str(&format!("{} 1,16801928,10496,1,1\n", hash("STATELESS")));
    texts
}

#[test]
fn every_row_of_the_table() {
    let gateway = Gateway::start(Transport::Ring, &texts());
    for Row(headers, status, code, _) in ROWS {
        let answer = gateway.get(Mseal, "/x", headers);
        assert_eq!(answer.status, *status, "{headers}");
        check_document(&answer, *status, code);
    }
    for (Row(headers, status, _, expected), line) in ROWS.iter().zip(gateway.lines(ROWS.len())) {
        let tokens = tokens(&line);
        assert_eq!(format!("{} {} {}", tokens[10], tokens[11], tokens[12]), *expected, "{headers}: {line}");
        assert_eq!(tokens[18], status.to_string(), "{line}");
    }
}

/// A refusal is a problem document with its status and code; nothing else is.
fn check_document(answer: &Answer, status: u16, code: &str) {
    let is_problem = answer.head.contains("content-type: application/problem+json");
    assert_eq!(is_problem, code != SERVED, "{}", answer.head);
    if is_problem {
        let expected = format!(r#""status":{status},"code":"{code}","detail":""#);
        assert!(answer.body.contains(&expected) && answer.body.ends_with("\"}"), "{}", answer.body);
    }
    assert_eq!(answer.head.contains("retry-after: 1"), status == 429, "{}", answer.head);
    assert_eq!(answer.head.contains("www-authenticate: bearer"), status == 401, "{}", answer.head);
}

/// Who is refused learns why, and nothing that is not theirs.
#[test]
fn details_are_of_the_one_who_asks() {
    let gateway = Gateway::start(Transport::Udp, &texts());
    let cases = [("ELSEWHERE", "The address 127.0.0.1 is not on"), ("NONE", "More than the 0 requests per second")];
    for (key, detail) in cases {
        let answer = gateway.get(Mseal, "/x", &format!("X-API-Key: {key}\r\n"));
        assert!(answer.body.contains(detail), "{}", answer.body);
        assert!(!answer.body.contains(key), "{}", answer.body);
    }
}
