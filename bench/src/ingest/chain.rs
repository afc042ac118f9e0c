//! `cargo xtask bench chain [--fast]`: from the socket to usage by customer and hour in a database, which is what the usual
//! chain is for. CPU time of all that runs: the receiver's and PostgreSQL's.
//!
//! Ours is the real `suiftly up`: journal, records, all views, rating, spend, vault, live all along. Theirs is rsyslog, to a file
//! that is then copied into a table, or straight into a table by ompgsql; and in either case one `GROUP BY` at the end. That is
//! their best case: no line is told from its repetition, none that is missing is noticed, and nothing is known before the end.
//! What each comes to is held against the lines sent.

use super::peers::{Rsyslog, Table};
use super::{output, ports};
use crate::child::Measured;
use crate::loadgen::{LoadGenerator, LoadOptions};
use crate::report::{Row, load_average};
use crate::server::Server;
use anyhow::{Context, bail, ensure};
use futures::SinkExt;
use std::ffi::OsString;
use std::io::{Cursor, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::time::{Duration, Instant};
use suiftly_ingest::simulate::{GatewayOptions, Target};
use suiftly_store::testing::{self, Client};
use tokio::runtime::Runtime;

const UNIT: &str = "CPU-s per million lines";
/// Lines a second, as ours are sent: so that it is live, with commits under way, and not one heap.
const RATE: u64 = 50_000;
const START_PATIENCE: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Counting is the database's work, too, and would be the peer's: seldom.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// Of a line as it is written to a file: the header's words and the body's.
const WORDS: usize = 37;
/// Which of them are the time (that of the connection: a refused request has no other), the customer, the bytes.
const WORDS_USED: [usize; 3] = [8, 19, 26];
const COPY_BYTES: usize = 256 << 10;

/// How much is measured.
struct Size {
    lines: u64,
    /// Of the slowest way.
    inserted_lines: u64,
    runs: usize,
}

fn size(arguments: &[OsString]) -> anyhow::Result<Size> {
    match arguments {
        [] => Ok(Size { lines: 500_000, inserted_lines: 20_000, runs: 3 }),
        [only] if only == "--fast" => Ok(Size { lines: 5_000, inserted_lines: 1_000, runs: 1 }),
        _ => bail!("`cargo xtask bench chain` knows `--fast` alone"),
    }
}

/// Ours and theirs, in turns.
pub fn run(arguments: &[OsString]) -> anyhow::Result<Vec<Row>> {
    let size = size(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start tokio")?;
    let rsyslog = Rsyslog::find()?;
    let mut generator = LoadGenerator::new(&GatewayOptions::default());
    let mut runs: [Vec<f64>; 3] = Default::default();
    for run in 1..=size.runs {
        runs[0].push(ours(&mut generator, size.lines)?);
        if let Some(rsyslog) = &rsyslog {
            runs[1].push(by_file(&mut generator, rsyslog, size.lines, &runtime)?);
            if rsyslog.has_pgsql() {
                runs[2].push(by_insert(&mut generator, rsyslog, size.inserted_lines, &runtime)?);
            }
        }
        eprintln!("run {run} of {} done, load average {}", size.runs, load_average());
    }
    rows(runs, rsyslog.as_ref())
}

fn rows(runs: [Vec<f64>; 3], rsyslog: Option<&Rsyslog>) -> anyhow::Result<Vec<Row>> {
    let case = "from the socket by TCP to usage by customer and hour in PostgreSQL";
    let version = rsyslog.map_or("", |rsyslog| rsyslog.0.version.as_str());
    let names = [
        "suiftly and its PostgreSQL: journal, records, all views, live".to_owned(),
        format!("rsyslog {version} to a file, COPY and one GROUP BY in PostgreSQL"),
        format!("rsyslog {version}, ompgsql and one GROUP BY in PostgreSQL"),
    ];
    for (name, runs) in names.iter().zip(&runs) {
        if runs.is_empty() {
            eprintln!(
                "{name}: rsyslog, or its module, is not there (`cargo xtask bench chain` fetches it): not measured"
            );
        }
    }
    let measured = names.iter().zip(runs).filter(|(_, runs)| !runs.is_empty());
    Ok(measured.map(|(name, runs)| Row::new(case, name, UNIT, runs)).collect())
}

fn ours(generator: &mut LoadGenerator, lines: u64) -> anyhow::Result<f64> {
    let mut server = Server::prepare("chain")?;
    server.start_database()?;
    server.start()?;
    server.wait_ready()?;
    let spent = |server: &mut Server| Ok(server.process()?.cpu_seconds()? + server.database_cpu_seconds()?);
    let before: anyhow::Result<f64> = spent(&mut server);
    generator.send(&LoadOptions { rate: Some(RATE), ..LoadOptions::new(Target::Tcp(server.syslog()), lines) })?;
    server.wait("all lines stored", |api| {
        Some(api.json("/api/v1/pipeline").ok()?["store"]["records"].as_u64()? >= lines)
    })?;
    let after: anyhow::Result<f64> = spent(&mut server);
    let told = server.api()?.json("/api/v1/usage/summary")?;
    ensure!(told["counts"]["requests"] == lines, "of {lines} lines the views have {}", told["counts"]["requests"]);
    Ok(per_million(after? - before?, lines))
}

/// rsyslog's own time, then PostgreSQL's.
fn by_file(generator: &mut LoadGenerator, rsyslog: &Rsyslog, lines: u64, runtime: &Runtime) -> anyhow::Result<f64> {
    let (server, client) = database(runtime)?;
    let dir = directory(&server)?;
    let listen = ports::free()?;
    let mut process = start(rsyslog, listen, &dir, None)?;
    let before = process.cpu_seconds()?;
    let sent = generator.send(&LoadOptions::new(Target::Tcp(listen), lines))?;
    let file = dir.join("lines.log");
    output::await_file(&file, Some(sent.bytes + sent.lines))?;
    let received = process.cpu_seconds()? - before;
    ensure!(!process.has_ended(), "rsyslog has ended");
    let before = server.database_cpu_seconds()?;
    runtime.block_on(async {
        copy(&client, &file).await?;
        sum_up(&client, "SELECT c19, c8 / 3600000, count(*), sum(c26) FROM log_lines GROUP BY 1, 2", lines).await
    })?;
    Ok(per_million(received + server.database_cpu_seconds()? - before, lines))
}

/// Both at once.
fn by_insert(generator: &mut LoadGenerator, rsyslog: &Rsyslog, lines: u64, runtime: &Runtime) -> anyhow::Result<f64> {
    let (server, client) = database(runtime)?;
    let dir = directory(&server)?;
    // A statement is a transaction to ompgsql. None waits for the disk, or the disk would be what is measured.
    runtime.block_on(client.batch_execute("ALTER ROLE CURRENT_USER SET synchronous_commit = off"))?;
    let table = runtime.block_on(table(&client))?;
    let listen = ports::free()?;
    let mut process = start(rsyslog, listen, &dir, Some(&table))?;
    let before = process.cpu_seconds()? + server.database_cpu_seconds()?;
    generator.send(&LoadOptions::new(Target::Tcp(listen), lines))?;
    await_rows(&client, lines, runtime)?;
    let sums = "SELECT customer, at_ms / 3600000, count(*), sum(bytes) FROM inserted_lines GROUP BY 1, 2";
    runtime.block_on(sum_up(&client, sums, lines))?;
    ensure!(!process.has_ended(), "rsyslog has ended");
    Ok(per_million(process.cpu_seconds()? + server.database_cpu_seconds()? - before, lines))
}

fn per_million(cpu_seconds: f64, lines: u64) -> f64 {
    cpu_seconds / (lines as f64 / 1e6)
}

/// A PostgreSQL of its own, as ours has, with the tables.
fn database(runtime: &Runtime) -> anyhow::Result<(Server, Client)> {
    let mut server = Server::prepare("chain")?;
    server.start_database()?;
    let config = server.database()?;
    let client = runtime.block_on(async {
        let client = testing::connect(&config).await;
        client.batch_execute(&tables()).await.context("cannot make the tables")?;
        anyhow::Ok(client)
    })?;
    Ok((server, client))
}

/// Every word of a line, and the three alone.
fn tables() -> String {
    let kind = |word| if WORDS_USED.contains(&word) && word != 19 { "bigint" } else { "text" };
    let columns: Vec<_> = (0..WORDS).map(|word| format!("c{word} {}", kind(word))).collect();
    format!(
        "CREATE TABLE log_lines ({}); CREATE TABLE inserted_lines (customer text, at_ms bigint, bytes bigint)",
        columns.join(", ")
    )
}

fn directory(server: &Server) -> anyhow::Result<std::path::PathBuf> {
    let dir = server.dir().join("rsyslog");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir)
}

/// Where the table is, in libpq's words.
async fn table(client: &Client) -> anyhow::Result<Table> {
    let asked = "SELECT current_setting('unix_socket_directories'), current_setting('port'), current_user::text, \
                 current_database()::text";
    let row = client.query_one(asked, &[]).await?;
    let word = |at: usize| row.get::<_, String>(at);
    // A list of paths, each in quotes where it needs them.
    let host = word(0).split(',').next().unwrap_or_default().trim().trim_matches('"').to_owned();
    Ok(Table { host, port: word(1), user: word(2), database: word(3) })
}

fn start(rsyslog: &Rsyslog, listen: SocketAddr, dir: &Path, table: Option<&Table>) -> anyhow::Result<Measured> {
    let start = rsyslog.start_chain(listen, dir, table)?;
    let log = dir.join("errors.log");
    let mut process = Measured::spawn(&start.program, |command| start.configure(command), &log)?;
    let began = Instant::now();
    while !ports::is_bound(listen.port(), false) {
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        ensure!(!process.has_ended(), "rsyslog ended at once: {}", said().trim());
        ensure!(began.elapsed() < START_PATIENCE, "rsyslog does not listen: {}", said().trim());
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(process)
}

/// The file as it is, its words parted by spaces.
async fn copy(client: &Client, file: &Path) -> anyhow::Result<()> {
    let statement = "COPY log_lines FROM STDIN (FORMAT csv, DELIMITER ' ', NULL '-', QUOTE E'\\x01')";
    let mut sink = pin!(client.copy_in(statement).await.context("cannot copy")?);
    let mut file = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    loop {
        let mut part = vec![0; COPY_BYTES];
        let length = file.read(&mut part)?;
        if length == 0 {
            break;
        }
        part.truncate(length);
        sink.send(Cursor::new(part)).await.context("cannot copy")?;
    }
    sink.finish().await.context("cannot copy")?;
    Ok(())
}

/// Usage by customer and hour, kept as a table, and every line in it.
async fn sum_up(client: &Client, select: &str, lines: u64) -> anyhow::Result<()> {
    client.batch_execute(&format!("CREATE TABLE usage_by_hour AS {select}")).await.context("cannot sum up")?;
    let found: i64 = client.query_one("SELECT sum(count)::bigint FROM usage_by_hour", &[]).await?.get(0);
    ensure!(found.cast_unsigned() == lines, "of {lines} lines the sums have {found}");
    Ok(())
}

fn await_rows(client: &Client, lines: u64, runtime: &Runtime) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let count = "SELECT count(*) FROM inserted_lines";
        let found: i64 = runtime.block_on(client.query_one(count, &[])).context("cannot count")?.get(0);
        if found.cast_unsigned() >= lines {
            return Ok(());
        }
        ensure!(
            began.elapsed() < PATIENCE,
            "of {lines} lines {found} were inserted in {PATIENCE:?}: the others are refused, see PostgreSQL's log, or it is too slow"
        );
        std::thread::sleep(COUNT_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_one_option_and_a_table_of_every_word() {
        assert!(size(&[]).unwrap().lines > size(&["--fast".into()]).unwrap().lines);
        assert!(size(&["--slow".into()]).is_err());
        let made = tables();
        for column in ["c0 text", "c8 bigint", "c19 text", "c26 bigint", "c36 text"] {
            assert!(made.contains(column), "{column}: {made}");
        }
    }
}
