//! What to send, and the command line that says so.

use anyhow::{Context, bail, ensure};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::time::Duration;
use suiftly_ingest::frame::Framing;
use suiftly_ingest::simulate::{GatewayOptions, Target};

/// How often a paced sender wakes. At 50,000 lines a second that makes 5 a time: near what HAProxy's threads do, which
/// send each line alone, and far from bundles that would make it easy for the receiver.
pub const DEFAULT_TICK: Duration = Duration::from_micros(100);
const DEFAULT_LINES: u64 = 1_000_000;

/// What to send.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadOptions {
    /// Where to, and by which transport.
    pub to: Target,
    /// How lines are told apart in a stream. Datagrams end in a newline, as HAProxy's do.
    pub framing: Framing,
    /// Lines per second; `None` is as many as are taken.
    pub rate: Option<u64>,
    /// How many lines; the end comes by this alone.
    pub lines: u64,
    /// How often a paced sender wakes; [`DEFAULT_TICK`].
    pub tick: Duration,
    /// Whose lines.
    pub gateway: GatewayOptions,
}

impl LoadOptions {
    /// As many lines as are taken, octet-counted.
    pub fn new(to: Target, lines: u64) -> Self {
        let gateway = GatewayOptions::default();
        Self { to, framing: Framing::OctetCount, rate: None, lines, tick: DEFAULT_TICK, gateway }
    }

    /// Reads the arguments after `loadgen`.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut to = None;
        let mut options = Self::new(Target::Udp(suiftly_ingest::listener::DEFAULT_LISTEN), DEFAULT_LINES);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("to") => to = Some(parser.value()?.parse_with(str::parse::<Target>)?),
                Long("framing") => options.framing = parser.value()?.parse_with(framing)?,
                Long("rate") => options.rate = parser.value()?.parse_with(rate)?,
                Long("lines") => options.lines = parser.value()?.parse()?,
                Long("tick-us") => options.tick = Duration::from_micros(parser.value()?.parse()?),
                Long("customers") => options.gateway.customers = parser.value()?.parse()?,
                Long("zipf") => options.gateway.zipf_exponent = parser.value()?.parse()?,
                Long("seed") => options.gateway.seed = parser.value()?.parse()?,
                Long("server-id") => options.gateway.server_id = parser.value()?.parse()?,
                other => return Err(other.unexpected().into()),
            }
        }
        options.to = to.context("loadgen needs --to udp://ADDRESS:PORT, tcp://ADDRESS:PORT or unix:///PATH")?;
        options.check()?;
        Ok(options)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=u64::from(u32::MAX)).contains(&self.lines), "--lines must be 1 to {}", u32::MAX);
        ensure!(self.gateway.customers > 0, "--customers must be at least 1");
        ensure!(self.gateway.zipf_exponent >= 0.0, "--zipf must not be negative");
        Ok(())
    }
}

fn framing(text: &str) -> anyhow::Result<Framing> {
    match text {
        "octet-count" => Ok(Framing::OctetCount),
        "newline" => Ok(Framing::Newline),
        _ => bail!("--framing is octet-count or newline"),
    }
}

fn rate(text: &str) -> anyhow::Result<Option<u64>> {
    match text {
        "max" => Ok(None),
        _ => {
            let rate = text.parse().context("--rate is a number of lines per second, or max")?;
            ensure!(rate > 0, "--rate must be at least 1");
            Ok(Some(rate))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> anyhow::Result<LoadOptions> {
        LoadOptions::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options() {
        let all = "--to tcp://127.0.0.1:6514 --framing newline --rate 50000 --lines 7 --tick-us 20 --customers 9 \
                   --zipf 1.2 --seed 3 --server-id 18";
        let gateway = GatewayOptions { seed: 3, customers: 9, zipf_exponent: 1.2, server_id: 18 };
        let expected = LoadOptions {
            to: Target::Tcp(([127, 0, 0, 1], 6514).into()),
            framing: Framing::Newline,
            rate: Some(50_000),
            lines: 7,
            tick: Duration::from_micros(20),
            gateway,
        };
        assert_eq!(parsed(all).unwrap(), expected);
        let to = Target::Udp(([127, 0, 0, 1], 5514).into());
        assert_eq!(parsed("--to udp://127.0.0.1:5514 --rate max").unwrap(), LoadOptions::new(to, DEFAULT_LINES));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let cases = [
            ("", "--to"),
            ("--to nowhere", "no target"),
            ("--to udp://127.0.0.1:1 --rate 0", "at least 1"),
            ("--to udp://127.0.0.1:1 --rate fast", "lines per second"),
            ("--to udp://127.0.0.1:1 --framing json", "octet-count or newline"),
            ("--to udp://127.0.0.1:1 --lines 0", "--lines must be"),
            ("--to udp://127.0.0.1:1 --lines 4294967296", "--lines must be"),
            ("--to udp://127.0.0.1:1 --customers 0", "at least 1"),
            ("--to udp://127.0.0.1:1 --colour", "--colour"),
        ];
        for (line, message) in cases {
            let error = format!("{:#}", parsed(line).unwrap_err());
            assert!(error.contains(message), "{line}: {error}");
        }
    }
}
