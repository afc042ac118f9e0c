use super::*;
use proptest::prelude::*;
use std::net::SocketAddr;

fn rule(from: Sender, servers: &[i16]) -> SourceRule {
    SourceRule { from, servers: servers.to_vec(), format: None }
}

fn address(prefix: &str) -> Sender {
    Sender::Address(prefix.parse().unwrap())
}

fn udp(ip: &str) -> Source {
    Source::udp(SocketAddr::new(ip.parse().unwrap(), 51_234))
}

#[test]
fn the_first_rule_that_fits_counts() {
    let (cert, path) = (Fingerprint([7; 16]), Path::new("/run/suiftly.sock"));
    let rules = SourceRules::new(vec![
        rule(address("10.1.2.3"), &[1]),
        rule(address("10.1.0.0/16"), &[2]),
        rule(address("10.1.9.9"), &[3]),
        rule(address("10.0.0.0/8"), &[4]),
        rule(address("2001:db8::/32"), &[5]),
        rule(Sender::unix(path), &[6]),
        rule(Sender::Certificate(cert), &[7]),
        rule(address("::/0"), &[8]),
    ])
    .unwrap();
    let peer = SocketAddr::from(([10, 1, 2, 3], 1));
    let cases = [
        (udp("10.1.2.3"), Some(1)),
        (Source::tcp(peer), Some(1)),
        (Source::tls(peer), Some(1)),
        (udp("::ffff:10.1.2.3"), Some(1)),
        (udp("10.1.2.4"), Some(2)),
        // A narrower rule behind a wider one does not count.
        (udp("10.1.9.9"), Some(2)),
        (udp("10.2.0.1"), Some(4)),
        (udp("11.0.0.1"), None),
        (udp("2001:db8::7"), Some(5)),
        (udp("2001:db9::7"), Some(8)),
        (Source::Unix(Fingerprint::of_path(path)), Some(6)),
        (Source::Unix(Fingerprint([1; 16])), None),
        (Source::TlsClient(cert), Some(7)),
        (Source::TlsClient(Fingerprint([8; 16])), None),
    ];
    for (source, server) in cases {
        let expected = server.map_or(Bound::Stranger, |server: usize| Bound::By(&rules.rules()[server - 1]));
        assert_eq!(rules.find(&source), expected, "{source}");
    }
    for free in [Source::File, Source::Quarantine { offset: 9 }] {
        assert_eq!(rules.find(&free), Bound::Free);
    }
    assert_eq!(SourceRules::default().find(&udp("10.1.2.3")), Bound::Free);
}

#[test]
fn which_servers_may_speak() {
    let cases: [(&[i16], bool, Option<i16>); 4] =
        [(&[], true, None), (&[17], true, Some(17)), (&[17, 18], true, None), (&[18], false, Some(18))];
    for (servers, allows_17, only) in cases {
        let rule = rule(address("10.0.0.1"), servers);
        assert_eq!((rule.allows(17), rule.only_server()), (allows_17, only), "{servers:?}");
    }
}

#[test]
fn prefixes_as_they_are_written() {
    let good = ["10.0.0.0/8", "0.0.0.0/0", "192.0.2.7", "192.0.2.7/32", "::/0", "2001:db8::1", "2001:db8::/32"];
    for text in good {
        assert!(text.parse::<Prefix>().is_ok(), "{text}");
    }
    assert_eq!("::ffff:10.0.0.0/104".parse::<Prefix>(), "10.0.0.0/8".parse());
    assert_eq!("192.0.2.7".parse::<Prefix>(), "192.0.2.7/32".parse());
    let bad = [
        ("10.1.0.0/8", "bits set"),
        ("2001:db8::1/64", "bits set"),
        ("10.0.0.0/33", "no address"),
        ("10.0.0.0/", "no address"),
        ("10.0.0.0/-1", "no address"),
        ("::ffff:10.0.0.0/64", "no address"),
        ("gateway", "no address"),
        ("", "no address"),
    ];
    for (text, says) in bad {
        let error = text.parse::<Prefix>().unwrap_err();
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn certificates_as_openssl_prints_them() {
    let der = b"not quite a certificate";
    let digest: Vec<String> = sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(der))
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let expected = Sender::Certificate(Fingerprint::of_certificate(der));
    for text in [digest.join(":"), digest.concat(), digest.concat().to_lowercase()] {
        assert_eq!(Sender::certificate(&text), Ok(expected));
    }
    for text in [&digest.concat()[..62], "", "zz"] {
        assert!(Sender::certificate(text).is_err(), "{text}");
    }
}

#[test]
fn rules_that_cannot_be_used() {
    let one = |n: u32| rule(Sender::Address(Prefix::new(IpAddr::V4(n.into()), 32).unwrap()), &[]);
    let most = u32::try_from(MAX_SOURCE_RULES).unwrap();
    assert!(SourceRules::new((0..most).map(one).collect()).is_ok());
    let error = SourceRules::new((0..=most).map(one).collect()).unwrap_err();
    assert_eq!(error, BindingError::TooManyRules(MAX_SOURCE_RULES + 1));
    let twice = SourceRules::new(vec![one(1), one(2), one(1)]).unwrap_err();
    assert_eq!(twice.to_string(), "source 3 never counts: source 1 fits the same senders");
    let servers = vec![1; MAX_SERVERS_PER_RULE + 1];
    let error = SourceRules::new(vec![SourceRule { servers, ..one(1) }]).unwrap_err();
    assert_eq!(error, BindingError::TooManyServers { rule: 1, servers: MAX_SERVERS_PER_RULE + 1 });
}

proptest! {
    /// The table answers as going through the rules one by one would.
    #[test]
    fn a_lookup_is_a_walk_through_the_rules(
        rules in proptest::collection::vec((any::<u8>(), 0u8..=32, any::<bool>()), 0..40),
        asked in proptest::collection::vec((any::<u8>(), any::<bool>()), 1..40),
    ) {
        // Few distinct addresses, so that they meet.
        let ip = |byte: u8, v6: bool| -> IpAddr {
            let v4 = std::net::Ipv4Addr::new(byte >> 4, byte & 3, 0, byte);
            if v6 { IpAddr::from([0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte >> 4, byte & 3, 0, byte]) } else { v4.into() }
        };
        let mut distinct: Vec<Prefix> = Vec::new();
        for (byte, length, v6) in rules {
            let prefix = Prefix::new(ip(byte, v6), if v6 { length + 96 } else { length }).unwrap();
            if !distinct.contains(&prefix) {
                distinct.push(prefix);
            }
        }
        let rules: Vec<_> = distinct.iter().map(|prefix| rule(Sender::Address(*prefix), &[])).collect();
        let table = SourceRules::new(rules).unwrap();
        for (byte, v6) in asked {
            let address = ip(byte, v6);
            let fits = |prefix: &&Prefix| Prefix::of(address, (prefix.is_v4, prefix.length)) == Some(**prefix);
            let walked = distinct.iter().position(|prefix| fits(&prefix));
            let found = match table.find(&Source::udp(SocketAddr::new(address, 1))) {
                Bound::By(rule) => table.rules().iter().position(|other| other == rule),
                _ => None,
            };
            prop_assert_eq!(found, walked);
        }
    }
}
