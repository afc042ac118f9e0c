//! Which server is followed: from the start, by address and token, by name, or the one on this machine.

use std::sync::Arc;

use super::{Console, Following, Opened};
use crate::feed::FeedSink;
use crate::link::Link;
use crate::profiles::{Profile, check_name};
use crate::status::Status;
use crate::target::{Address, Target, Token};

/// Who is to be followed.
struct Whom {
    address: Address,
    token: Option<Token>,
    profile: Option<String>,
    kept: bool,
}

impl Console {
    /// Begins anew on the server known: at the page's start, and when told to try again.
    pub async fn open(&self) -> Opened {
        let resumes = std::mem::take(&mut self.following.lock().resumes);
        if resumes && let Some(profile) = self.last_profile() {
            return self.resume(profile).await;
        }
        self.begin(&mut self.following.lock())
    }

    /// Follows another server. With a profile's name it is kept under it; `keep` puts the token into the keychain,
    /// where there is one. Without, the token stays in memory.
    ///
    /// # Errors
    /// If something given is unusable, or the profile cannot be written: in one sentence. Nothing has changed then.
    pub async fn connect(
        &self,
        address: &str,
        token: &str,
        profile: Option<&str>,
        keep: bool,
    ) -> Result<Opened, String> {
        let address = Address::parse(address).map_err(|error| error.to_string())?;
        let token = Token::parse(token).map_err(|error| error.to_string())?;
        let name = profile.map(check_name).transpose()?;
        let profile = name.map(|name| Profile { name: name.to_owned(), address: address.to_string() });
        let mut kept = false;
        if let Some(profile) = &profile {
            self.profiles.change(|book| book.put(profile.clone()))?;
            self.remembered.lock().insert(profile.name.clone(), token.clone());
            kept = self.keep(profile, keep.then_some(&token)).await;
        }
        let profile = profile.map(|profile| profile.name);
        Ok(self.follow(Whom { address, token: Some(token), profile, kept }))
    }

    /// Follows the server under this name. Where its token is not known any more the page asks for it.
    ///
    /// # Errors
    /// If there is no such name, or the keychain refuses: in one sentence. Nothing has changed then.
    pub async fn use_profile(&self, name: &str) -> Result<Opened, String> {
        let found = self.profiles.read()?.find(name).cloned();
        let profile = found.ok_or_else(|| format!("there is no profile “{name}”"))?;
        let (token, kept) = self.token_of(&profile).await?;
        let address = Address::parse(&profile.address).map_err(|error| error.to_string())?;
        self.profiles.change(|book| {
            book.current = Some(name.to_owned());
            Ok(())
        })?;
        Ok(self.follow(Whom { address, token, profile: Some(profile.name), kept }))
    }

    /// Follows the system on this machine.
    ///
    /// # Errors
    /// If it does not serve yet.
    pub fn follow_local(&self) -> Result<Opened, String> {
        let Target { address, token } = self.local.target()?;
        Ok(self.follow(Whom { address, token: Some(token), profile: None, kept: false }))
    }

    /// The profile followed last. A file that is unusable is no reason not to start.
    fn last_profile(&self) -> Option<Profile> {
        let book = self.profiles.read().inspect_err(|reason| tracing::warn!("{reason}")).ok()?;
        book.find(book.current.as_deref()?).cloned()
    }

    async fn resume(&self, profile: Profile) -> Opened {
        let refused = |reason: String| tracing::warn!(profile = profile.name, "no token: {reason}");
        let (token, kept) = self.token_of(&profile).await.unwrap_or_else(|reason| {
            refused(reason);
            (None, false)
        });
        match Address::parse(&profile.address) {
            Ok(address) => self.follow(Whom { address, token, profile: Some(profile.name), kept }),
            Err(error) => {
                refused(error.to_string());
                self.begin(&mut self.following.lock())
            }
        }
    }

    fn follow(&self, whom: Whom) -> Opened {
        let mut following = self.following.lock();
        following.address = whom.address.clone();
        following.target = whom.token.map(|token| Target { address: whom.address, token });
        following.profile = whom.profile;
        following.kept = whom.kept;
        following.resumes = false;
        self.begin(&mut following)
    }

    /// Begins a session on the target, if there is one. What belongs to the last one ends.
    fn begin(&self, following: &mut Following) -> Opened {
        if let Some(link) = following.link.take() {
            link.abort();
        }
        self.tail.lock().close();
        let status = if following.target.is_some() { Status::Connecting } else { Status::Idle };
        let session = self.feed.begin(status);
        following.session = session;
        if let Some(target) = following.target.clone() {
            let sink = FeedSink { feed: Arc::clone(&self.feed), session };
            let url = target.address.stream();
            following.link = Some(tokio::spawn(Link::new(self.clients.streams.clone(), target, url, sink).run()));
        }
        Opened {
            session,
            address: following.address.to_string(),
            unencrypted: following.address.is_unencrypted(),
            profile: following.profile.clone(),
            kept: following.kept,
        }
    }
}
