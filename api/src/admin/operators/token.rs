//! Operators' tokens: `sop_` and 43 characters of base64url, which are 32 random bytes. Kept as SHA-256 alone.

use crate::auth::OPERATOR_TOKEN_PREFIX;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};

/// The token of these bytes, which nobody can guess.
pub fn operator_token(bytes: [u8; 32]) -> String {
    format!("{OPERATOR_TOKEN_PREFIX}{}", BASE64URL_NOPAD.encode(&bytes))
}

/// What is kept of a token: its SHA-256 in lower-case hex.
pub fn operator_token_sha256(token: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_one_shape_and_are_kept_hashed() {
        let token = operator_token([0xff; 32]);
        assert_eq!(token, "sop___________________________________________8");
        assert_eq!(token.len(), 47);
        assert_eq!(operator_token_sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
