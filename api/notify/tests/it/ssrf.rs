//! What customers' hosts may be, at each delivery: the name is resolved once, and what it stands for is looked at.

use crate::receiver::Receiver;
use crate::world::{LOCAL, Making, Names, World};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use suiftly_notify::TargetPolicy;
use suiftly_store::accounts::DeliveryState;
use tokio_rustls::TlsAcceptor;

const STRICT: TargetPolicy = TargetPolicy { allow_local: false };

#[tokio::test]
async fn names_of_addresses_that_are_not_public_are_not_connected_to() {
    let receiver = Receiver::start().await;
    let url = format!("https://hooks.example.com:{}/", receiver.port);
    let cases = [
        "127.0.0.1",
        "0.0.0.0",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
        "224.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "168.63.129.16",
        "1.1.1.1 127.0.0.1",
        "127.0.0.1 1.1.1.1",
    ];
    let names = Names::new(&cases);
    let world = World::made(Making { policy: STRICT, resolver: Arc::clone(&names) as _, ..Making::default() }).await;
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, &url, &["*"]).await;
    for (at, case) in cases.iter().enumerate() {
        world.tell(customer, &format!("deposit:{at}")).await;
        world.notifier.deliver_due().await.unwrap();
        let delivery = world.deliveries(customer, webhook).await.remove(0);
        let found = (delivery.state, delivery.last_error.as_deref());
        // Not which address it is: that may be known to our resolver alone.
        let expected = "the URL must be of a host on the public internet";
        assert_eq!(found, (DeliveryState::Pending, Some(expected)), "{case}");
    }
    assert_eq!((receiver.connections(), names.asked.load(Ordering::Relaxed)), (0, cases.len()));
}

#[tokio::test]
async fn what_was_taken_as_an_address_is_looked_at_again_at_each_delivery() {
    let world = World::made(Making { policy: STRICT, ..Making::default() }).await;
    let customer = world.customer(7).await;
    let receiver = Receiver::start().await;
    // As they might stand there from a time when they were taken.
    for url in [
        receiver.url(),
        format!("https://127.0.0.1:{}/", receiver.port),
        format!("https://2130706433:{}/", receiver.port),
    ] {
        let (webhook, _) = world.webhook(customer, &url, &["key"]).await;
        world.store.test_webhook(customer, webhook, &world.act()).await.unwrap();
        world.notifier.deliver_due().await.unwrap();
        let delivery = world.delivery(customer, webhook).await;
        assert!(delivery.last_error.unwrap().starts_with("the URL must b"), "{url}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_is_resolved_once_and_tls_holds_for_the_name() {
    let (acceptor, roots) = authority("hooks.example.com");
    let receiver = Receiver::start_tls(acceptor).await;
    // Asked twice, it would say something else.
    let names = Names::new(&["127.0.0.1", "127.0.0.2"]);
    let making = Making { policy: LOCAL, resolver: Arc::clone(&names) as _, roots: roots.clone(), ..Making::default() };
    let world = World::made(making).await;
    let customer = world.customer(7).await;
    let url = format!("https://hooks.example.com:{}/", receiver.port);
    let (webhook, _) = world.webhook(customer, &url, &["*"]).await;
    world.tell(customer, "deposit:1").await;
    world.notifier.deliver_due().await.unwrap();
    assert_eq!(world.states(customer, webhook).await, [DeliveryState::Delivered]);
    assert_eq!(names.asked.load(Ordering::Relaxed), 1);
    assert_eq!(receiver.taken()[0].fields["host"], format!("hooks.example.com:{}", receiver.port));
    // Of another name, or by an authority that nobody knows: no request is sent.
    for (name, roots) in [("other.example.com", roots), ("hooks.example.com", RootCertStore::empty())] {
        let resolver = Names::new(&["127.0.0.1"]);
        let notifier = world.another(Making { policy: LOCAL, resolver, roots, ..Making::default() });
        let (webhook, _) = world.webhook(customer, &format!("https://{name}:{}/", receiver.port), &["key"]).await;
        world.store.test_webhook(customer, webhook, &world.act()).await.unwrap();
        notifier.deliver_due().await.unwrap();
        let error = world.delivery(customer, webhook).await.last_error.unwrap();
        assert!(error.starts_with("no TLS with it: invalid peer certificate"), "{error}");
    }
    assert_eq!(receiver.taken().len(), 1);
}

/// A server with a certificate for a name, and who vouches for it.
fn authority(name: &str) -> (TlsAcceptor, RootCertStore) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), roots)
}
