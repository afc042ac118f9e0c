//! Secrets at rest: AES-256-GCM under a key of a keyring, bound to where they stand.
//!
//! ```text
//! 1 │ key id u16 BE │ nonce 12 │ ciphertext │ tag 16
//! ```
//!
//! Pure: whoever seals brings the nonce, 12 bytes of a secure random source, used once. A keyring's first key seals, all
//! of them open, so keys rotate without downtime: put a new one first, seal what is old again, take the old one out.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A nonce's length.
pub const NONCE_BYTES: usize = 12;
/// A keyring's keys at most.
pub const KEYS_MAX: usize = 16;

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 3;

/// Keys by number.
type NumberedKeys = Arc<[(u16, [u8; 32])]>;

/// Secret keys by number: the first is used, all are taken. Clones are one and the same keyring: what [`Keyring::replace`]
/// puts into one of them, all have. `Debug` shows the numbers alone.
#[derive(Clone)]
pub struct Keyring(Arc<RwLock<NumberedKeys>>);

/// Why a text is no keyring, or bytes cannot be opened. Says nothing of what is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not lines of a number and 64 hexadecimal digits.
    #[error("a keyring has lines of a key's number (1 to 65535) and 64 hexadecimal digits; line {line} is none")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// No key, one number twice, or too many.
    #[error("a keyring has 1 to {KEYS_MAX} keys, each with a number of its own")]
    Keys,
    /// Not of this format.
    #[error("what is sealed is not of a known format")]
    Format,
    /// Sealed by a key that the keyring has not.
    #[error("sealed by key {id}, which the keyring has not")]
    UnknownKey {
        /// Its number.
        id: u16,
    },
    /// Changed, of another place, or sealed by another key of the same number.
    #[error("what is sealed does not open: it was changed, or stands elsewhere")]
    Opaque,
}

impl Keyring {
    /// Reads lines `number hex64`; empty ones and those that begin with # are passed over.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        Self::of(numbered_keys(text)?)
    }

    /// Of keys by number, the one to use first.
    pub fn of(keys: Vec<(u16, [u8; 32])>) -> Result<Self, SealError> {
        check_numbers(&keys)?;
        Ok(Self(Arc::new(RwLock::new(keys.into()))))
    }

    /// From now on it has the keys of `fresh`, for all who hold it. Whoever seals at this moment does so by the old or by
    /// the new keys.
    pub fn replace(&self, fresh: &Self) {
        let fresh = fresh.keys();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
    }

    /// The key that is used, and its number.
    pub fn current(&self) -> (u16, [u8; 32]) {
        self.keys()[0]
    }

    /// The key of a number.
    pub fn key(&self, id: u16) -> Option<[u8; 32]> {
        self.keys().iter().find(|(known, _)| *known == id).map(|(_, key)| *key)
    }

    /// Every key and its number, the one that is used first.
    pub fn keys(&self) -> Arc<[(u16, [u8; 32])]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The numbers, the one that is used first.
    pub fn ids(&self) -> Vec<u16> {
        self.keys().iter().map(|(id, _)| *id).collect()
    }

    /// Seals `secret` for the place that `place` names (`api_key:7:16801928`).
    pub fn seal(&self, secret: &[u8], place: &str, nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        let (id, key) = self.current();
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(&id.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let ciphertext = Aes256Gcm::new((&key).into()).encrypt(&Nonce::from(nonce), payload);
        sealed.extend(ciphertext.expect("a secret is shorter than 64 GiB"));
        sealed
    }

    /// Opens what was sealed for that place.
    pub fn open(&self, sealed: &[u8], place: &str) -> Result<Vec<u8>, SealError> {
        let id = sealed_by(sealed)?;
        let rest = &sealed[HEAD_BYTES..];
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Format)?;
        let key = self.key(id).ok_or(SealError::UnknownKey { id })?;
        let payload = Payload { msg: ciphertext, aad: place.as_bytes() };
        Aes256Gcm::new((&key).into()).decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealError::Opaque)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyring").field(&self.ids()).finish()
    }
}

/// The number of the key that this was sealed by, as its head says.
pub fn sealed_by(sealed: &[u8]) -> Result<u16, SealError> {
    match sealed.split_first_chunk::<HEAD_BYTES>() {
        Some((&[VERSION, id0, id1], _)) => Ok(u16::from_be_bytes([id0, id1])),
        _ => Err(SealError::Format),
    }
}

/// The keys of a file of lines `number hex64`, at least one and each with a number of its own; for every kind of 32 bytes.
pub(crate) fn numbered_keys(text: &str) -> Result<Vec<(u16, [u8; 32])>, SealError> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let keys = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(number, line)| {
        let parsed = line.split_once(char::is_whitespace).and_then(|(id, hex)| {
            let id = id.parse().ok().filter(|id| *id > 0)?;
            let key = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.trim().as_bytes()).ok()?;
            Some((id, key.try_into().ok()?))
        });
        parsed.ok_or(SealError::Line { line: number })
    });
    let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
    check_numbers(&keys)?;
    Ok(keys)
}

fn check_numbers(keys: &[(u16, [u8; 32])]) -> Result<(), SealError> {
    let is_twice = |at: usize| keys[..at].iter().any(|(id, _)| *id == keys[at].0);
    let fits = !keys.is_empty() && keys.len() <= KEYS_MAX && !(0..keys.len()).any(is_twice);
    if fits { Ok(()) } else { Err(SealError::Keys) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "api_key:7:16801928";

    fn ring(ids: &[u16]) -> Keyring {
        Keyring::of(ids.iter().map(|id| (*id, [u8::try_from(*id).unwrap(); 32])).collect()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let sealed = ring(&[1]).seal(b"secret", PLACE, [7; 12]);
        assert_eq!(ring(&[2, 1]).open(&sealed, PLACE).unwrap(), b"secret", "by an old key");
        assert_eq!(ring(&[2]).open(&sealed, PLACE), Err(SealError::UnknownKey { id: 1 }));
        assert_eq!(ring(&[1]).open(&sealed, "api_key:8:16801928"), Err(SealError::Opaque));
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert!(ring(&[1]).open(&changed, PLACE).is_err(), "byte {at} bit {bit}");
            }
            assert!(ring(&[1]).open(&sealed[..at], PLACE).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn whoever_holds_a_keyring_has_the_keys_that_are_put_into_it() {
        let (held, other) = (ring(&[1]), ring(&[1]));
        let clone = held.clone();
        held.replace(&ring(&[2, 1]));
        let sealed = clone.seal(b"secret", PLACE, [7; 12]);
        assert_eq!((sealed_by(&sealed), clone.ids()), (Ok(2), vec![2, 1]));
        assert_eq!(other.open(&sealed, PLACE), Err(SealError::UnknownKey { id: 2 }), "another ring stays as it is");
        assert_eq!([sealed_by(&[]), sealed_by(&[9, 0, 1])], [Err(SealError::Format); 2]);
    }

    #[test]
    fn keyrings_are_read_and_never_shown() {
        let hex = "ab".repeat(32);
        let read = Keyring::parse(&format!("# two keys\n\n2 {hex}\n 1\t{hex}\n")).unwrap();
        assert_eq!(format!("{read:?}"), "Keyring([2, 1])");
        assert_eq!(read.current().0, 2);
        assert!(read.key(1).is_some() && read.key(3).is_none());
        let cases = [
            (String::new(), SealError::Keys),
            (format!("1 {hex}\n1 {hex}"), SealError::Keys),
            (format!("0 {hex}"), SealError::Line { line: 1 }),
            (format!("1 {hex}\n2 {}", &hex[1..]), SealError::Line { line: 2 }),
            ("hunter2".to_owned(), SealError::Line { line: 1 }),
        ];
        for (text, expected) in cases {
            assert_eq!(Keyring::parse(&text).err(), Some(expected), "{text}");
        }
    }
}
