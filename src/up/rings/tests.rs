//! Keys that are taken over from files: all of them or none.

use super::*;
use crate::secrets::{vault_public_keys_file, write_private};

const PLACE: &str = "api_key:7:16801928";

fn numbered(ids: &[u8]) -> String {
    ids.iter().map(|id| format!("{id} {}\n", format!("{id:02x}").repeat(32))).collect()
}

fn public_file(dir: &Path) -> PublicKeys {
    PublicKeys::parse(&std::fs::read_to_string(vault_public_keys_file(dir)).unwrap()).unwrap()
}

#[tokio::test]
async fn whoever_holds_a_ring_has_the_new_keys_and_edges_are_given_theirs() {
    let dir = tempfile::tempdir().unwrap();
    let rings = Rings::open(Secrets::made_in(dir.path()), dir.path()).unwrap();
    let held = rings.keys.clone();
    for name in [secrets::JWT_KEYS, secrets::AT_REST_KEYS, secrets::VAULT_KEYS, secrets::VAULT_SIGNING_KEYS] {
        write_private(&dir.path().join(name), numbered(&[2, 1]).as_bytes()).unwrap();
    }
    let after = Arc::clone(&rings).take_over().await.unwrap();
    assert!(after.len() == 4 && after.iter().all(|ring| ring.ids == [2, 1]), "{after:?}");
    let sealed = held.at_rest.seal(b"x", PLACE, [1; 12]);
    assert!(rings.keys.at_rest.open(&sealed, PLACE).is_ok());
    assert_eq!((held.jwt.current().0, held.vault.current().0, held.signing.current_id()), (2, 2, 2));
    assert_eq!((public_file(dir.path()), held.trusted), (held.signing.public(), rings.keys.trusted.clone()));
}

#[tokio::test]
async fn one_file_that_cannot_be_used_and_nothing_changes() {
    let dir = tempfile::tempdir().unwrap();
    let rings = Rings::open(Secrets::made_in(dir.path()), dir.path()).unwrap();
    let (before, public) = (rings.keys.live(), public_file(dir.path()));
    write_private(&dir.path().join(secrets::VAULT_SIGNING_KEYS), numbered(&[2, 1]).as_bytes()).unwrap();
    write_private(&dir.path().join(secrets::AT_REST_KEYS), numbered(&[2, 1]).as_bytes()).unwrap();
    write_private(&dir.path().join(secrets::JWT_KEYS), b"hunter2").unwrap();
    let error = Arc::clone(&rings).take_over().await.unwrap_err().to_string();
    assert!(
        error.contains("jwt-keys") && error.ends_with("the keys in force stay") && !error.contains("hunter2"),
        "{error}"
    );
    assert_eq!((rings.keys.live(), public_file(dir.path())), (before, public));
}
