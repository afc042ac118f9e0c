//! Frontends: one a network and service, each for its own keys, over HTTP/1 and HTTP/2.

use crate::gateway::{Door, Gateway, PATIENCE, PLENTY, SEQ, Texts, Transport, token, tokens};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

fn texts() -> Texts {
    Door::ALL
        .iter()
        .fold(Texts::default(), |texts, &door| texts.key(&format!("{door:?}"), 1, door))
        .grant(1, Door::Mseal, PLENTY)
        .grant(1, Door::Mgrpc, PLENTY)
        .grant(1, Door::Mgraphql, PLENTY)
}

/// Each key at each door; and the line says which door it was, and which backend.
#[test]
fn a_key_opens_its_own_door() {
    let gateway = Gateway::start(Transport::Ring, &texts());
    for door in Door::ALL {
        let (network, service) = door.place();
        for key in Door::ALL {
            let answer = gateway.get(door, "/x", &format!("X-API-Key: {key:?}\r\n"));
            let (key_network, key_service) = key.place();
            let expected = match (key_service == service, key_network == network) {
                (true, true) => "\"ok\"",
                (true, false) => "\"wrong_network\"",
                (false, _) => "\"wrong_service\"",
            };
            assert!(answer.body.contains(expected), "{key:?} at {door:?}: {}", answer.body);
        }
        let name = ["", "seal", "grpc", "graphql"][usize::from(service)];
        let net = ["testnet", "mainnet"][usize::from(network)];
        for line in gateway.lines(Door::ALL.len()) {
            let tokens = tokens(&line);
            assert_eq!(tokens[7..10].join(" "), format!("{network} {service} 2"), "{line}");
            if tokens[11] == "0" {
                assert!(tokens[27].starts_with(&format!("{name}_{net}/s")), "{line}");
            } else {
                let letter = if network == 1 { 'm' } else { 't' };
                assert_eq!(
                    (tokens[11], tokens[27]),
                    ("30", format!("{letter}{name}_metered/<NOSRV>").as_str()),
                    "{line}"
                );
            }
        }
    }
}

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const HEADERS_FRAME: u8 = 1;
const GOAWAY_FRAME: u8 = 7;
/// HPACK's static table: `:status: 200`.
const STATUS_200: u8 = 0x88;
const FRAME_HEADER_BYTES: usize = 9;

/// `GET /x` with this key: HEADERS, all flags that end it, and HPACK without Huffman or its tables.
fn http2_request(stream: u8, key: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86]; // :method GET, :scheme http
    for (name, value) in [(":path", "/x"), (":authority", "gateway"), ("x-api-key", key)] {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    let mut frame = vec![0, 0, u8::try_from(block.len()).unwrap(), HEADERS_FRAME, 0x05, 0, 0, 0, stream];
    frame.append(&mut block);
    frame
}

/// The next HEADERS frame: its stream, and whether it begins with status 200.
fn http2_answer(connection: &mut TcpStream) -> (u8, bool) {
    loop {
        let mut header = [0; FRAME_HEADER_BYTES];
        connection.read_exact(&mut header).unwrap();
        let length = usize::from(header[1]) << 8 | usize::from(header[2]);
        let mut payload = vec![0; length];
        connection.read_exact(&mut payload).unwrap();
        assert_ne!(header[3], GOAWAY_FRAME, "{payload:?}");
        if header[3] == HEADERS_FRAME {
            return (header[8], payload[0] == STATUS_200);
        }
    }
}

/// What gRPC clients speak without TLS. Each request on the connection is decided, numbered and logged by itself.
#[test]
fn http2_by_prior_knowledge() {
    let gateway = Gateway::start(Transport::Ring, &texts());
    let mut connection = TcpStream::connect(gateway.address(Door::Mgrpc)).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection.write_all(HTTP2_PREFACE).unwrap();
    let requests = [(1, "Mgrpc", "1 0"), (3, "WRONG", "3 11"), (5, "Mgrpc", "1 0"), (7, "Tgrpc", "3 30")];
    for (stream, key, expected) in requests {
        connection.write_all(&http2_request(stream, key)).unwrap();
        assert_eq!(http2_answer(&mut connection), (stream, expected == "1 0"), "{key}");
    }
    let lines = gateway.lines(requests.len());
    for ((_, _, expected), line) in requests.iter().zip(&lines) {
        assert_eq!(format!("{} {}", token(line, 10), token(line, 11)), *expected, "{line}");
    }
    let seqs: BTreeSet<&str> = lines.iter().map(|line| token(line, SEQ)).collect();
    assert_eq!(seqs, BTreeSet::from(["1", "2", "3", "4"]));
}
