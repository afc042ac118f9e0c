//! Files: what verifies, what does not, and that each byte counts.

use crate::bill::BillInputs;
use crate::ids::CustomerId;
use crate::money::MicroUsd;
use crate::proof::{
    Anchor, AnchorKind, CHARGES_MAX, Charge, FILE_BYTES_MAX, Hash, InputsTree, Invoice, MonthProof, ProofError,
    ProofFile, inputs_hash, verify,
};
use crate::time::BillingMonth;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    valid: Vec<Valid>,
    invalid: Vec<Invalid>,
    inputs: Vec<InputsVector>,
}

/// Recorded inputs; those of before there were trees have a hash alone.
#[derive(Deserialize)]
struct InputsVector {
    json: String,
    hash: Hash,
    rest: Option<Hash>,
    month: Option<BillingMonth>,
    parts: Option<u64>,
    root: Option<Hash>,
}

#[derive(Deserialize)]
struct Valid {
    name: String,
    root: Hash,
    parts: u64,
    anchors: Vec<AnchorVector>,
    file: String,
}

#[derive(Deserialize)]
struct AnchorVector {
    kind: String,
    name: String,
    root: Hash,
    covers: bool,
}

/// One of the valid files with a text in it replaced, and the checksum made anew if it is `sealed`.
#[derive(Deserialize)]
struct Invalid {
    name: String,
    error: String,
    of: String,
    old: String,
    new: String,
    sealed: bool,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/data/proof/files.json")).unwrap()
}

fn file(name: &str) -> String {
    vectors().valid.into_iter().find(|valid| valid.name == name).unwrap().file
}

/// With the checksum of what is before it.
fn sealed(text: &str) -> String {
    let body = &text[..text.len() - 74];
    format!("{body},\"sum\":\"{}\"}}", Hash::of(body.as_bytes()))
}

const fn word(error: &ProofError) -> &'static str {
    match error {
        ProofError::Size => "size",
        ProofError::NoProof => "no_proof",
        ProofError::Format { .. } => "format",
        ProofError::Checksum => "checksum",
        ProofError::Unreadable { .. } | ProofError::Form | ProofError::Bounds { .. } => "form",
        ProofError::Path { .. } => "path",
        ProofError::Hour => "hour",
        ProofError::Invoice => "invoice",
        ProofError::Charge { .. } => "charge",
    }
}

#[test]
fn valid_files_say_what_they_prove() {
    for valid in vectors().valid {
        let found = verify(valid.file.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", valid.name));
        assert_eq!((found.tree.root, found.tree.count), (valid.root, valid.parts), "{}", valid.name);
        assert_eq!(found.month.to_string(), "2026-11");
        let expected = valid.anchors.into_iter().map(|AnchorVector { kind, name, root, covers }| Anchor {
            kind: if kind == "invoice" { AnchorKind::Invoice } else { AnchorKind::Charge },
            name,
            root,
            covers,
        });
        assert_eq!(found.anchors, expected.collect::<Vec<_>>(), "{}", valid.name);
        assert!(found.is_bound_by(&valid.root) && !found.is_bound_by(&Hash::of(b"another")));
        for anchor in &found.anchors {
            assert_eq!(found.is_bound_by(&anchor.root), anchor.covers, "{} {}", valid.name, anchor.name);
        }
        assert_eq!(ProofFile::parse(valid.file.as_bytes()).unwrap().to_json(), valid.file, "read and written again");
    }
}

#[test]
fn what_is_no_proof_says_why_not() {
    let Vectors { valid, invalid, .. } = vectors();
    assert!(invalid.len() > 130);
    for case in invalid {
        let whole = &valid.iter().find(|valid| valid.name == case.of).unwrap().file;
        let changed = whole.replacen(&case.old, &case.new, 1);
        assert_ne!(*whole, changed, "{}", case.name);
        let text = if case.sealed { sealed(&changed) } else { changed };
        let error = verify(text.as_bytes()).expect_err(&case.name);
        assert_eq!(word(&error), case.error, "{}: {error}", case.name);
    }
}

#[test]
fn errors_name_what_is_wrong() {
    let whole = file("closed");
    let message =
        |old: &str, new: &str| verify(sealed(&whole.replacen(old, new, 1)).as_bytes()).unwrap_err().to_string();
    assert_eq!(message("_proof\":1", "_proof\":12"), "the proof has format 12, and this program reads format 1");
    assert!(message("\"repeat\"", "\"more\":1,\"repeat\"").contains("unknown field `more`"));
    assert!(message("\"first_epoch\":9", "\"first_epoch\":99").ends_with("part is out of bounds"));
    assert!(message("\"parts\":4", "\"parts\":3").contains("charge EvK2:0 carries"));
    for text in ["", "{", "{}", "[]", "{\"suiftly_proof\":", "{\"suiftly_proof\":x", "no proof at all"] {
        assert_eq!(verify(text.as_bytes()), Err(ProofError::NoProof), "{text}");
    }
    assert_eq!(verify(b"{\"suiftly_proof\":1"), Err(ProofError::Checksum));
    let twice = format!("{whole}{whole}");
    assert_eq!(verify(twice.as_bytes()), Err(ProofError::Checksum));
    assert_eq!(word(&verify(sealed(&twice).as_bytes()).unwrap_err()), "form", "trailing characters");
}

#[test]
fn each_byte_counts() {
    for valid in vectors().valid {
        let whole = valid.file.as_bytes();
        for at in 0..whole.len() {
            for flipped in [1, 0x20, 0x80] {
                let mut bytes = whole.to_vec();
                bytes[at] ^= flipped;
                assert!(verify(&bytes).is_err(), "{} {at} {flipped}", valid.name);
            }
            assert!(verify(&whole[..at]).is_err(), "{} cut at {at}", valid.name);
            assert!(verify(&[&whole[..at], &whole[at + 1..]].concat()).is_err(), "{} without {at}", valid.name);
        }
    }
}

/// Whoever changes a file can make its checksum anew: what is held by that alone are the names of the invoice and of
/// its charges.
#[test]
fn each_byte_counts_under_a_checksum_made_anew() {
    let whole = file("closed");
    let body = &whole.as_bytes()[..whole.len() - 74];
    let mut free = String::new();
    for at in 0..body.len() {
        let mut text = whole.clone().into_bytes();
        text[at] = if text[at] == b'7' { b'8' } else { b'7' };
        let text = sealed(&String::from_utf8_lossy(&text));
        if verify(text.as_bytes()).is_ok() {
            free.push(char::from(whole.as_bytes()[at]));
        }
    }
    assert_eq!(free, "INV-2026-000017EvK2:0CLoSe1:0");
}

#[test]
fn sizes_have_bounds() {
    let whole = ProofFile::parse(file("running").as_bytes()).unwrap();
    let error = |change: &dyn Fn(&mut ProofFile)| {
        let mut file = whole.clone();
        change(&mut file);
        verify(file.to_json().as_bytes()).map(|_| ())
    };
    let bounds = |what| Err(ProofError::Bounds { what });
    let charge = |file: &ProofFile| Charge { parts: Some(7), path: Vec::new(), ..file.charges[4].clone() };
    assert_eq!(error(&|file| file.charges = vec![charge(file); CHARGES_MAX]), Ok(()));
    assert_eq!(error(&|file| file.charges = vec![charge(file); CHARGES_MAX + 1]), bounds("number of charges"));
    assert_eq!(error(&|file| file.in_part.path = vec![Hash::of(b""); 42]), bounds("place in the part"));
    assert_eq!(error(&|file| file.in_month.path = vec![Hash::of(b""); 42]), bounds("place in the month"));
    assert_eq!(error(&|file| file.charges[1].path = vec![Hash::of(b""); 42]), bounds("charge"));
    assert_eq!(error(&|file| file.charges[1].digest = "x".repeat(129)), bounds("charge"));
    let (hash, rest) = (Hash::of(b""), Hash::of(b""));
    let invoice = |length| Some(Invoice { number: "x".repeat(length), hash, rest });
    assert_eq!(error(&|file| file.invoice = invoice(128)), Err(ProofError::Invoice));
    assert_eq!(error(&|file| file.invoice = invoice(129)), bounds("invoice"));
    assert_eq!(error(&|file| file.charges = vec![charge(file); 200_000]), Err(ProofError::Size));
    assert_eq!(verify(&vec![b'{'; FILE_BYTES_MAX + 1]), Err(ProofError::Size));
    assert_eq!(verify(&vec![b'{'; FILE_BYTES_MAX]), Err(ProofError::NoProof));
}

#[test]
fn inputs_are_hashed_as_the_vectors_have_it() {
    let vectors = vectors();
    assert_eq!(vectors.inputs.len(), 2);
    for InputsVector { json, hash, rest, month, parts, root } in vectors.inputs {
        assert_eq!((inputs_hash(&json), BillInputs::hash_of(&json)), (hash, hash.to_string()), "{json}");
        let tree = InputsTree::of(&json);
        assert_eq!(tree.map(|tree| tree.rest), rest, "{json}");
        assert_eq!(tree.map(|tree| tree.month), month, "{json}");
        assert_eq!(tree.map(|tree| (Some(tree.proof.parts), Some(tree.proof.root))).unwrap_or_default(), (parts, root));
    }
}

fn inputs(customer: i64, proof: Option<MonthProof>) -> BillInputs {
    let (month, nothing) = (BillingMonth::parse("2026-11").unwrap(), MicroUsd(0));
    let (customer_id, journals, books) = (CustomerId::new(customer).unwrap(), Vec::new(), Vec::new());
    let (hours, items) = (Vec::new(), Vec::new());
    BillInputs { customer_id, month, journals, books, hours, items, cap: None, carried_in: nothing, proof }
}

#[test]
fn inputs_have_the_form_that_is_looked_for() {
    let proof = MonthProof { parts: 7, root: Hash::of_no_leaves() };
    let json = serde_json::to_string(&proof).unwrap();
    assert_eq!(json, format!("{{\"parts\":7,\"root\":\"{}\"}}", Hash::of_no_leaves()));
    assert_eq!(serde_json::from_str::<MonthProof>(&json).unwrap(), proof);
    assert!(serde_json::from_str::<MonthProof>(&json.replace(":7", ":7,\"more\":1")).is_err());

    let (with, without) = (inputs(i64::MAX, Some(proof)).to_json(), inputs(i64::MAX, None).to_json());
    assert!(with.starts_with("{\"customer_id\":9223372036854775807,\"month\":\"2026-11\","));
    let tree = InputsTree::of(&with).unwrap();
    assert_eq!((tree.month.to_string(), tree.proof), ("2026-11".to_owned(), proof));
    assert_eq!(InputsTree::of(&without), None);
    assert_eq!(inputs_hash(&without), Hash::of(without.as_bytes()), "as before there were trees");
    // Everything counts, and only the form that is written has a tree.
    for (old, new) in [("2026-11", "2026-12"), ("\"parts\":7", "\"parts\":8"), ("null", "1"), ("\":9", "\":1")] {
        assert_ne!(inputs_hash(&with.replacen(old, new, 1)), tree.hash(), "{old}");
    }
    for (old, new) in
        [("\"parts\":7", "\"parts\": 7"), ("\"month\"", "\"moon\""), ("2026-11", "2026-13"), ("}}", "}} ")]
    {
        let other = with.replacen(old, new, 1);
        assert_eq!((InputsTree::of(&other), inputs_hash(&other)), (None, Hash::of(other.as_bytes())), "{old}");
    }
}

/// A proof shows neither whose it is by our numbers, nor anything of the invoice beyond its number and hashes.
#[test]
fn a_file_says_nothing_of_the_inputs() {
    let whole = file("closed");
    assert!(!whole.contains("customer") && !whole.contains("journals") && !whole.contains("\"cap\""), "{whole}");
    let rest =
        |customer| InputsTree::of(&inputs(customer, Some(MonthProof { parts: 7, root: Hash::of(b"") })).to_json());
    assert_ne!(rest(42).unwrap().rest, rest(43).unwrap().rest, "but it is bound to them");
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>()) {
        prop_assert!(verify(&bytes).is_err());
        let whole = file("running");
        let at = at.index(whole.len() - 74);
        let mixed = [&whole.as_bytes()[..at], &bytes, &whole.as_bytes()[at..]].concat();
        prop_assert!(bytes.is_empty() || verify(&mixed).is_err());
        // Nothing but a charge's name can have got longer.
        let expected = verify(whole.as_bytes()).unwrap();
        let found = verify(sealed(&String::from_utf8_lossy(&mixed)).as_bytes()).unwrap_or_else(|_| expected.clone());
        prop_assert_eq!((found.tree, found.record), (expected.tree, expected.record));
    }
}
