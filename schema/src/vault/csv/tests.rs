use super::*;
use crate::api_key::{ApiKeySecret, KeyClaims, KeyMetadata};
use crate::ids::Network;
use crate::reference::KeyLife;
use crate::spend::SpendState;
use crate::vault::{GrantSet, canary_customer};
use crate::view::{AccessGrant, KeyGrant};
use proptest::prelude::*;
use std::collections::BTreeMap;

const SECRET: ApiKeySecret = ApiKeySecret::new([7; 32]);

fn vault_keys(ids: &[u8]) -> Keyring {
    Keyring::of(ids.iter().map(|id| (u16::from(*id), [*id; 32])).collect()).unwrap()
}

fn customer(id: i64) -> CustomerId {
    CustomerId::new(id).unwrap()
}

/// The customer's `n`th key.
fn key(customer_id: CustomerId, service: Service, n: u8) -> ApiKey {
    let metadata = KeyMetadata::new(Network::Mainnet, true, false, 1);
    ApiKey::issue(&SECRET, KeyClaims { service, metadata, customer_id }, [n, 2, 3, 4]).unwrap()
}

fn grant(customer_id: CustomerId, service: Service, n: u8, state: KeyLife) -> KeyGrant {
    let key = key(customer_id, service, n);
    KeyGrant {
        key_sha256: key.sha256_hex(),
        customer_id,
        service,
        network: Network::Mainnet,
        api_key_fp: key.fingerprint(),
        key_metadata: 0x3100,
        state,
    }
}

fn access(customer_id: CustomerId, service: Service, guaranteed: u32) -> AccessGrant {
    AccessGrant {
        customer_id,
        service,
        is_enabled: true,
        state: SpendState::Active,
        guaranteed_per_second: guaranteed,
        burst_per_second: 2 * guaranteed,
        allowlist: Vec::new(),
    }
}

/// Nonces that differ.
fn nonces() -> impl FnMut() -> Option<[u8; NONCE_BYTES]> {
    let mut n = 0u8;
    move || {
        n += 1;
        Some([n; NONCE_BYTES])
    }
}

#[test]
fn rows_are_in_their_order() {
    let row = |customer_id: i64, service, key_sha256: &'static str, tier| VaultCsvRow {
        customer_id: customer(customer_id),
        service,
        key_sha256,
        encrypted_key: key_sha256,
        rate_limit: 1_000,
        tier,
    };
    let rows = vec![
        row(12_345_679, Service::Seal, "AA==", "starter"),
        row(12_345_678, Service::Grpc, "AB==", "enterprise"),
        row(12_345_678, Service::Seal, "B0==", "pro"),
        row(12_345_678, Service::Seal, "0F==", "pro"),
        row(9_345_678, Service::Graphql, "FF==", "pro"),
    ];
    let expected = "customer_id,encrypted_key,rate_limit,tier,service_type\n9345678,FF==,1000,pro,graphql\n\
        12345678,0F==,1000,pro,seal\n12345678,B0==,1000,pro,seal\n12345678,AB==,1000,enterprise,grpc\n\
        12345679,AA==,1000,starter,seal\n";
    let text = render(rows);
    assert_eq!(text, expected);
    assert_eq!(parse(&text).unwrap().len(), 5);
    assert_eq!(render(Vec::new()), format!("{VAULT_CSV_HEADER}\n"));
    assert_eq!(parse(&render(Vec::new())), Ok(Vec::new()));
}

/// The specification's example row, with fixed nonces: a change here is one that every reader of the file must follow.
#[test]
fn byte_for_byte() {
    let of = customer(12_345_678);
    let set = GrantSet::of(
        [grant(of, Service::Seal, 1, KeyLife::Active), grant(of, Service::Seal, 2, KeyLife::Active)],
        [access(of, Service::Seal, 1_000)],
    );
    let mut book = VaultBook::new(vault_keys(&[1]));
    book.learn(&key(of, Service::Seal, 1), [1; 12]);
    book.learn(&key(of, Service::Seal, 2), [2; 12]);
    book.learn_tier((of, Service::Seal), Tier::Pro, &set);
    let written = book.write(&set);
    let expected = "customer_id,encrypted_key,rate_limit,tier,service_type\n\
        12345678,AQEBAQEBAQEBAQEB4Tj/qCiwR7K5lErTmmp67SwGPVAQrRJRu1rEN/6okGpktp0tbDR3Q32cUtQQP5tjoc85WDM=,1000,pro,seal\n\
        12345678,AgICAgICAgICAgICVJeAfwsQg7yK/vaKCPOa8+D6kqCk49017rGyyDe8QE06PVp8JGQAGEKCYn3ZhscCRFUJnI4=,1000,pro,seal\n";
    assert_eq!((&*written.text, written.rows, written.left_out), (expected, 2, 0));
    let opened: Vec<_> = parse(&written.text)
        .unwrap()
        .iter()
        .map(|line| {
            assert_eq!(line.encrypted_key.len(), ENCRYPTED_CHARS);
            decrypt(&vault_keys(&[9, 1]), line.encrypted_key).unwrap()
        })
        .collect();
    let mut keys = [key(of, Service::Seal, 1), key(of, Service::Seal, 2)];
    keys.sort_by_key(ApiKey::sha256_hex);
    assert_eq!(opened, keys.map(|key| (1, key)));
}

#[test]
fn what_is_no_whole_file() {
    let head = VAULT_CSV_HEADER;
    let cases = [
        (String::new(), VaultCsvError::Header),
        (head.to_owned(), VaultCsvError::Header),
        (format!("{head}\r\n"), VaultCsvError::Header),
        (format!("{head}\n7,AA==,10,pro,seal"), VaultCsvError::CutOff),
        (format!("{head}\n7,AA==,10,pro,seal\n\n"), VaultCsvError::Line { line: 3 }),
        (format!("{head}\n0,AA==,10,pro,seal\n"), VaultCsvError::Line { line: 2 }),
        (format!("{head}\n7,AA==,10,pro\n"), VaultCsvError::Line { line: 2 }),
        (format!("{head}\n7,AA==,10,pro,seal,1\n"), VaultCsvError::Line { line: 2 }),
        (format!("{head}\n7,AA==,10,gold,seal\n"), VaultCsvError::Line { line: 2 }),
        (format!("{head}\n7,AA==,10,pro,seal\r\n"), VaultCsvError::Line { line: 2 }),
    ];
    for (text, error) in cases {
        assert_eq!(parse(&text), Err(error), "{text:?}");
    }
}

#[test]
fn what_is_encrypted_opens_with_its_key_alone() {
    let mine = key(customer(7), Service::Grpc, 1);
    let encrypted = encrypt(&[1; 32], &mine, [5; 12]);
    assert_eq!(decrypt(&vault_keys(&[2, 1]), &encrypted), Some((1, mine)));
    assert_eq!(decrypt(&vault_keys(&[2]), &encrypted), None);
    for wrong in ["", "AAAA", &encrypted[1..], &encrypted.to_lowercase()] {
        assert_eq!(decrypt(&vault_keys(&[1]), wrong), None, "{wrong}");
    }
}

#[test]
fn rows_go_at_once_come_back_as_they_were_and_new_ones_wait() {
    let of = customer(7);
    let id = (of, Service::Seal);
    let mut set = GrantSet::of([grant(of, Service::Seal, 1, KeyLife::Active)], [access(of, Service::Seal, 20)]);
    let mut book = VaultBook::new(vault_keys(&[1]));
    let wanted = book.wanted(&set);
    assert_eq!(wanted, [key(of, Service::Seal, 1).sha256_hex()]);
    assert_eq!((book.write(&set).rows, book.write(&set).left_out), (0, 1));
    book.learn(&key(of, Service::Seal, 1), [1; 12]);
    assert_eq!(book.write(&set).rows, 0, "without a tier there is no row");
    book.learn_tier(id, Tier::Starter, &set);
    let first = book.write(&set);
    assert_eq!((first.rows, book.wanted(&set).len()), (1, 0));
    // Whatever ends it, ends it in the file, and what comes again is the same.
    let revoked = grant(of, Service::Seal, 1, KeyLife::Revoked);
    let limited = AccessGrant { state: SpendState::MonthlyLimit, ..access(of, Service::Seal, 20) };
    let disabled = AccessGrant { is_enabled: false, ..access(of, Service::Seal, 20) };
    let ended = |end: &dyn Fn(&mut GrantSet) -> bool| {
        let mut ended = set.clone();
        assert!(end(&mut ended));
        ended
    };
    for ended in [
        ended(&|set| set.put_key(revoked.clone())),
        ended(&|set| set.put_access(limited.clone())),
        ended(&|set| set.put_access(disabled.clone())),
        ended(&|set| set.remove_access(id)),
    ] {
        let written = book.write(&ended);
        assert_eq!((&*written.text, written.left_out), (&*render(Vec::new()), 0));
        assert!(book.wanted(&ended).is_empty());
    }
    book.learn_tier(id, Tier::Starter, &set);
    assert_eq!(book.write(&set), first);
    // Another limit: its tier is asked for, and meanwhile the row stands with the new limit.
    set.put_access(access(of, Service::Seal, 40));
    assert_eq!(book.wanted(&set), wanted);
    assert_eq!(book.write(&set).text, first.text.replace(",20,", ",40,"));
    book.learn_tier(id, Tier::Pro, &set);
    assert_eq!(book.write(&set).text, first.text.replace(",20,starter", ",40,pro"));
    // A key that left the set is forgotten.
    set.remove_key(&wanted[0]);
    book.write(&set);
    set.put_key(grant(of, Service::Seal, 1, KeyLife::Active));
    assert_eq!(book.wanted(&set), wanted);
    book.pass_over(&wanted[0]);
    assert_eq!((book.wanted(&set).len(), book.unkept(), book.write(&set).left_out), (0, 1, 1));
    book.ask_again();
    assert_eq!(book.wanted(&set), wanted);
}

#[test]
fn a_former_file_is_taken_over_and_vault_keys_rotate() {
    let of = customer(7);
    let set = GrantSet::of(
        [grant(of, Service::Seal, 1, KeyLife::Active), grant(of, Service::Seal, 2, KeyLife::Active)],
        [access(of, Service::Seal, 20)],
    );
    let mut book = VaultBook::new(vault_keys(&[1]));
    for n in [1, 2] {
        book.learn(&key(of, Service::Seal, n), [n; 12]);
    }
    book.learn_tier((of, Service::Seal), Tier::Pro, &set);
    let first = book.write(&set);

    let mut again = VaultBook::new(vault_keys(&[1]));
    let recalled = again.recall(&first.text, || panic!("nothing is encrypted anew")).unwrap();
    assert_eq!(recalled, Recalled { keys: 2, rotated: 0, unreadable: 0 });
    assert!(again.wanted(&set).is_empty(), "nobody need be asked");
    assert_eq!(again.write(&set), first);

    let mut rotated = VaultBook::new(vault_keys(&[2, 1]));
    let recalled = rotated.recall(&first.text, nonces()).unwrap();
    assert_eq!(recalled, Recalled { keys: 2, rotated: 2, unreadable: 0 });
    let written = rotated.write(&set);
    assert_ne!(written.text, first.text);
    assert!(parse(&written.text).unwrap().iter().all(|line| decrypt(&vault_keys(&[2]), line.encrypted_key).is_some()));

    let mut lost = VaultBook::new(vault_keys(&[3]));
    assert_eq!(lost.recall(&first.text, nonces()).unwrap(), Recalled { keys: 0, rotated: 0, unreadable: 2 });
    assert_eq!(lost.wanted(&set).len(), 2);
    assert!(lost.recall("customer_id\n", nonces()).is_err());
    assert!(!format!("{lost:?}").contains("0303"), "{lost:?}");
}

#[test]
fn canaries_are_not_in_it() {
    let canary = canary_customer(17).unwrap();
    let set = GrantSet::of([grant(canary, Service::Seal, 1, KeyLife::Active)], [access(canary, Service::Seal, 10)]);
    let mut book = VaultBook::new(vault_keys(&[1]));
    assert!(book.wanted(&set).is_empty());
    assert_eq!(book.write(&set).left_out, 0);
}

#[derive(Clone, Debug)]
enum Step {
    Key(i64, u8, bool),
    NoKey(i64, u8),
    Access(i64, u32, SpendState, bool),
    NoAccess(i64),
    Bring,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1i64..4, 0u8..3, any::<bool>()).prop_map(|(of, n, active)| Step::Key(of, n, active)),
        1 => (1i64..4, 0u8..3).prop_map(|(of, n)| Step::NoKey(of, n)),
        3 => (1i64..4, 1u32..3, 0..SpendState::ALL.len(), prop::bool::weighted(0.9))
            .prop_map(|(of, limit, state, on)| Step::Access(of, limit, SpendState::ALL[state], on)),
        1 => (1i64..4).prop_map(Step::NoAccess),
        2 => Just(Step::Bring),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// After each step the file is what a reader would make of the whole set: no row too many at any time, and none too
    /// few once everything wanted was brought.
    #[test]
    fn the_file_is_what_the_set_says(steps in steps()) {
        let (mut set, mut book, mut nonce) = (GrantSet::default(), VaultBook::new(vault_keys(&[1])), nonces());
        let tier_of = |limit: u32| if limit == 1 { Tier::Starter } else { Tier::Pro };
        for step in steps {
            let mut is_brought = false;
            match step {
                Step::Key(of, n, active) => {
                    let life = if active { KeyLife::Active } else { KeyLife::Revoked };
                    set.put_key(grant(customer(of), Service::Grpc, n, life));
                }
                Step::NoKey(of, n) => {
                    set.remove_key(&key(customer(of), Service::Grpc, n).sha256_hex());
                }
                Step::Access(of, limit, state, is_enabled) => {
                    set.put_access(AccessGrant { state, is_enabled, ..access(customer(of), Service::Grpc, limit) });
                }
                Step::NoAccess(of) => {
                    set.remove_access((customer(of), Service::Grpc));
                }
                Step::Bring => {
                    for hash in book.wanted(&set) {
                        let of = set.key(&hash).unwrap().customer_id;
                        let brought = (0..3).map(|n| key(of, Service::Grpc, n)).find(|key| key.sha256_hex() == hash);
                        book.learn(&brought.unwrap(), nonce().unwrap());
                        let id = (of, Service::Grpc);
                        book.learn_tier(id, tier_of(set.access_of(id).unwrap().guaranteed_per_second), &set);
                    }
                    is_brought = true;
                    prop_assert!(book.wanted(&set).is_empty());
                }
            }
            let mut expected = BTreeMap::new();
            for key in set.keys() {
                if let Some(access) = set.access_of((key.customer_id, key.service))
                    && key.state == KeyLife::Active
                    && access.is_enabled
                    && access.state == SpendState::Active
                {
                    expected.insert((key.customer_id, key.key_sha256.clone()), access.guaranteed_per_second);
                }
            }
            let written = book.write(&set);
            let lines = parse(&written.text).unwrap();
            prop_assert_eq!((lines.len(), lines.len() + written.left_out), (written.rows, expected.len()));
            let mut found = Vec::new();
            for line in lines {
                let (_, key) = decrypt(&vault_keys(&[1]), line.encrypted_key).unwrap();
                let place = (line.customer_id, key.sha256_hex());
                prop_assert_eq!(expected.get(&place), Some(&line.rate_limit));
                prop_assert_eq!(key.verify(&SECRET).unwrap().customer_id, line.customer_id);
                if is_brought {
                    prop_assert_eq!(line.tier, tier_of(line.rate_limit));
                }
                found.push(place);
            }
            prop_assert!(found.is_sorted());
            prop_assert!(!is_brought || written.left_out == 0);
        }
    }
}
