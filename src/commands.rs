//! The commands other than `up`: each opens what it needs, does one thing and says what it did.

use crate::chain::{self, OwnersDesk};
use crate::check;
use crate::cli::{DbCheckArgs, DbCommand, Place, ReplayArgs, SeedArgs, SimulateArgs};
use crate::config::{Config, EscrowBackend};
use crate::guards;
use crate::money::Money;
use crate::secrets::{self, Secrets};
use crate::sources;
use anyhow::Context;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_ingest::haproxy::{
    Format,
    log_format::{Attribution, FieldRef, LogFormat},
};
use suiftly_ingest::journal::{Journal, JournalConfig};
use suiftly_ingest::replay;
use suiftly_ingest::simulate::{self, GatewayOptions, SimulateOptions, TlsFiles};
use suiftly_schema::api_key::ApiKey;
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::owners::{OwnerAct, OwnerOrder};
use suiftly_store::accounts::KeyMaker;
use suiftly_store::cluster::Cluster;
use suiftly_store::config::StoreConfig;
use suiftly_store::migrate::{self, Migrated};
use suiftly_store::role::{self, Roles};
use suiftly_store::seed;

/// `suiftly replay`
pub(crate) fn replay(args: ReplayArgs) -> anyhow::Result<()> {
    let output = match (args.json, args.csv) {
        (true, _) => replay::Output::Json,
        (_, true) => replay::Output::Csv,
        _ => replay::Output::Table,
    };
    let format = match args.log_format.as_deref() {
        Some(text) => compiled(text, args.customer)?,
        None => args.format,
    };
    let options = replay::Options {
        framing: args.framing,
        format,
        customer_capture: args.customer_capture,
        output,
        ..replay::Options::new(SystemClock.now())
    };
    let inputs = args.files.into_iter().map(replay::Input::from_argument).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    let written = replay::run(&options, inputs, &mut out, &mut io::stderr().lock())
        .map_err(anyhow::Error::from)
        .and_then(|_| out.flush().context("cannot write the totals"));
    unless_broken_pipe(written)
}

fn compiled(text: &str, customer: Option<FieldRef>) -> anyhow::Result<Format> {
    let attribution = Attribution { customer: customer.map(Into::into), ..Attribution::default() };
    let format = LogFormat::compile(text).map_err(anyhow::Error::from);
    format.and_then(|format| sources::compiled(format, &attribution)).context("cannot use the log-format")
}

/// `… | head` has had enough: no failure.
pub(crate) fn unless_broken_pipe(written: anyhow::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        written => written,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io_errors = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    io_errors.into_iter().any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// `suiftly simulate`
pub(crate) async fn simulate(args: SimulateArgs) -> anyhow::Result<()> {
    guards::no_production("`suiftly simulate` (MOCK_HAPROXY)")?;
    let options = SimulateOptions {
        to: args.to,
        rate_per_second: args.rate,
        max_lines: args.lines,
        max_duration: args.seconds.map(Duration::from_secs),
        tls: TlsFiles { ca: args.tls_ca, client: args.tls_certificate.zip(args.tls_key) },
        gateway: GatewayOptions { seed: args.seed, customers: args.customers, ..GatewayOptions::default() },
    };
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = Arc::clone(&stop);
    let mut sending = tokio::task::spawn_blocking(move || simulate::run(&options, &stopping));
    let sent = tokio::select! {
        sent = &mut sending => sent,
        _ = tokio::signal::ctrl_c() => {
            stop.store(true, Ordering::Relaxed);
            sending.await
        }
    };
    let summary = sent.context("sending panicked")??;
    eprintln!("{} lines sent", summary.lines);
    if summary.lines_in_failed_writes > 0 {
        eprintln!(
            "{} of them in writes that failed; reconnected {} times",
            summary.lines_in_failed_writes, summary.reconnects
        );
    }
    Ok(())
}

/// `suiftly db …`
pub(crate) async fn db(command: DbCommand) -> anyhow::Result<()> {
    match command {
        DbCommand::Start(place) => {
            let config = Config::read(place.config.as_deref())?;
            let (_, store) = open_database(&place, &config).await?;
            eprintln!("{store} is ready");
        }
        DbCommand::Stop(place) => {
            let dir = cluster_dir(&place);
            anyhow::ensure!(dir.is_dir(), "there is no private cluster in {}", dir.display());
            blocking(move || Cluster::find(&dir)?.stop()).await?;
        }
        DbCommand::Migrate(place) => {
            let config = Config::read(place.config.as_deref())?;
            let (_, store) = open_database(&place, &config).await?;
            eprintln!("{store} is up to date");
        }
        DbCommand::Reset(place) => reset(&place).await?,
        DbCommand::Check(args) => check_stored(&args).await?,
    }
    Ok(())
}

/// Drops journal and database together: either without the other would not fit.
async fn reset(place: &Place) -> anyhow::Result<()> {
    let config = Config::read(place.config.as_deref())?;
    let (_, roles) = connect(place, &config).await?;
    let journal = place.data_dir.join("journal");
    // Opening it takes its lock: a running `up` is not robbed of it.
    drop(Journal::open(&journal, JournalConfig::default())?);
    migrate::drop_database(roles.owner()).await?;
    role::open(&roles).await?;
    std::fs::remove_dir_all(&journal).with_context(|| format!("cannot remove {}", journal.display()))?;
    eprintln!("{} and the journal in {} are new", roles.run, journal.display());
    Ok(())
}

/// Prints the figures as JSON, whether they are as they should be or not.
async fn check_stored(args: &DbCheckArgs) -> anyhow::Result<()> {
    let DbCheckArgs { place, journals } = args;
    let config = Config::read(place.config.as_deref())?;
    look_for_database(place, &config)?;
    let (_, roles) = connect(place, &config).await?;
    let decode = sources::decode_config(&config)?;
    let (figures, holds) = check::check_named(journals, &place.data_dir, &decode, &roles.run).await?;
    let written = writeln!(io::stdout().lock(), "{figures:#}").context("cannot write the figures");
    unless_broken_pipe(written)?;
    anyhow::ensure!(holds, "the database does not hold what the journal does");
    Ok(())
}

/// `suiftly seed`
pub(crate) async fn seed(args: SeedArgs) -> anyhow::Result<()> {
    let SeedArgs { place, since } = args;
    guards::no_production("`suiftly seed`")?;
    let config = Config::read(place.config.as_deref())?;
    let (_, store) = open_database(&place, &config).await?;
    let secrets = Secrets::of(&place, &config)?;
    let secret = secrets.api_key_secret()?;
    let path = place.data_dir.join("demo-keys.json");
    let at_rest = secrets.at_rest()?;
    let maker = KeyMaker { secret: &secret, at_rest: &at_rest };
    let opening = since.map_or_else(seed::Opening::default, with_a_past);
    if config.billing.escrow == EscrowBackend::Sui {
        seed_owners(&place, &config, &store, &opening).await?;
    }
    let keys = seed::seed(&store, maker, seed::DEMO_CUSTOMERS, &held_keys(&path)?, &opening).await?;
    let rows: Vec<_> = keys.iter().map(demo_key_json).collect();
    secrets::write_private(&path, &serde_json::to_vec_pretty(&rows).context("cannot encode the keys")?)?;
    eprintln!("{} API keys of {} customers are in {}", keys.len(), seed::DEMO_CUSTOMERS.len(), path.display());
    Ok(())
}

/// Where a chain holds the funds, owners come first and put them in: by wallets whose keys are kept, on a local chain.
async fn seed_owners(
    place: &Place,
    config: &Config,
    store: &StoreConfig,
    opening: &seed::Opening,
) -> anyhow::Result<()> {
    let names: Vec<&'static str> = seed::DEMO_CUSTOMERS.iter().map(|customer| customer.display_name).collect();
    let wallets = chain::wallets(&place.data_dir, &names)?;
    let named: Vec<_> = names.into_iter().zip(wallets.iter().map(|wallet| wallet.address.clone())).collect();
    seed::come(store, &named, opening).await?;
    let desk = OwnersDesk::open(&place.data_dir).await?;
    let deposit = OwnerOrder { act: OwnerAct::Deposit, usd_cents: opening.deposit_usd_cents };
    for wallet in &wallets {
        if !desk.has_account(wallet).await? {
            desk.act(wallet, deposit, opening.limit_usd_cents).await?;
        }
    }
    // What they order is charged for: their balances have to be known.
    let settlement = Money::open(&config.billing, store).await?.settlement;
    settlement.open_accounts().await?;
    settlement.poll_events().await?;
    Ok(())
}

/// Funds and a limit that weeks of usage fit into.
const fn with_a_past(since: UnixMillis) -> seed::Opening {
    seed::Opening { since: Some(since), deposit_usd_cents: 800_000, limit_usd_cents: 500_000 }
}

fn demo_key_json(key: &seed::DemoKey) -> serde_json::Value {
    serde_json::json!({
        "customer": key.display_name,
        "customer_id": key.customer_id,
        "wallet_address": key.wallet_address,
        "service": key.service.word(),
        "network": key.network.word(),
        "key": key.key.reveal(),
        "guaranteed_per_second": key.guaranteed_per_second,
        "burst_per_second": key.burst_per_second,
    })
}

/// The keys that an earlier seeding wrote down.
fn held_keys(path: &Path) -> anyhow::Result<Vec<ApiKey>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let read = || -> anyhow::Result<Vec<ApiKey>> {
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(path)?)?;
        let keys = rows.iter().filter_map(|row| row["key"].as_str());
        Ok(keys.map(ApiKey::parse).collect::<Result<_, _>>()?)
    };
    read().with_context(|| format!("cannot read the demo keys in {}", path.display()))
}

/// The database of the configuration, or the private cluster's, started; its schema is brought up to date by its owner.
/// What is answered uses it as the role that runs.
pub(crate) async fn open_database(place: &Place, config: &Config) -> anyhow::Result<(Option<Cluster>, StoreConfig)> {
    let (cluster, roles) = connect(place, config).await?;
    let Migrated { capability, applied, version } = role::open(&roles).await?;
    tracing::info!(database = %roles.run, role = roles.run.user(), ?capability, version, applied, "database");
    Ok((cluster, roles.run))
}

/// The same where there is one: a command about a system that runs elsewhere must not make an empty one here.
pub(crate) async fn find_database(place: &Place, config: &Config) -> anyhow::Result<(Option<Cluster>, StoreConfig)> {
    look_for_database(place, config)?;
    open_database(place, config).await
}

fn look_for_database(place: &Place, config: &Config) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.database.url.is_some() || cluster_dir(place).is_dir(),
        "there is no database in {}: say with --data-dir which directory the running `suiftly up` has",
        place.data_dir.display()
    );
    Ok(())
}

async fn connect(place: &Place, config: &Config) -> anyhow::Result<(Option<Cluster>, Roles)> {
    std::fs::create_dir_all(&place.data_dir).with_context(|| format!("cannot make {}", place.data_dir.display()))?;
    if let Some(url) = &config.database.url {
        let (deployment, run) = (place.deployment()?, StoreConfig::from_url(url)?);
        guards::right_database(deployment, &run)?;
        let owner = config.database.migrate_url.as_deref().map(StoreConfig::from_url).transpose()?;
        return Ok((None, Roles { owner, is_strict: deployment.is_production(), ..Roles::one(run) }));
    }
    let dir = cluster_dir(place);
    let cluster = blocking(move || Cluster::start(&dir)).await?;
    let roles = cluster.roles(place.deployment()?.database());
    Ok((Some(cluster), roles))
}

pub(crate) fn cluster_dir(place: &Place) -> PathBuf {
    place.data_dir.join("postgres")
}

pub(crate) async fn blocking<T: Send + 'static, E: Into<anyhow::Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a thread panicked")?.map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::is_broken_pipe;
    use std::io;

    #[test]
    fn only_a_closed_pipe_is_no_failure() {
        let of = |kind: io::ErrorKind| anyhow::Error::from(io::Error::from(kind)).context("cannot write");
        assert!(is_broken_pipe(&of(io::ErrorKind::BrokenPipe)));
        assert!(!is_broken_pipe(&of(io::ErrorKind::StorageFull)));
    }
}
