//! `ma_vault.csv`: the vault for gateways that read a file. Pure: rows in, the one text for them out, and back.
//!
//! A key's text is encrypted with AES-256-GCM under the vault key; what stands in the file is padded base64 of nonce ‖
//! ciphertext ‖ tag. The format names no key, so whoever reads tries those that it has; the vault keyring's first encrypts.

mod book;

pub use book::{Recalled, VaultBook, Written};

use crate::api_key::{ApiKey, KEY_CHARS};
use crate::ids::{CustomerId, Service};
use crate::sealed::{Keyring, NONCE_BYTES};
use crate::subscription::Tier;
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use data_encoding::BASE64;
use std::fmt::Write;

/// The first line.
pub const VAULT_CSV_HEADER: &str = "customer_id,encrypted_key,rate_limit,tier,service_type";

/// A key that may be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultCsvRow<'a> {
    /// Whose.
    pub customer_id: CustomerId,
    /// What it opens.
    pub service: Service,
    /// The key's SHA-256, upper-case hex, which rows are ordered by within a customer's service.
    pub key_sha256: &'a str,
    /// Padded base64 of nonce ‖ AES-256-GCM of the key under the vault key.
    pub encrypted_key: &'a str,
    /// Requests per second that are served for certain.
    pub rate_limit: u32,
    /// The tier's word.
    pub tier: &'static str,
}

/// A line of the file, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultCsvLine<'a> {
    /// Whose.
    pub customer_id: CustomerId,
    /// The key, encrypted.
    pub encrypted_key: &'a str,
    /// Requests per second that are served for certain.
    pub rate_limit: u32,
    /// The tier.
    pub tier: Tier,
    /// What it opens.
    pub service: Service,
}

/// A text that is no whole vault file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultCsvError {
    /// Another first line, or none.
    #[error("the file does not begin with {VAULT_CSV_HEADER:?}")]
    Header,
    /// The last line does not end.
    #[error("the file is cut off: its last line does not end")]
    CutOff,
    /// A line is none of ours.
    #[error("line {line} of the file cannot be read")]
    Line {
        /// Which, from 1.
        line: usize,
    },
}

/// The file's text: rows by customer, service (in the order of its number) and key; each line ends in LF.
pub fn render(mut rows: Vec<VaultCsvRow<'_>>) -> String {
    rows.sort_unstable_by(|one, other| {
        let place = |row: &VaultCsvRow<'_>| (row.customer_id, row.service);
        place(one).cmp(&place(other)).then_with(|| one.key_sha256.cmp(other.key_sha256))
    });
    let mut text = String::with_capacity((rows.len() + 1) * ROW_BYTES);
    let _ = writeln!(text, "{VAULT_CSV_HEADER}");
    for VaultCsvRow { customer_id, service, encrypted_key, rate_limit, tier, .. } in &rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{},{encrypted_key},{rate_limit},{tier},{}", customer_id.get(), service.word());
    }
    text
}

/// About how long a line is.
const ROW_BYTES: usize = 128;

/// Reads a whole file's lines; what is encrypted in them is not looked into.
pub fn parse(text: &str) -> Result<Vec<VaultCsvLine<'_>>, VaultCsvError> {
    let lines = text.strip_prefix(VAULT_CSV_HEADER).and_then(|rest| rest.strip_prefix('\n'));
    let lines = lines.ok_or(VaultCsvError::Header)?;
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let lines = lines.strip_suffix('\n').ok_or(VaultCsvError::CutOff)?;
    let numbered = lines.split('\n').zip(2..);
    numbered.map(|(line, number)| line_of(line).ok_or(VaultCsvError::Line { line: number })).collect()
}

fn line_of(line: &str) -> Option<VaultCsvLine<'_>> {
    let mut fields = line.split(',');
    let mut next = || fields.next();
    let read = VaultCsvLine {
        customer_id: CustomerId::new(next()?.parse().ok()?)?,
        encrypted_key: next()?,
        rate_limit: next()?.parse().ok()?,
        tier: Tier::from_word(next()?)?,
        service: Service::from_word(next()?)?,
    };
    fields.next().is_none().then_some(read)
}

/// A key, as it stands in the file. The nonce comes of a secure random source and is used once.
pub fn encrypt(vault_key: &[u8; 32], key: &ApiKey, nonce: [u8; NONCE_BYTES]) -> String {
    let ciphertext = Aes256Gcm::new(vault_key.into()).encrypt(&Nonce::from(nonce), key.reveal().as_bytes());
    let mut bytes = nonce.to_vec();
    bytes.extend(ciphertext.expect("a key is shorter than 64 GiB"));
    BASE64.encode(&bytes)
}

/// The key that stands in the file, and the number of the vault key that it is encrypted under.
pub fn decrypt(vault_keys: &Keyring, encrypted: &str) -> Option<(u16, ApiKey)> {
    let bytes = BASE64.decode(encrypted.as_bytes()).ok()?;
    let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>()?;
    let (id, text) = vault_keys.keys().iter().find_map(|(id, key)| {
        let opened = Aes256Gcm::new(key.into()).decrypt(&Nonce::from(*nonce), ciphertext).ok()?;
        Some((*id, opened))
    })?;
    Some((id, ApiKey::parse(std::str::from_utf8(&text).ok()?).ok()?))
}

/// How long what is encrypted is in the file, in characters.
pub const ENCRYPTED_CHARS: usize = (NONCE_BYTES + KEY_CHARS + 16).div_ceil(3) * 4;

#[cfg(test)]
mod tests;
