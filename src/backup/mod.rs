//! `suiftly backup …` and `suiftly restore`: copies of database, journal and secrets, and the way back.
//!
//! ```text
//! snapshot ─ pg_dump ┐                                   ┌ secrets, configuration
//! journal, its end   ├─▶ tar ─▶ zstd ─▶ age ─▶ one file ─┼ database ─ facts compared ┐
//! secrets            ┘                                   └ journal ─ cut, replayed ──┴▶ audit ─▶ verdict
//! ```
//!
//! The database is dumped first and the journal is read after it, so the journal holds the dump's watermark and what came
//! since; both go together again by the replay that every start does. It promises: a backup is whole or not there; what a
//! restore reads is verified before anything is written; and a restore ends with a verdict, by the audit's own code.

mod args;
mod create;
mod journal;
mod keys;
mod manifest;
mod pack;
mod restore;
mod shelf;
mod show;
mod unpack;

pub(crate) use args::{BackupCommand, RestoreArgs};
pub(crate) use create::{Made, Order, create, owner};
pub(crate) use keys::recipients;
pub(crate) use shelf::Shelf;

use crate::commands::{blocking, find_database, unless_broken_pipe};
use crate::config::Config;
use anyhow::{Context, ensure};
use args::{CheckArgs, CreateArgs, KeyArgs, LsArgs};
use std::io::{self, Write};

/// A backup has one journal, and a restore replays that one.
pub(crate) const CLUSTER: &str = "`suiftly backup` and `suiftly restore` are for one process with its journal: of a cluster dump the \
    database by pg_dump, and keep journal.archive_dir of process 0 and of every ingester on another disk";

/// `suiftly backup …`
pub(crate) async fn backup(command: BackupCommand) -> anyhow::Result<()> {
    match command {
        BackupCommand::Create(args) => make(args).await,
        BackupCommand::Ls(args) => ls(&args),
        BackupCommand::Check(args) => check(args).await,
        BackupCommand::Key(args) => key(&args),
    }
}

/// `suiftly restore`
pub(crate) async fn restore(args: RestoreArgs) -> anyhow::Result<()> {
    let verdict = restore::restore(args.into()).await?;
    say(&verdict.text())?;
    verdict.outcome()
}

async fn make(args: CreateArgs) -> anyhow::Result<()> {
    let config = Config::read(args.place.config.as_deref())?;
    ensure!(config.cluster.id.is_none(), CLUSTER);
    let (cluster, store) = find_database(&args.place, &config).await?;
    let owner = create::owner(&config, cluster.as_ref(), &store)?;
    let order = create::Order::of(&args, &config, owner)?;
    let made = create::create(order).await?;
    say(&show::made(&made))
}

fn ls(args: &LsArgs) -> anyhow::Result<()> {
    let config = Config::read(args.place.config.as_deref())?;
    let dir = args.dir.clone().unwrap_or_else(|| config.backup.dir(&args.place.data_dir));
    let found = Shelf::at(&dir).list()?;
    say(&if args.json { show::as_json(&found) } else { show::as_table(&found) })
}

async fn check(args: CheckArgs) -> anyhow::Result<()> {
    if args.restore {
        let verdict = restore::on_trial(&args).await?;
        say(&verdict.text())?;
        return verdict.outcome();
    }
    let identities = keys::identities(&args.identity)?;
    let file = args.file.clone();
    let read = blocking(move || unpack::verify(&file, &identities)).await?;
    say(&show::verified(&args.file, &read))
}

fn key(args: &KeyArgs) -> anyhow::Result<()> {
    let recipient = keys::make(&args.out)?;
    say(&format!("{recipient}\n"))?;
    eprintln!(
        "the identity is in {}: keep it where the server is not, or nothing opens the backups; the line above is for \
         backup.recipients",
        args.out.display()
    );
    Ok(())
}

fn say(text: &str) -> anyhow::Result<()> {
    unless_broken_pipe(io::stdout().lock().write_all(text.as_bytes()).context("cannot write"))
}
