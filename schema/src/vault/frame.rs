//! What goes over the stream to an edge: one JSON object a line. Pure.
//!
//! ```text
//! hello   who you are to us, and the keys of your synthetic requests
//! changes from the root that you hold to this head's; no rows and another head: the same set under a new head
//! whole   a head, then `rows` until all of it is there
//! alive   nothing new
//! ```

use super::head::{Head, PublicKeys, SignedHead, VaultError};
use super::set::{AccessId, GrantSet, Root};
use crate::ids::{Network, Service};
use crate::time::UnixMillis;
use crate::view::{AccessGrant, KeyGrant};
use serde::{Deserialize, Serialize};

/// Rows of a [`Frame::Rows`] at most.
pub const ROWS_A_FRAME: usize = 500;
/// Changes that are sent as such; beyond it the whole set is sent.
pub const CHANGES_A_FRAME: usize = 2_000;
/// A frame is no longer than this as text, in bytes: 2,000 rows with the longest allowlists.
pub const FRAME_BYTES_MAX: usize = 16 << 20;
/// Rows that a set may have, of each kind: a reader takes no more.
pub const ROWS_MAX: u64 = 4_000_000;
/// How often something is sent, at least, in milliseconds.
pub const ALIVE_EVERY_MS: u64 = 1_000;

/// What makes one grant set into another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Changes {
    /// Keys that are new or have changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyGrant>,
    /// Hashes of keys that are gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone_keys: Vec<String>,
    /// Access that is new or has changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<AccessGrant>,
    /// Access that is gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone_access: Vec<AccessId>,
}

impl Changes {
    /// How many rows they are about.
    pub const fn len(&self) -> usize {
        self.keys.len() + self.gone_keys.len() + self.access.len() + self.gone_access.len()
    }

    /// Whether nothing changes.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A line of the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "frame", rename_all = "snake_case", deny_unknown_fields)]
pub enum Frame {
    /// The first line.
    Hello(Hello),
    /// From one set to another.
    Changes {
        /// The root of the set that they are to be applied to.
        from: Root,
        /// The head of the set that comes of it.
        head: SignedHead,
        /// What changes.
        #[serde(default)]
        changes: Changes,
    },
    /// A whole set begins; what was begun before is forgotten.
    Whole {
        /// Its head.
        head: SignedHead,
    },
    /// Rows of the set that was begun.
    Rows {
        /// Keys.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        keys: Vec<KeyGrant>,
        /// Access.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        access: Vec<AccessGrant>,
    },
    /// Nothing new; the publisher's version and clock.
    Alive {
        /// The version in force.
        version: u64,
        /// The publisher's clock.
        at: UnixMillis,
    },
}

/// What an edge is told of itself. It is not signed: nothing that a gateway enforces depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The name that the edge's token stands for.
    pub name: String,
    /// The servers that are expected behind it.
    pub servers: Vec<i16>,
    /// Keys to ask its gateways with.
    pub canaries: Vec<KeyOfCanary>,
}

/// A key for synthetic requests. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyOfCanary {
    /// Of which server.
    pub server_id: i16,
    /// What it opens.
    pub service: Service,
    /// Where.
    pub network: Network,
    /// The key itself.
    pub key: String,
}

impl std::fmt::Debug for KeyOfCanary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { server_id, service, network, key: _ } = self;
        write!(f, "KeyOfCanary({server_id}, {service:?}, {network:?})")
    }
}

impl Frame {
    /// Its line, with the line's end.
    pub fn line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("a frame is plain data");
        line.push('\n');
        line
    }

    /// Reads a line.
    pub fn parse(line: &[u8]) -> Result<Self, FrameError> {
        serde_json::from_slice(line).map_err(|error| FrameError::Unreadable { cause: error.to_string() })
    }

    /// The frames of a whole set after its [`Frame::Whole`], one after the other.
    pub fn rows_of(set: &GrantSet) -> impl Iterator<Item = Self> {
        let (mut keys, mut access) = (set.keys(), set.access());
        std::iter::from_fn(move || {
            let some: Vec<_> = keys.by_ref().take(ROWS_A_FRAME).cloned().collect();
            if !some.is_empty() {
                return Some(Self::Rows { keys: some, access: Vec::new() });
            }
            let some: Vec<_> = access.by_ref().take(ROWS_A_FRAME).cloned().collect();
            if some.is_empty() { None } else { Some(Self::Rows { keys: Vec::new(), access: some }) }
        })
    }
}

/// Why a frame is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No frame.
    #[error("a line of the stream cannot be read: {cause}")]
    Unreadable {
        /// Why.
        cause: String,
    },
    /// Rows without a beginning, changes to a set that is not held, more rows than were signed for.
    #[error("a frame came out of turn: {what}")]
    Turn {
        /// Which.
        what: &'static str,
    },
    /// The grant set itself is refused.
    #[error(transparent)]
    Refused(#[from] VaultError),
}

/// A grant set that is to be believed, and what leads to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its head.
    pub head: Head,
    /// The head as it was signed.
    pub signed: SignedHead,
    /// The set.
    pub set: GrantSet,
    /// From the set that was held before.
    pub changes: Changes,
}

/// Puts frames together, and takes nothing that is unsigned, older, or not what was signed.
#[derive(Clone, Debug)]
pub struct Assembler {
    trusted: PublicKeys,
    held: Option<(Head, GrantSet)>,
    begun: Option<(Head, SignedHead, GrantSet)>,
}

impl Assembler {
    /// One that holds nothing yet.
    pub const fn new(trusted: PublicKeys) -> Self {
        Self { trusted, held: None, begun: None }
    }

    /// Goes on from a set that was believed before. The same checks are made.
    pub fn hold(&mut self, signed: &SignedHead, mut set: GrantSet) -> Result<(), VaultError> {
        let head = signed.verify(&self.trusted)?;
        check_root(&head, &mut set)?;
        self.held = Some((head, set));
        Ok(())
    }

    /// What is held.
    pub fn held(&self) -> Option<(&Head, &GrantSet)> {
        self.held.as_ref().map(|(head, set)| (head, set))
    }

    /// Takes a frame; a set once it is whole. After an error the stream must be begun anew: nothing held has changed.
    pub fn take(&mut self, frame: Frame) -> Result<Option<Received>, FrameError> {
        match frame {
            Frame::Hello(_) | Frame::Alive { .. } => Ok(None),
            Frame::Changes { from, head: signed, changes } => {
                if changes.is_empty() && self.is_held(&signed, from)? {
                    return Ok(None);
                }
                let head = self.newer(&signed)?;
                let (_, held) = self
                    .held
                    .as_ref()
                    .filter(|(held, _)| held.root == from)
                    .ok_or(FrameError::Turn { what: "changes to a set that is not held" })?;
                let mut set = held.clone();
                set.apply(&changes);
                check_root(&head, &mut set)?;
                self.begun = None;
                Ok(Some(self.believe(head, signed, set)))
            }
            Frame::Whole { head: signed } => {
                let head = self.newer(&signed)?;
                if head.keys.max(head.access) > ROWS_MAX {
                    return Err(FrameError::Turn { what: "more rows than a set may have" });
                }
                self.begun = Some((head, signed, GrantSet::default()));
                self.finish()
            }
            Frame::Rows { keys, access } => {
                let (head, _, set) = self.begun.as_mut().ok_or(FrameError::Turn { what: "rows of nothing" })?;
                let fits = |count: usize, more: usize, signed: u64| (count + more) as u64 <= signed;
                if !fits(set.key_count(), keys.len(), head.keys) || !fits(set.access_count(), access.len(), head.access)
                {
                    self.begun = None;
                    return Err(FrameError::Turn { what: "more rows than were signed for" });
                }
                for key in keys {
                    set.put_key(key);
                }
                for grant in access {
                    set.put_access(grant);
                }
                self.finish()
            }
        }
    }

    fn finish(&mut self) -> Result<Option<Received>, FrameError> {
        let is_whole = |(head, _, set): &mut (Head, SignedHead, GrantSet)| {
            set.key_count() as u64 == head.keys && set.access_count() as u64 == head.access
        };
        let Some((head, signed, mut set)) = self.begun.take_if(is_whole) else { return Ok(None) };
        check_root(&head, &mut set)?;
        Ok(Some(self.believe(head, signed, set)))
    }

    /// Whether it is the very version that is held: a publisher knows an edge by its root alone, and cannot tell.
    fn is_held(&self, signed: &SignedHead, from: Root) -> Result<bool, VaultError> {
        let head = signed.verify(&self.trusted)?;
        Ok(from == head.root && self.held.as_ref().is_some_and(|(held, _)| *held == head))
    }

    fn newer(&self, signed: &SignedHead) -> Result<Head, VaultError> {
        let head = signed.verify(&self.trusted)?;
        match &self.held {
            Some((held, _)) if !head.is_newer_than(held) => {
                Err(VaultError::Replayed { offered: head.version, held: held.version })
            }
            _ => Ok(head),
        }
    }

    fn believe(&mut self, head: Head, signed: SignedHead, set: GrantSet) -> Received {
        let nothing = GrantSet::default();
        let changes = self.held.as_ref().map_or(&nothing, |(_, held)| held).changes_to(&set);
        self.held = Some((head.clone(), set.clone()));
        Received { head, signed, set, changes }
    }
}

fn check_root(head: &Head, set: &mut GrantSet) -> Result<(), VaultError> {
    let holds =
        set.root() == head.root && set.key_count() as u64 == head.keys && set.access_count() as u64 == head.access;
    if holds { Ok(()) } else { Err(VaultError::Root { version: head.version }) }
}

#[cfg(test)]
mod tests;
