//! Our own subjects, each a hidden subcommand: Suiftly's ingest with nothing behind it, and the floor, which receives
//! and counts. Each prints its [`Outcome`] when it has had all lines, or no more came, and stays until its input closes.

use super::output::Outcome;
use anyhow::{Context, bail};
use crossbeam_channel::RecvTimeoutError;
use lexopt::prelude::*;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, recvmmsg, setsockopt, sockopt};
use std::ffi::OsString;
use std::io::{IoSliceMut, Read};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use suiftly_ingest::frame::{Framer, Step};
use suiftly_ingest::listener::{DEFAULT_LISTEN, DEFAULT_UDP_RECEIVE_BUFFER_BYTES, ListenerConfig};
use suiftly_ingest::live::{Ingest, IngestConfig, Resume};
use suiftly_ingest::source::Transport;

/// The hidden subcommand of Suiftly's ingest.
pub const SUIFTLY: &str = "ingest-subject";
/// The hidden subcommand of the floor.
pub const COUNT: &str = "count-subject";

/// Batches that may wait for their reader, as in the program itself.
const MAX_BATCHES: usize = 4;
/// Nothing for so long, after something came: that was all.
const QUIET: Duration = Duration::from_secs(1);
/// Nothing at all for so long.
const PATIENCE: Duration = Duration::from_secs(30);
const READ_BYTES: usize = 256 << 10;
const DATAGRAMS: usize = 64;
const DATAGRAM_BYTES: usize = 2_048;

#[derive(Debug)]
struct Options {
    listen: SocketAddr,
    lines: u64,
    journal: PathBuf,
    udp: bool,
    pace: Duration,
    cut_interval: Option<Duration>,
}

impl Options {
    fn parse(arguments: Vec<OsString>) -> anyhow::Result<Self> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut options = Self {
            listen: DEFAULT_LISTEN,
            lines: u64::MAX,
            journal: PathBuf::from("journal"),
            udp: false,
            pace: Duration::ZERO,
            cut_interval: None,
        };
        while let Some(argument) = parser.next()? {
            match argument {
                Long("listen") => options.listen = parser.value()?.parse()?,
                Long("lines") => options.lines = parser.value()?.parse()?,
                Long("journal") => options.journal = parser.value()?.into(),
                Long("transport") => options.udp = parser.value()?.string()? == "udp",
                Long("pace-ms") => options.pace = Duration::from_millis(parser.value()?.parse()?),
                Long("cut-ms") => options.cut_interval = Some(Duration::from_millis(parser.value()?.parse()?)),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }
}

/// Suiftly's ingest; batches are counted and dropped.
pub fn run_suiftly(arguments: Vec<OsString>, print: impl Fn(&str)) -> anyhow::Result<String> {
    let options = Options::parse(arguments)?;
    let mut config = IngestConfig::new(options.journal);
    config.listener = ListenerConfig { listen: options.listen, ..config.listener };
    // Archiving is measured apart: it has the rest of the day for it.
    config.journal.compress_level = 0;
    config.cut_interval = options.cut_interval.unwrap_or(config.cut_interval);
    let (out, batches) = crossbeam_channel::bounded(MAX_BATCHES);
    let ingest = Ingest::start(&config, &Resume::default(), out)?;
    let mut outcome = Outcome::default();
    let mut window = None;
    let mut patience = PATIENCE;
    while outcome.lines + outcome.refused < options.lines {
        match batches.recv_timeout(patience) {
            Ok(batch) => {
                outcome.lines += batch.counts.accepted;
                outcome.refused += batch.counts.received - batch.counts.accepted;
                window = batch.windows.into_iter().next_back().or(window);
                patience = QUIET;
            }
            Err(RecvTimeoutError::Timeout) if patience == QUIET => break,
            Err(error) => bail!("no line came: {error}"),
        }
    }
    outcome.missing = window.map_or(0, |window| window.missing);
    outcome.kernel_drops = ingest.stats().by(Transport::Udp).kernel_drops;
    tell_and_stay(&outcome, print)
}

/// The floor.
pub fn run_count(arguments: Vec<OsString>, print: impl Fn(&str)) -> anyhow::Result<String> {
    let options = Options::parse(arguments)?;
    let lines = if options.udp { count_datagrams(&options)? } else { count_frames(&options)? };
    tell_and_stay(&Outcome { lines, ..Outcome::default() }, print)
}

fn tell_and_stay(outcome: &Outcome, print: impl Fn(&str)) -> anyhow::Result<String> {
    print(&(serde_json::to_string(outcome).context("cannot encode the outcome")? + "\n"));
    // Whatever is read, the parent is done with us when it is over.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    Ok(String::new())
}

/// Reads one connection to its end.
fn count_frames(options: &Options) -> anyhow::Result<u64> {
    let listener = TcpListener::bind(options.listen).context("cannot listen")?;
    let (mut stream, _) = listener.accept().context("cannot accept")?;
    let mut framer = Framer::detect();
    let (mut buffer, mut filled, mut lines) = (vec![0; READ_BYTES], 0, 0);
    loop {
        let read = stream.read(&mut buffer[filled..]).context("cannot read")?;
        if read == 0 {
            return Ok(lines);
        }
        filled += read;
        let mut at = 0;
        loop {
            match framer.next(&buffer[at..filled]) {
                Step::Frame { consumed, .. } => {
                    lines += 1;
                    at += consumed;
                }
                Step::Skip { consumed } | Step::Oversize { consumed, .. } => at += consumed,
                Step::NeedMore => break,
                Step::Broken(error) => return Err(error.into()),
            }
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
    }
}

/// Takes datagrams as they come, or all that are there at every pause's end.
fn count_datagrams(options: &Options) -> anyhow::Result<u64> {
    let socket = UdpSocket::bind(options.listen).context("cannot listen")?;
    if setsockopt(&socket, sockopt::RcvBufForce, &DEFAULT_UDP_RECEIVE_BUFFER_BYTES).is_err() {
        setsockopt(&socket, sockopt::RcvBuf, &DEFAULT_UDP_RECEIVE_BUFFER_BYTES).context("cannot size the buffer")?;
    }
    socket.set_read_timeout(Some(QUIET)).context("cannot set a timeout")?;
    let mut headers = MultiHeaders::<()>::preallocate(DATAGRAMS, None);
    let mut slab = vec![0; DATAGRAMS * DATAGRAM_BYTES];
    let (mut lines, mut last) = (0, Instant::now());
    while lines < options.lines {
        let slots = slab.chunks_exact_mut(DATAGRAM_BYTES);
        let mut slices: Vec<_> = slots.map(|slot| [IoSliceMut::new(slot)]).collect();
        let flags = if options.pace.is_zero() { MsgFlags::MSG_WAITFORONE } else { MsgFlags::MSG_DONTWAIT };
        match recvmmsg(socket.as_raw_fd(), &mut headers, slices.iter_mut(), flags, None) {
            Ok(messages) => {
                let count = messages.count();
                lines += count as u64;
                last = Instant::now();
                if count < DATAGRAMS {
                    std::thread::sleep(options.pace);
                }
            }
            Err(Errno::EAGAIN | Errno::EINTR) if last.elapsed() < if lines == 0 { PATIENCE } else { QUIET } => {
                std::thread::sleep(options.pace);
            }
            Err(Errno::EAGAIN) => break,
            Err(error) => return Err(error).context("cannot receive"),
        }
    }
    Ok(lines)
}
