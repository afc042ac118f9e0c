//! HAProxy's rings, read as `show events` tells them: every message that a ring holds, oldest first.
//!
//! While it is read, a ring keeps the place of who reads: a message that would overwrite that place is dropped instead. Of a
//! ring that delivers lines that would be a line lost; so only the ring that nothing delivers is read, and as fast as it comes.

use super::Session;
use crate::EdgeError;
use std::time::Duration;

/// The ring of `logs-*.cfg` that keeps the newest lines for repairs. It has no server.
pub const KEEP_RING: &str = "suiftly-keep";
/// How long reading a whole ring may take. 64 MiB take about a second.
pub const RING_TIME_MAX: Duration = Duration::from_secs(30);

/// What stands before an SF1 line's tokens, behind its syslog header.
const MARK: &[u8] = b" SF1 ";
/// Among the tokens behind the mark: the birth; how many are between it and the number. The server's id follows.
const BOOT_AT: usize = 2;
const BETWEEN_BOOT_AND_SEQ: usize = 1;

/// By what a line is known: as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineName {
    /// The gateway.
    pub server_id: i16,
    /// The worker's birth.
    pub boot_ms: i64,
    /// The lower 32 bits of its number.
    pub seq: u32,
}

impl LineName {
    /// That of an SF1 line with its syslog header; HAProxy's own messages have none.
    pub fn of(message: &[u8]) -> Option<Self> {
        let mark = message.windows(MARK.len()).position(|bytes| bytes == MARK)?;
        let mut tokens = message[mark + MARK.len()..].split(|byte| *byte == b' ');
        let boot_ms = number(tokens.nth(BOOT_AT)?)?;
        let seq = number(tokens.nth(BETWEEN_BOOT_AND_SEQ)?)?;
        Some(Self { server_id: number(tokens.next()?)?, boot_ms, seq })
    }
}

fn number<T: std::str::FromStr>(token: &[u8]) -> Option<T> {
    std::str::from_utf8(token).ok()?.parse().ok()
}

impl Session {
    /// Whether HAProxy has a ring of this name.
    pub fn has_ring(&mut self, name: &str) -> Result<bool, EdgeError> {
        let answer = self.ask("show events")?;
        Ok(answer.lines().any(|line| is_ring(line, name)))
    }

    /// Gives each message of a ring to `take`, oldest first, as it was logged: with its syslog header, without an end of
    /// line. To its end, whatever comes of it: the session can be used on.
    pub fn events(&mut self, ring: &str, mut take: impl FnMut(&[u8])) -> Result<(), EdgeError> {
        self.connection.send(&format!("show events {ring}"))?;
        let mut is_first = true;
        self.connection.byte_lines(RING_TIME_MAX, |line| {
            // A refusal is one line of words; a message begins with its priority.
            let is_refusal = std::mem::take(&mut is_first) && !line.is_empty() && line[0] != b'<';
            if is_refusal {
                return None;
            }
            if !line.is_empty() {
                take(line);
            }
            Some(())
        })
    }
}

/// `    suiftly-keep : type=buffer, 0 dropped, what it is for`
fn is_ring(line: &str, name: &str) -> bool {
    line.split_once(" : type=buffer").is_some_and(|(found, _)| found.trim() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::RuntimeSocket;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::os::unix::net::UnixListener;

    const RINGS: &[u8] = b"Supported events sinks are listed below. Add -w(wait), -n(new). Any key to stop\n    \
        buf0       : type=buffer, 0 dropped, in-memory ring buffer\n    \
        suiftly-keep : type=buffer, 2 dropped, the newest lines\n";
    const HEAD: &str = "<134>1 2026-11-21T22:01:21.991Z - haproxy 85 - -";

    #[test]
    fn what_a_line_calls_itself() {
        let name = |seq| Some(LineName { server_id: 17, boot_ms: 1_795_298_476_993, seq });
        let cases = [
            (format!("{HEAD} SF1 1795298481991 1795298481990 1795298476993 18 21 17 1 1 2 1 0"), name(21)),
            (format!("{HEAD} SF1 1795298481991 - 1795298476993 18 4294967295 17 1"), name(u32::MAX)),
            (format!("{HEAD} SF1 1795298481991 - 1795298476993 18 21 17 SF1 1 1 1 1 1 1"), name(21)),
            (format!("{HEAD} SF1 1795298481991 - 1795298476993 18 4294967296 17 1"), None),
            (format!("{HEAD} SF1 1795298481991 - 1795298476993 18 21"), None),
            (format!("{HEAD} SF1 1795298481991 - - 18 21 17 1"), None),
            (format!("{HEAD} SF2 1795298481991 - 1795298476993 18 21 17 1"), None),
            (format!("{HEAD} Server seal_mainnet/s1 is DOWN"), None),
            (String::new(), None),
        ];
        for (message, expected) in cases {
            assert_eq!(LineName::of(message.as_bytes()), expected, "{message}");
        }
    }

    /// Answers the commands of one session, one after the other.
    fn answering(answers: &'static [&'static [u8]]) -> (tempfile::TempDir, std::thread::JoinHandle<Vec<String>>) {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("s")).unwrap();
        let haproxy = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut commands = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut asked = vec![commands.next().unwrap().unwrap()];
            stream.write_all(b"\n> ").unwrap();
            for answer in answers {
                asked.push(commands.next().unwrap().unwrap());
                stream.write_all(answer).unwrap();
                stream.write_all(b"\n> ").unwrap();
            }
            asked
        });
        (directory, haproxy)
    }

    #[test]
    fn a_ring_is_found_and_read_byte_for_byte() {
        let (directory, haproxy) = answering(&[RINGS, RINGS, b"<134>1 one\n<134>1 t\xffo > \n", b""]);
        let mut session = RuntimeSocket::new(directory.path().join("s")).open().unwrap();
        assert!(session.has_ring(KEEP_RING).unwrap() && !session.has_ring("suiftly").unwrap());
        let mut read = Vec::new();
        session.events(KEEP_RING, |message| read.push(message.to_vec())).unwrap();
        assert_eq!(read, [b"<134>1 one".to_vec(), b"<134>1 t\xffo > ".to_vec()]);
        session.events(KEEP_RING, |message| panic!("{message:?} of an empty ring")).unwrap();
        let asked = haproxy.join().unwrap();
        assert_eq!(asked[2..], ["show events", "show events suiftly-keep", "show events suiftly-keep"]);
    }

    #[test]
    fn a_ring_that_is_not_there_is_an_error() {
        let (directory, haproxy) = answering(&[b"No such event sink\n"]);
        let mut session = RuntimeSocket::new(directory.path().join("s")).open().unwrap();
        let error = session.events(KEEP_RING, |message| panic!("{message:?} of no ring")).unwrap_err();
        assert!(error.to_string().contains("No such event sink"), "{error}");
        drop(session);
        assert_eq!(haproxy.join().unwrap(), ["prompt", "show events suiftly-keep"]);
    }
}
