//! `suiftly rotate`: other keys, without downtime and by one command each. A new key stands in its file before anything is
//! signed or sealed by it, the running server takes it over, and the old one goes once nothing needs it any more.
//!
//! ```text
//! jwt       new key first ─▶ taken over ─▶ 30 days: the last token of the old key ends ─▶ old key goes
//! at-rest   new key first ─▶ taken over ─▶ every row is sealed anew and counted ─▶ old key goes
//! vault     new key beside ─▶ readers are given it ─▶ --finish: first, ma_vault.csv is written anew ─▶ old key goes
//! signing   new key beside ─▶ edges report that they believe it ─▶ first, published anew ─▶ edges have it ─▶ old key goes
//! ```
//!
//! Each step is written down before the next one: whoever was interrupted says the same command again, and it goes on.

mod at_rest;
mod jwt;
mod ring_file;
mod server;
mod signing;
mod standing;
mod token;
mod vault;

use crate::cli::Place;
use crate::commands::{find_database, unless_broken_pipe};
use crate::config::Config;
use crate::secrets::{self, Secrets};
use anyhow::Context;
use clap::{Args, ValueEnum};
use ring_file::RingFile;
use server::Running;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use suiftly_api::{Clock, SystemClock};
use suiftly_store::accounts::{AccountStore, Act, Actor};

/// Who acts, in the activity log.
const ACTOR: &str = "suiftly rotate";
/// The file by which one rotation at a time works on a directory of secrets.
const LOCK_FILE: &str = ".rotate.lock";

/// What is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// What signs access and refresh tokens. Sessions go on; the old key goes after 30 days, with a later call.
    Jwt,
    /// What seals secrets in the database: every one is sealed anew.
    AtRest,
    /// What encrypts keys in ma_vault.csv. The new key is made; once readers have it, --finish encrypts by it.
    Vault,
    /// What signs grant sets. Goes on by itself as soon as every expected edge believes the new key.
    Signing,
    /// The token of the operator `local`, which these commands ask the server with.
    OperatorToken,
    /// jwt, at-rest, vault and signing, one after the other.
    All,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// What to rotate. Without it: how each keyring stands, and what would be next.
    #[arg(value_enum)]
    what: Option<What>,
    #[command(flatten)]
    place: Place,
    /// Begin nothing new: go on with what was begun, and take out old keys that nothing needs any more.
    #[arg(long, requires = "what")]
    finish: bool,
    /// With jwt: end every session now, and the old keys with them: everybody signs in again. After a leak.
    #[arg(long)]
    end_sessions: bool,
    /// With signing --finish: go on although not every expected edge has told that it believes the new key. Those that do
    /// not keep what they have until they are given it.
    #[arg(long, requires = "finish")]
    anyway: bool,
    /// Do not wait for edges or for running requests: say what is left to be done.
    #[arg(long)]
    no_wait: bool,
}

/// How far a rotation is to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bounds {
    finish: bool,
    end_sessions: bool,
    anyway: bool,
    no_wait: bool,
}

pub(crate) async fn rotate(args: RotateArgs) -> anyhow::Result<()> {
    let RotateArgs { what, place, finish, end_sessions, anyway, no_wait } = args;
    anyhow::ensure!(!end_sessions || what == Some(What::Jwt), "--end-sessions goes with jwt alone");
    anyhow::ensure!(!anyway || what == Some(What::Signing), "--anyway goes with signing --finish alone");
    let bench = Bench::open(place)?;
    let bounds = Bounds { finish, end_sessions, anyway, no_wait };
    match what {
        None => standing::tell(&bench).await,
        Some(What::Jwt) => jwt::rotate(&bench, bounds).await,
        Some(What::AtRest) => at_rest::rotate(&bench, bounds).await,
        Some(What::Vault) => vault::rotate(&bench, bounds).await,
        Some(What::Signing) => signing::rotate(&bench, bounds).await,
        Some(What::OperatorToken) => token::rotate(&bench).await,
        Some(What::All) => {
            jwt::rotate(&bench, bounds).await.context("jwt")?;
            at_rest::rotate(&bench, bounds).await.context("at-rest")?;
            vault::rotate(&bench, bounds).await.context("vault")?;
            signing::rotate(&bench, bounds).await.context("signing")
        }
    }
}

/// What a rotation works on: the files, the running server, the database. One at a time.
struct Bench {
    place: Place,
    config: Config,
    secrets: Secrets,
    _lock: File,
}

impl Bench {
    fn open(place: Place) -> anyhow::Result<Self> {
        let config = Config::read(place.config.as_deref())?;
        let secrets = Secrets::of(&place, &config)?;
        let lock = lock(&secrets)?;
        Ok(Self { place, config, secrets, _lock: lock })
    }

    /// A keyring's file as it is now.
    fn ring(&self, name: &'static str) -> anyhow::Result<RingFile> {
        RingFile::read(&self.secrets.file(name), name)
    }

    /// The running server.
    fn server(&self) -> anyhow::Result<Running> {
        Running::of(&self.place)
    }

    /// The accounts of the database.
    async fn accounts(&self) -> anyhow::Result<AccountStore> {
        // A cluster of our own that was not running is left running, as `suiftly db start` does.
        let (_cluster, store) = find_database(&self.place, &self.config).await?;
        AccountStore::new(&store).context("cannot open the accounts")
    }

    fn act() -> Act {
        Act { actor: Actor::System { part: ACTOR }, address: None, at: SystemClock.now() }
    }
}

fn lock(secrets: &Secrets) -> anyhow::Result<File> {
    let path = secrets.file(LOCK_FILE);
    let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = opened.with_context(|| {
        let dir = secrets.dir().display();
        format!("cannot work in {dir}: run it as the account that owns it (sudo -u suiftly suiftly rotate …)")
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!("another `suiftly rotate` is at work in {}", secrets.dir().display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    unless_broken_pipe(writeln!(out, "{text}").and_then(|()| out.flush()).context("cannot write"))
}

/// A key that nobody can guess.
fn fresh_key() -> anyhow::Result<String> {
    Ok(data_encoding::HEXLOWER.encode(&secrets::random()?))
}
