//! The bounds of prices: what a book must keep to be published.

use super::billable::BillableError;
use super::book::PriceBook;
use super::model::{Band, Model, Price};
use crate::money::MicroUsd;
use crate::time::UnixMillis;

/// What a price may be at most: a million dollars.
pub const MAX_PRICE: MicroUsd = MicroUsd(1_000_000_000_000);
/// The units that a price may be for at most: a tebibyte, in bytes.
pub const MAX_PER_UNITS: i64 = 1 << 40;
/// The bands that a price may have at most.
pub const MAX_BANDS: usize = 32;

/// Why a price cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Not for 1 to [`MAX_PER_UNITS`] units.
    #[error("is for {0} units: 1 to {MAX_PER_UNITS} are allowed")]
    PerUnits(i64),
    /// Not of nothing to [`MAX_PRICE`].
    #[error("is {0}: $0 to {MAX_PRICE} are allowed")]
    Amount(MicroUsd),
    /// A free quota below zero.
    #[error("has {0} free units: no fewer than 0 are allowed")]
    FreeUnits(i64),
    /// Not 1 to [`MAX_BANDS`] bands that ascend from zero, all but the last with a bound.
    #[error("must have 1 to {MAX_BANDS} bands that ascend, each but the last with a bound above zero")]
    Bands,
}

/// Why a book cannot be used, whatever comes before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// It does not take effect on a whole UTC hour.
    #[error("it must take effect on a whole UTC hour")]
    EffectiveFrom,
    /// What it bills is out of bounds.
    #[error("its rule of what is billable {error}")]
    Billable {
        /// Why.
        error: BillableError,
    },
    /// One of its prices is out of bounds.
    #[error("its price for {what} {error}")]
    Price {
        /// Which.
        what: &'static str,
        /// Why.
        error: PriceError,
    },
}

impl PriceBook {
    /// Whether it can be used, whatever comes before and after it.
    pub fn check(&self) -> Result<(), BookError> {
        let from = self.effective_from;
        if from.hour() != from || !(UnixMillis::MIN..=UnixMillis::MAX).contains(&from) {
            return Err(BookError::EffectiveFrom);
        }
        self.billable.check().map_err(|error| BookError::Billable { error })?;
        let own = self.requests_for.values().map(|price| ("a service's requests", price));
        for (what, price) in [("requests", &self.requests), ("bytes", &self.bytes)].into_iter().chain(own) {
            price.check().map_err(|error| BookError::Price { what, error })?;
        }
        for (what, amount) in self.subscriptions.each() {
            check_amount(amount).map_err(|error| BookError::Price { what, error })?;
        }
        Ok(())
    }
}

impl Price {
    /// Whether it is within the bounds.
    pub fn check(&self) -> Result<(), PriceError> {
        if !(1..=MAX_PER_UNITS).contains(&self.per_units) {
            return Err(PriceError::PerUnits(self.per_units));
        }
        if self.free_units < 0 {
            return Err(PriceError::FreeUnits(self.free_units));
        }
        check_amount(self.minimum)?;
        match &self.model {
            Model::PerUnit { price } | Model::Flat { price } | Model::Package { price } => check_amount(*price),
            Model::Graduated { bands } | Model::Volume { bands } => check_bands(bands),
        }
    }
}

fn check_bands(bands: &[Band]) -> Result<(), PriceError> {
    let Some((last, bounded)) = bands.split_last().filter(|_| bands.len() <= MAX_BANDS) else {
        return Err(PriceError::Bands);
    };
    let mut below = 0;
    for band in bounded {
        below = band.up_to.filter(|up_to| *up_to > below).ok_or(PriceError::Bands)?;
    }
    if last.up_to.is_some() {
        return Err(PriceError::Bands);
    }
    bands.iter().try_for_each(|band| check_amount(band.price))
}

fn check_amount(amount: MicroUsd) -> Result<(), PriceError> {
    if (MicroUsd(0)..=MAX_PRICE).contains(&amount) { Ok(()) } else { Err(PriceError::Amount(amount)) }
}
