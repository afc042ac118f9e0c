//! The signed head of a grant set: which one it is, and its root.

use super::set::Root;
use crate::ids::Epoch;
use crate::sealed::{KEYS_MAX, SealError, numbered_keys};
use crate::time::UnixMillis;
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// The format that this program writes and reads.
pub const FORMAT: u8 = 1;
/// What is signed begins with it, so that no other signed text can be taken for a head.
const SIGNED_DOMAIN: &str = "suiftly-vault-head-1\n";
/// A head is no longer than this as text, in bytes.
pub const HEAD_BYTES_MAX: usize = 64 << 10;

/// Which grant set, and what is true of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// [`FORMAT`].
    pub format: u8,
    /// When the process that publishes began to, later than any before it: a version of a later era is the newer one.
    pub era: UnixMillis,
    /// Rises by one with each publication.
    pub version: u64,
    /// The version with which operators last demanded that every gateway be filled anew; 0: never.
    pub refill: u64,
    /// The set's digest.
    pub root: Root,
    /// Keys in it.
    pub keys: u64,
    /// Rows of access in it.
    pub access: u64,
    /// The last epoch whose changes are in it.
    pub epoch: Epoch,
    /// When that epoch was cut: up to when usage has been looked at.
    pub as_of: UnixMillis,
    /// When it was published.
    pub issued_at: UnixMillis,
    /// How many gateways share each region's limits, by region.
    pub regions: BTreeMap<u16, u16>,
}

impl Head {
    /// Whether it is newer than `other`.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        (self.era, self.version) > (other.era, other.version)
    }

    /// How many gateways share the limits of this server's region: at least one. A region is `server_id >> 4`.
    pub fn share_of(&self, server_id: i16) -> u16 {
        let region = u16::try_from(server_id >> 4).unwrap_or(0);
        self.regions.get(&region).copied().unwrap_or(1).max(1)
    }
}

/// A head as it was signed: the very text, whose key, and the signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// The head, as JSON: these bytes were signed.
    pub head: String,
    /// The signing key's number.
    pub key_id: u16,
    /// Ed25519, base64.
    pub signature: String,
}

/// Why a grant set is refused, or keys are none. Each is fit for an operator's eyes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Signed by a key that is not trusted.
    #[error("the grant set is signed by key {id}, which is not trusted here")]
    UnknownKey {
        /// Its number.
        id: u16,
    },
    /// The signature does not hold.
    #[error("the grant set's signature does not hold")]
    Signature,
    /// The signed text is no head of this format.
    #[error("the grant set's head cannot be read: {cause}")]
    Head {
        /// Why.
        cause: String,
    },
    /// Older than what is held, or the same number with another content.
    #[error("version {offered} of the grant set is not newer than version {held}, which is held")]
    Replayed {
        /// What came.
        offered: u64,
        /// What is held.
        held: u64,
    },
    /// The rows do not come to the signed root.
    #[error("the rows of version {version} do not come to its signed root: something is missing or was changed")]
    Root {
        /// Which.
        version: u64,
    },
    /// Not a list of keys.
    #[error("vault keys are lines of a number (1 to 65535) and 64 hexadecimal digits; line {line} is none")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// None, one number twice, or too many.
    #[error("there must be 1 to {KEYS_MAX} vault keys, each with a number of its own")]
    Keys,
}

/// Who signs grant sets: the first key signs. Clones are one and the same: see [`SigningKeys::replace`]. `Debug` shows the
/// numbers alone.
#[derive(Clone)]
pub struct SigningKeys(Shared<SigningKey>);

/// Whose signature on a grant set is believed. Clones are one and the same: see [`PublicKeys::replace`].
#[derive(Clone)]
pub struct PublicKeys(Shared<VerifyingKey>);

/// Keys by number, which all who hold them get anew together.
type Shared<K> = Arc<RwLock<Arc<[(u16, K)]>>>;

fn shared<K>(keys: Vec<(u16, K)>) -> Shared<K> {
    Arc::new(RwLock::new(keys.into()))
}

fn held<K>(keys: &Shared<K>) -> Arc<[(u16, K)]> {
    Arc::clone(&keys.read().unwrap_or_else(PoisonError::into_inner))
}

fn replace<K>(keys: &Shared<K>, fresh: &Shared<K>) {
    let fresh = held(fresh);
    *keys.write().unwrap_or_else(PoisonError::into_inner) = fresh;
}

fn ids<K>(keys: &Shared<K>) -> Vec<u16> {
    held(keys).iter().map(|(id, _)| *id).collect()
}

/// How many hexadecimal digits of a public key tell it from others of its number, for people.
const MARK_DIGITS: usize = 16;

impl SigningKeys {
    /// Reads lines `number hex64` (an Ed25519 seed each); empty ones and those that begin with # are passed over.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let keys: Vec<_> = lines(text)?.into_iter().map(|(id, seed)| (id, SigningKey::from_bytes(&seed))).collect();
        Ok(Self(shared(keys)))
    }

    /// From now on the keys of `fresh` sign, for all who hold these.
    pub fn replace(&self, fresh: &Self) {
        replace(&self.0, &fresh.0);
    }

    /// Their public halves as they are now, as edges are given them.
    pub fn public(&self) -> PublicKeys {
        PublicKeys(shared(held(&self.0).iter().map(|(id, key)| (*id, key.verifying_key())).collect()))
    }

    /// The number of the key that signs.
    pub fn current_id(&self) -> u16 {
        held(&self.0)[0].0
    }

    /// The numbers, the one that signs first.
    pub fn ids(&self) -> Vec<u16> {
        ids(&self.0)
    }

    /// Signs a head.
    pub fn sign(&self, head: &Head) -> SignedHead {
        let keys = held(&self.0);
        let (key_id, key) = &keys[0];
        let head = serde_json::to_string(head).expect("a head is plain data");
        let signature = key.sign(format!("{SIGNED_DOMAIN}{head}").as_bytes());
        SignedHead { head, key_id: *key_id, signature: BASE64.encode(&signature.to_bytes()) }
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKeys").field(&self.ids()).finish()
    }
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKeys").field(&self.marks()).finish()
    }
}

impl PartialEq for PublicKeys {
    fn eq(&self, other: &Self) -> bool {
        held(&self.0) == held(&other.0)
    }
}

impl Eq for PublicKeys {}

impl PublicKeys {
    /// Reads lines `number hex64` (an Ed25519 public key each).
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let keys = lines(text)?.into_iter().map(|(id, bytes)| {
            VerifyingKey::from_bytes(&bytes).map(|key| (id, key)).map_err(|_| VaultError::UnknownKey { id })
        });
        Ok(Self(shared(keys.collect::<Result<_, _>>()?)))
    }

    /// From now on the keys of `fresh` are believed, by all who hold these.
    pub fn replace(&self, fresh: &Self) {
        replace(&self.0, &fresh.0);
    }

    /// What each key is known by: its number and its first digits.
    pub fn marks(&self) -> Vec<String> {
        let mark =
            |(id, key): &(u16, VerifyingKey)| format!("{id} {}", &HEXLOWER.encode(key.as_bytes())[..MARK_DIGITS]);
        held(&self.0).iter().map(mark).collect()
    }

    /// The text that [`PublicKeys::parse`] reads.
    pub fn text(&self) -> String {
        held(&self.0).iter().map(|(id, key)| format!("{id} {}\n", HEXLOWER.encode(key.as_bytes()))).collect()
    }
}

impl SignedHead {
    /// The head, if one of these keys signed it.
    pub fn verify(&self, keys: &PublicKeys) -> Result<Head, VaultError> {
        let keys = held(&keys.0);
        let key = keys.iter().find(|(id, _)| *id == self.key_id).map(|(_, key)| key);
        let key = key.ok_or(VaultError::UnknownKey { id: self.key_id })?;
        let signature = BASE64.decode(self.signature.as_bytes()).ok();
        let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok()).ok_or(VaultError::Signature)?;
        let signed = format!("{SIGNED_DOMAIN}{}", self.head);
        key.verify_strict(signed.as_bytes(), &signature).map_err(|_| VaultError::Signature)?;
        let unreadable = |cause: String| VaultError::Head { cause };
        let head: Head = serde_json::from_str(&self.head).map_err(|error| unreadable(error.to_string()))?;
        if head.format == FORMAT {
            Ok(head)
        } else {
            Err(unreadable(format!("format {} is not {FORMAT}", head.format)))
        }
    }
}

fn lines(text: &str) -> Result<Vec<(u16, [u8; 32])>, VaultError> {
    numbered_keys(text).map_err(|error| match error {
        SealError::Line { line } => VaultError::Line { line },
        _ => VaultError::Keys,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::GrantSet;

    fn keys(seeds: &[(u16, u8)]) -> SigningKeys {
        let lines: String =
            seeds.iter().map(|(id, seed)| format!("{id} {}\n", format!("{seed:02x}").repeat(32))).collect();
        SigningKeys::parse(&lines).unwrap()
    }

    fn head(era: i64, version: u64) -> Head {
        Head {
            format: FORMAT,
            era: UnixMillis(era),
            version,
            refill: 0,
            root: GrantSet::default().root(),
            keys: 0,
            access: 0,
            epoch: 812,
            as_of: UnixMillis(1),
            issued_at: UnixMillis(2),
            regions: BTreeMap::from([(1, 3)]),
        }
    }

    #[test]
    fn a_head_is_believed_of_a_trusted_key_alone() {
        let signer = keys(&[(3, 0xaa), (2, 0xbb)]);
        let signed = signer.sign(&head(5, 7));
        assert_eq!((signed.key_id, signer.current_id()), (3, 3));
        let public = PublicKeys::parse(&signer.public().text()).unwrap();
        assert_eq!(public, signer.public());
        assert_eq!(signed.verify(&public), Ok(head(5, 7)));
        // A key that rotates away signs no more, and what it signed is believed as long as it is listed.
        assert!(keys(&[(2, 0xbb)]).sign(&head(5, 7)).verify(&public).is_ok());
        let elsewhere = keys(&[(9, 0xaa)]).public();
        assert_eq!(signed.verify(&elsewhere), Err(VaultError::UnknownKey { id: 3 }));
        assert_eq!(signed.verify(&keys(&[(3, 0xab)]).public()), Err(VaultError::Signature));
    }

    #[test]
    fn whoever_holds_the_keys_gets_new_ones() {
        let (signer, trusted) = (keys(&[(1, 1)]), keys(&[(1, 1)]).public());
        let (signs, trusts) = (signer.clone(), trusted.clone());
        signer.replace(&keys(&[(2, 2), (1, 1)]));
        let signed = signs.sign(&head(5, 7));
        assert_eq!((signed.key_id, signs.ids()), (2, vec![2, 1]));
        assert_eq!(signed.verify(&trusts), Err(VaultError::UnknownKey { id: 2 }));
        trusted.replace(&signer.public());
        assert_eq!(signed.verify(&trusts), Ok(head(5, 7)));
        assert_eq!((trusts.marks().len(), trusts.marks()[0].len()), (2, 2 + MARK_DIGITS));
    }

    #[test]
    fn no_character_of_it_may_change() {
        let (signer, public) = (keys(&[(1, 1)]), keys(&[(1, 1)]).public());
        let signed = signer.sign(&head(5, 7));
        for at in 0..signed.head.len() {
            let mut bytes = signed.head.clone().into_bytes();
            bytes[at] ^= 1;
            let forged = SignedHead { head: String::from_utf8(bytes).unwrap(), ..signed.clone() };
            assert_eq!(forged.verify(&public), Err(VaultError::Signature), "{at}");
        }
        for signature in ["", "AAAA", &BASE64.encode(&[0; 64]), &format!("{}=", signed.signature)] {
            let forged = SignedHead { signature: signature.to_owned(), ..signed.clone() };
            assert_eq!(forged.verify(&public), Err(VaultError::Signature), "{signature}");
        }
        let later = signer.sign(&Head { format: 2, ..head(5, 7) });
        assert!(matches!(later.verify(&public), Err(VaultError::Head { .. })));
    }

    #[test]
    fn newer_is_by_era_then_version() {
        for (one, other, is_newer) in
            [((5, 7), (5, 6), true), ((5, 7), (5, 7), false), ((6, 1), (5, 9), true), ((4, 99), (5, 1), false)]
        {
            assert_eq!(head(one.0, one.1).is_newer_than(&head(other.0, other.1)), is_newer, "{one:?} {other:?}");
        }
        assert_eq!([17, 31, 32, -1].map(|server| head(1, 1).share_of(server)), [3, 3, 1, 1]);
    }

    #[test]
    fn key_files() {
        for (text, error) in [
            ("", VaultError::Keys),
            ("0 00\n", VaultError::Line { line: 1 }),
            ("# a note\n\n1 xyz", VaultError::Line { line: 3 }),
            (&format!("1 {0}\n1 {0}", "0".repeat(64)), VaultError::Keys),
        ] {
            assert_eq!(SigningKeys::parse(text).unwrap_err(), error, "{text}");
        }
        assert_eq!(format!("{:?}", keys(&[(3, 0xaa)])), "SigningKeys([3])");
    }
}
