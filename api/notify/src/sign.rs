//! Signatures of webhooks. Pure.
//!
//! ```text
//! Suiftly-Signature: t=1795348800,v1=<hex of HMAC-SHA256(secret, "1795348800." ‖ body)>
//! ```
//!
//! The secret is the text as it was shown, `whsec_` and all. While a secret is rotated there are two `v1`, the newer first:
//! a receiver takes what any of them proves. A receiver refuses a `t` that is minutes away from its own clock, and computes
//! over the body's bytes as they came.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;

/// The header that carries it.
pub const SIGNATURE_HEADER: &str = "suiftly-signature";
/// What every secret begins with.
pub const SECRET_PREFIX: &str = "whsec_";
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A new secret: 49 characters.
pub fn new_secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{SECRET_PREFIX}{}", BASE64URL_NOPAD.encode(&bytes)))
}

/// The header's value for a body sent at `unix_s`, by each of the secrets.
pub fn signature(secrets: &[impl AsRef<[u8]>], unix_s: i64, body: &[u8]) -> String {
    let mut value = format!("t={unix_s}");
    for secret in secrets {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_ref()).expect("HMAC takes a key of any length");
        mac.update(unix_s.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        // Writing to a String cannot fail.
        let _ = write!(value, ",v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by Python: hmac.new(b"whsec_test", b'1795348800.{"a":1}', "sha256").hexdigest()
    const VECTOR: &str = "cb5dc163f7a43050e07a59e32616b3b0bc2113079d5bdc79315951727d8ba5e0";

    #[test]
    fn the_vector_holds() {
        let found = signature(&["whsec_test"], 1_795_348_800, br#"{"a":1}"#);
        assert_eq!(found, format!("t=1795348800,v1={VECTOR}"));
        let both = signature(&["whsec_new", "whsec_test"], 1_795_348_800, br#"{"a":1}"#);
        assert!(both.ends_with(&format!(",v1={VECTOR}")) && both.matches("v1=").count() == 2, "{both}");
    }

    #[test]
    fn every_part_counts() {
        let of = |secret, at, body: &str| signature(&[secret], at, body.as_bytes());
        let one = of("whsec_a", 10, "{}");
        for other in
            [of("whsec_b", 10, "{}"), of("whsec_a", 11, "{}"), of("whsec_a", 10, "{} "), of("whsec_a", 1, "0.{}")]
        {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn secrets_differ() {
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        assert_ne!(one, other);
        assert!(one.starts_with(SECRET_PREFIX) && one.len() == 49, "{one}");
    }
}
