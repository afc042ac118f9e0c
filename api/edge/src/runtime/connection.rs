//! One connection to the runtime socket: what is sent, and the answer line by line, each within its bounds.

use super::{ANSWER_BYTES_MAX, COMMAND_TIME_MAX, SHOWN_CHARS, one_line};
use crate::EdgeError;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A line of an answer is no longer than this, in bytes.
const LINE_BYTES_MAX: usize = 64 << 10;
const CHUNK_BYTES: usize = 64 << 10;
const PROMPT: &[u8] = b"> ";

/// A connection on which a command is under way, or none.
#[derive(Debug)]
pub(super) struct Connection {
    path: PathBuf,
    socket: Socket,
    /// Of the command under way: for errors.
    command: String,
    /// Whether HAProxy ends an answer with a prompt; else it closes.
    is_prompted: bool,
    /// Read and not yet taken.
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects and sends the first command. A process that hangs takes no connections once its queue is full: that, too,
    /// ends in time.
    pub(super) fn open(path: &Path, command: &str) -> Result<Self, EdgeError> {
        let failed = |source| EdgeError::Ask { path: path.to_owned(), command: command.to_owned(), source };
        let connect = || {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            socket.set_write_timeout(Some(COMMAND_TIME_MAX))?;
            socket.connect(&SockAddr::unix(path)?)?;
            Ok(socket)
        };
        let socket = connect().map_err(in_time).map_err(failed)?;
        let (path, command_) = (path.to_owned(), String::new());
        let mut connection = Self { path, socket, command: command_, is_prompted: false, buffer: Vec::new() };
        connection.send(command)?;
        Ok(connection)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the first prompt: from here on answers end with one.
    pub(super) fn expect_prompt(&mut self) -> Result<(), EdgeError> {
        self.is_prompted = true;
        self.text().map(drop)
    }

    /// Sends a command of one line.
    pub(super) fn send(&mut self, command: &str) -> Result<(), EdgeError> {
        command.clone_into(&mut self.command);
        one_line(command)
            .and_then(|()| self.socket.write_all(format!("{command}\n").as_bytes()))
            .map_err(|e| self.failed(e))
    }

    /// Sends a command that ends in `<<`, and its rows, each ended by a newline.
    pub(super) fn send_with_rows(&mut self, command: &str, rows: &str) -> Result<(), EdgeError> {
        command.clone_into(&mut self.command);
        let text = format!("{command}\n{rows}\n");
        one_line(command).and_then(|()| self.socket.write_all(text.as_bytes())).map_err(|e| self.failed(e))
    }

    /// The answer, whole.
    pub(super) fn text(&mut self) -> Result<String, EdgeError> {
        self.text_within(COMMAND_TIME_MAX)
    }

    /// The answer, whole, within so long.
    pub(super) fn text_within(&mut self, time_max: Duration) -> Result<String, EdgeError> {
        let mut text = String::new();
        let mut is_too_long = false;
        let read = self.lines(time_max, |line| {
            is_too_long = text.len() + line.len() >= ANSWER_BYTES_MAX;
            if is_too_long {
                return None;
            }
            text.push_str(line);
            text.push('\n');
            Some(())
        });
        if is_too_long { Err(self.too_long(ANSWER_BYTES_MAX)) } else { read.map(|()| text) }
    }

    /// Gives each line of the answer, without its end, to `take`; `None` of it ends with an error that shows the line.
    pub(super) fn lines(
        &mut self,
        time_max: Duration,
        mut take: impl FnMut(&str) -> Option<()>,
    ) -> Result<(), EdgeError> {
        self.byte_lines(time_max, |line| take(&String::from_utf8_lossy(line)))
    }

    /// The same, byte for byte.
    pub(super) fn byte_lines(
        &mut self,
        time_max: Duration,
        mut take: impl FnMut(&[u8]) -> Option<()>,
    ) -> Result<(), EdgeError> {
        let deadline = Instant::now() + time_max;
        loop {
            let mut begin = 0;
            while let Some(length) = self.buffer[begin..].iter().position(|byte| *byte == b'\n') {
                let line = &self.buffer[begin..begin + length];
                if take(line).is_none() {
                    let answer = String::from_utf8_lossy(line).chars().take(SHOWN_CHARS).collect();
                    return Err(EdgeError::Answer { command: self.command.clone(), answer });
                }
                begin += length + 1;
            }
            self.buffer.drain(..begin);
            if self.is_prompted && self.buffer == PROMPT {
                self.buffer.clear();
                return Ok(());
            }
            if self.buffer.len() > LINE_BYTES_MAX {
                return Err(self.too_long(LINE_BYTES_MAX));
            }
            match self.read_more(deadline).map_err(|error| self.failed(error))? {
                0 if self.is_prompted => return Err(self.failed(io::ErrorKind::UnexpectedEof.into())),
                0 => return Ok(()),
                _ => {}
            }
        }
    }

    fn read_more(&mut self, deadline: Instant) -> io::Result<usize> {
        loop {
            // What does not move at all is given up on sooner than what moves slowly.
            let left = deadline.saturating_duration_since(Instant::now()).min(COMMAND_TIME_MAX);
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.socket.set_read_timeout(Some(left))?;
            let held = self.buffer.len();
            self.buffer.resize(held + CHUNK_BYTES, 0);
            let read = self.socket.read(&mut self.buffer[held..]);
            self.buffer.truncate(held + read.as_ref().copied().unwrap_or(0));
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map_err(in_time),
            }
        }
    }

    fn failed(&self, source: io::Error) -> EdgeError {
        EdgeError::Ask { path: self.path.clone(), command: self.command.clone(), source: in_time(source) }
    }

    fn too_long(&self, bound: usize) -> EdgeError {
        EdgeError::AnswerTooLong { command: self.command.clone(), bound }
    }
}

/// A socket's timeout calls itself otherwise.
fn in_time(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}
