//! HAProxy's runtime socket: one command, one bounded answer within a bounded time. Reading is apart from parsing, so
//! that the parsers are pure.

use crate::EdgeError;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use suiftly_schema::time::UnixMillis;

/// The longest answer that is read, in bytes. A map of 10,000 entries is about 1 MiB.
pub const ANSWER_BYTES_MAX: usize = 8 << 20;
/// How long a command may take from connecting to the answer's last byte.
pub const COMMAND_TIME_MAX: Duration = Duration::from_secs(5);

/// The stick table of `haproxy.cfg` that numbers lines, and the variable that holds a worker's birth.
const SEQ_TABLE: &str = "seq";
const BOOT_VARIABLE: &str = "proc.boot";
/// How much of an unexpected answer an error shows, in characters.
const SHOWN_CHARS: usize = 120;

/// A client of one HAProxy process. Holds no connection: HAProxy closes after each command.
#[derive(Clone, Debug)]
pub struct RuntimeSocket {
    path: PathBuf,
}

/// One row of a stick table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// Its key, as HAProxy writes it.
    pub key: String,
    /// Its counters by name, without the period of a rate: `gpc0`, `gpc0_rate`.
    pub counters: Vec<(String, u64)>,
}

impl TableRow {
    /// The counter of this name.
    pub fn counter(&self, name: &str) -> Option<u64> {
        self.counters.iter().find(|(there, _)| there == name).map(|&(_, value)| value)
    }
}

/// What `show info` tells of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessStatus {
    /// HAProxy's version, such as `2.6.12-1+deb12u4`.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// Seconds since its start.
    pub uptime_s: u64,
    /// Requests since its start, of all frontends.
    pub requests: u64,
    /// Log messages that it could not send. Stays 0 for most kinds of loss: only seq tells.
    pub dropped_logs: u64,
}

impl RuntimeSocket {
    /// A client of the socket at `path`; nothing is opened yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the socket is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sends one command and returns the answer. A command is one line: `;` and line ends in it are refused, since
    /// HAProxy would read them as further commands.
    pub fn ask(&self, command: &str) -> Result<String, EdgeError> {
        let failed = |source| EdgeError::Ask { path: self.path.clone(), command: command.to_owned(), source };
        if command.contains([';', '\n', '\r']) {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "more than one command")));
        }
        match exchange(&self.path, command).map_err(failed)? {
            Some(answer) => Ok(answer),
            None => Err(EdgeError::AnswerTooLong { command: command.to_owned(), bound: ANSWER_BYTES_MAX }),
        }
    }

    /// All rows of a stick table.
    pub fn table(&self, name: &str) -> Result<Vec<TableRow>, EdgeError> {
        self.asked(&format!("show table {name}"), |answer| parse_table(answer, name))
    }

    /// How many lines this worker has numbered; the number of the last one while it stays below 2³².
    pub fn lines_numbered(&self) -> Result<u64, EdgeError> {
        let rows = self.table(SEQ_TABLE)?;
        Ok(rows.iter().filter_map(|row| row.counter("gpc0")).sum())
    }

    /// When this worker was born: with the server's id, whose lines the numbers are of.
    pub fn boot(&self) -> Result<UnixMillis, EdgeError> {
        self.asked(&format!("get var {BOOT_VARIABLE}"), |answer| parse_integer_variable(answer).map(UnixMillis))
    }

    /// How the process fares.
    pub fn status(&self) -> Result<ProcessStatus, EdgeError> {
        self.asked("show info", parse_info)
    }

    fn asked<T>(&self, command: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, EdgeError> {
        let answer = self.ask(command)?;
        parse(&answer).ok_or_else(|| EdgeError::Answer {
            command: command.to_owned(),
            answer: answer.trim().chars().take(SHOWN_CHARS).collect(),
        })
    }
}

/// The answer, or `None` if it is longer than the bound.
fn exchange(path: &Path, command: &str) -> io::Result<Option<String>> {
    let deadline = Instant::now() + COMMAND_TIME_MAX;
    let mut socket = UnixStream::connect(path)?;
    socket.set_write_timeout(Some(COMMAND_TIME_MAX))?;
    socket.write_all(format!("{command}\n").as_bytes())?;
    let mut answer = Vec::new();
    let mut chunk = [0; 16 << 10];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut chunk) {
            Ok(0) => return Ok(Some(String::from_utf8_lossy(&answer).into_owned())),
            Ok(read) if answer.len() + read > ANSWER_BYTES_MAX => return Ok(None),
            Ok(read) => answer.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(io::ErrorKind::TimedOut.into()),
            Err(error) => return Err(error),
        }
    }
}

/// `# table: seq, type: integer, size:1, used:1`, then a line per row.
fn parse_table(answer: &str, name: &str) -> Option<Vec<TableRow>> {
    let mut lines = answer.lines().filter(|line| !line.trim().is_empty());
    lines.next()?.strip_prefix("# table: ")?.strip_prefix(name)?.strip_prefix(',')?;
    lines.map(parse_row).collect()
}

/// `0x55e011179ad8: key=1 use=0 exp=0 gpc0=37 gpc0_rate(1000)=6`. A key may hold spaces; what follows it may not.
fn parse_row(line: &str) -> Option<TableRow> {
    let (_, rest) = line.split_once(": key=")?;
    let (key, counters) = rest.rsplit_once(" use=")?;
    let counters = counters.split(' ').skip(1).filter_map(|field| {
        let (name, value) = field.split_once('=')?;
        Some((name.split('(').next()?.to_owned(), value.parse().ok()?))
    });
    Some(TableRow { key: key.to_owned(), counters: counters.collect() })
}

/// `proc.boot: type=sint value=<1795302214397>`
fn parse_integer_variable(answer: &str) -> Option<i64> {
    let (_, value) = answer.split_once("type=sint value=<")?;
    value.split('>').next()?.parse().ok()
}

fn parse_info(answer: &str) -> Option<ProcessStatus> {
    let field = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some(ProcessStatus {
        version: field("Version")?.to_owned(),
        pid: field("Pid")?.parse().ok()?,
        uptime_s: field("Uptime_sec")?.parse().ok()?,
        requests: field("CumReq")?.parse().ok()?,
        dropped_logs: field("DroppedLogs")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: &str = "# table: rate, type: string, size:102400, used:2\n\
        0x560f6193d370: key=12345:1 use=0 exp=9343 gpc0=16 gpc0_rate(1000)=6\n\
        0x560f6193d371: key=a use=1 b use=0 exp=9 shard=0 gpc0=1 gpc0_rate(1000)=0\n\n";

    #[test]
    fn tables_as_haproxy_writes_them() {
        let rows = parse_table(RATE, "rate").unwrap();
        assert_eq!((rows[0].key.as_str(), rows[1].key.as_str()), ("12345:1", "a use=1 b"));
        assert_eq!((rows[0].counter("gpc0"), rows[0].counter("gpc0_rate")), (Some(16), Some(6)));
        assert_eq!((rows[1].counter("gpc0"), rows[1].counter("gpc1")), (Some(1), None));
        assert_eq!(parse_table("# table: seq, type: integer, size:1, used:0\n\n", "seq"), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_table_is_none() {
        for answer in ["", "No such table\n", "# table: rates, type: string\n", "# table: rate, \nnonsense\n"] {
            assert_eq!(parse_table(answer, "rate"), None, "{answer}");
        }
    }

    #[test]
    fn variables_and_status() {
        assert_eq!(parse_integer_variable("proc.boot: type=sint value=<1795302214397>\n"), Some(1_795_302_214_397));
        for answer in ["", "Unknown variable\n", "proc.boot: type=str value=<1>\n", "type=sint value=<x>"] {
            assert_eq!(parse_integer_variable(answer), None, "{answer}");
        }
        let info = "Name: HAProxy\nVersion: 2.6.12\nPid: 7\nUptime: 0d 0h\nUptime_sec: 61\nCumReq: 9\nDroppedLogs: 2\n";
        let status = ProcessStatus { version: "2.6.12".into(), pid: 7, uptime_s: 61, requests: 9, dropped_logs: 2 };
        assert_eq!(parse_info(info), Some(status));
        assert_eq!(parse_info("Name: HAProxy\n"), None);
    }
}
