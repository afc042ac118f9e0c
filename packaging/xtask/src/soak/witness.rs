//! Hears each line that a HAProxy worker numbers, beside the receiver: an event of its ring (`show events` on the runtime
//! socket). Such a connection stays with the worker to its end. So the last number is known of a worker that leaves, which
//! empties its table of numbers once its last client has gone; and of one that is killed, as far as it had handed lines over.

use crate::signals::Interrupt;
use anyhow::{Context as _, bail, ensure};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Events of the ring in `logs-ring.cfg`: from now on, for as long as it lasts.
const COMMAND: &[u8] = b"show events suiftly -w -n\n";
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Under load a line comes every few milliseconds.
const FIRST_LINE_WITHIN: Duration = Duration::from_secs(20);
/// What stands before the numbers in a line, and where its birth and its number are, from there.
const MARK: &str = "SF1 ";
const BOOT_AT: usize = 2;
const SEQ_AT: usize = 4;

/// Listens to one worker, until that ends or this is dropped.
pub(crate) struct Witness {
    boot_ms: i64,
    stream: UnixStream,
    heard: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Witness {
    /// Begins to listen to the worker of this birth, and waits for its next line.
    pub(crate) fn of(socket: &Path, boot_ms: i64, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let witness = Self::begin(socket, boot_ms).context("HAProxy's lines cannot be listened to")?;
        let deadline = Instant::now() + FIRST_LINE_WITHIN;
        while witness.heard() == 0 {
            ensure!(
                Instant::now() < deadline,
                "HAProxy's lines are not heard: no request is answered, or it has no ring"
            );
            if interrupt.wait(LOOK_EVERY) {
                bail!("interrupted");
            }
        }
        Ok(witness)
    }

    fn begin(socket: &Path, boot_ms: i64) -> anyhow::Result<Self> {
        let mut stream = UnixStream::connect(socket)?;
        stream.write_all(COMMAND)?;
        let (lines, heard) = (BufReader::new(stream.try_clone()?), Arc::<AtomicU64>::default());
        let told = Arc::clone(&heard);
        let thread = thread::Builder::new().name("witness".to_owned());
        let thread = thread.spawn(move || listen(lines, boot_ms, &told))?;
        Ok(Self { boot_ms, stream, heard, thread: Some(thread) })
    }

    /// Whom it listens to.
    pub(crate) const fn boot_ms(&self) -> i64 {
        self.boot_ms
    }

    /// Once the worker has ended: the highest number that it gave.
    pub(crate) fn until_its_end(mut self) -> u64 {
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so itself.
            let _ = thread.join();
        }
        self.heard()
    }

    fn heard(&self) -> u64 {
        self.heard.load(Ordering::Acquire)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // Fails only if the worker has gone.
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// To the end, however that comes: what was handed over before is read.
fn listen(mut lines: BufReader<UnixStream>, boot_ms: i64, heard: &AtomicU64) {
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        // A line that was cut short may have lost digits of its number: it is then lower than those before.
        if let Some(seq) = seq_in(&String::from_utf8_lossy(&line), boot_ms) {
            heard.fetch_max(seq, Ordering::AcqRel);
        }
        line.clear();
    }
}

/// The number in a line of the worker of this birth; HAProxy's own messages have none.
fn seq_in(line: &str, boot_ms: i64) -> Option<u64> {
    let (_, body) = line.split_once(MARK)?;
    let tokens: Vec<&str> = body.split(' ').take(SEQ_AT + 1).collect();
    let boot: i64 = tokens.get(BOOT_AT)?.parse().ok()?;
    if boot == boot_ms { tokens.get(SEQ_AT)?.trim_end().parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn the_number_of_a_line() {
        let head = "<134>1 2026-11-21T22:01:21.991Z - haproxy 85 - - ";
        for (line, seq) in [
            (format!("{head}SF1 1795298481991 1795298481990 1795298476993 18 21 17 1 1 2 1 0"), Some(21)),
            (format!("{head}SF1 1795298481991 - 1795298476993 18 4294967295 17 1 1 2 1 0"), Some(4_294_967_295)),
            (format!("{head}SF1 1795298481991 - 1795298476993 18 21"), Some(21)),
            (format!("{head}SF1 1795298481991 - 1795298476993 18"), None),
            (format!("{head}SF1 1795298481991 - 1795298476994 18 21 17"), None),
            (format!("{head}Server seal_mainnet/s1 is DOWN"), None),
            (String::new(), None),
        ] {
            assert_eq!(seq_in(&line, 1_795_298_476_993), seq, "{line}");
        }
    }

    #[test]
    fn a_worker_is_heard_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let worker = thread::spawn(move || {
            let (mut to, _) = listener.accept().unwrap();
            let mut asked = String::new();
            BufReader::new(to.try_clone().unwrap()).read_line(&mut asked).unwrap();
            // Not in order, as threads write them; of another worker; cut short by the end.
            to.write_all(
                b"SF1 1 - 7 1 41 17 x\nSF1 1 - 7 1 43 17 x\nSF1 1 - 7 1 42 17 x\nSF1 1 - 8 1 99 17\nSF1 1 - 7 1 4",
            )
            .unwrap();
            asked
        });
        let witness = Witness::of(&socket, 7, &Interrupt::catch().unwrap()).unwrap();
        assert_eq!(worker.join().unwrap().as_bytes(), COMMAND);
        assert_eq!((witness.boot_ms(), witness.until_its_end()), (7, 43));
    }

    #[test]
    fn a_witness_that_is_no_longer_needed_goes() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let witness = Witness::begin(&socket, 7).unwrap();
        let _worker = listener.accept().unwrap();
        // Would wait for the worker's end for ever.
        drop(witness);
        assert!(Witness::of(&dir.path().join("none"), 7, &Interrupt::catch().unwrap()).is_err());
    }
}
