//! Signatures: the operator's key, and what is signed, checked before it goes anywhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use sui_crypto::ed25519::{Ed25519PrivateKey, Ed25519Verifier};
use sui_crypto::{SuiSigner as _, SuiVerifier as _};
use sui_sdk_types::{Address, Digest, SimpleSignature, Transaction, UserSignature};

/// A key's file is no longer than this, in bytes.
const KEY_BYTES_MAX: u64 = 1_024;

/// A key that signs transactions: Ed25519. It is shown nowhere.
#[derive(Clone, Debug)]
pub struct Key(Ed25519PrivateKey);

/// Why there is no key, or no signature of it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read, or not be made.
    #[error("cannot use the key file {path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Others than its owner can read the file.
    #[error("the key file {path} has mode {mode:o}: others can use it; it should have 600")]
    Mode {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is no key of the form `suiprivkey1…`, or not of Ed25519.
    #[error("the key file {path} has no Ed25519 key as `sui keytool export` writes it: {cause}")]
    Form {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The transaction is another's.
    #[error("a transaction of {sender} is not signed with the key of {address}")]
    Sender {
        /// Whose it is.
        sender: Address,
        /// Whose key it is.
        address: Address,
    },
    /// There is no signature.
    #[error("the transaction cannot be signed: {cause}")]
    Sign {
        /// Why.
        cause: String,
    },
}

impl Key {
    /// The key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Ed25519PrivateKey::new(bytes))
    }

    /// The key in a file, as `sui keytool export` writes it: `suiprivkey1…`. Nobody else may be able to read the file.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let failed = |cause| KeyError::File { path: path.to_owned(), cause };
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Mode { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        file.take(KEY_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        let unreadable = |error: sui_crypto::SignatureError| {
            // The signature crate says what is wrong in its source alone.
            let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            KeyError::Form { path: path.to_owned(), cause }
        };
        Ed25519PrivateKey::from_suiprivkey(text.trim()).map(Self).map_err(unreadable)
    }

    /// Writes it into a new file, as [`Key::read`] reads it, which only its owner can read. One that is there stays.
    pub fn write(&self, path: &Path) -> Result<(), KeyError> {
        let failed = |cause| KeyError::File { path: path.to_owned(), cause };
        let text = self.0.to_suiprivkey().map_err(|error| failed(io::Error::other(error)))?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// Whose key it is.
    pub fn address(&self) -> Address {
        self.0.public_key().derive_address()
    }

    /// Signs a transaction of its address: the same signature each time.
    pub fn sign(&self, transaction: Transaction) -> Result<Signed, KeyError> {
        let (sender, address) = (transaction.sender, self.address());
        if sender != address {
            return Err(KeyError::Sender { sender, address });
        }
        let failed = |error: sui_crypto::SignatureError| KeyError::Sign { cause: error.to_string() };
        let signature = self.0.sign_transaction(&transaction).map_err(failed)?;
        Ok(Signed { digest: transaction.digest(), transaction, signature })
    }

    /// Signs a transaction of its address that is given in BCS, as a wallet does: the signature as it is sent.
    pub fn sign_bytes(&self, transaction: &[u8]) -> Result<Vec<u8>, KeyError> {
        let unreadable = |error: bcs::Error| KeyError::Sign { cause: error.to_string() };
        let transaction: Transaction = bcs::from_bytes(transaction).map_err(unreadable)?;
        Ok(self.sign(transaction)?.signature.to_bytes())
    }
}

/// Why bytes are no signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedError {
    /// They are no transaction, or no signature.
    #[error("the {what} cannot be read: {cause}")]
    Form {
        /// Which.
        what: &'static str,
        /// Why.
        cause: String,
    },
    /// A kind of signature that is not checked here.
    #[error("a signature by {scheme} is not taken: sign with an Ed25519 key")]
    Scheme {
        /// Which.
        scheme: &'static str,
    },
    /// Somebody else signed.
    #[error("the transaction is {sender}'s, and {signer} has signed it")]
    Signer {
        /// Whose it is.
        sender: Address,
        /// Who signed.
        signer: Address,
    },
    /// The signature is of something else.
    #[error("the signature is not one of this transaction")]
    Signature,
}

/// A transaction with its sender's signature. Whoever has both can have it executed, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The transaction.
    pub transaction: Transaction,
    /// Its sender's signature.
    pub signature: UserSignature,
    /// What the transaction is known by.
    pub digest: Digest,
}

impl Signed {
    /// Reads what was kept, or what a wallet returned: BCS of a transaction, and its sender's signature with the scheme's
    /// byte before it and the public key after it.
    pub fn from_bytes(transaction: &[u8], signature: &[u8]) -> Result<Self, SignedError> {
        let signed = Self::of_verified(transaction, signature)?;
        let UserSignature::Simple(SimpleSignature::Ed25519 { public_key, .. }) = &signed.signature else {
            return Err(SignedError::Scheme { scheme: signed.signature.scheme().name() });
        };
        let (sender, signer) = (signed.transaction.sender, public_key.derive_address());
        if sender != signer {
            return Err(SignedError::Signer { sender, signer });
        }
        let checked = Ed25519Verifier::new().verify_transaction(&signed.transaction, &signed.signature);
        checked.map_err(|_| SignedError::Signature)?;
        Ok(signed)
    }

    /// The same, of bytes whose signature somebody has verified by the sender's address: of the schemes that are not checked
    /// here, too. The chain checks it once more.
    pub fn of_verified(transaction: &[u8], signature: &[u8]) -> Result<Self, SignedError> {
        let unreadable = |what| move |error: bcs::Error| SignedError::Form { what, cause: error.to_string() };
        let transaction: Transaction = bcs::from_bytes(transaction).map_err(unreadable("transaction"))?;
        let signature = UserSignature::from_bytes(signature).map_err(unreadable("signature"))?;
        Ok(Self { digest: transaction.digest(), transaction, signature })
    }

    /// The transaction in BCS, and the signature: what [`Signed::from_bytes`] reads.
    pub fn to_bytes(&self) -> Result<(Vec<u8>, Vec<u8>), SignedError> {
        let unwritable = |error: bcs::Error| SignedError::Form { what: "transaction", cause: error.to_string() };
        Ok((bcs::to_bytes(&self.transaction).map_err(unwritable)?, self.signature.to_bytes()))
    }
}
