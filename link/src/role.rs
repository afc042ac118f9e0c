//! Who a process of the cluster is, and what a link is for.

use crate::error::RoleError;
use std::fmt;
use std::str::FromStr;

/// What the name in a certificate says of the process that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// `ingest-NAME`: it keeps a journal of lines. A name is of lower-case letters, digits and hyphens within it.
    Ingest(String),
    /// `dataflow-NUMBER`: a process of the dataflow; number 0 keeps the order.
    Dataflow(u16),
    /// `api`: it answers people, beside the database.
    Api,
}

impl Role {
    /// The process that keeps the order of all journals.
    pub const ORDER: Self = Self::Dataflow(0);

    /// Whether it is a process of the dataflow.
    pub const fn is_dataflow(&self) -> bool {
        matches!(self, Self::Dataflow(_))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ingest(name) => write!(f, "ingest-{name}"),
            Self::Dataflow(number) => write!(f, "dataflow-{number}"),
            Self::Api => f.write_str("api"),
        }
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let role = match text.split_once('-') {
            None if text == "api" => Some(Self::Api),
            Some(("ingest", name)) if is_name(name) => Some(Self::Ingest(name.to_owned())),
            Some(("dataflow", number)) => number.parse().ok().map(Self::Dataflow),
            _ => None,
        };
        // A number is written in one way: `dataflow-07` would be a second name of `dataflow-7`.
        role.filter(|role| role.to_string() == text).ok_or_else(|| RoleError::NoRole(text.to_owned()))
    }
}

fn is_name(name: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && !name.starts_with('-') && !name.ends_with('-') && name.bytes().all(is_fine)
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// A journal's lines, from an ingester to a process of the dataflow.
    Ship = 1,
    /// The order of all journals, from process 0 to the others.
    Order = 2,
    /// Timely's own bytes, between two processes of the dataflow.
    Mesh = 3,
    /// What views gained, from a process of the dataflow to the API.
    Deltas = 4,
}

impl Purpose {
    /// Every purpose, in the order of its number.
    pub const ALL: [Self; 4] = [Self::Ship, Self::Order, Self::Mesh, Self::Deltas];

    /// The one with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.number() == number)
    }

    /// Its number in a hello.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ship => "ship",
            Self::Order => "order",
            Self::Mesh => "mesh",
            Self::Deltas => "deltas",
        }
    }

    /// Whether these two may have such a link, whoever of them asks for it.
    pub fn is_between(self, one: &Role, other: &Role) -> bool {
        let are_two_processes = one.is_dataflow() && other.is_dataflow() && one != other;
        match self {
            Self::Ship => {
                matches!((one, other), (Role::Ingest(_), Role::Dataflow(_)) | (Role::Dataflow(_), Role::Ingest(_)))
            }
            Self::Order => are_two_processes && (*one == Role::ORDER || *other == Role::ORDER),
            Self::Mesh => are_two_processes,
            Self::Deltas => matches!((one, other), (Role::Api, Role::Dataflow(_)) | (Role::Dataflow(_), Role::Api)),
        }
    }
}
