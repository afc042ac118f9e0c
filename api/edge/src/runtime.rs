//! HAProxy's runtime socket: bounded answers within a bounded time. Reading ([`connection`]) is apart from parsing
//! ([`parse`]), so that the parsers are pure.
//!
//! A single question has a connection of its own. What belongs together goes over one [`Session`]: such a connection
//! stays with the process that took it, also when another takes over the socket.

mod connection;
mod events;
mod parse;
mod rows;

use crate::EdgeError;
use crate::maps::{Entries, MapName};
use connection::Connection;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use suiftly_schema::fleet::{HOT_MAX, HotAccount, SERVERS_MAX, ServerReport};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::canary_server;

/// The longest answer that is held, in bytes. Maps and rings are read line by line and are not bound by it.
pub const ANSWER_BYTES_MAX: usize = 8 << 20;
/// How long a command may take from connecting to the answer's last byte.
pub const COMMAND_TIME_MAX: Duration = Duration::from_secs(5);
/// How long reading or replacing a whole map may take. 100,000 entries take about half a second.
pub const WHOLE_MAP_TIME_MAX: Duration = Duration::from_secs(60);
/// A map that is read has no more entries: as many as a grant set may have keys, and as many again.
pub const MAP_ENTRIES_MAX: usize = 8_000_000;
/// Bytes of the rows that are sent at once. HAProxy takes a command with its rows into one buffer (`tune.bufsize`, 16 KiB
/// unless configured); what is longer, it cuts the connection for.
const ROWS_BYTES_MAX: usize = 12 << 10;

/// The stick table of `haproxy.cfg` that numbers lines, and the variable that holds a worker's birth.
const SEQ_TABLE: &str = "seq";
const BOOT_VARIABLE: &str = "proc.boot";
/// The stick table of accounts, and its counter of requests let through.
const RATE_TABLE: &str = "rate";
const RATE_COUNTER: &str = "gpc0_rate";
/// How much of an unexpected answer an error shows, in characters.
const SHOWN_CHARS: usize = 120;

pub use events::{KEEP_RING, LineName, RING_TIME_MAX};
pub use parse::{LoadedMap, ProcessStatus, TableRow};

/// A client of one HAProxy process. Holds no connection.
#[derive(Clone, Debug)]
pub struct RuntimeSocket {
    path: PathBuf,
}

/// A connection on which commands follow one another.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
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

    /// Opens a connection for several commands.
    pub fn open(&self) -> Result<Session, EdgeError> {
        let mut connection = self.connect("prompt")?;
        connection.expect_prompt()?;
        Ok(Session { connection })
    }

    /// Sends one command and returns the answer. A command is one line: `;` and line ends in it are refused, since
    /// HAProxy would read them as further commands.
    pub fn ask(&self, command: &str) -> Result<String, EdgeError> {
        self.connect(command)?.text()
    }

    /// All rows of a stick table.
    pub fn table(&self, name: &str) -> Result<Vec<TableRow>, EdgeError> {
        let command = format!("show table {name}");
        understood(&command, &self.ask(&command)?, |answer| parse::table(answer, name))
    }

    /// How many lines this worker has numbered; the number of the last one while it stays below 2³².
    pub fn lines_numbered(&self) -> Result<u64, EdgeError> {
        let rows = self.table(SEQ_TABLE)?;
        Ok(rows.iter().filter_map(|row| row.counter("gpc0")).sum())
    }

    /// When this worker was born: with the server's id, whose lines the numbers are of.
    pub fn boot(&self) -> Result<UnixMillis, EdgeError> {
        let command = format!("get var {BOOT_VARIABLE}");
        understood(&command, &self.ask(&command)?, parse::integer_variable).map(UnixMillis)
    }

    /// How the process fares.
    pub fn status(&self) -> Result<ProcessStatus, EdgeError> {
        understood("show info", &self.ask("show info")?, parse::info)
    }

    /// The customers' accounts that were let through most in the last second, the busiest first, [`HOT_MAX`] at most. The
    /// table is read row by row, however long it is.
    pub fn hot_accounts(&self) -> Result<Vec<HotAccount>, EdgeError> {
        let command = format!("show table {RATE_TABLE} data.{RATE_COUNTER} gt 0");
        let mut hot: Vec<HotAccount> = Vec::with_capacity(HOT_MAX + 1);
        self.connect(&command)?.lines(COMMAND_TIME_MAX, |line| {
            if line.starts_with("# table: ") || line.is_empty() {
                return Some(());
            }
            let row = parse::row(line)?;
            let per_second = row.counter(RATE_COUNTER)?;
            if is_canary(&row.key) {
                return Some(());
            }
            let at = hot.partition_point(|there| there.per_second >= per_second);
            if at < HOT_MAX {
                hot.insert(at, HotAccount { account: row.key, per_second });
                hot.truncate(HOT_MAX);
            }
            Some(())
        })?;
        Ok(hot)
    }

    /// The servers of the backends, [`SERVERS_MAX`] at most.
    pub fn servers(&self) -> Result<Vec<ServerReport>, EdgeError> {
        let command = "show stat -1 4 -1";
        let mut servers = understood(command, &self.ask(command)?, parse::servers)?;
        servers.truncate(SERVERS_MAX);
        Ok(servers)
    }

    fn connect(&self, command: &str) -> Result<Connection, EdgeError> {
        Connection::open(&self.path, command)
    }
}

impl Session {
    /// Sends one command and returns the answer.
    pub fn ask(&mut self, command: &str) -> Result<String, EdgeError> {
        self.connection.send(command)?;
        self.connection.text()
    }

    /// Sends a command that HAProxy answers with nothing when it has done it, within so long.
    pub fn tell(&mut self, command: &str, time_max: Duration) -> Result<(), EdgeError> {
        self.connection.send(command)?;
        let answer = self.connection.text_within(time_max)?;
        understood(command, &answer, |answer| answer.trim().is_empty().then_some(()))
    }

    /// When this worker was born.
    pub fn boot(&mut self) -> Result<UnixMillis, EdgeError> {
        let command = format!("get var {BOOT_VARIABLE}");
        understood(&command, &self.ask(&command)?, parse::integer_variable).map(UnixMillis)
    }

    /// The three maps, in the order of [`MapName::ALL`]. Each is found by its file's name, which ends the path that the
    /// configuration has.
    pub fn maps(&mut self) -> Result<[LoadedMap; 3], EdgeError> {
        let answer = self.ask("show map")?;
        let [keys, grants, allow] = MapName::ALL.map(|map| {
            let mut found = answer.lines().filter_map(|line| parse::loaded_map(line, map.file()));
            let (first, more) = (found.next(), found.count());
            first.filter(|_| more == 0).ok_or_else(|| EdgeError::MapCount {
                path: self.connection.path().to_owned(),
                map: map.file(),
                count: more + usize::from(first.is_some()),
            })
        });
        Ok([keys?, grants?, allow?])
    }

    /// What this key finds in a map: the entry's own key, which a search by prefix may find shorter, and its value.
    pub fn look_up(&mut self, map: i32, key: &str) -> Result<Option<(String, String)>, EdgeError> {
        let command = format!("get map #{map} {key}");
        understood(&command, &self.ask(&command)?, parse::found)
    }

    /// All entries of a map as it is in force, and whether one was there twice.
    pub fn entries(&mut self, map: i32) -> Result<(Entries, bool), EdgeError> {
        let (mut entries, mut is_twice) = (Entries::new(), false);
        self.connection.send(&format!("show map #{map}"))?;
        self.connection.lines(WHOLE_MAP_TIME_MAX, |line| {
            if line.is_empty() {
                return Some(());
            }
            let (key, value) = parse::entry(line).filter(|_| entries.len() < MAP_ENTRIES_MAX)?;
            is_twice |= entries.insert(key.to_owned(), value.to_owned()).is_some();
            Some(())
        })?;
        Ok((entries, is_twice))
    }

    /// Adds entries to a map, or to a version of it that is being prepared. HAProxy does not look whether a key is there.
    pub fn add<'a>(
        &mut self,
        map: i32,
        version: Option<u32>,
        rows: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), EdgeError> {
        let version = version.map_or_else(String::new, |version| format!("@{version} "));
        let command = format!("add map {version}#{map} <<");
        let mut text = String::with_capacity(ROWS_BYTES_MAX);
        for (key, value) in rows {
            if text.len() + key.len() + value.len() + 2 > ROWS_BYTES_MAX {
                self.tell_rows(&command, &text)?;
                text.clear();
            }
            for part in [key, " ", value, "\n"] {
                text.push_str(part);
            }
        }
        if text.is_empty() { Ok(()) } else { self.tell_rows(&command, &text) }
    }

    /// Begins a version of a map, which is empty, and returns its number.
    pub fn prepare(&mut self, map: i32) -> Result<u32, EdgeError> {
        let command = format!("prepare map #{map}");
        understood(&command, &self.ask(&command)?, parse::new_version)
    }

    fn tell_rows(&mut self, command: &str, rows: &str) -> Result<(), EdgeError> {
        self.connection.send_with_rows(command, rows)?;
        let answer = self.connection.text()?;
        // HAProxy prompts for each row.
        understood(command, &answer, |answer| answer.bytes().all(|byte| b"+ \n".contains(&byte)).then_some(()))
    }
}

fn understood<T>(command: &str, answer: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, EdgeError> {
    parse(answer).ok_or_else(|| EdgeError::Answer {
        command: command.to_owned(),
        answer: answer.trim().chars().take(SHOWN_CHARS).collect(),
    })
}

/// Whether an account, `customer:service` in numbers, is that of a gateway's own synthetic requests.
fn is_canary(account: &str) -> bool {
    let customer = account.split_once(':').and_then(|(customer, _)| CustomerId::new(customer.parse().ok()?));
    customer.and_then(canary_server).is_some()
}

/// Refuses what HAProxy would read as further commands.
fn one_line(text: &str) -> io::Result<()> {
    if text.contains([';', '\n', '\r']) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "more than one command"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;

    #[test]
    fn accounts_of_gateways_own_requests() {
        let cases = [
            ("2147450897:1", true),
            ("2147450880:4", true),
            ("2147450879:1", false),
            ("2147483648:1", false),
            ("12345:1", false),
            ("0:1", false),
            ("2147450897", false),
            ("a:1", false),
            ("", false),
        ];
        for (account, expected) in cases {
            assert_eq!(is_canary(account), expected, "{account}");
        }
    }

    #[test]
    fn the_busiest_customers_are_told_and_no_canary() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let rows = [("2147450897:1", 90), ("7:1", 3), ("8:4", 9)];
        let haproxy = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut command = [0; 64];
            let read = stream.read(&mut command).unwrap();
            writeln!(stream, "# table: rate, type: string, size:102400, used:3").unwrap();
            for (account, rate) in rows {
                writeln!(stream, "0x560f6193d370: key={account} use=0 exp=9 gpc0=16 gpc0_rate(1000)={rate}").unwrap();
            }
            writeln!(stream).unwrap();
            String::from_utf8_lossy(&command[..read]).into_owned()
        });
        let hot = RuntimeSocket::new(path).hot_accounts().unwrap();
        let hot: Vec<_> = hot.iter().map(|hot| (hot.account.as_str(), hot.per_second)).collect();
        assert_eq!(hot, [("8:4", 9), ("7:1", 3)]);
        assert_eq!(haproxy.join().unwrap(), "show table rate data.gpc0_rate gt 0\n");
    }
}
