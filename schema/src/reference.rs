//! Reference changes: what people and the manager decide (customers, services, keys, price books, log formats), on its way into the
//! dataflow. Each change carries the entity as it is from now on. They come through a transactional outbox and are
//! journaled among the lines, in one order with them, so that the journal alone decides every output (DESIGN §2).

use crate::ids::{CustomerId, Network, Service};
use crate::log_format::PublishedFormat;
use crate::money::MicroUsd;
use crate::price::PriceBook;
use crate::time::BillingMonth;
use serde::{Deserialize, Serialize};

/// A change, as the outbox numbers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceChange {
    /// Its number in the outbox. They rise; one that is not above the last has been seen.
    pub seq: u64,
    /// What is changed.
    pub entity: Entity,
}

impl ReferenceChange {
    /// How much memory it holds, about.
    pub fn memory_bytes(&self) -> usize {
        let texts = match &self.entity {
            Entity::Account(account) => size_of_val(&*account.fixed),
            Entity::Service(access) => access.allowlist.iter().map(|entry| size_of::<String>() + entry.len()).sum(),
            Entity::Key(key) => key.key_sha256.len(),
            Entity::PriceBook(_) => MAX_CHANGE_BYTES,
            Entity::LogFormat(format) => format.text_bytes(),
        };
        size_of::<Self>() + texts
    }
}

/// An entity as it is after a change. None is ever removed: a key is deleted by its state, a format is retired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// A customer's account.
    Account(Account),
    /// A customer's service.
    Service(ServiceAccess),
    /// An API key.
    Key(KeyState),
    /// A price book, published before it takes effect.
    PriceBook(PriceBook),
    /// A format that operators published, for lines that no configured one can read.
    LogFormat(PublishedFormat),
}

/// Bytes that a change may be long as JSON: it is journaled as one frame.
pub const MAX_CHANGE_BYTES: usize = 32 << 10;
/// Addresses and networks that a service's allowlist may hold.
pub const MAX_ALLOWED: usize = 256;

/// What names an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityId {
    /// An account, by its customer.
    Account(CustomerId),
    /// A service, by customer and service.
    Service(CustomerId, Service),
    /// A key, by its number in the database.
    Key(i64),
    /// A price book, by its version.
    PriceBook(u32),
    /// A published format, by its number in the database.
    LogFormat(i64),
}

impl EntityId {
    /// Its kind's word.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Service(..) => "service",
            Self::Key(_) => "key",
            Self::PriceBook(_) => "price_book",
            Self::LogFormat(_) => "log_format",
        }
    }
}

impl std::fmt::Display for EntityId {
    /// What tells it from others of its kind: `42`, `42/1`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account(customer_id) => write!(f, "{}", customer_id.get()),
            Self::Service(customer_id, service) => write!(f, "{}/{}", customer_id.get(), service.number()),
            Self::Key(id) | Self::LogFormat(id) => write!(f, "{id}"),
            Self::PriceBook(version) => write!(f, "{version}"),
        }
    }
}

impl Entity {
    /// Its name.
    pub const fn id(&self) -> EntityId {
        match self {
            Self::Account(account) => EntityId::Account(account.customer_id),
            Self::Service(access) => EntityId::Service(access.customer_id, access.service),
            Self::Key(key) => EntityId::Key(key.id),
            Self::PriceBook(book) => EntityId::PriceBook(book.version),
            Self::LogFormat(format) => EntityId::LogFormat(format.id),
        }
    }

    /// Whose it is; `None` for what holds for everybody.
    pub const fn customer_id(&self) -> Option<CustomerId> {
        match self {
            Self::Account(account) => Some(account.customer_id),
            Self::Service(access) => Some(access.customer_id),
            Self::Key(key) => Some(key.customer_id),
            Self::PriceBook(_) | Self::LogFormat(_) => None,
        }
    }
}

/// What an operator says of a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Nothing against them.
    #[default]
    Active,
    /// Not to be served for now.
    Suspended,
    /// Gone.
    Closed,
}

/// A customer's account: what usage is held against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// Whose.
    pub customer_id: CustomerId,
    /// What an operator says.
    pub status: AccountStatus,
    /// What may be charged a month; 0 is unlimited.
    pub max_monthly: MicroUsd,
    /// What is in escrow.
    pub balance: MicroUsd,
    /// Charges other than usage (tiers, add-ons) of the months still open.
    pub fixed: Vec<(BillingMonth, MicroUsd)>,
    /// Charges other than usage in all.
    pub fixed_in_all: MicroUsd,
    /// What was drawn from escrow in all.
    pub charged_in_all: MicroUsd,
    /// Credits and waivers in all.
    pub credited_in_all: MicroUsd,
}

impl Account {
    /// A customer with nothing in it yet.
    pub const fn new(customer_id: CustomerId) -> Self {
        let zero = MicroUsd(0);
        Self {
            customer_id,
            status: AccountStatus::Active,
            max_monthly: zero,
            balance: zero,
            fixed: Vec::new(),
            fixed_in_all: zero,
            charged_in_all: zero,
            credited_in_all: zero,
        }
    }
}

/// A customer's service: whether it is enabled, and its limits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceAccess {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which.
    pub service: Service,
    /// Whether it is enabled.
    pub is_enabled: bool,
    /// Requests per second that are served for certain, per region.
    pub guaranteed_per_second: u32,
    /// Requests per second up to which more are served; equal to the guaranteed where there is no burst.
    pub burst_per_second: u32,
    /// Addresses and networks that may use it; all may if there are none.
    pub allowlist: Vec<String>,
}

/// The life of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyLife {
    /// Usable.
    Active,
    /// Not usable; can be enabled again.
    Revoked,
    /// Gone for good.
    Deleted,
}

/// An API key, but for the key itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyState {
    /// Its number in the database.
    pub id: i64,
    /// Whose.
    pub customer_id: CustomerId,
    /// What it opens.
    pub service: Service,
    /// Where.
    pub network: Network,
    /// Its fingerprint.
    pub api_key_fp: u32,
    /// Its metadata bits.
    pub key_metadata: u16,
    /// SHA-256 of the key, upper-case hex.
    pub key_sha256: String,
    /// Its life.
    pub state: KeyLife,
}
