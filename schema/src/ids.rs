//! Who and what: customer, service, network, and the journal's epoch. Numbers are those of SPEC §4.

use serde::{Deserialize, Serialize};

/// A customer's id: greater than zero, at most 2⁶³−1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct CustomerId(i64);

impl CustomerId {
    /// The id, or `None` for zero and below.
    pub const fn new(id: i64) -> Option<Self> {
        if id > 0 { Some(Self(id)) } else { None }
    }

    /// The number itself.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl From<CustomerId> for i64 {
    fn from(id: CustomerId) -> i64 {
        id.0
    }
}

impl TryFrom<i64> for CustomerId {
    type Error = UnknownNumber;
    fn try_from(id: i64) -> Result<Self, UnknownNumber> {
        Self::new(id).ok_or(UnknownNumber { what: "customer id", number: id })
    }
}

/// A number that names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{number} is no {what}")]
pub struct UnknownNumber {
    /// What was looked for.
    pub what: &'static str,
    /// What was found.
    pub number: i64,
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $number:literal, $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "u8", into = "u8")]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $number,)* }

        impl $name {
            /// Every value, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value with this number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }

            /// Its number on the wire and in the database.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// Its word in configuration and on screens.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The value with this word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl From<$name> for u8 {
            fn from(value: $name) -> u8 {
                value.number()
            }
        }

        impl TryFrom<u8> for $name {
            type Error = UnknownNumber;
            fn try_from(number: u8) -> Result<Self, UnknownNumber> {
                Self::from_number(number).ok_or(UnknownNumber { what: $what, number: number.into() })
            }
        }
    };
}

numbered! {
    /// The Sui network a request was for.
    Network, "network" {
        /// Testnet.
        Testnet = 0, "testnet";
        /// Mainnet.
        Mainnet = 1, "mainnet";
        /// Devnet.
        Devnet = 2, "devnet";
        /// A local network.
        Localnet = 3, "localnet";
    }
}

numbered! {
    /// The service that a request was for.
    Service, "service type" {
        /// Seal key server.
        Seal = 1, "seal";
        /// Sui gRPC.
        Grpc = 2, "grpc";
        /// Sui GraphQL.
        Graphql = 3, "graphql";
        /// Suiftly's own platform.
        Platform = 4, "platform";
        /// Full node.
        Ssfn = 5, "ssfn";
        /// Seal, open mode.
        Sealo = 6, "sealo";
    }
}

numbered! {
    /// The kind of frontend a request came in by.
    Frontend, "frontend type" {
        /// Private.
        Private = 1, "private";
        /// Metered.
        Metered = 2, "metered";
        /// Local.
        Local = 3, "local";
    }
}

/// A journal block's number, which is the dataflow's logical time. The first is 1; 0 means "before everything".
pub type Epoch = u64;
