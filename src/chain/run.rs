//! Running a local chain: its genesis and its operator's key are made at the first start and kept; its clock is the machine's,
//! unless it was moved ahead.

use super::{ask, control_of};
use crate::commands::blocking;
use crate::secrets;
use crate::up::stop_signal;
use anyhow::{Context, ensure};
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_chain::{Chain, Control, Cutting, Endpoint, Faults, Genesis, Network, Published};
use suiftly_sui::{Key, sui};
use tokio::net::TcpListener;

/// What the house takes: it looks like USDC, and is worth nothing.
const COIN: &str = "0x0000000000000000000000000000000000000000000000000000000000000c01::usdc::USDC";
const CENT: u64 = 10_000;
/// MIST for a unit of gas, and what the operator has for gas: a million SUI.
const GAS_PRICE: u64 = 1_000;
const OPERATORS_GAS: u64 = 1_000_000_000_000_000;
/// Charges go there, and the contract's admin is there: addresses that nobody has the keys of.
const TREASURY: &str = "0x7e";
const ADMIN: &str = "0xad";
/// The two nodes have to say the same.
const NODES: usize = 2;
/// How often the chain's clock moves on.
const TICK: Duration = Duration::from_secs(5);

/// Until a signal.
pub(super) async fn run(dir: &Path, listen: &[SocketAddr]) -> anyhow::Result<()> {
    ensure!(listen.len() == NODES, "a chain has {NODES} nodes: give --listen twice");
    let is_here = listen.iter().all(|address| address.ip().is_loopback());
    ensure!(is_here, "a local chain is served on this machine alone: 127.0.0.1");
    make_dir(dir)?;
    let stop = stop_signal()?;
    let key_file = dir.join("operator-key");
    let key = operator_key(&key_file)?;
    let genesis = genesis(&dir.join("genesis.json"), &key)?;
    let steps = dir.join("steps");
    let network = blocking(move || Network::open(&steps, &genesis)).await?;
    fund(&network, &key).await?;
    let mut nodes = Vec::new();
    for address in listen {
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        nodes.push(Arc::new(Endpoint::start(network.clone(), listener, Faults::default())?));
    }
    let published = network.look(Chain::published);
    let chain = network.look(|chain| chain.id().to_string());
    let urls: Vec<String> = nodes.iter().map(|node| node.url()).collect();
    let _control = Control::start(&control_of(dir), network, nodes).context("cannot make the control socket")?;
    // Last of all: whoever finds it finds a chain that answers.
    let settings = settings(&urls, &chain, &published, &key_file);
    secrets::write_private(&settings_of(dir), settings.as_bytes())?;
    let file = settings_of(dir);
    eprintln!("chain {chain} is served on {}; settings for `suiftly up` are in {}", urls.join(" and "), file.display());
    tokio::select! {
        () = stop => Ok(()),
        ended = keep_time(dir) => ended,
    }
}

/// With nothing in it that a run before has told of itself.
fn make_dir(dir: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("cannot make {}", dir.display()))?;
    match std::fs::remove_file(settings_of(dir)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("cannot remove old settings"),
        _ => Ok(()),
    }
}

fn settings_of(dir: &Path) -> PathBuf {
    dir.join("billing.env")
}

/// Moves the chain's clock on. One that was moved ahead of the machine's stays as far ahead.
async fn keep_time(dir: &Path) -> anyhow::Result<()> {
    let mut every = tokio::time::interval(TICK);
    let mut ahead_ms = 0;
    loop {
        every.tick().await;
        let now = SystemClock.now().0;
        // A time that is past changes nothing, and is answered with the chain's.
        let chains: i64 = ask(dir, "clock 0").await?.parse().context("the chain does not tell its time")?;
        ahead_ms = ahead_ms.max(chains - now);
        ask(dir, &format!("clock {}", now + ahead_ms)).await?;
    }
}

/// The key of the first start.
fn operator_key(path: &Path) -> anyhow::Result<Key> {
    if !path.exists() {
        Key::new(secrets::random()?).write(path)?;
    }
    Ok(Key::read(path)?)
}

/// What the chain began with.
fn genesis(path: &Path, key: &Key) -> anyhow::Result<Genesis> {
    if path.exists() {
        let read = || anyhow::Ok(serde_json::from_slice(&std::fs::read(path)?)?);
        return read().with_context(|| format!("cannot read {}", path.display()));
    }
    let parsed = "the addresses of a local chain can be read";
    let genesis = Genesis {
        at_ms: u64::try_from(SystemClock.now().0).context("the machine's clock stands before 1970")?,
        admin: ADMIN.parse().context(parsed)?,
        operator: key.address(),
        treasury: TREASURY.parse().context(parsed)?,
        coin: COIN.parse().context(parsed)?,
        cent: CENT,
        gas_price: GAS_PRICE,
        checkpoints: Cutting::Each,
    };
    secrets::write_private(path, &serde_json::to_vec_pretty(&genesis).context("cannot encode the genesis")?)?;
    Ok(genesis)
}

/// The operator pays gas out of its address balance.
async fn fund(network: &Network, key: &Key) -> anyhow::Result<()> {
    let operator = key.address();
    let [in_address, _] = network.look(|chain| chain.balance(operator, &sui()));
    if in_address < OPERATORS_GAS / 2 {
        let network = network.clone();
        let given = blocking(move || network.faucet(operator, &sui(), OPERATORS_GAS, false)).await?;
        ensure!(given.is_some(), "the operator has more gas than an address can have");
    }
    Ok(())
}

/// The environment of whoever is to use it: lines for a shell.
fn settings(urls: &[String], chain: &str, published: &Published, key_file: &Path) -> String {
    let contract = &published.contract;
    let key_file = std::path::absolute(key_file).unwrap_or_else(|_| PathBuf::from(key_file));
    let nodes = urls.iter().map(|url| format!("\"{url}\"")).collect::<Vec<_>>().join(",");
    let lines = [
        ("ESCROW", "sui".to_owned()),
        ("SUI__NETWORK", "localnet".to_owned()),
        ("SUI__NODES", format!("[{nodes}]")),
        ("SUI__CHAIN", chain.to_owned()),
        ("SUI__PACKAGE", contract.package.to_string()),
        ("SUI__HOUSE", contract.house.id.to_string()),
        ("SUI__HOUSE_VERSION", contract.house.initial_version.to_string()),
        ("SUI__COIN", contract.coin.to_string()),
        ("SUI__CENT", contract.cent.to_string()),
        ("SUI__KEY_FILE", key_file.display().to_string()),
    ];
    let line = |(name, value): &(&str, String)| format!("SUIFTLY_BILLING__{name}='{value}'\n");
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{OwnersDesk, dir_of, wallets};
    use std::net::Ipv4Addr;
    use suiftly_settlement::owners::{OwnerAct, OwnerOrder};
    use tokio::task::JoinHandle;

    const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    /// Runs until it is aborted, and is ready. One that has just been aborted may hold its files for a moment.
    async fn running(data_dir: &Path) -> JoinHandle<anyhow::Result<()>> {
        let dir = dir_of(data_dir);
        let start = || {
            let dir = dir.clone();
            tokio::spawn(async move { run(&dir, &[HERE, HERE]).await })
        };
        let mut running = start();
        // For a minute.
        for _ in 0..1_200 {
            if ask(&dir, "clock 0").await.is_ok() && settings_of(&dir).exists() {
                return running;
            }
            if running.is_finished() {
                running = start();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it is not ready: {:?}", running.await);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_owners_do_on_it_is_there_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let first = running(data.path()).await;
        let settings = std::fs::read_to_string(settings_of(&dir_of(data.path()))).unwrap();
        assert!(settings.contains("SUIFTLY_BILLING__ESCROW='sui'\n"), "{settings}");
        let wallet = wallets(data.path(), &["Fernway"]).unwrap().swap_remove(0);
        let desk = OwnersDesk::open(data.path()).await.unwrap();
        assert!(!desk.has_account(&wallet).await.unwrap());
        for (act, usd_cents) in [(OwnerAct::Deposit, 5_000), (OwnerAct::Limit, 2_000), (OwnerAct::Withdraw, 700)] {
            desk.act(&wallet, OwnerOrder { act, usd_cents }, 25_000).await.unwrap();
        }
        let too_much = desk.act(&wallet, OwnerOrder { act: OwnerAct::Withdraw, usd_cents: 9_000 }, 25_000).await;
        assert!(too_much.unwrap_err().to_string().contains("less in the account"));
        let moved = ask(&dir_of(data.path()), "clock 0").await.unwrap().parse::<i64>().unwrap() + 3_600_000;
        ask(&dir_of(data.path()), &format!("clock {moved}")).await.unwrap();
        // Its connections, too, hold the chain.
        drop(desk);
        first.abort();
        drop(first.await);

        let again = running(data.path()).await;
        let desk = OwnersDesk::open(data.path()).await.unwrap();
        assert!(desk.has_account(&wallet).await.unwrap());
        let shown: serde_json::Value = serde_json::from_str(&ask(&dir_of(data.path()), "show").await.unwrap()).unwrap();
        let account = &shown["accounts"][0];
        assert_eq!(
            (account["owner"].as_str(), account["balance"].as_u64()),
            (Some(&*wallet.address), Some(50_000_000))
        );
        assert!(shown["now_ms"].as_i64().unwrap() >= moved, "its clock does not go back: {shown}");
        again.abort();
    }

    #[tokio::test]
    async fn it_is_served_here_alone_and_by_two() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = SocketAddr::from(([0, 0, 0, 0], 0));
        for (listen, says) in [(&[HERE][..], "2 nodes"), (&[HERE, elsewhere], "on this machine alone")] {
            let error = run(dir.path(), listen).await.unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let error = format!("{:#}", ask(dir.path(), "show").await.unwrap_err());
        assert!(error.contains("start `suiftly chain run`"), "{error}");
    }
}
