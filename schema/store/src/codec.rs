//! Between schema's types and PostgreSQL's: instants, months, and "none" as a number.

use crate::StoreError;
use bytes::{BufMut, BytesMut};
use std::error::Error;
use suiftly_schema::histogram::Histogram;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// PostgreSQL counts from 2000-01-01T00:00:00Z: this many milliseconds after 1970.
const POSTGRES_EPOCH_MS: i64 = 946_684_800_000;
const DAY_MS: i64 = 86_400_000;

/// The number that stands for an unknown network in the view tables.
pub(crate) const NO_NETWORK: i16 = -1;
/// The number that stands for an unknown server in the view tables: servers may have any other.
pub(crate) const NO_SERVER: i16 = i16::MIN;

/// `timestamptz`: microseconds since 2000, and back to the millisecond below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamptz(pub(crate) UnixMillis);

impl Timestamptz {
    pub(crate) fn micros(at: UnixMillis) -> i64 {
        (at.0.clamp(UnixMillis::MIN.0, UnixMillis::MAX.0) - POSTGRES_EPOCH_MS) * 1000
    }
}

impl ToSql for Timestamptz {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i64(Self::micros(self.0));
        Ok(IsNull::No)
    }
    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Timestamptz {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(UnixMillis(micros.div_euclid(1000).saturating_add(POSTGRES_EPOCH_MS))))
    }
    accepts!(TIMESTAMPTZ);
}

/// `date`, holding a month's first day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MonthDate(pub(crate) BillingMonth);

impl ToSql for MonthDate {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i32(i32::try_from((self.0.start().0 - POSTGRES_EPOCH_MS).div_euclid(DAY_MS))?);
        Ok(IsNull::No)
    }
    accepts!(DATE);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for MonthDate {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let days = i64::from(i32::from_be_bytes(raw.try_into()?));
        Ok(Self(UnixMillis(days * DAY_MS + POSTGRES_EPOCH_MS).month()))
    }
    accepts!(DATE);
}

pub(crate) fn customer_number(id: Option<CustomerId>) -> i64 {
    id.map_or(0, CustomerId::get)
}

pub(crate) fn service_number(service: Option<Service>) -> i16 {
    service.map_or(0, |service| i16::from(service.number()))
}

pub(crate) fn network_number(network: Option<Network>) -> i16 {
    network.map_or(NO_NETWORK, |network| i16::from(network.number()))
}

/// The service of a number that may be "none".
pub(crate) fn service_of(number: i16) -> Result<Option<Service>, StoreError> {
    if number == 0 { Ok(None) } else { known_service(number).map(Some) }
}

/// The service of a number that must be one.
pub(crate) fn known_service(number: i16) -> Result<Service, StoreError> {
    let found = u8::try_from(number).ok().and_then(Service::from_number);
    found.ok_or_else(|| StoreError::Row { what: "a service", cause: format!("{number} is none") })
}

pub(crate) fn known_network(number: i16) -> Result<Network, StoreError> {
    let found = u8::try_from(number).ok().and_then(Network::from_number);
    found.ok_or_else(|| StoreError::Row { what: "a network", cause: format!("{number} is none") })
}

pub(crate) fn known_customer(number: i64) -> Result<CustomerId, StoreError> {
    CustomerId::new(number).ok_or_else(|| StoreError::Row { what: "a customer id", cause: format!("{number} is none") })
}

/// A histogram out of its bytes.
pub(crate) fn histogram_of(bytes: &[u8]) -> Result<Histogram, StoreError> {
    Histogram::decode(bytes).map_err(|error| StoreError::Row { what: "a histogram", cause: error.to_string() })
}

/// A count as `bigint`. Counts of lines and bytes of a journal stay far below 2⁶³.
pub(crate) fn to_bigint(count: u64) -> i64 {
    i64::try_from(count).expect("a count stays below 2^63")
}

/// A count out of `bigint`.
pub(crate) fn from_bigint(what: &'static str, number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|error| StoreError::Row { what, cause: error.to_string() })
}

/// PostgreSQL's text cannot hold a zero byte; a line off the network may.
pub(crate) fn without_nul(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "?").into() } else { text.into() }
}
