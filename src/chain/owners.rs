//! What owners do on a local chain: as their wallets would, by way of the same code that serves them. What they pay with is
//! made of nothing.

use super::{Wallet, ask, dir_of};
use anyhow::{Context, bail};
use serde_json::Value;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_schema::ids::CustomerId;
use suiftly_settlement::owners::{Owner, OwnerAct, OwnerOrder, Owners, Progress};
use suiftly_sui::{Address, Contract, Digest, Node, Pair, SharedRef, sui};

/// MIST that a transaction may cost.
const GAS_BUDGET: u64 = 100_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// So often it is looked whether a transaction is in a checkpoint.
const LOOKS_MAX: u32 = 200;

/// The chain that runs, for owners.
pub(crate) struct OwnersDesk {
    dir: PathBuf,
    node: Node,
    owners: Owners,
}

impl OwnersDesk {
    /// That of a data directory.
    pub(crate) async fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let dir = dir_of(data_dir);
        let shown = ask(&dir, "show").await?;
        let shown: Value = serde_json::from_str(&shown).context("the chain does not show itself as JSON")?;
        let contract = contract(&shown)?;
        let chain: Digest = parsed(&shown["chain"])?;
        let node = |at: usize| anyhow::Ok(Node::new(text(&shown["endpoints"][at])?, chain)?);
        let owners = Owners::new(contract, Pair::new(node(0)?, node(1)?), GAS_BUDGET);
        Ok(Self { dir, node: node(0)?, owners })
    }

    /// Whether a wallet has an account.
    pub(crate) async fn has_account(&self, wallet: &Wallet) -> anyhow::Result<bool> {
        let account = self.owners.contract().account_id(wallet.key()?.address());
        Ok(self.node.object(account).await?.value.is_some())
    }

    /// Does it, to its end. An account that this opens is opened with a limit.
    pub(crate) async fn act(&self, wallet: &Wallet, order: OwnerOrder, limit_usd_cents: i64) -> anyhow::Result<()> {
        self.fund(wallet, order).await?;
        // One owner at a time stands at this desk.
        let customer = CustomerId::new(1).context("1 is a customer's number")?;
        let owner = Owner { customer, wallet: wallet.address.clone(), limit_usd_cents };
        let unsigned = self.owners.prepare(&owner, order, SystemClock.now()).await?;
        let signature = wallet.key()?.sign_bytes(&unsigned.transaction)?;
        self.owners.submit(customer, &unsigned.digest, &signature, SystemClock.now()).await?;
        for _ in 0..LOOKS_MAX {
            match self.owners.progress(&owner, &unsigned.digest, SystemClock.now()).await? {
                Some(Progress::Confirmed) => return Ok(()),
                Some(Progress::Failed { cause }) => bail!("transaction {} has failed: {cause}", unsigned.digest),
                Some(Progress::Waiting | Progress::Pending) | None => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
        bail!("transaction {} is in no checkpoint", unsigned.digest)
    }

    /// Gives a wallet what the order takes.
    async fn fund(&self, wallet: &Wallet, order: OwnerOrder) -> anyhow::Result<()> {
        let address = wallet.key()?.address();
        let contract = self.owners.contract();
        let funds = if order.act == OwnerAct::Deposit { contract.units(order.usd_cents) } else { Some(0) };
        let funds = funds.context("that is no amount")?;
        for (coin, wanted) in [(contract.coin.clone(), funds), (sui(), GAS_BUDGET)] {
            let (_, has) = self.node.coins(address, &coin).await?.value.richest(wanted);
            if has < wanted {
                ask(&self.dir, &format!("faucet {address} {coin} {} coin", wanted - has)).await?;
            }
        }
        Ok(())
    }
}

/// The contract, as the chain shows it.
fn contract(shown: &Value) -> anyhow::Result<Contract> {
    let house = &shown["houses"][0];
    let package: Address = parsed(&shown["package"])?;
    let initial_version = shown["house_version"].as_u64().context("the chain shows no house")?;
    Ok(Contract {
        package,
        origin: package,
        house: SharedRef { id: parsed(&shown["house"])?, initial_version },
        coin: parsed(&house["coin"])?,
        cent: house["cent"].as_u64().context("the chain shows no cent")?,
    })
}

fn parsed<T: FromStr<Err: Display>>(value: &Value) -> anyhow::Result<T> {
    text(value)?.parse().map_err(|error| anyhow::anyhow!("the chain shows {value}, which cannot be read: {error}"))
}

fn text(value: &Value) -> anyhow::Result<&str> {
    value.as_str().context("the chain does not show all of itself")
}
