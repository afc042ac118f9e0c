//! What production asks of its secrets: each is there, in a file of its own that only its owner can read, of 32 bytes that
//! chance has made, and used for one thing.

use super::Ground;
use crate::config::Problems;
use crate::secrets::{
    self, API_KEY_SECRET, AT_REST_KEYS, JWT_KEYS, OPERATOR_TOKEN, Secrets, VAULT_KEYS, VAULT_SIGNING_KEYS,
};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use suiftly_api::OPERATOR_TOKEN_PREFIX;

/// A secret has as many bytes at least.
const BYTES_MIN: usize = 32;
/// As many of 32 bytes differ at least: by chance some 30 do, and fewer than 16 in none of 10^15 secrets.
const DIFFERENT_BYTES_MIN: usize = 16;
/// Secrets that stand in documents: that of the worked example of SPEC §8.
const PUBLISHED: [&str; 1] = ["8776c4c0e84428c6e86fca4647abe16459649aa78fe4c72e7643dc3a14343337"];

pub(super) fn look(ground: &Ground<'_>, refused: &mut Problems) {
    let dir = ground.config.secrets.dir.as_deref().unwrap_or(ground.data_dir);
    let secrets = Secrets::kept_in(dir);
    let read = [
        (API_KEY_SECRET, secrets.api_key_secret().map(drop)),
        (AT_REST_KEYS, secrets.at_rest().map(drop)),
        (JWT_KEYS, secrets.jwt().map(drop)),
        (VAULT_KEYS, secrets.vault_keys().map(drop)),
        (VAULT_SIGNING_KEYS, secrets.vault_signing_keys().map(drop)),
        (OPERATOR_TOKEN, secrets.operator_token().map(drop)),
    ];
    let mut seen = BTreeMap::new();
    for (name, outcome) in read {
        let path = secrets.file(name);
        owner(&path, dir, refused);
        if refused.note(outcome).is_some()
            && let Some(text) = refused.note(secrets::read(&path))
        {
            strong(&path, &text, &mut seen, refused);
        }
    }
}

/// Whoever owns the file can read it.
fn owner(path: &Path, dir: &Path, refused: &mut Problems) {
    let (Ok(file), Ok(dir)) = (path.metadata(), dir.metadata()) else { return };
    let is_ours = file.uid() == 0 || file.uid() == dir.uid();
    let problem = format_args!("{} belongs to account {}, who can read it: chown it", path.display(), file.uid());
    refused.unless(is_ours, problem);
}

/// Each key of a file, and no key twice in all of them.
fn strong(path: &Path, text: &str, seen: &mut BTreeMap<Vec<u8>, String>, refused: &mut Problems) {
    let shown = path.display().to_string();
    for key in keys(text) {
        if let Some(weakness) = weakness(&key) {
            refused.add(format_args!("{shown} {weakness}: `suiftly provision` makes a new one where there is none"));
        }
        if let Some(other) = seen.insert(key, shown.clone()) {
            refused.add(format_args!("{shown} and {other} hold the same key: each needs its own"));
        }
    }
}

/// What stands in the file: the last word of each line, in hexadecimal digits, or a token.
fn keys(text: &str) -> Vec<Vec<u8>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let words = lines.filter_map(|line| line.split_whitespace().last());
    let bytes = words.map(|word| match word.strip_prefix(OPERATOR_TOKEN_PREFIX) {
        Some(token) => BASE64URL_NOPAD.decode(token.as_bytes()).unwrap_or_default(),
        None => HEXLOWER_PERMISSIVE.decode(word.as_bytes()).unwrap_or_default(),
    });
    bytes.collect()
}

/// Why somebody could guess it.
fn weakness(key: &[u8]) -> Option<String> {
    let is_published = || PUBLISHED.iter().any(|hex| HEXLOWER_PERMISSIVE.encode(key) == *hex);
    let is_stepped = || key.windows(3).all(|bytes| bytes[1].wrapping_sub(bytes[0]) == bytes[2].wrapping_sub(bytes[1]));
    let different = key.iter().collect::<BTreeSet<_>>().len();
    match key {
        _ if key.len() < BYTES_MIN => Some(format!("holds a secret shorter than {BYTES_MIN} bytes")),
        _ if is_published() => Some("holds a secret that stands in Suiftly's documents".to_owned()),
        _ if is_stepped() || different < DIFFERENT_BYTES_MIN => {
            Some("holds a secret that was not made by chance".to_owned())
        }
        _ => None,
    }
}
