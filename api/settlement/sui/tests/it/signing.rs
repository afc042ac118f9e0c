//! Keys out of files, and signatures.

use crate::fixture::{address, built, bytes, data};
use std::fs::{Permissions, remove_file, set_permissions, write};
use std::os::unix::fs::PermissionsExt as _;
use suiftly_sui::{Key, KeyError, Signed, SignedError};

#[test]
fn signatures_are_those_of_the_official_sdk() {
    let file = data("transactions.json");
    for expected in file["transactions"].as_array().unwrap() {
        let key = if expected["by"] == "operator" { Key::new([7; 32]) } else { Key::new([9; 32]) };
        let signed = key.sign(built(expected["name"].as_str().unwrap())).unwrap();
        assert_eq!(signed.signature.to_base64(), expected["signature"].as_str().unwrap());
        assert_eq!(signed.digest.to_string(), expected["digest"].as_str().unwrap());
        let (transaction, signature) = signed.to_bytes().unwrap();
        assert_eq!(transaction, bytes(&expected["bytes"]));
        assert_eq!(key.sign_bytes(&transaction).unwrap(), signature);
        assert_eq!(Signed::from_bytes(&transaction, &signature), Ok(signed));
    }
}

#[test]
fn what_another_has_signed_is_refused() {
    let [operator, owner] = [Key::new([7; 32]), Key::new([9; 32])];
    assert!(matches!(owner.sign(built("charge")), Err(KeyError::Sender { .. })));
    assert!(matches!(owner.sign_bytes(&[1, 2, 3]), Err(KeyError::Sign { .. })));

    let (charge, by_operator) = operator.sign(built("charge")).unwrap().to_bytes().unwrap();
    let (close, other) = operator.sign(built("close")).unwrap().to_bytes().unwrap();
    let (_, by_owner) = owner.sign(built("request")).unwrap().to_bytes().unwrap();
    assert_eq!(Signed::from_bytes(&charge, &other), Err(SignedError::Signature));
    assert_eq!(Signed::from_bytes(&close, &by_operator), Err(SignedError::Signature));
    let signed_by_another = Signed::from_bytes(&charge, &by_owner);
    assert!(matches!(signed_by_another, Err(SignedError::Signer { signer, .. }) if signer == owner.address()));

    let secp256k1 = [&[1][..], &by_operator[1..], &[0][..]].concat();
    assert!(matches!(Signed::from_bytes(&charge, &secp256k1), Err(SignedError::Scheme { scheme: "secp256k1" })));
    let nothing = &[][..];
    for (transaction, signature) in
        [(&charge[1..], &by_operator[..]), (&charge[..], &by_operator[1..]), (nothing, nothing)]
    {
        assert!(matches!(Signed::from_bytes(transaction, signature), Err(SignedError::Form { .. })));
    }
}

#[test]
fn a_key_is_read_from_a_file_that_nobody_else_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operator.key");
    let keys = &data("transactions.json")["keys"];
    let read = |text: &str, mode: u32| {
        // A new file each time: one of mode 400 is not written again.
        drop(remove_file(&path));
        write(&path, text).unwrap();
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        Key::read(&path)
    };
    for (name, mode) in [("operator", 0o600), ("owner", 0o400)] {
        let key = read(&format!("{}\n", keys[name]["suiprivkey"].as_str().unwrap()), mode).unwrap();
        assert_eq!(key.address(), address(&keys[name]["address"]));
    }
    let text = keys["operator"]["suiprivkey"].as_str().unwrap();
    for mode in [0o640, 0o604, 0o660, 0o644] {
        assert!(matches!(read(text, mode), Err(KeyError::Mode { mode: found, .. }) if found == mode));
    }
    let (cut, changed, long) = (&text[..text.len() - 1], text.replacen('q', "p", 1), "a".repeat(2_000));
    for text in ["", "suiprivkey1", cut, changed.as_str(), long.as_str()] {
        assert!(matches!(read(text, 0o600), Err(KeyError::Form { .. })), "{text}");
    }
    assert!(matches!(Key::read(&folder.path().join("none")), Err(KeyError::File { .. })));
}

#[test]
fn a_key_is_written_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operator.key");
    let key = Key::new([7; 32]);
    key.write(&path).unwrap();
    assert_eq!(Key::read(&path).unwrap().address(), key.address());
    assert!(matches!(Key::new([8; 32]).write(&path), Err(KeyError::File { .. })), "one that is there stays");
    assert_eq!(Key::read(&path).unwrap().address(), key.address());
}
