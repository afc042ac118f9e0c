//! What the API's live stream tells of a customer, as it comes: how many of their requests are counted.

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// The stream says something each second.
const SILENCE_MAX: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(100);

/// Follows the stream until it is dropped, whatever becomes of who tells it.
pub(crate) struct Told {
    requests: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Told {
    /// Of this customer, by the operators' API.
    pub(crate) fn of(api: SocketAddr, token: &str, customer: u64) -> anyhow::Result<Self> {
        let (requests, stop) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (told, stopping) = (Arc::clone(&requests), Arc::clone(&stop));
        let head = format!(
            "GET /api/v1/stream?customer_id={customer} HTTP/1.0\r\nHost: {api}\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        let thread = thread::Builder::new().name("told".to_owned()).spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                // Why it ended does not matter: who tells may be away.
                let _ = follow(api, &head, &told, &stopping);
                thread::sleep(RETRY);
            }
        });
        Ok(Self { requests, stop, thread: Some(thread.context("cannot start a thread")?) })
    }

    /// Requests of this month that were told of.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Acquire)
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

/// One connection, to its end.
fn follow(api: SocketAddr, head: &str, told: &AtomicU64, stop: &AtomicBool) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect_timeout(&api, CONNECT_TIME_MAX)?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.write_all(head.as_bytes())?;
    let (mut lines, mut event, mut line) = (BufReader::new(stream), String::new(), String::new());
    while !stop.load(Ordering::Relaxed) {
        line.clear();
        ensure!(lines.read_line(&mut line)? > 0, "the stream has ended");
        if let Some(name) = line.strip_prefix("event:") {
            name.trim().clone_into(&mut event);
        } else if let Some(data) = line.strip_prefix("data:") {
            take(&event, data, told)?;
        }
    }
    Ok(())
}

/// A snapshot says all, a delta what is to be added.
fn take(event: &str, data: &str, told: &AtomicU64) -> anyhow::Result<()> {
    if !matches!(event, "snapshot" | "delta") {
        return Ok(());
    }
    let json: Value = serde_json::from_str(data)?;
    let Some(requests) = json.pointer("/counts/requests").and_then(Value::as_u64) else {
        bail!("an event without counts");
    };
    let before = if event == "delta" { told.load(Ordering::Acquire) } else { 0 };
    told.store(before + requests, Ordering::Release);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Instant;

    #[test]
    fn requests_are_those_of_the_snapshot_and_of_what_came_after() {
        let api = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let told = Told::of(api.local_addr().unwrap(), "token", 7).unwrap();
        let serve = |text: &str, until: u64| {
            let (mut stream, _) = api.accept().unwrap();
            let mut asked = [0; 1_024];
            let length = stream.read(&mut asked).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            let began = Instant::now();
            while told.requests() != until {
                assert!(began.elapsed() < Duration::from_secs(60), "{} were told of", told.requests());
                thread::yield_now();
            }
            String::from_utf8_lossy(&asked[..length]).into_owned()
        };
        let counts = |event: &str, requests: u64| {
            format!("event: {event}\nid: 3\ndata: {{\"counts\":{{\"requests\":{requests}}}}}\n\n")
        };
        let head = "HTTP/1.0 200 OK\r\n\r\n";
        let text = format!(
            "{head}{}event: pipeline\ndata: {{\"counts\":{{\"requests\":9}}}}\n\n{}",
            counts("snapshot", 5),
            counts("delta", 2)
        );
        let asked = serve(&text, 7);
        assert!(asked.starts_with("GET /api/v1/stream?customer_id=7 ") && asked.contains("Bearer token"), "{asked}");
        // After an end, what it says anew.
        serve(&format!("{head}{}{}", counts("snapshot", 8), counts("delta", 0)), 8);
    }
}
