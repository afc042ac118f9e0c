//! Hello: what both sides say before anything else, and whether they belong together. Pure.
//!
//! ```text
//! magic "SFL1" · versions min u16, max u16 · purpose u8 · cluster 16 · generation u64 ·
//! process, processes, threads u16 · placement u16 · build 32 · bindings and formats 32
//! ```
//!
//! Magic and versions stand there in every version, so that any two can tell why they do not understand each other; a
//! later version may add to the end.

use crate::error::HelloError;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::kind::Kind;
use crate::role::{Purpose, Role};
use std::fmt;

/// What this version speaks.
pub const VERSIONS: Versions = Versions { min: 1, max: 1 };
/// A hello of version 1 is so long.
pub const HELLO_BYTES: usize = 105;
/// Each process of the dataflow has a shard at least.
pub const MAX_PROCESSES: u16 = 256;

const MAGIC: [u8; 4] = *b"SFL1";

/// The versions that somebody speaks, from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The first.
    pub min: u16,
    /// The last.
    pub max: u16,
}

impl Versions {
    /// The highest that both speak.
    pub fn common(self, other: Self) -> Option<u16> {
        let highest = self.max.min(other.max);
        (highest >= self.min.max(other.min)).then_some(highest)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.min, self.max)
    }
}

/// What a process says of itself, the same on each of its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// The cluster's id.
    pub cluster: [u8; 16],
    /// The run it knows of: its own, or at an ingester or the API the last that came to it. 0: none yet.
    pub generation: u64,
    /// Its number among the processes of the dataflow; 0 if it is none of them.
    pub process: u16,
    /// How many they are; 0 if it is none of them.
    pub processes: u16,
    /// How many workers each has; 0 if it is none of them.
    pub threads: u16,
    /// The version of the rule by which lines come to shards.
    pub placement: u16,
    /// Which program it is.
    pub build: [u8; 32],
    /// The hash of its bindings and formats.
    pub formats: [u8; 32],
}

/// What one side says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// What it speaks.
    pub versions: Versions,
    /// What the link is for.
    pub purpose: Purpose,
    /// Who it is.
    pub node: Node,
}

impl Hello {
    /// Of this version.
    pub const fn new(purpose: Purpose, node: Node) -> Self {
        Self { versions: VERSIONS, purpose, node }
    }

    /// As a frame.
    pub fn to_frame(self) -> Frame {
        let Self { versions, purpose, node } = self;
        let mut bytes = Vec::with_capacity(HELLO_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&versions.min.to_le_bytes());
        bytes.extend_from_slice(&versions.max.to_le_bytes());
        bytes.push(purpose.number());
        bytes.extend_from_slice(&node.cluster);
        bytes.extend_from_slice(&node.generation.to_le_bytes());
        for number in [node.process, node.processes, node.threads, node.placement] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&node.build);
        bytes.extend_from_slice(&node.formats);
        Frame::new(Kind::Hello, bytes)
    }

    /// Out of a frame's payload. Whose versions are all others is refused here: the rest cannot be known.
    pub fn decode(payload: &[u8]) -> Result<Self, HelloError> {
        let mut fields = Fields(payload);
        let length = || HelloError::Length(payload.len());
        if fields.array() != Some(MAGIC) {
            return Err(HelloError::Magic);
        }
        let versions = Self::versions(&mut fields).ok_or_else(length)?;
        if VERSIONS.common(versions).is_none() {
            return Err(HelloError::Versions { ours: VERSIONS, theirs: versions });
        }
        let purpose = fields.u8().ok_or_else(length)?;
        let node = Node::read(&mut fields).ok_or_else(length)?;
        if !fields.0.is_empty() && versions.max <= VERSIONS.max {
            return Err(length());
        }
        let purpose = Purpose::from_number(purpose).ok_or(HelloError::UnknownPurpose(purpose))?;
        Ok(Self { versions, purpose, node })
    }

    fn versions(fields: &mut Fields<'_>) -> Option<Versions> {
        Some(Versions { min: fields.u16()?, max: fields.u16()? })
    }
}

impl Node {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            cluster: fields.array()?,
            generation: fields.u64()?,
            process: fields.u16()?,
            processes: fields.u16()?,
            threads: fields.u16()?,
            placement: fields.u16()?,
            build: fields.array()?,
            formats: fields.array()?,
        })
    }
}

/// Somebody at one end of a link: who they are by their certificate, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// By the certificate.
    pub role: Role,
    /// What they say.
    pub hello: Hello,
}

impl Party {
    /// Whether this party, we, and that one, they, belong together: then the version that they speak.
    pub fn agree(&self, other: &Self) -> Result<u16, HelloError> {
        let (ours, theirs) = (&self.hello, &other.hello);
        let version = ours.versions.common(theirs.versions);
        let version = version.ok_or(HelloError::Versions { ours: ours.versions, theirs: theirs.versions })?;
        let purpose = ours.purpose;
        if theirs.purpose != purpose {
            return Err(HelloError::OtherPurpose { ours: purpose, theirs: theirs.purpose });
        }
        if !purpose.is_between(&self.role, &other.role) {
            return Err(HelloError::Roles { purpose, ours: self.role.clone(), theirs: other.role.clone() });
        }
        if ours.node.cluster != theirs.node.cluster {
            return Err(HelloError::Cluster);
        }
        other.check_number()?;
        self.check_alike(other)?;
        if !self.generations_fit(other) {
            return Err(HelloError::Generation { ours: ours.node.generation, theirs: theirs.node.generation });
        }
        Ok(version)
    }

    /// It must be the process that its certificate says, and one of the cluster's.
    fn check_number(&self) -> Result<(), HelloError> {
        let Node { process, processes, .. } = self.hello.node;
        let is_fine = match self.role {
            Role::Dataflow(number) => process == number && process < processes && processes <= MAX_PROCESSES,
            Role::Ingest(_) | Role::Api => process == 0 && processes == 0,
        };
        if is_fine { Ok(()) } else { Err(HelloError::Process { role: self.role.clone(), process, processes }) }
    }

    fn check_alike(&self, other: &Self) -> Result<(), HelloError> {
        let (ours, theirs) = (&self.hello.node, &other.hello.node);
        let alike = |what, ours: u16, theirs: u16| {
            if ours == theirs { Ok(()) } else { Err(HelloError::Differ { what, ours, theirs }) }
        };
        if self.role.is_dataflow() && other.role.is_dataflow() {
            alike("the numbers of processes", ours.processes, theirs.processes)?;
            alike("the numbers of threads", ours.threads, theirs.threads)?;
        }
        alike("the versions of placement", ours.placement, theirs.placement)?;
        // The API reads no line.
        if ours.formats != theirs.formats && self.hello.purpose != Purpose::Deltas {
            return Err(HelloError::Formats);
        }
        if ours.build != theirs.build && self.hello.purpose == Purpose::Mesh {
            return Err(HelloError::Build);
        }
        Ok(())
    }

    /// Nothing of a run before may go on. The processes of the dataflow make the generations; ingesters and the API
    /// follow them, and may not have heard of the last.
    fn generations_fit(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.hello.node.generation, other.hello.node.generation);
        match self.hello.purpose {
            Purpose::Mesh => ours == theirs && ours != 0,
            // Whoever starts learns it on this very link.
            Purpose::Order => ours == theirs || ours == 0 || theirs == 0,
            Purpose::Ship | Purpose::Deltas => {
                let (makes, follows) = if self.role.is_dataflow() { (ours, theirs) } else { (theirs, ours) };
                makes == 0 || makes >= follows
            }
        }
    }
}
