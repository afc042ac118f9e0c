//! Who is let in: a certificate of the cluster's CA, for both ends of a link, with one name that is a role.

use crate::support::{BOTH_ENDS, Ca, meet, node};
use rcgen::ExtendedKeyUsagePurpose;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use std::sync::Arc;
use suiftly_link::{Link, LinkError, Purpose, Role, RoleError, Tls, TlsFiles};
use tokio::io::AsyncReadExt;
use tokio_rustls::TlsConnector;

#[test]
fn a_name_is_a_role_or_none() {
    for (name, role) in [
        ("ingest-a", Role::Ingest("a".to_owned())),
        ("ingest-fra-2", Role::Ingest("fra-2".to_owned())),
        ("dataflow-0", Role::ORDER),
        ("dataflow-65535", Role::Dataflow(u16::MAX)),
        ("api", Role::Api),
    ] {
        assert_eq!((name.parse::<Role>(), role.to_string()), (Ok(role), name.to_owned()));
    }
    for name in [
        "",
        "api-0",
        "API",
        "ingest",
        "ingest-",
        "ingest--a",
        "ingest-a-",
        "ingest-A",
        "ingest-a.b",
        "dataflow-",
        "dataflow-x",
        "dataflow-00",
        "dataflow-07",
        "dataflow-+1",
        "dataflow--1",
        "dataflow-65536",
        "edge-1",
        "*",
    ] {
        assert_eq!(name.parse::<Role>(), Err(RoleError::NoRole(name.to_owned())));
    }
}

#[tokio::test]
async fn both_sides_know_each_other_by_their_certificates() {
    let ca = Ca::new();
    for (purpose, one, other) in [
        (Purpose::Ship, "dataflow-1", "ingest-a"),
        (Purpose::Ship, "ingest-a", "dataflow-2"),
        (Purpose::Order, "dataflow-2", "dataflow-0"),
        (Purpose::Mesh, "dataflow-2", "dataflow-1"),
        (Purpose::Deltas, "api", "dataflow-1"),
    ] {
        let (dialled, accepted) = meet(purpose, (&ca.tls(one), node(one)), (&ca.tls(other), node(other))).await;
        let (dialled, accepted) = (dialled.unwrap(), accepted.unwrap());
        assert_eq!((dialled.peer().role.to_string(), dialled.peer().hello.node), (other.to_owned(), node(other)));
        assert_eq!((accepted.peer().role.to_string(), accepted.peer().hello.node), (one.to_owned(), node(one)));
        assert_eq!((dialled.purpose(), accepted.purpose()), (purpose, purpose));
        assert_eq!((dialled.version(), accepted.version()), (1, 1));
    }
}

#[tokio::test]
async fn whoever_answers_must_be_the_one_that_is_meant() {
    let ca = Ca::new();
    let (process, ingester) = (ca.tls("dataflow-1"), ca.tls("ingest-b"));
    let (here, there) = tokio::io::duplex(64 << 10);
    let (meant, ours, theirs) = (Role::Ingest("a".to_owned()), node("dataflow-1"), node("ingest-b"));
    let (dialled, accepted) = tokio::join!(
        Link::dial(here, &process, &meant, Purpose::Ship, &ours),
        Link::accept(there, &ingester, &theirs),
    );
    let error = dialled.err().unwrap();
    assert!(matches!(&error, LinkError::Tls(why) if why.to_string().contains("not valid for name")), "{error}");
    assert!(matches!(accepted.err().unwrap(), LinkError::Tls(_)));
}

#[tokio::test]
async fn a_role_that_has_no_such_link_is_refused_and_told() {
    let ca = Ca::new();
    for (purpose, one, other) in [
        (Purpose::Ship, "api", "ingest-a"),
        (Purpose::Ship, "ingest-b", "ingest-a"),
        (Purpose::Mesh, "ingest-a", "dataflow-1"),
        (Purpose::Order, "dataflow-2", "dataflow-1"),
        (Purpose::Deltas, "ingest-a", "api"),
    ] {
        let (dialled, accepted) = meet(purpose, (&ca.tls(one), node(one)), (&ca.tls(other), node(other))).await;
        let why = format!("there is no link to {} between {other} and {one}", purpose.word());
        assert!(matches!(accepted.err().unwrap(), LinkError::Hello(refusal) if refusal.to_string() == why));
        assert!(matches!(dialled.err().unwrap(), LinkError::Bye { why: told } if told == why));
    }
}

#[tokio::test]
async fn a_process_cannot_say_that_it_is_another() {
    let ca = Ca::new();
    let (process, ingester) = (ca.tls("dataflow-1"), ca.tls("ingest-a"));
    let (_, accepted) = meet(Purpose::Ship, (&process, node("dataflow-0")), (&ingester, node("ingest-a"))).await;
    let error = accepted.err().unwrap().to_string();
    assert!(error.contains("dataflow-1 says that it is process 0 of 3"), "{error}");
}

#[tokio::test]
async fn strangers_and_certificates_for_something_else_get_no_tls() {
    let (ca, strangers) = (Ca::new(), Ca::new());
    let ingester = ca.tls("ingest-a");
    // Of another CA that bears the same name; and of ours, for one end of a link only.
    let mut stranger = strangers.files("dataflow-1");
    stranger.ca = ca.files("dataflow-1").ca;
    let server_only = ca.sign(&["dataflow-1"], &[ExtendedKeyUsagePurpose::ServerAuth]);
    for files in [stranger, server_only] {
        let tls = Tls::read(&files).unwrap();
        let (dialled, accepted) = meet(Purpose::Ship, (&tls, node("dataflow-1")), (&ingester, node("ingest-a"))).await;
        // In TLS 1.3 whoever dials is through with the handshake before it is checked.
        assert!(matches!(dialled.err().unwrap(), LinkError::Broken(_) | LinkError::Ended));
        assert!(matches!(accepted.err().unwrap(), LinkError::Tls(_)));
    }
    let client_only = Tls::read(&ca.sign(&["ingest-a"], &[ExtendedKeyUsagePurpose::ClientAuth])).unwrap();
    let process = ca.tls("dataflow-1");
    let (dialled, _) = meet(Purpose::Ship, (&process, node("dataflow-1")), (&client_only, node("ingest-a"))).await;
    assert!(matches!(dialled.err().unwrap(), LinkError::Tls(_)));
}

#[tokio::test]
async fn without_a_certificate_or_by_old_tls_nobody_comes_in() {
    let ca = Ca::new();
    let ingester = ca.tls("ingest-a");
    let mut roots = RootCertStore::empty();
    roots.add(ca.certificate()).unwrap();
    let roots = Arc::new(roots);
    let versions: [&'static SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
    for version in versions {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let config = builder.with_root_certificates(Arc::clone(&roots)).with_no_client_auth();
        let (here, there) = tokio::io::duplex(64 << 10);
        let dial = async {
            let name = ServerName::try_from("ingest-a").unwrap();
            let mut stream = TlsConnector::from(Arc::new(config)).connect(name, here).await?;
            stream.read_u8().await
        };
        let us = node("ingest-a");
        let (dialled, accepted) = tokio::join!(dial, Link::accept(there, &ingester, &us));
        assert!(dialled.is_err());
        assert!(matches!(accepted.err().unwrap(), LinkError::Tls(_)), "{version:?}");
    }
}

#[tokio::test]
async fn while_the_ca_is_changed_certificates_of_both_are_good() {
    let (old, new) = (Ca::new(), Ca::new());
    let with_both = |files: TlsFiles| {
        std::fs::write(&files.ca, [old.pem(), new.pem()].concat()).unwrap();
        Tls::read(&files).unwrap()
    };
    let (process, ingester) = (with_both(new.files("dataflow-1")), with_both(old.files("ingest-a")));
    for (one, other) in [(&process, &ingester), (&ingester, &process)] {
        let (one_is, other_is) = (node(&one.role().to_string()), node(&other.role().to_string()));
        let (dialled, accepted) = meet(Purpose::Ship, (one, one_is), (other, other_is)).await;
        assert!(dialled.is_ok() && accepted.is_ok());
    }
    // Who knows the old one alone is not there yet.
    let behind = old.tls("ingest-a");
    let (dialled, accepted) = meet(Purpose::Ship, (&process, node("dataflow-1")), (&behind, node("ingest-a"))).await;
    assert!(dialled.is_err() && matches!(accepted.err().unwrap(), LinkError::Tls(_)));
}

#[test]
fn files_that_cannot_be_used_are_named_and_not_quoted() {
    let ca = Ca::new();
    let (good, other) = (ca.files("ingest-a"), ca.files("ingest-b"));
    let dir = good.ca.parent().unwrap();
    let (missing, text) = (dir.join("missing.pem"), dir.join("text.pem"));
    std::fs::write(&text, "hunter2").unwrap();
    let [gateway, nobody, two] =
        [&["gateway-1"][..], &[], &["api", "dataflow-0"]].map(|names| ca.sign(names, &BOTH_ENDS));
    let cases = [
        (TlsFiles { certificate: missing.clone(), ..good.clone() }, "cannot read the certificate", &missing),
        (TlsFiles { key: missing.clone(), ..good.clone() }, "cannot read the key", &missing),
        (TlsFiles { ca: missing.clone(), ..good.clone() }, "cannot read the CA certificate", &missing),
        (TlsFiles { certificate: text.clone(), ..good.clone() }, "there is no certificate in", &text),
        (TlsFiles { key: text.clone(), ..good.clone() }, "there is no key in", &text),
        (TlsFiles { ca: text.clone(), ..good.clone() }, "there is no CA certificate in", &text),
        (TlsFiles { key: other.key.clone(), ..good.clone() }, "cannot use the certificate", &other.key),
        (gateway.clone(), "\"gateway-1\" is no role", &gateway.certificate),
        (nobody.clone(), "it must have one name", &nobody.certificate),
        (two.clone(), "it must have one name", &two.certificate),
    ];
    for (files, what, path) in cases {
        let said = Tls::read(&files).err().unwrap().to_string();
        assert!(said.contains(what) && said.contains(path.to_str().unwrap()), "{what}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    assert_eq!(Tls::read(&good).unwrap().role().to_string(), "ingest-a");
}
