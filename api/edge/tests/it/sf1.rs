//! What the gateway decides, and the line it writes about it, token by token (SPEC §3.2 and §4).

use crate::gateway::{Door, Gateway, PLENTY, SEQ, Texts, Transport, token, tokens};
use std::collections::BTreeSet;

const SF1_TOKENS: usize = 30;

fn maps() -> Texts {
    Texts::default()
        .key("GOOD", 12_345, Mseal)
        .key("GOODG", 12_345, Mgrpc)
        .key("GOODT", 12_345, Tseal)
        .grant(12_345, Mseal, PLENTY)
        .grant(12_345, Mgrpc, PLENTY)
        .key("BURST", 7, Mseal)
        .grant(7, Mseal, (0, 1_000_000))
        .key("NONE", 8, Mseal)
        .grant(8, Mseal, (0, 0))
        .key("SUSPENDED", 9, Mseal)
        .grant_in(9, Mseal, "suspended", PLENTY, "open")
        .key("ORPHAN", 10, Mseal)
}

struct Case {
    door: Door,
    path: &'static str,
    headers: &'static str,
    status: u16,
    /// network, service, frontend, traffic, event, customer, fingerprint, metadata, config, client, prefix
    tokens: &'static str,
    /// Backend and server.
    server: &'static str,
}

const fn case(
    door: Door,
    path: &'static str,
    headers: &'static str,
    status: u16,
    tokens: &'static str,
    server: &'static str,
) -> Case {
    Case { door, path, headers, status, tokens, server }
}

use Door::{Mgrpc, Mseal, Tseal};
const NOSRV: &str = "mseal_metered/<NOSRV>";
const CASES: &[Case] = &[
    case(Mseal, "/v1/a", "", 401, "1 1 2 3 10 - - - - 127.0.0.1 v1/a", NOSRV),
    case(Mseal, "/", "X-API-Key: \r\n", 401, "1 1 2 3 10 - - - - 127.0.0.1 -", NOSRV),
    case(Mseal, "/v1/a", "X-API-Key: WRONG\r\n", 401, "1 1 2 3 11 - - - - 127.0.0.1 v1/a", NOSRV),
    case(Mseal, "/v1/a", "Authorization: Basic R09PRA==\r\n", 401, "1 1 2 3 10 - - - - 127.0.0.1 v1/a", NOSRV),
    case(
        Mseal,
        "/v1/fetch_key",
        "X-API-Key: GOOD\r\n",
        200,
        "1 1 2 1 0 12345 16801928 10496 - 127.0.0.1 v1/fetch_k",
        "seal_mainnet/s1",
    ),
    case(
        Mseal,
        "/v1/\"q\"?a=%20b",
        "authorization: bearer GOOD\r\n",
        200,
        "1 1 2 1 0 12345 16801928 10496 - 127.0.0.1 v1/_q_",
        "seal_mainnet/s2",
    ),
    case(
        Mgrpc,
        "/sui.rpc.v2.X",
        "X-API-Key: GOODG\r\n",
        200,
        "1 2 2 1 0 12345 16801928 10496 - 127.0.0.1 sui.rpc.v2",
        "grpc_mainnet/s1",
    ),
    case(
        Tseal,
        "/health",
        "X-API-Key: GOODT\r\n",
        200,
        "0 1 2 1 0 12345 16801928 10496 - 127.0.0.1 health",
        "seal_testnet/s1",
    ),
    // A good key of another service, of another network.
    case(
        Mgrpc,
        "/x",
        "X-API-Key: GOOD\r\n",
        403,
        "1 2 2 3 30 12345 16801928 10496 - 127.0.0.1 x",
        "mgrpc_metered/<NOSRV>",
    ),
    case(Mseal, "/x", "X-API-Key: GOODT\r\n", 403, "1 1 2 3 30 12345 16801928 10496 - 127.0.0.1 x", NOSRV),
    case(Mseal, "/x", "X-API-Key: SUSPENDED\r\n", 403, "1 1 2 3 30 9 16801928 10496 - 127.0.0.1 x", NOSRV),
    case(Mseal, "/x", "X-API-Key: ORPHAN\r\n", 403, "1 1 2 3 32 10 16801928 10496 - 127.0.0.1 x", NOSRV),
    case(Mseal, "/x", "X-API-Key: BURST\r\n", 200, "1 1 2 2 0 7 16801928 10496 - 127.0.0.1 x", "seal_mainnet/s1"),
    case(Mseal, "/x", "X-API-Key: NONE\r\n", 429, "1 1 2 3 0 8 16801928 10496 - 127.0.0.1 x", NOSRV),
    // Trouble behind the gateway is billed as what it is.
    case(
        Mseal,
        "/missing",
        "X-API-Key: GOOD\r\n",
        404,
        "1 1 2 1 0 12345 16801928 10496 - 127.0.0.1 missing",
        "seal_mainnet/s2",
    ),
    case(
        Mseal,
        "/broken",
        "X-API-Key: GOOD\r\n",
        500,
        "1 1 2 1 0 12345 16801928 10496 - 127.0.0.1 broken",
        "seal_mainnet/s1",
    ),
    case(
        Mseal,
        "/down",
        "X-API-Key: GOOD\r\n",
        503,
        "1 1 2 1 0 12345 16801928 10496 - 127.0.0.1 down",
        "seal_mainnet/d9",
    ),
];

#[test]
fn every_decision_is_answered_and_logged_by_ring() {
    every_decision(Transport::Ring);
}

#[test]
fn every_decision_is_answered_and_logged_by_udp() {
    every_decision(Transport::Udp);
}

fn every_decision(transport: Transport) {
    let gateway = Gateway::start(transport, &maps());
    let boot = gateway.runtime.boot().unwrap();
    for case in CASES {
        let answer = gateway.get(case.door, case.path, case.headers);
        assert_eq!(answer.status, case.status, "{} {}", case.path, case.headers);
        if matches!(case.status, 401 | 403 | 429 | 503) {
            assert!(answer.head.contains("content-type: application/problem+json"), "{}", answer.head);
            assert!(answer.body.starts_with('{') && answer.body.contains("\"code\":"), "{}", answer.body);
        }
        assert_eq!(answer.head.contains("retry-after: 1"), case.status == 429, "{}", answer.head);
        assert_eq!(answer.head.contains("www-authenticate: bearer"), case.status == 401, "{}", answer.head);
    }
    let lines = gateway.lines(CASES.len());
    for (case, line) in CASES.iter().zip(&lines) {
        check(case, line, boot.0);
    }
    let seqs: BTreeSet<usize> = lines.iter().map(|line| token(line, SEQ).parse().unwrap()).collect();
    assert_eq!(seqs, (1..=CASES.len()).collect());
    assert_eq!(gateway.runtime.lines_numbered().unwrap(), CASES.len() as u64);
}

fn check(case: &Case, line: &str, boot_ms: i64) {
    let header: Vec<&str> = line.split(' ').take(7).collect();
    assert_eq!((header[0], header[3], header[5], header[6]), ("<134>1", "haproxy", "-", "-"), "{line}");
    let tokens = tokens(line);
    assert_eq!(tokens.len(), SF1_TOKENS, "{line}");
    let number = |at: usize| tokens[at].parse::<i64>().unwrap_or_else(|_| panic!("token {at} of {line}"));
    assert_eq!(tokens[0], "SF1", "{line}");
    assert!(boot_ms <= number(2) && number(2) <= number(1), "began after the birth, written after that: {line}");
    assert_eq!((number(3), number(6)), (boot_ms, 17), "{line}");
    assert_eq!(tokens[7..18].join(" "), case.tokens, "{line}");
    assert_eq!(number(18), i64::from(case.status), "{line}");
    for at in 19..=25 {
        assert!(number(at) >= -1, "{line}");
    }
    assert_eq!((tokens[27], tokens[28]), (case.server, "127.0.0.1"), "{line}");
    assert_ne!(tokens[29], "-", "{line}");
}

#[test]
fn what_cannot_be_parsed_is_numbered_too() {
    let gateway = Gateway::start(Transport::Ring, &maps());
    assert_eq!(gateway.send(Mseal, b"GARBAGE\r\n\r\n").status, 400);
    assert_eq!(gateway.get(Mseal, "/x", "X-API-Key: GOOD\r\n").status, 200);
    let lines = gateway.lines(2);
    let unparsable = tokens(&lines[0]);
    assert_eq!(unparsable.len(), SF1_TOKENS, "{}", lines[0]);
    assert_eq!(unparsable[2], "-", "{}", lines[0]);
    assert_eq!(unparsable[7..18].join(" "), "1 1 2 - - - - - - - -", "{}", lines[0]);
    assert_eq!((unparsable[18], unparsable[26], unparsable[29]), ("400", "PR", "-"), "{}", lines[0]);
    let seqs: BTreeSet<&str> = lines.iter().map(|line| token(line, SEQ)).collect();
    assert_eq!(seqs, BTreeSet::from(["1", "2"]));
}
