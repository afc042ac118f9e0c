//! The API key: 37 characters that carry, encrypted, whose it is and what it is for (SPEC §8).
//!
//! ```text
//! S AECAGBCF0GRYR341VCNXN4EDRVTWUIODBYV5      service letter, then 36 characters
//!   base32(IV ‖ AES-128-CTR(payload)) ‖ hex(HMAC-SHA256[..2]), four pairs of characters swapped
//! ```
//!
//! A 16-bit tag is no authority: it turns away typing errors cheaply. A key is valid only if the vault holds it.

use crate::ids::{CustomerId, Network, Service};
use aes::Aes128;
use ctr::cipher::{KeyIvInit, StreamCipher};
use data_encoding::{BASE32_NOPAD, HEXUPPER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// A key's length in characters.
pub const KEY_CHARS: usize = 37;

const IV_BYTES: usize = 4;
const PAYLOAD_BYTES: usize = 16;
const BASE32_CHARS: usize = 32;
const TAG_BYTES: usize = 2;
/// What the IV of a derived key is an HMAC of begins with it.
const DERIVED_DOMAIN: &[u8] = b"suiftly-derived-api-key-1\n";
/// Positions, counted from 0 without the service letter, that change places.
const SWAPS: [(usize, usize); 4] = [(2, 32), (8, 35), (15, 34), (23, 33)];
/// Where in the key the 35 bits of the fingerprint stand.
const FINGERPRINT_AT: [usize; 7] = [1, 2, 4, 5, 6, 7, 8];

/// The secret that all API keys are made with. It cannot rotate: it is in every key.
#[derive(Clone)]
pub struct ApiKeySecret([u8; 32]);

impl ApiKeySecret {
    /// Takes the 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits of either case.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeySecret(…)")
    }
}

/// The 16 bits a key says about itself: version (0), network, access, source, process group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyMetadata(u16);

const MAINNET: u16 = 1 << 13;
const PERMISSION: u16 = 1 << 12;
const IMPORTED: u16 = 1 << 11;
const VERSION: u16 = 0b11 << 14;
const RESERVED: u16 = 0xff;

impl KeyMetadata {
    /// Metadata of version 0. An open key (without permission) always counts as imported.
    ///
    /// `group` is the process group, 0–7; other bits of it are ignored.
    pub const fn new(network: Network, permission: bool, imported: bool, group: u8) -> Self {
        let network = if matches!(network, Network::Mainnet) { MAINNET } else { 0 };
        let access = if permission { PERMISSION } else { 0 };
        let source = if imported || !permission { IMPORTED } else { 0 };
        Self(network | access | source | ((group as u16 & 7) << 8))
    }

    /// The metadata of these bits, if they can be ones of version 0.
    pub const fn from_bits(bits: u16) -> Option<Self> {
        let open_and_derived = bits & (PERMISSION | IMPORTED) == 0;
        if bits & (VERSION | RESERVED) != 0 || open_and_derived { None } else { Some(Self(bits)) }
    }

    /// The 16 bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Mainnet, or testnet.
    pub const fn network(self) -> Network {
        if self.0 & MAINNET == 0 { Network::Testnet } else { Network::Mainnet }
    }
}

/// What a key says once decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyClaims {
    /// The service its letter names: seal, grpc or graphql.
    pub service: Service,
    /// Its metadata.
    pub metadata: KeyMetadata,
    /// Its customer; 32 bits.
    pub customer_id: CustomerId,
}

/// Why a key could not be made or read. Says nothing of the key itself, so it may be logged.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// Not 37 characters, or a character no key has.
    #[error("not of an API key's shape")]
    Shape,
    /// A service without keys.
    #[error("no keys are made for this service")]
    Service,
    /// The tag does not fit: mistyped, or made with another secret.
    #[error("the key's tag does not fit")]
    Tag,
    /// The tag fits, yet the content cannot be a version 0 payload.
    #[error("the key's content is not of a known version")]
    Payload,
    /// The customer's id is more than 32 bits.
    #[error("the customer's id does not fit a key")]
    Customer,
}

/// A whole key. Its `Debug` shows the prefix alone.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Makes the key of `claims` with this IV, which must come from a secure random source and be used once.
    pub fn issue(secret: &ApiKeySecret, claims: KeyClaims, iv: [u8; IV_BYTES]) -> Result<Self, ApiKeyError> {
        let letter = service_letter(claims.service).ok_or(ApiKeyError::Service)?;
        let customer = u32::try_from(claims.customer_id.get()).map_err(|_| ApiKeyError::Customer)?;
        let mut sealed = [0; IV_BYTES + PAYLOAD_BYTES];
        sealed[..IV_BYTES].copy_from_slice(&iv);
        sealed[4..6].copy_from_slice(&claims.metadata.bits().to_be_bytes());
        sealed[8..12].copy_from_slice(&customer.to_be_bytes());
        apply_keystream(secret, &mut sealed);
        let mut chars = BASE32_NOPAD.encode(&sealed).into_bytes();
        chars.extend_from_slice(HEXUPPER.encode(&tag(secret, &sealed)).as_bytes());
        swap(&mut chars);
        chars.insert(0, letter);
        Ok(Self(String::from_utf8(chars).map_err(|_| ApiKeyError::Shape)?))
    }

    /// Makes a key of our own, the same one whenever it is asked for with the same label: nobody has to keep it. Its IV is
    /// an HMAC under the secret, so that who knows the label cannot make it.
    pub fn derive(secret: &ApiKeySecret, claims: KeyClaims, label: &str) -> Result<Self, ApiKeyError> {
        let mut draw = 0;
        loop {
            let key = Self::issue(secret, claims, derived_iv(secret, label, draw))?;
            // 0 is no key's fingerprint.
            if key.fingerprint() != 0 {
                return Ok(key);
            }
            draw += 1;
        }
    }

    /// Takes a text that has a key's shape; [`ApiKey::verify`] says whether it is one.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let shaped = text.len() == KEY_CHARS
            && letter_service(text.as_bytes()[0]).is_some()
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && fingerprint(text.as_bytes()).is_some();
        if shaped { Ok(Self(text.to_owned())) } else { Err(ApiKeyError::Shape) }
    }

    /// Checks the tag, in constant time, and reads what the key says.
    pub fn verify(&self, secret: &ApiKeySecret) -> Result<KeyClaims, ApiKeyError> {
        let service = letter_service(self.0.as_bytes()[0]).ok_or(ApiKeyError::Service)?;
        let mut chars = self.0.as_bytes()[1..].to_vec();
        swap(&mut chars);
        let mut sealed: [u8; IV_BYTES + PAYLOAD_BYTES] = BASE32_NOPAD
            .decode(&chars[..BASE32_CHARS])
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(ApiKeyError::Shape)?;
        let claimed_tag = HEXUPPER.decode(&chars[BASE32_CHARS..]).map_err(|_| ApiKeyError::Shape)?;
        if !bool::from(tag(secret, &sealed).ct_eq(&claimed_tag)) {
            return Err(ApiKeyError::Tag);
        }
        apply_keystream(secret, &mut sealed);
        let payload: [u8; PAYLOAD_BYTES] = std::array::from_fn(|i| sealed[IV_BYTES + i]);
        let [m0, m1, 0, 0, c0, c1, c2, c3, 0, 0, 0, 0, 0, 0, 0, 0] = payload else {
            return Err(ApiKeyError::Payload);
        };
        let metadata = KeyMetadata::from_bits(u16::from_be_bytes([m0, m1])).ok_or(ApiKeyError::Payload)?;
        let customer = i64::from(u32::from_be_bytes([c0, c1, c2, c3]));
        let customer_id = CustomerId::new(customer).ok_or(ApiKeyError::Payload)?;
        Ok(KeyClaims { service, metadata, customer_id })
    }

    /// The fingerprint that log lines carry: 32 bits, unique per customer at best.
    pub fn fingerprint(&self) -> u32 {
        fingerprint(self.0.as_bytes()).unwrap_or_default()
    }

    /// SHA-256 of the key as upper-case hex: what gateways look it up by.
    pub fn sha256_hex(&self) -> String {
        HEXUPPER.encode(&Sha256::digest(self.0.as_bytes()))
    }

    /// What lists may show of it.
    pub fn prefix(&self) -> &str {
        &self.0[..8]
    }

    /// The key in full: for its owner, at creation and at an explicit reveal only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}…)", self.prefix())
    }
}

const fn service_letter(service: Service) -> Option<u8> {
    match service {
        Service::Seal => Some(b'S'),
        Service::Grpc => Some(b'R'),
        Service::Graphql => Some(b'G'),
        _ => None,
    }
}

const fn letter_service(letter: u8) -> Option<Service> {
    match letter {
        b'S' => Some(Service::Seal),
        b'R' => Some(Service::Grpc),
        b'G' => Some(Service::Graphql),
        _ => None,
    }
}

fn apply_keystream(secret: &ApiKeySecret, sealed: &mut [u8; IV_BYTES + PAYLOAD_BYTES]) {
    let mut counter_block = [0; 16];
    counter_block[..IV_BYTES].copy_from_slice(&sealed[..IV_BYTES]);
    let key: [u8; 16] = std::array::from_fn(|i| secret.0[i]);
    ctr::Ctr128BE::<Aes128>::new(&key.into(), &counter_block.into()).apply_keystream(&mut sealed[IV_BYTES..]);
}

fn tag(secret: &ApiKeySecret, sealed: &[u8]) -> [u8; TAG_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).expect("HMAC takes a key of any length");
    mac.update(sealed);
    let whole = mac.finalize().into_bytes();
    [whole[0], whole[1]]
}

/// What is hashed is longer than what a tag is of: no tag can be taken for it.
fn derived_iv(secret: &ApiKeySecret, label: &str, draw: u32) -> [u8; IV_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).expect("HMAC takes a key of any length");
    mac.update(DERIVED_DOMAIN);
    mac.update(&draw.to_be_bytes());
    mac.update(label.as_bytes());
    let whole = mac.finalize().into_bytes();
    std::array::from_fn(|at| whole[at])
}

fn swap(chars: &mut [u8]) {
    for (a, b) in SWAPS {
        chars.swap(a, b);
    }
}

/// 7 characters are 35 bits; the top 32 count. None of the seven stands at a swapped position, which would hold a
/// hexadecimal digit that base32 may lack.
fn fingerprint(key: &[u8]) -> Option<u32> {
    let mut bits = 0u64;
    for at in FINGERPRINT_AT {
        bits = bits << 5 | u64::from(base32_value(*key.get(at)?)?);
    }
    u32::try_from(bits >> 3).ok()
}

const fn base32_value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "8776c4c0e84428c6e86fca4647abe16459649aa78fe4c72e7643dc3a14343337";

    fn secret() -> ApiKeySecret {
        ApiKeySecret::from_hex(SECRET).unwrap()
    }

    fn claims() -> KeyClaims {
        KeyClaims {
            service: Service::Seal,
            metadata: KeyMetadata::from_bits(0x2900).unwrap(),
            customer_id: CustomerId::new(12345).unwrap(),
        }
    }

    #[test]
    fn the_published_vector() {
        let key = ApiKey::issue(&secret(), claims(), [1, 2, 3, 4]).unwrap();
        assert_eq!(key.reveal(), "SAECAGBCF0GRYR341VCNXN4EDRVTWUIODBYV5");
        assert_eq!(key.fingerprint(), 16_801_928);
        assert_eq!(key.verify(&secret()), Ok(claims()));
        assert_eq!(format!("{key:?}"), "ApiKey(SAECAGBC…)");
    }

    #[test]
    fn derived_keys_are_the_same_each_time_and_differ_by_label_and_secret() {
        let key = ApiKey::derive(&secret(), claims(), "canary:17").unwrap();
        assert_eq!(ApiKey::derive(&secret(), claims(), "canary:17").unwrap(), key);
        assert_eq!(key.verify(&secret()), Ok(claims()));
        assert_ne!(key.fingerprint(), 0);
        let others = [
            ApiKey::derive(&secret(), claims(), "canary:18").unwrap(),
            ApiKey::derive(&ApiKeySecret::new([7; 32]), claims(), "canary:17").unwrap(),
        ];
        for other in others {
            assert_ne!(other, key);
            assert_ne!(other.fingerprint(), key.fingerprint());
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let other = ApiKeySecret::new([7; 32]);
        let key = ApiKey::issue(&secret(), claims(), [1, 2, 3, 4]).unwrap();
        assert_eq!(key.verify(&other), Err(ApiKeyError::Tag));
        let too_short = "SAECAGBCF0GRYR341VCNXN4EDRVTWUIODBYV";
        let shapes =
            ["", "S", too_short, "XAECAGBCF0GRYR341VCNXN4EDRVTWUIODBYV5", "saecagbcf0gryr341vcnxn4edrvtwuiodbyv5"];
        for shape in shapes {
            assert_eq!(ApiKey::parse(shape), Err(ApiKeyError::Shape), "{shape}");
        }
        let platform = KeyClaims { service: Service::Platform, ..claims() };
        assert_eq!(ApiKey::issue(&secret(), platform, [0; 4]), Err(ApiKeyError::Service));
    }

    /// The tag covers what is encrypted; the letter before it says another service, and no other letter stands there.
    #[test]
    fn every_single_changed_character_is_refused_or_says_something_else() {
        let key = ApiKey::issue(&secret(), claims(), [1, 2, 3, 4]).unwrap();
        let (mut refused, mut other) = (0, 0);
        for at in 0..KEY_CHARS {
            for by in (0x20..0x7f).filter(|by| *by != key.reveal().as_bytes()[at]) {
                let mut chars = key.reveal().as_bytes().to_vec();
                chars[at] = by;
                let changed = ApiKey::parse(&String::from_utf8(chars).unwrap());
                match changed.and_then(|changed| changed.verify(&secret()).map(|says| (changed, says))) {
                    Err(_) => refused += 1,
                    Ok((changed, says)) => {
                        assert_ne!(says, claims(), "{changed:?} at {at}");
                        assert_ne!(changed.sha256_hex(), key.sha256_hex());
                        other += 1;
                    }
                }
            }
        }
        assert_eq!((refused, other), (KEY_CHARS * 94 - 2, 2), "R and G for S, and nothing else");
    }

    proptest! {
        #[test]
        fn every_key_reads_back_and_no_changed_letter_passes_as_another_customer(
            customer in 1i64..=i64::from(u32::MAX), iv: [u8; 4], group in 0u8..8, mainnet: bool, permission: bool, imported: bool,
            at in 1usize..KEY_CHARS, by in 1u8..26,
        ) {
            let network = if mainnet { Network::Mainnet } else { Network::Testnet };
            let claims = KeyClaims {
                service: Service::Grpc,
                metadata: KeyMetadata::new(network, permission, imported, group),
                customer_id: CustomerId::new(customer).unwrap(),
            };
            let key = ApiKey::issue(&secret(), claims, iv).unwrap();
            let read = ApiKey::parse(key.reveal()).unwrap();
            prop_assert_eq!(read.verify(&secret()), Ok(claims));
            prop_assert_eq!(claims.metadata.network(), network);

            let mut chars = key.reveal().as_bytes().to_vec();
            if chars[at].is_ascii_uppercase() {
                chars[at] = b'A' + (chars[at] - b'A' + by) % 26;
                let text = String::from_utf8(chars).unwrap();
                let read = ApiKey::parse(&text).and_then(|key| key.verify(&secret()));
                prop_assert_ne!(read, Ok(claims));
            }
        }
    }
}
