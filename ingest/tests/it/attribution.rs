//! Compiled formats: whose a request is, by fields, constants and maps; and what identifies a line.

use crate::log_format::{parse, record_format};
use suiftly_ingest::haproxy::log_format::{Attribute, Attribution, FieldRef, LogFormat, RecordFormat, Slots, TextMap};
use suiftly_ingest::reject::Reject;
use suiftly_schema::ids::{Network, Service};

#[test]
fn whose_a_request_is() {
    let attribution = |customer: &str| Attribution {
        customer: Some(customer.parse().unwrap()),
        service: Some("=grpc".parse().unwrap()),
        network: Some("var(txn.net)".parse().unwrap()),
        traffic: Some("=1".parse().unwrap()),
        ..Attribution::default()
    };
    let text = "%ci [%tr] %ST %B %[var(txn.net)] %[var(txn.cid)] %hr %hs %ID";
    let line = b"::1 [21/Nov/2026:20:54:59.969] 200 7 mainnet 17 {a|key 303} {r} -";
    let cases = [
        ("var(txn.cid)", Some(17), None),
        ("%[var(txn.cid)]", Some(17), None),
        ("hr[2]", None, Some("key 303")),
        ("%hr[1]", None, Some("a")),
        ("hr[3]", None, None),
        ("hs[1]", None, Some("r")),
        ("ID", None, None),
        ("%ID", None, None),
        ("=42", Some(42), None),
        ("=acme", None, Some("acme")),
    ];
    for (customer, id, name) in cases {
        let format = record_format(text, &attribution(customer));
        let (record, captures) = parse(&format, line).unwrap();
        assert_eq!(record.customer_id.map(|id| id.get()), id, "{customer}");
        assert_eq!(captures.customer.map(|text| std::str::from_utf8(text).unwrap()), name, "{customer}");
        assert_eq!((record.service, record.network), (Some(Service::Grpc), Some(Network::Mainnet)));
        assert_eq!(record.traffic_type, 1);
    }
    let format = LogFormat::compile(text).unwrap();
    let missing = RecordFormat::new(format.clone(), &attribution("CC")).unwrap_err();
    assert!(missing.reason.contains("no \"CC\""), "{missing}");
    for wrong in ["hr[0]", "hr[x]", "%", ""] {
        assert!(wrong.parse::<FieldRef>().is_err(), "{wrong}");
    }
    // A word that names no network is a value of no type.
    let format = RecordFormat::new(format, &attribution("ID")).unwrap();
    let line = b"::1 [21/Nov/2026:20:54:59.969] 200 7 moonnet 17 {a} {r} -";
    assert_eq!(parse(&format, line).err(), Some(Reject::FormatValue));
}

fn mapped(from: &str, map: &str) -> Option<Attribute> {
    let map = TextMap::parse(map.as_bytes()).unwrap();
    Some(Attribute { map: Some(map.into()), ..from.parse().unwrap() })
}

#[test]
fn whose_a_request_is_by_maps() {
    let text = "[%tr] %ST %B %[var(txn.net)] %hr";
    let attribution = Attribution {
        customer: mapped("hr[2]", "key1 17\nkey2 4000000000\n303 9"),
        service: mapped("hr[1]", "api.seal seal\napi.grpc 2"),
        network: mapped("var(txn.net)", "m mainnet\nt 0"),
        traffic: mapped("=paid", "paid 1"),
        server: mapped("hr[1]", "api.seal 17"),
        ..Attribution::default()
    };
    let format = record_format(text, &attribution);
    let cases = [
        ("m {api.seal|key1}", Some(17), None, Some(Service::Seal), Some(Network::Mainnet), Some(17)),
        ("t {api.grpc|key2}", Some(4_000_000_000), None, Some(Service::Grpc), Some(Network::Testnet), None),
        // A number is a key like any other.
        ("m {api.grpc|303}", Some(9), None, Some(Service::Grpc), Some(Network::Mainnet), None),
        // What is in no map is unset; a customer's text is told.
        ("m {api.http|17}", None, Some("17"), None, Some(Network::Mainnet), None),
        ("- {api.http|}", None, None, None, None, None),
        ("m", None, None, None, Some(Network::Mainnet), None),
    ];
    for (rest, customer, text, service, network, server) in cases {
        let line = format!("[21/Nov/2026:20:54:59.969] 200 7 {rest}");
        let (record, captures) = parse(&format, line.as_bytes()).unwrap();
        assert_eq!(record.customer_id.map(|id| id.get()), customer, "{rest}");
        assert_eq!(captures.customer.map(|text| std::str::from_utf8(text).unwrap()), text, "{rest}");
        assert_eq!((record.service, record.network, record.server_id), (service, network, server), "{rest}");
        assert_eq!(record.traffic_type, 1);
    }
    let wrong = [
        (
            Attribution { customer: mapped("hr[1]", "a 1\nb 0"), ..Attribution::default() },
            "line 2 of the map is no customer",
        ),
        (
            Attribution { service: mapped("hr[1]", "a seal\n\nb s3"), ..Attribution::default() },
            "line 3 of the map is no service",
        ),
        (
            Attribution { traffic: mapped("hr[1]", "a 9"), ..Attribution::default() },
            "line 1 of the map is no traffic type",
        ),
        (Attribution { began: mapped("hr[1]", "a 9"), ..Attribution::default() }, "cannot go through a map"),
    ];
    for (attribution, says) in wrong {
        let error = RecordFormat::new(LogFormat::compile(text).unwrap(), &attribution).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn identity_and_the_customers_text_are_apart() {
    let format = "%[var(txn.t)] %[var(proc.boot)] %lc %[var(txn.server)] %ST %[req.hdr(x-customer)]";
    let var = |name: &str| Some(format!("var({name})").parse().unwrap());
    let attribution = Attribution {
        began: var("txn.t"),
        boot: var("proc.boot"),
        server: var("txn.server"),
        seq: Some("lc".parse().unwrap()),
        customer: Some("req.hdr(x-customer)".parse().unwrap()),
        ..Attribution::default()
    };
    let format = record_format(format, &attribution);
    let line = b"1795298481991 1795298476993 5 17 200 acme corp";
    let (record, captures) = parse(&format, line).unwrap();
    assert_eq!((record.line_id.unwrap().seq, captures.customer), (5, Some(&b"acme corp"[..])));
    type Case<'a> = (&'a [u8], Option<i16>, Result<i16, Reject>);
    let cases: [Case<'_>; 7] = [
        (b"1795298481991 1795298476993 5 - 200 acme", Some(18), Ok(18)),
        (b"1795298481991 1795298476993 5 17 200 acme", Some(18), Ok(17)),
        (b"1795298481991 1795298476993 5 - 200 acme", None, Err(Reject::FormatIdentity)),
        (b"1795298481991 - 5 17 200 acme", None, Err(Reject::FormatIdentity)),
        (b"1795298481991 1795298476993 - 17 200 acme", None, Err(Reject::FormatIdentity)),
        (b"1795298481991 nonsense 5 17 200 acme", None, Err(Reject::FormatValue)),
        (b"1795298481991 1795298476993 4294967296 17 200 acme", None, Err(Reject::FormatValue)),
    ];
    for (line, server, expected) in cases {
        let read = format.parse_of(line, server, || None, &mut Slots::default());
        let read = read.map(|(record, _)| (record.line_id.unwrap().server_id, record.server_id));
        let shown = String::from_utf8_lossy(line);
        assert_eq!(read, expected.map(|server| (server, Some(server))), "{shown}, of {server:?}");
    }
}
