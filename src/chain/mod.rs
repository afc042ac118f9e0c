//! `suiftly chain` (MOCK_SUI_RPC): a local chain with the escrow contract on it, served by two nodes of this process, for
//! development and tests. It outlives `suiftly up`, and keeps what it knows in a directory.
//!
//! ```text
//! suiftly chain run ── two nodes (gRPC) ──▶ suiftly up, by billing.env        DIR/chain: the chain's steps, genesis,
//!        ▲  └─ control ◀── tell: a line        (escrow = "sui")                 the operator's key, billing.env, control
//!        └──── nodes ◀──── own: what an owner's wallet would do, with the keys of demonstration customers
//! ```

mod owners;
mod run;
mod wallets;

pub(crate) use owners::OwnersDesk;
pub(crate) use wallets::{Wallet, wallets};

use crate::billing::{limit_cents, usd_cents};
use crate::commands::unless_broken_pipe;
use crate::guards;
use anyhow::Context;
use clap::{Args, Subcommand};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use suiftly_settlement::owners::{OwnerAct, OwnerOrder};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

/// What the contract opens an account with that is opened by a deposit, in cents: the limit of new customers.
const FIRST_LIMIT_USD_CENTS: i64 = 25_000;

#[derive(Debug, Subcommand)]
pub(crate) enum ChainCommand {
    /// Run it until SIGINT or SIGTERM. What `suiftly up` has to know of it goes into chain/billing.env.
    Run(ChainRun),
    /// Say a line to the one that runs: `faucet ADDRESS TYPE AMOUNT [coin]`, `clock MS`, `cut`, `faults NODE [PLAN]`, `show`.
    Tell {
        #[command(flatten)]
        dir: ChainDir,
        /// The line's words.
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
    },
    /// Do what a demonstration customer's wallet would: sign a transaction of theirs, with funds made of nothing.
    Own {
        #[command(flatten)]
        dir: ChainDir,
        /// The wallet's address.
        #[arg(value_name = "ADDRESS")]
        wallet: String,
        #[command(subcommand)]
        act: OwnCommand,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ChainRun {
    #[command(flatten)]
    dir: ChainDir,
    /// Where its two nodes are served: two addresses of this machine.
    #[arg(long, value_name = "ADDRESS", num_args = 1, default_values = ["127.0.0.1:9124", "127.0.0.1:9125"])]
    listen: Vec<SocketAddr>,
}

/// Where a chain is.
#[derive(Debug, Clone, Args)]
pub(crate) struct ChainDir {
    /// The data directory that it belongs to; the chain is in `chain` there.
    #[arg(long, value_name = "DIR", default_value = crate::place::data_dir_default())]
    pub(crate) data_dir: PathBuf,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum OwnCommand {
    /// Put funds into the escrow; the first time it opens the account.
    Deposit {
        /// How much.
        #[arg(value_name = "USD", value_parser = usd_cents)]
        usd_cents: i64,
    },
    /// Ask for funds back.
    Withdraw {
        /// How much.
        #[arg(value_name = "USD", value_parser = usd_cents)]
        usd_cents: i64,
    },
    /// Say what a month may be charged.
    Limit {
        /// How much, at least 10; or `unlimited`.
        #[arg(value_name = "USD", value_parser = limit_cents)]
        usd_cents: i64,
    },
}

impl OwnCommand {
    const fn order(self) -> OwnerOrder {
        let (act, usd_cents) = match self {
            Self::Deposit { usd_cents } => (OwnerAct::Deposit, usd_cents),
            Self::Withdraw { usd_cents } => (OwnerAct::Withdraw, usd_cents),
            Self::Limit { usd_cents } => (OwnerAct::Limit, usd_cents),
        };
        OwnerOrder { act, usd_cents }
    }
}

/// Does it.
pub(crate) async fn chain(command: ChainCommand) -> anyhow::Result<()> {
    guards::no_production("`suiftly chain` (MOCK_SUI_RPC)")?;
    match command {
        ChainCommand::Run(ChainRun { dir, listen }) => run::run(&dir_of(&dir.data_dir), &listen).await,
        ChainCommand::Tell { dir, words } => {
            let answer = ask(&dir_of(&dir.data_dir), &words.join(" ")).await?;
            unless_broken_pipe(writeln!(io::stdout().lock(), "{answer}").context("cannot write the answer"))
        }
        ChainCommand::Own { dir, wallet, act } => {
            let wallet = wallets::found(&dir.data_dir, &wallet)?;
            let desk = OwnersDesk::open(&dir.data_dir).await?;
            desk.act(&wallet, act.order(), FIRST_LIMIT_USD_CENTS).await
        }
    }
}

/// Where the chain of a data directory is.
fn dir_of(data_dir: &Path) -> PathBuf {
    data_dir.join("chain")
}

fn control_of(dir: &Path) -> PathBuf {
    dir.join("control")
}

/// Says a line to the chain that runs, and answers what it says.
async fn ask(dir: &Path, line: &str) -> anyhow::Result<String> {
    anyhow::ensure!(!line.contains('\n'), "{line:?} is more than a line");
    let path = control_of(dir);
    let cannot = || format!("no chain runs in {}: start `suiftly chain run`", dir.display());
    let mut stream = UnixStream::connect(&path).await.with_context(cannot)?;
    stream.write_all(format!("{line}\n").as_bytes()).await.context("cannot ask the chain")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).await.context("the chain does not answer")?;
    match answer.trim_end().split_once(' ') {
        Some(("ok", told)) => Ok(told.to_owned()),
        Some(("error", cause)) => anyhow::bail!("the chain refuses: {cause}"),
        _ => anyhow::bail!("the chain answered {:?}", answer.trim_end()),
    }
}
