//! What the stream's lines mean. Sans-I/O: lines in, steps out.

use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{
    Assembler, Frame, FrameError, Head, Hello, PublicKeys, Received, Root, SignedHead, VaultError,
};

use crate::directory::Stored;
use std::time::{Duration, Instant};

/// A grant set that is to be applied.
#[derive(Clone, Debug)]
pub struct Believed {
    /// The set, its head, and what leads to it.
    pub received: Received,
    /// When its last frame had arrived.
    pub received_at: UnixMillis,
    /// How long reading and checking it took.
    pub verify: Duration,
}

/// What a line comes to.
#[derive(Debug)]
pub enum Step {
    /// Nothing to be done.
    Quiet,
    /// What we are to the publisher.
    Hello(Hello),
    /// A grant set.
    Believed(Box<Believed>),
    /// The stream is to be closed and begun anew.
    Refused {
        /// What was offered, where that could be read.
        version: Option<u64>,
        /// Why, in words.
        reason: String,
    },
}

/// The state of following: what is held, what has begun, what is to be asked for.
#[derive(Debug)]
pub struct Session {
    assembler: Assembler,
    held: Option<SignedHead>,
    /// Nothing older is taken, though its rows are not held.
    floor: Option<Head>,
    begun: Begun,
    asks_whole: bool,
}

/// A whole set that has begun.
#[derive(Debug, PartialEq)]
enum Begun {
    Nothing,
    Whole {
        version: u64,
        verify: Duration,
    },
    /// The one that is held, once more: its rows are passed over.
    Held,
}

impl Session {
    /// One that holds nothing yet. With a `floor`, nothing older than it is taken.
    pub const fn new(trusted: PublicKeys, floor: Option<Head>) -> Self {
        Self { assembler: Assembler::new(trusted), held: None, floor, begun: Begun::Nothing, asks_whole: false }
    }

    /// Goes on from a set that was believed before.
    pub fn hold(&mut self, stored: &Stored) -> Result<(), VaultError> {
        self.assembler.hold(&stored.signed, stored.set.clone())?;
        self.held = Some(stored.signed.clone());
        Ok(())
    }

    /// What to ask for: changes from this root; `None` for the whole.
    pub fn root_to_ask(&self) -> Option<Root> {
        self.assembler.held().map(|(head, _)| head.root).filter(|_| !self.asks_whole)
    }

    /// Takes a line.
    pub fn line(&mut self, line: &[u8], now: UnixMillis) -> Step {
        let began = Instant::now();
        let frame = match Frame::parse(line) {
            Ok(frame) => frame,
            Err(error) => return self.refused(error.to_string(), None),
        };
        match self.frame(frame) {
            Ok(Taken::Quiet) => {
                if let Begun::Whole { verify, .. } = &mut self.begun {
                    *verify += began.elapsed();
                }
                Step::Quiet
            }
            Ok(Taken::Hello(hello)) => Step::Hello(hello),
            Ok(Taken::Believed(received, before)) => {
                let verify = before + began.elapsed();
                Step::Believed(Box::new(Believed { received: *received, received_at: now, verify }))
            }
            Err((offered, error)) => self.refused(error.to_string(), offered),
        }
    }

    /// The stream was ended as if all had been said. `is_at_line_end`: nothing of a line is left over. What is refused if
    /// something is missing.
    pub fn cut_off(&mut self, is_at_line_end: bool) -> Option<(Option<u64>, String)> {
        let reason = match &self.begun {
            Begun::Whole { version, .. } => format!("the stream ended in the middle of version {version}"),
            _ if !is_at_line_end => "the stream ended in the middle of a line".to_owned(),
            _ => return None,
        };
        Some((self.refuse(), reason))
    }

    /// The stream is over, for whatever reason: what has begun is forgotten.
    pub fn ended(&mut self) {
        self.begun = Begun::Nothing;
    }

    /// Something was refused: the whole is asked for next. The version that had begun.
    pub fn refuse(&mut self) -> Option<u64> {
        self.asks_whole = true;
        match std::mem::replace(&mut self.begun, Begun::Nothing) {
            Begun::Whole { version, .. } => Some(version),
            _ => None,
        }
    }

    fn refused(&mut self, reason: String, offered: Option<u64>) -> Step {
        let begun = self.refuse();
        Step::Refused { version: offered.or(begun), reason }
    }

    fn frame(&mut self, frame: Frame) -> Result<Taken, (Option<u64>, FrameError)> {
        let offered = match &frame {
            Frame::Changes { head, .. } | Frame::Whole { head } => version_of(head),
            _ => None,
        };
        self.check_turn(&frame).map_err(|error| (offered, error))?;
        match frame {
            Frame::Hello(hello) => return Ok(Taken::Hello(hello)),
            Frame::Alive { .. } => return Ok(Taken::Quiet),
            Frame::Rows { .. } if self.begun == Begun::Held => return Ok(Taken::Quiet),
            Frame::Whole { head } if self.held.as_ref() == Some(&head) => {
                (self.begun, self.asks_whole) = (Begun::Held, false);
                return Ok(Taken::Quiet);
            }
            Frame::Changes { head, changes, .. } if changes.is_empty() && self.held.as_ref() == Some(&head) => {
                return Ok(Taken::Quiet);
            }
            _ => {}
        }
        if let Frame::Whole { .. } = &frame {
            self.begun = Begun::Whole { version: offered.unwrap_or(0), verify: Duration::ZERO };
        }
        match self.assembler.take(frame) {
            Err(error) => Err((offered, error)),
            Ok(None) => Ok(Taken::Quiet),
            Ok(Some(received)) => Ok(self.believe(received)),
        }
    }

    /// What the assembler does not look at: frames that must not come between a whole set's rows, and the floor.
    fn check_turn(&self, frame: &Frame) -> Result<(), FrameError> {
        if matches!(self.begun, Begun::Whole { .. }) && !matches!(frame, Frame::Rows { .. }) {
            return Err(FrameError::Turn { what: "a set was begun and is not whole" });
        }
        let Frame::Whole { head: signed } = frame else { return Ok(()) };
        match (&self.floor, serde_json::from_str::<Head>(&signed.head)) {
            (Some(floor), Ok(head)) if floor.is_newer_than(&head) => {
                Err(VaultError::Replayed { offered: head.version, held: floor.version }.into())
            }
            _ => Ok(()),
        }
    }

    fn believe(&mut self, received: Received) -> Taken {
        (self.held, self.floor, self.asks_whole) = (Some(received.signed.clone()), None, false);
        let before = match std::mem::replace(&mut self.begun, Begun::Nothing) {
            Begun::Whole { verify, .. } => verify,
            _ => Duration::ZERO,
        };
        Taken::Believed(Box::new(received), before)
    }
}

enum Taken {
    Quiet,
    Hello(Hello),
    Believed(Box<Received>, Duration),
}

/// What it says it is, believed or not.
fn version_of(signed: &SignedHead) -> Option<u64> {
    serde_json::from_str::<Head>(&signed.head).ok().map(|head| head.version)
}

#[cfg(test)]
mod tests;
