//! Where tokens outlive the console: the keychain of the user's session, by the Secret Service of the desktop. Never a
//! file.
//!
//! A token is kept under its profile's name *and* its server's address: whoever changes the list of profiles cannot
//! have a token sent elsewhere.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use secret_service::{EncryptionType, Item, SearchItemsResult, SecretService};

use crate::dbus;
use crate::profiles::Profile;
use crate::target::Token;

/// Longest wait for a keychain that need not ask the user.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// Longest wait for the user, who may have to unlock it.
const UNLOCK_TIME: Duration = Duration::from_secs(90);

/// What marks our items among the others'.
const APPLICATION: (&str, &str) = ("application", "io.suiftly.console");

/// Why the keychain did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeychainError {
    /// There is none: no desktop session, or no service in it.
    Absent,
    /// It is there and would not, or the user would not.
    Refused(String),
}

impl fmt::Display for KeychainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("there is no keychain in this session"),
            Self::Refused(reason) => write!(f, "the keychain refuses: {reason}"),
        }
    }
}

/// What a keychain's answer is awaited as.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeychainError>> + Send + 'a>>;

/// Keeps tokens.
pub trait Keychain: Send + Sync {
    /// Whether it has the profile's token. It does not ask the user to unlock anything for that.
    fn has<'a>(&'a self, profile: &'a Profile) -> Answer<'a, bool>;
    /// The profile's token, if it has one. It may ask the user.
    fn get<'a>(&'a self, profile: &'a Profile) -> Answer<'a, Option<Token>>;
    /// Keeps the profile's token, in the place of one it has. It may ask the user.
    fn set<'a>(&'a self, profile: &'a Profile, token: &'a Token) -> Answer<'a, ()>;
    /// Forgets all tokens under this profile's name, whatever their address.
    fn forget<'a>(&'a self, name: &'a str) -> Answer<'a, ()>;
}

/// The Secret Service of the session, asked anew each time: it may come and go.
#[derive(Debug, Clone, Default)]
pub struct SecretServiceKeychain {
    /// The bus it is on, where that is not the session's.
    pub bus: Option<String>,
}

impl SecretServiceKeychain {
    /// With a session whose secrets cross the bus encrypted.
    async fn connect(&self) -> Result<SecretService<'static>, secret_service::Error> {
        let bus = match &self.bus {
            Some(address) => dbus::at(address).await,
            None => dbus::session().await,
        };
        let bus = bus.map_err(|_| secret_service::Error::Unavailable)?;
        SecretService::connect_with_existing(EncryptionType::Dh, bus).await
    }
}

impl Keychain for SecretServiceKeychain {
    fn has<'a>(&'a self, profile: &'a Profile) -> Answer<'a, bool> {
        Box::pin(within(ANSWER_TIME, async move {
            let service = self.connect().await?;
            let found = service.search_items(of(profile)).await?;
            Ok(!found.unlocked.is_empty() || !found.locked.is_empty())
        }))
    }

    fn get<'a>(&'a self, profile: &'a Profile) -> Answer<'a, Option<Token>> {
        Box::pin(async move {
            let secret = within(UNLOCK_TIME, async {
                let service = self.connect().await?;
                let found = service.search_items(of(profile)).await?;
                let Some(item) = all(&found).next() else { return Ok(None) };
                item.unlock().await?;
                item.get_secret().await.map(Some)
            });
            let Some(secret) = secret.await? else { return Ok(None) };
            let token = std::str::from_utf8(&secret).ok().and_then(|secret| Token::parse(secret).ok());
            Ok(Some(token.ok_or_else(|| KeychainError::Refused("what it keeps is no token".into()))?))
        })
    }

    fn set<'a>(&'a self, profile: &'a Profile, token: &'a Token) -> Answer<'a, ()> {
        Box::pin(within(UNLOCK_TIME, async move {
            let service = self.connect().await?;
            let collection = service.get_default_collection().await?;
            collection.unlock().await?;
            let label = format!("Suiftly console: {}", profile.name);
            let secret = token.secret().as_bytes();
            collection.create_item(&label, of(profile), secret, true, "text/plain").await.map(drop)
        }))
    }

    fn forget<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        Box::pin(within(UNLOCK_TIME, async move {
            let service = self.connect().await?;
            let found = service.search_items(HashMap::from([APPLICATION, ("profile", name)])).await?;
            for item in all(&found) {
                item.delete().await?;
            }
            Ok(())
        }))
    }
}

fn of(profile: &Profile) -> HashMap<&str, &str> {
    HashMap::from([APPLICATION, ("profile", &profile.name), ("address", &profile.address)])
}

fn all<'a, 'b>(found: &'a SearchItemsResult<Item<'b>>) -> impl Iterator<Item = &'a Item<'b>> {
    found.unlocked.iter().chain(&found.locked)
}

async fn within<T>(
    time: Duration,
    asking: impl Future<Output = Result<T, secret_service::Error>> + Send,
) -> Result<T, KeychainError> {
    match tokio::time::timeout(time, asking).await {
        Ok(answer) => answer.map_err(|error| in_words(&error)),
        Err(_) => Err(KeychainError::Refused(format!("no answer within {} s", time.as_secs()))),
    }
}

fn in_words(error: &secret_service::Error) -> KeychainError {
    use secret_service::Error;
    match error {
        Error::Unavailable => KeychainError::Absent,
        // A bus, and nobody on it who keeps secrets.
        Error::Zbus(zbus::Error::MethodError(name, ..)) if is_nobody(name) => KeychainError::Absent,
        Error::ZbusFdo(zbus::fdo::Error::ServiceUnknown(_)) => KeychainError::Absent,
        Error::Prompt => KeychainError::Refused("it was not unlocked".into()),
        Error::NoResult => KeychainError::Refused("it has no default place for what is kept".into()),
        Error::Locked => KeychainError::Refused("it is locked".into()),
        error => KeychainError::Refused(error.to_string()),
    }
}

fn is_nobody(name: &str) -> bool {
    name == "org.freedesktop.DBus.Error.ServiceUnknown" || name.starts_with("org.freedesktop.DBus.Error.Spawn.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_session_lacks_is_told_from_what_it_refuses() {
        use secret_service::Error;
        let nobody = zbus::fdo::Error::ServiceUnknown("nobody has that name".into());
        for error in [Error::Unavailable, Error::ZbusFdo(nobody)] {
            assert_eq!(in_words(&error), KeychainError::Absent, "{error:?}");
        }
        for error in [Error::Prompt, Error::Locked, Error::NoResult] {
            assert!(matches!(in_words(&error), KeychainError::Refused(_)), "{error:?}");
        }
    }
}
