//! A console with its own folders and a keychain in memory.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use suiftly_console::args::Start;
use suiftly_console::ask::Question;
use suiftly_console::console::{Console, Places};
use suiftly_console::keychain::{Answer, Keychain, KeychainError};
use suiftly_console::local::Plan;
use suiftly_console::local::places::Ports;
use suiftly_console::profiles::Profile;
use suiftly_console::target::{Address, Target, Token};
use tempfile::TempDir;

type Tokens = HashMap<(String, String), Token>;

/// Tokens by name and address; `None` where there is no keychain.
#[derive(Clone, Default)]
pub(crate) struct Keys(Arc<Mutex<Option<Tokens>>>);

impl Keys {
    pub(crate) fn empty() -> Self {
        Self(Arc::new(Mutex::new(Some(Tokens::new()))))
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        self.0.lock().iter().flatten().map(|((_, address), _)| address.clone()).collect()
    }

    fn with<T: Send + 'static>(&self, act: impl FnOnce(&mut Tokens) -> T) -> Answer<'static, T> {
        let answer = self.0.lock().as_mut().map(act).ok_or(KeychainError::Absent);
        Box::pin(async { answer })
    }
}

fn key(profile: &Profile) -> (String, String) {
    (profile.name.clone(), profile.address.clone())
}

impl Keychain for Keys {
    fn has<'a>(&'a self, profile: &'a Profile) -> Answer<'a, bool> {
        self.with(|keys| keys.contains_key(&key(profile)))
    }

    fn get<'a>(&'a self, profile: &'a Profile) -> Answer<'a, Option<Token>> {
        self.with(|keys| keys.get(&key(profile)).cloned())
    }

    fn set<'a>(&'a self, profile: &'a Profile, token: &'a Token) -> Answer<'a, ()> {
        self.with(|keys| drop(keys.insert(key(profile), token.clone())))
    }

    fn forget<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        self.with(|keys| keys.retain(|(known, _), _| known != name))
    }
}

/// Where nothing listens.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:9";

pub(crate) fn plan(home: &Path) -> Plan {
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let ports = Ports { api: free, admin: free, syslog: free };
    Plan { program: None, data_dir: home.join("data"), ports }
}

pub(crate) fn console(home: &TempDir, start: Start, keys: &Keys) -> Console {
    let places = Places {
        config: home.path().join("config"),
        downloads: home.path().join("downloads"),
        local: plan(home.path()),
    };
    Console::new(start, places, Box::new(keys.clone())).expect("a console")
}

/// As started with an address and a token.
pub(crate) fn named(address: &str) -> Start {
    let address = Address::parse(address).expect("an address");
    let token = Token::parse("dev_token").expect("a token");
    Start { address: address.clone(), is_named: true, target: Some(Target { address, token }), ca: None }
}

/// As started with nothing.
pub(crate) fn bare() -> Start {
    Start { address: Address::parse(NOWHERE).expect("an address"), is_named: false, target: None, ca: None }
}

pub(crate) fn get(path: &str) -> Question {
    Question { method: "GET".into(), path: path.into(), body: None, idempotency_key: None }
}
