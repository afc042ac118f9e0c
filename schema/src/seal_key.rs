//! Seal keys: the master keys of Seal's identity-based encryption, and the packages that may ask for what is derived from
//! one.
//!
//! A master key is a scalar of BLS12-381, its public key that multiple of G2's generator, compressed to 96 bytes, as
//! `@mysten/seal` and Seal's key servers have it. Pure: whoever makes one brings the random bytes.

use blst::min_sig::SecretKey;
use std::fmt;

/// A public key's length.
pub const PUBLIC_KEY_BYTES: usize = 96;
/// A private key's length: the scalar, big-endian.
pub const PRIVATE_KEY_BYTES: usize = 32;

const ADDRESS_DIGITS: usize = 64;

/// A master key with its public key. Wiped when dropped; `Debug` shows the public key alone.
#[derive(Clone)]
pub struct SealKey(SecretKey);

impl SealKey {
    /// The key of 32 bytes out of a secure random source, used once: a scalar that is as good as evenly distributed.
    pub fn of_random(material: &[u8; 32]) -> Self {
        Self(SecretKey::key_gen(material, &[]).expect("32 bytes are enough for a key"))
    }

    /// The key of a scalar; `None` for zero, and for one that is not below the group's order.
    pub fn from_private(bytes: &[u8]) -> Option<Self> {
        SecretKey::from_bytes(bytes).ok().map(Self)
    }

    /// The scalar: to be sealed.
    pub fn private_key(&self) -> [u8; PRIVATE_KEY_BYTES] {
        self.0.to_bytes()
    }

    /// The public key, compressed.
    pub fn public_key(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.0.sk_to_pk().compress()
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({}…)", data_encoding::HEXLOWER.encode(&self.public_key()[..8]))
    }
}

/// A package's address as it is kept: `0x` and 64 small hexadecimal digits. Short forms (`0x2`) are padded; `None` for what
/// is none, and for zero, where no package can be.
pub fn package_address(text: &str) -> Option<String> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let is_hex = (1..=ADDRESS_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_zero = digits.bytes().all(|byte| byte == b'0');
    (is_hex && !is_zero).then(|| format!("0x{:0>ADDRESS_DIGITS$}", digits.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    /// By `@noble/curves`, which `@mysten/seal` computes with; the first is the generator itself.
    const VECTORS: [(&str, &str); 3] = [
        (
            "0000000000000000000000000000000000000000000000000000000000000001",
            "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e\
             024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8",
        ),
        (
            "263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3",
            "ac400b70f6f8cd35648f5c126cce5417f3be4d8eefbd42ceb4286a14df7e03135313fe5845e3a575faab3e8b949d2488\
             14856c22d8cdb2967c720e963eedc999e738373b14172f06fc915769d3cc5ab7ae0a1b9c38f48b5585fb09d4bd2733bb",
        ),
        (
            "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
            "8107aad1d722b74d1955f000f764b907aebc9fd0003cdc0db16ce57028e0417257abc93cdbd29bbeae81d85c29df2c42\
             00c75b6acd7e2ad2ed48092947c7659d3fd7c5dae9340f1ed804b73417aaaf06f6bf985c8ff49c103482b606bf57042f",
        ),
    ];

    #[test]
    fn public_keys_are_those_of_seal() {
        for (private, public) in VECTORS {
            let private = HEXLOWER.decode(private.as_bytes()).unwrap();
            let key = SealKey::from_private(&private).unwrap();
            assert_eq!(HEXLOWER.encode(&key.public_key()), public);
            assert_eq!(key.private_key().as_slice(), private);
        }
    }

    #[test]
    fn random_bytes_make_a_key_and_others_another() {
        let (one, again, other) = ([7; 32], [7; 32], [8; 32]);
        let [one, again, other] = [one, again, other].map(|material| SealKey::of_random(&material));
        assert_eq!(one.public_key(), again.public_key());
        assert_ne!(one.public_key(), other.public_key());
        assert_eq!(SealKey::from_private(&one.private_key()).unwrap().public_key(), one.public_key());
        assert_ne!(one.private_key(), [7; 32], "the key is derived, never the bytes themselves");
        let shown = format!("{one:?}");
        assert!(!shown.contains(&HEXLOWER.encode(&one.private_key()[..8])), "{shown}");
    }

    #[test]
    fn what_is_no_scalar_is_no_key() {
        let order = HEXLOWER.decode(b"73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001").unwrap();
        for bytes in [&[0; 32][..], &[1; 31], &[0xff; 32], &order, &[]] {
            assert!(SealKey::from_private(bytes).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn package_addresses() {
        let full = format!("0x{}", "ab".repeat(32));
        let cases = [
            ("0x2", Some(format!("0x{:064x}", 2))),
            ("0X0Aa", Some(format!("0x{:064x}", 0xaa))),
            (&full.to_ascii_uppercase().replace("0X", "0x"), Some(full.clone())),
            (&full, Some(full.clone())),
            (&format!("{full}0"), None),
            ("0x0", None),
            ("0x", None),
            ("2", None),
            ("0xg", None),
            ("0x+2", None),
            ("0x２", None),
            (" 0x2", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(package_address(text), expected, "{text}");
        }
    }
}
