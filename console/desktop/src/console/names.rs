//! The servers known by name, and where their tokens are: in this program's memory, or in the system's keychain.

use serde::Serialize;

use super::Console;
use crate::keychain::KeychainError;
use crate::profiles::Profile;
use crate::target::Token;

/// A profile as the page lists it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// It is the one followed.
    pub is_current: bool,
    /// Its token is known.
    pub has_token: bool,
}

impl Console {
    /// The servers known by name, in the order they were made.
    ///
    /// # Errors
    /// If the file of them is unusable.
    pub async fn profiles(&self) -> Result<Vec<Listed>, String> {
        let current = self.following.lock().profile.clone();
        let mut keychain_answers = true;
        let mut listed = Vec::new();
        for profile in self.profiles.read()?.profiles {
            let mut has_token = self.remembered.lock().contains_key(&profile.name);
            if !has_token && keychain_answers {
                match self.keychain.has(&profile).await {
                    Ok(has) => has_token = has,
                    // One that does not answer is not asked once for each.
                    Err(_) => keychain_answers = false,
                }
            }
            let is_current = current.as_ref() == Some(&profile.name);
            listed.push(Listed { name: profile.name, address: profile.address, is_current, has_token });
        }
        Ok(listed)
    }

    /// Takes a name off the list, and its token out of memory and keychain. The server goes on being followed.
    ///
    /// # Errors
    /// If the keychain would not let go of the token, or the list cannot be written: then the name is still there.
    pub async fn forget_profile(&self, name: &str) -> Result<(), String> {
        match self.keychain.forget(name).await {
            Ok(()) | Err(KeychainError::Absent) => {}
            Err(error) => return Err(error.to_string()),
        }
        self.remembered.lock().remove(name);
        self.profiles.change(|book| {
            book.forget(name);
            Ok(())
        })?;
        let mut following = self.following.lock();
        if following.profile.take_if(|profile| profile == name).is_some() {
            following.kept = false;
        }
        Ok(())
    }

    /// Puts the token into the keychain, or takes out what it has under this name. Answers whether it has it: without
    /// a keychain the token stays in memory only.
    pub(super) async fn keep(&self, profile: &Profile, token: Option<&Token>) -> bool {
        let forgotten = self.keychain.forget(&profile.name).await;
        let kept = match (forgotten, token) {
            (Ok(()), Some(token)) => self.keychain.set(profile, token).await,
            (forgotten, _) => forgotten,
        };
        if let Err(error) = &kept {
            tracing::info!(profile = profile.name, "the token stays in memory: {error}");
        }
        kept.is_ok() && token.is_some()
    }

    /// The profile's token, if it is known, and whether the keychain has it.
    pub(super) async fn token_of(&self, profile: &Profile) -> Result<(Option<Token>, bool), String> {
        let remembered = self.remembered.lock().get(&profile.name).cloned();
        if remembered.is_some() {
            let kept = self.keychain.has(profile).await.unwrap_or(false);
            return Ok((remembered, kept));
        }
        match self.keychain.get(profile).await {
            Ok(token) => {
                if let Some(token) = &token {
                    self.remembered.lock().insert(profile.name.clone(), token.clone());
                }
                let kept = token.is_some();
                Ok((token, kept))
            }
            Err(KeychainError::Absent) => Ok((None, false)),
            Err(error) => Err(error.to_string()),
        }
    }
}
