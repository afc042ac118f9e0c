//! Personal messages and transactions signed by Sui wallets. Pure.
//!
//! ```text
//! signature, base64:  flag │ signature 64 │ public key 32 or 33
//! what is signed:     Blake2b-256(intent 3,0,0 │ BCS of the message's bytes), or of a transaction
//!                     Blake2b-256(intent 0,0,0 │ the transaction's BCS)
//! address:            Blake2b-256(flag │ public key)
//! ```
//!
//! Ed25519 signs that digest itself, the two ECDSA schemes its SHA-256. A signature proves nothing about an address by
//! itself: [`verify`] compares the address of the signature's own key with the one that is claimed. Whatever has two forms
//! is taken in one alone: base64 with stray bits, a high S and small-order keys are refused, as Sui refuses them.

use blake2::Blake2b;
use blake2::digest::Digest;
use blake2::digest::consts::U32;
use k256::ecdsa::signature::Verifier;
use std::fmt;

/// A signature's text at most: the longest that we take has 98 bytes.
pub(crate) const SIGNATURE_CHARS_MAX: usize = 132;
const ADDRESS_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;
/// Scope "personal message", version 0, application "Sui".
const PERSONAL_MESSAGE: [u8; 3] = [3, 0, 0];
/// The same of the scope "transaction".
const TRANSACTION: [u8; 3] = [0, 0, 0];

/// A wallet's address. It is shown as `0x` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WalletAddress([u8; ADDRESS_BYTES]);

impl WalletAddress {
    /// Reads `0x` and 64 hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.strip_prefix("0x")?.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// Of a public key under a scheme's flag.
    fn of(flag: u8, public_key: &[u8]) -> Self {
        Self(blake2b(&[&[flag], public_key]))
    }
}

impl fmt::Display for WalletAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// Why a signature is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    /// Not base64 of a flag, a signature and a key.
    #[error("the signature is not base64 of a Sui signature")]
    Form,
    /// Of a scheme that is known, and not taken here.
    #[error("{0} signatures are not taken: sign with a single Ed25519, Secp256k1 or Secp256r1 key")]
    Scheme(&'static str),
    /// It is not that key's signature of the message.
    #[error("the signature is not one of this message")]
    Wrong,
    /// It is a good one, by another wallet.
    #[error("the signature is another wallet's")]
    OtherWallet,
}

/// Whether `signature` is the wallet's signature of the personal message.
pub(crate) fn verify(address: WalletAddress, message: &[u8], signature: &str) -> Result<(), SignatureError> {
    verify_digest(address, &digest(message), &decode(signature)?)
}

/// Whether `signature` is the wallet's signature of the transaction, which is given in BCS. Answers its bytes.
pub(crate) fn verify_transaction(
    address: WalletAddress,
    transaction: &[u8],
    signature: &str,
) -> Result<Vec<u8>, SignatureError> {
    let bytes = decode(signature)?;
    verify_digest(address, &blake2b(&[&TRANSACTION, transaction]), &bytes)?;
    Ok(bytes)
}

fn decode(signature: &str) -> Result<Vec<u8>, SignatureError> {
    data_encoding::BASE64.decode(signature.as_bytes()).map_err(|_| SignatureError::Form)
}

fn verify_digest(address: WalletAddress, digest: &[u8; 32], bytes: &[u8]) -> Result<(), SignatureError> {
    let (&flag, rest) = bytes.split_first().ok_or(SignatureError::Form)?;
    let scheme = Scheme::of(flag)?;
    let (signature, public_key) = rest.split_first_chunk::<SIGNATURE_BYTES>().ok_or(SignatureError::Form)?;
    scheme.verify(digest, signature, public_key)?;
    if WalletAddress::of(flag, public_key) == address { Ok(()) } else { Err(SignatureError::OtherWallet) }
}

#[derive(Clone, Copy)]
enum Scheme {
    Ed25519,
    Secp256k1,
    Secp256r1,
}

impl Scheme {
    const fn of(flag: u8) -> Result<Self, SignatureError> {
        match flag {
            0 => Ok(Self::Ed25519),
            1 => Ok(Self::Secp256k1),
            2 => Ok(Self::Secp256r1),
            3 => Err(SignatureError::Scheme("multisig")),
            5 => Err(SignatureError::Scheme("zkLogin")),
            6 => Err(SignatureError::Scheme("passkey")),
            _ => Err(SignatureError::Form),
        }
    }

    fn verify(self, digest: &[u8; 32], signature: &[u8; 64], public_key: &[u8]) -> Result<(), SignatureError> {
        match self {
            Self::Ed25519 => ed25519(digest, signature, public_key),
            Self::Secp256k1 => secp256k1(digest, signature, public_key),
            Self::Secp256r1 => secp256r1(digest, signature, public_key),
        }
    }
}

fn ed25519(digest: &[u8; 32], signature: &[u8; 64], public_key: &[u8]) -> Result<(), SignatureError> {
    let key = public_key.try_into().map_err(|_| SignatureError::Form)?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| SignatureError::Wrong)?;
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    key.verify_strict(digest, &signature).map_err(|_| SignatureError::Wrong)
}

/// The key is compressed: 33 bytes.
const EC_KEY_BYTES: usize = 33;

fn secp256k1(digest: &[u8; 32], signature: &[u8; 64], public_key: &[u8]) -> Result<(), SignatureError> {
    use k256::ecdsa::{Signature, VerifyingKey};
    let key: &[u8; EC_KEY_BYTES] = public_key.try_into().map_err(|_| SignatureError::Form)?;
    let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| SignatureError::Wrong)?;
    let signature = Signature::from_slice(signature).map_err(|_| SignatureError::Wrong)?;
    if signature.normalize_s() != signature {
        return Err(SignatureError::Wrong);
    }
    key.verify(digest, &signature).map_err(|_| SignatureError::Wrong)
}

fn secp256r1(digest: &[u8; 32], signature: &[u8; 64], public_key: &[u8]) -> Result<(), SignatureError> {
    use p256::ecdsa::{Signature, VerifyingKey};
    let key: &[u8; EC_KEY_BYTES] = public_key.try_into().map_err(|_| SignatureError::Form)?;
    let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| SignatureError::Wrong)?;
    let signature = Signature::from_slice(signature).map_err(|_| SignatureError::Wrong)?;
    if signature.normalize_s() != signature {
        return Err(SignatureError::Wrong);
    }
    key.verify(digest, &signature).map_err(|_| SignatureError::Wrong)
}

/// What wallets sign for a personal message.
fn digest(message: &[u8]) -> [u8; 32] {
    blake2b(&[&PERSONAL_MESSAGE, &bcs_length(message.len()), message])
}

/// BCS writes a vector's length as ULEB128.
fn bcs_length(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(length & 0x7f).expect("seven bits");
        length >>= 7;
        if length == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn blake2b(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::Signer;

    const MESSAGE: &[u8] = b"example.org asks you to sign in";
    const N_K256: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    const N_P256: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

    /// A signature of each scheme: flag, signature and key in bytes.
    fn signed(flag: u8) -> Vec<u8> {
        let (digest, mut bytes) = (digest(MESSAGE), vec![flag]);
        match flag {
            0 => {
                let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
                bytes.extend(key.sign(&digest).to_bytes());
                bytes.extend(key.verifying_key().to_bytes());
            }
            1 => {
                let key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
                let signature: k256::ecdsa::Signature = k256::ecdsa::signature::Signer::sign(&key, &digest);
                bytes.extend(signature.normalize_s().to_bytes());
                bytes.extend_from_slice(key.verifying_key().to_sec1_point(true).as_bytes());
            }
            _ => {
                let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
                let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(&key, &digest);
                bytes.extend(signature.normalize_s().to_bytes());
                bytes.extend_from_slice(key.verifying_key().to_sec1_point(true).as_bytes());
            }
        }
        bytes
    }

    fn check(address: WalletAddress, message: &[u8], bytes: &[u8]) -> Result<(), SignatureError> {
        verify(address, message, &data_encoding::BASE64.encode(bytes))
    }

    fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    }

    #[test]
    fn each_scheme_verifies_and_no_bit_may_change() {
        for flag in 0..3 {
            let bytes = signed(flag);
            let address = WalletAddress::of(flag, &bytes[65..]);
            assert_eq!(check(address, MESSAGE, &bytes), Ok(()), "scheme {flag}");
            for bit in 0..bytes.len() * 8 {
                assert!(check(address, MESSAGE, &flipped(&bytes, bit)).is_err(), "scheme {flag}, bit {bit}");
            }
            for bit in 0..MESSAGE.len() * 8 {
                assert!(check(address, &flipped(MESSAGE, bit), &bytes).is_err(), "scheme {flag}, bit {bit} said");
            }
            let other = WalletAddress::of(flag, b"another key");
            assert_eq!(check(other, MESSAGE, &bytes), Err(SignatureError::OtherWallet), "scheme {flag}");
            for length in 0..bytes.len() {
                assert!(check(address, MESSAGE, &bytes[..length]).is_err(), "scheme {flag}, {length} bytes");
            }
            assert!(check(address, MESSAGE, &[bytes.as_slice(), &[0]].concat()).is_err());
        }
    }

    /// S and n − S verify alike; the high one is refused, or a signature would have two forms.
    #[test]
    fn a_high_s_is_refused() {
        for (flag, order) in [(1, N_K256), (2, N_P256)] {
            let bytes = signed(flag);
            let address = WalletAddress::of(flag, &bytes[65..]);
            let order = data_encoding::HEXLOWER.decode(order.as_bytes()).unwrap();
            let (mut high, mut borrow) = (bytes.clone(), 0);
            for at in (0..32).rev() {
                let difference = i32::from(order[at]) - i32::from(bytes[33 + at]) - borrow;
                high[33 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
                borrow = i32::from(difference < 0);
            }
            assert_eq!(check(address, MESSAGE, &high), Err(SignatureError::Wrong), "scheme {flag}");
        }
    }

    /// A key of small order "signs" everything.
    #[test]
    fn a_key_of_small_order_is_refused() {
        let mut bytes = vec![0; 97];
        bytes[1] = 1;
        bytes[65] = 1;
        let address = WalletAddress::of(0, &bytes[65..]);
        assert_eq!(check(address, MESSAGE, &bytes), Err(SignatureError::Wrong));
    }

    /// A transaction and its signature as the official SDK has them.
    #[test]
    fn transactions_are_signed_with_another_intent() {
        let file = include_str!("../../settlement/sui/tests/data/transactions.json");
        let file: serde_json::Value = serde_json::from_str(file).unwrap();
        let address = WalletAddress::parse(file["keys"]["owner"]["address"].as_str().unwrap()).unwrap();
        let built = file["transactions"].as_array().unwrap();
        let built = built.iter().find(|built| built["name"] == "deposit").unwrap();
        let bytes = data_encoding::HEXLOWER.decode(built["bytes"].as_str().unwrap().as_bytes()).unwrap();
        let signature = built["signature"].as_str().unwrap();
        let decoded = data_encoding::BASE64.decode(signature.as_bytes()).unwrap();
        assert_eq!(verify_transaction(address, &bytes, signature), Ok(decoded));
        assert_eq!(verify(address, &bytes, signature), Err(SignatureError::Wrong), "no message");
        assert_eq!(verify_transaction(address, &bytes[1..], signature), Err(SignatureError::Wrong));
        let other = WalletAddress([7; ADDRESS_BYTES]);
        assert_eq!(verify_transaction(other, &bytes, signature), Err(SignatureError::OtherWallet));
        assert_eq!(verify_transaction(address, &bytes, "!"), Err(SignatureError::Form));
    }

    #[test]
    fn other_schemes_are_named() {
        for (flag, name) in [(3, "multisig"), (5, "zkLogin"), (6, "passkey")] {
            let error = check(WalletAddress([0; 32]), MESSAGE, &[flag; 200]).unwrap_err();
            assert!(error.to_string().starts_with(name), "{error}");
        }
        for flag in (7..=255).chain([4]) {
            assert_eq!(check(WalletAddress([0; 32]), MESSAGE, &[flag; 97]), Err(SignatureError::Form));
        }
        for text in ["", "!", "AA", "AB==", "AA==\n"] {
            assert_eq!(verify(WalletAddress([0; 32]), MESSAGE, text), Err(SignatureError::Form), "{text}");
        }
    }

    #[test]
    fn addresses_have_one_form() {
        let text = format!("0x{}", "0aBc".repeat(16));
        let address = WalletAddress::parse(&text).unwrap();
        assert_eq!(address.to_string(), text.to_lowercase());
        for bad in ["0x2", &text[2..], &text[..65], &format!("{text}0"), &text.replace('B', "g"), "0X"] {
            assert_eq!(WalletAddress::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn lengths_are_uleb128() {
        let cases: [(usize, &[u8]); 4] = [(0, &[0]), (127, &[127]), (128, &[128, 1]), (300, &[172, 2])];
        for (length, bytes) in cases {
            assert_eq!(bcs_length(length), bytes);
        }
    }
}
