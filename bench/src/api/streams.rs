//! A thousand customers' screens at once: all open the live stream, while requests of the one whom they watch come in.

use super::{GENERATOR_SEED, quantile};
use crate::cpu;
use crate::loadgen::{LoadGenerator, LoadOptions};
use crate::report::{Row, load_average};
use crate::server::Server;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};
use suiftly_ingest::simulate::{GatewayOptions, Target};
use suiftly_schema::time::UnixMillis;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Enough that each tenth of a second has some.
const LINES_A_SECOND: u64 = 1_000;
/// At most so many events of one client are looked at: some eleven come each second.
const EVENTS_MAX: usize = 65_536;

/// Memory without and with them, and the deltas' lag.
pub(super) fn measure(
    server: &mut Server,
    runtime: &Runtime,
    token: &str,
    streams: usize,
    seconds: u64,
) -> anyhow::Result<Vec<Row>> {
    let gateway = GatewayOptions { customers: 1, seed: GENERATOR_SEED, ..GatewayOptions::default() };
    let mut generator = LoadGenerator::new(&gateway);
    let load = |seconds| LoadOptions {
        rate: Some(LINES_A_SECOND),
        ..LoadOptions::new(Target::Tcp(server.syslog()), LINES_A_SECOND * seconds)
    };
    let (warm_up, real) = (load(2), load(seconds));
    generator.send(&warm_up)?;
    let alone = server.process()?.resident_megabytes()?;
    let (stop, stopped) = watch::channel(false);
    let address = server.customers();
    let clients = runtime.block_on(open_all(address, token, streams))?;
    let with_all = server.process()?.resident_megabytes()?;
    let (before, own) = (server.process()?.cpu_seconds()?, cpu::of_process()?);
    let sending = std::thread::spawn(move || {
        let sent = generator.send(&real);
        // Whoever listens ends with it.
        let _ = stop.send(true);
        sent
    });
    let mut lags = runtime.block_on(listen_all(clients, stopped))?;
    sending.join().map_err(|_| anyhow::anyhow!("sending panicked"))??;
    let (used, own) = (server.process()?.cpu_seconds()? - before, cpu::of_process()? - own);
    let at_most = server.process()?.peak_megabytes()?;
    eprintln!("{streams} streams: {} deltas; load average {}", lags.len(), load_average());
    ensure!(!lags.is_empty(), "no delta came");
    lags.sort_by(f64::total_cmp);
    let case = format!("{streams} streams, {LINES_A_SECOND} lines/s");
    let row = |what: &str, unit: &str, value| Row::new(&format!("{case}: {what}"), "suiftly", unit, vec![value]);
    let deltas = lags.len() as f64;
    Ok(vec![
        row("memory before they came", "MB", alone),
        row("memory when all were there", "MB", with_all),
        row("memory at most (bar: 200)", "MB", at_most),
        row("a delta's lag, p50", "ms", quantile(&lags, 50)),
        row("a delta's lag, p99 (bar: 500)", "ms", quantile(&lags, 99)),
        row("a delta's lag, max", "ms", quantile(&lags, 100)),
        row("deltas", "a second and stream", deltas / streams as f64 / seconds as f64),
        row("CPU", "cores", used / seconds as f64),
        row("CPU", "CPU-µs a delta", used * 1e6 / deltas),
        Row::new(&format!("{case}: CPU"), "this benchmark, which listens", "cores", vec![own / seconds as f64]),
    ])
}

type Client = BufReader<TcpStream>;

async fn open_all(address: SocketAddr, token: &str, streams: usize) -> anyhow::Result<Vec<Client>> {
    let mut clients = Vec::with_capacity(streams);
    for number in 0..streams {
        clients.push(open(address, token).await.with_context(|| format!("stream {number}"))?);
    }
    Ok(clients)
}

/// Asks, and reads up to and with its snapshot.
async fn open(address: SocketAddr, token: &str) -> anyhow::Result<Client> {
    let mut stream = TcpStream::connect(address).await.context("cannot connect")?;
    let head = format!(
        "GET /api/v1/usage/stream HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\nAuthorization: Bearer \
         {token}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.context("cannot ask")?;
    let mut client = BufReader::with_capacity(4 << 10, stream);
    let mut line = String::new();
    client.read_line(&mut line).await.context("no answer")?;
    ensure!(line.contains(" 200 "), "it was answered with {}", line.trim());
    while !line.starts_with("event: snapshot") {
        line.clear();
        ensure!(client.read_line(&mut line).await.context("no snapshot")? > 0, "it ended before its snapshot");
    }
    Ok(client)
}

/// The lags of all deltas until it is stopped, in milliseconds.
async fn listen_all(clients: Vec<Client>, stopped: watch::Receiver<bool>) -> anyhow::Result<Vec<f64>> {
    let mut listeners = tokio::task::JoinSet::new();
    for client in clients {
        listeners.spawn(listen(client, stopped.clone()));
    }
    let mut lags = Vec::new();
    while let Some(found) = listeners.join_next().await {
        lags.extend(found.context("a listener panicked")??);
    }
    Ok(lags)
}

async fn listen(mut client: Client, mut stopped: watch::Receiver<bool>) -> anyhow::Result<Vec<f64>> {
    let (mut lags, mut line, mut is_delta) = (Vec::new(), String::new(), false);
    while lags.len() < EVENTS_MAX {
        line.clear();
        tokio::select! {
            // A sender that is gone has stopped too.
            _ = stopped.changed() => break,
            read = client.read_line(&mut line) => ensure!(read.context("cannot read a stream")? > 0, "a stream ended"),
        }
        if let Some(name) = line.strip_prefix("event:") {
            is_delta = name.trim() == "delta";
        } else if let Some(data) = line.strip_prefix("data:").filter(|_| is_delta) {
            lags.push(lag_ms(data, now_ms()?).with_context(|| format!("not a delta: {data}"))?);
        }
    }
    Ok(lags)
}

/// Its arrival less what it is complete to.
fn lag_ms(data: &str, now_ms: f64) -> Option<f64> {
    let delta: Value = serde_json::from_str(data).ok()?;
    let complete_to = UnixMillis::parse_rfc3339(delta["complete_to"].as_str()?)?;
    Some(now_ms - complete_to.0 as f64)
}

fn now_ms() -> anyhow::Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::lag_ms;

    #[test]
    fn a_lag_is_arrival_less_what_is_complete() {
        let delta = r#"{"epoch":7,"complete_to":"1970-01-01T00:00:01.500Z"}"#;
        assert_eq!(lag_ms(delta, 1_720.25), Some(220.25));
        assert_eq!(lag_ms("{}", 1.0), None);
    }
}
