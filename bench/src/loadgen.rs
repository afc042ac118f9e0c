//! `suiftly-bench loadgen`: SF1 lines by UDP, TCP or a Unix socket, at a rate or as fast as they are taken, so cheap that the machine
//! is left to the receiver.
//!
//! Lines are rendered before ([`template`]) and sent with the present time and the next number put in; [`pace`] says
//! how many are due, [`send`] brings them out in bulk. They are those of one worker, whose numbers run from 1 without a
//! gap, so the receiver can say to the line what it has lost.

mod options;
pub mod pace;
mod send;
pub mod template;

pub use options::{DEFAULT_TICK, LoadOptions};

use crate::cpu;
use anyhow::Context;
use nix::sys::prctl::set_timerslack;
use send::Sender;
use serde::Serialize;
use std::ffi::OsString;
use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use suiftly_ingest::simulate::GatewayOptions;
use suiftly_schema::time::UnixMillis;
use template::Templates;

/// Without this the kernel lets a sleep last some 50 µs longer, half of [`options::DEFAULT_TICK`].
const TIMER_SLACK_NS: u64 = 1;

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sent {
    /// Lines; their numbers are 1 up to this.
    pub lines: u64,
    /// Their bytes, without framing.
    pub bytes: u64,
    /// System calls that they took.
    pub calls: u64,
    /// How long it took.
    pub seconds: f64,
    /// CPU time of this process meanwhile, user and system.
    pub cpu_seconds: f64,
}

impl Sent {
    /// Lines per second.
    pub fn per_second(&self) -> f64 {
        self.lines as f64 / self.seconds.max(f64::EPSILON)
    }
}

/// Lines, ready to be sent: rendering them costs more than sending them.
pub struct LoadGenerator {
    templates: Templates,
}

impl LoadGenerator {
    /// Renders this gateway's lines.
    pub fn new(gateway: &GatewayOptions) -> Self {
        Self { templates: Templates::render(gateway, now()) }
    }

    /// Sends as the options say (their gateway is not asked again), from number 1 on, as a worker born now.
    pub fn send(&mut self, options: &LoadOptions) -> anyhow::Result<Sent> {
        self.send_noting(options, |_, _| ())
    }

    /// The same, and tells of each bundle: the number of its last line, and the time just before it is written.
    pub fn send_noting(&mut self, options: &LoadOptions, note: impl FnMut(u64, Instant)) -> anyhow::Result<Sent> {
        let mut sender =
            Sender::open(&options.to, options.framing).with_context(|| format!("cannot send to {}", options.to))?;
        set_timerslack(TIMER_SLACK_NS).context("cannot set the timer slack")?;
        self.templates.born_at(now());
        let began = Instant::now();
        let (result, cpu_seconds) = cpu::of_work(|| self.send_all(options, &mut sender, began, note))?;
        let (lines, bytes) = result.with_context(|| format!("sending to {} failed", options.to))?;
        let seconds = began.elapsed().as_secs_f64();
        Ok(Sent { lines, bytes, calls: sender.calls(), seconds, cpu_seconds })
    }

    fn send_all(
        &self,
        options: &LoadOptions,
        sender: &mut Sender,
        began: Instant,
        mut note: impl FnMut(u64, Instant),
    ) -> io::Result<(u64, u64)> {
        let LoadOptions { rate, lines, tick, .. } = *options;
        let (mut sent, mut bytes) = (0, 0);
        while sent < lines {
            let due = rate.map_or(lines, |rate| pace::lines_due(began.elapsed(), rate, lines));
            if due == sent {
                std::thread::sleep(tick);
                continue;
            }
            let bundle_end = due.min(sent + sender.max_bundle_lines());
            let stamp = template::Stamp::at(now());
            while sent < bundle_end {
                sent += 1;
                bytes += sender.push(&self.templates, sent, &stamp);
            }
            note(sent, Instant::now());
            sender.flush()?;
        }
        sender.finish()?;
        Ok((sent, bytes))
    }
}

/// The subcommand: sends, then tells.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<String> {
    let options = LoadOptions::parse(arguments)?;
    let sent = LoadGenerator::new(&options.gateway).send(&options)?;
    Ok(format!(
        "{} lines, {} bytes to {} in {:.3} s: {:.0} lines/s, {:.1} a call; own CPU {:.3} s, {:.3} per million lines\n",
        sent.lines,
        sent.bytes,
        options.to,
        sent.seconds,
        sent.per_second(),
        sent.lines as f64 / sent.calls.max(1) as f64,
        sent.cpu_seconds,
        sent.cpu_seconds / (sent.lines as f64 / 1e6),
    ))
}

fn now() -> UnixMillis {
    let since: Duration = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or_default())
}
