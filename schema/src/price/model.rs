//! What a measured quantity costs: five models, a free quota and a minimum, as exact fractions of a micro-dollar.

use super::json::PriceJson;
use crate::money::MicroUsd;
use serde::{Deserialize, Serialize};

/// A price for a measured quantity of a month.
///
/// What is beyond `free_units` is charged by the model. In JSON: `{"price": 1000000, "per_units": 10000}` is a price per
/// unit, any other says its `model` (`flat`, `graduated`, `volume`, `package`) and, where it has them, its `bands`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PriceJson", into = "PriceJson")]
pub struct Price {
    /// How the units are charged.
    pub model: Model,
    /// The units that a price is for, greater than zero: of [`Model::Package`] the size of a package. [`Model::Flat`]
    /// does not look at it.
    pub per_units: i64,
    /// The units of a month that cost nothing.
    pub free_units: i64,
    /// What a month costs at least as soon as there is any usage, free or not.
    pub minimum: MicroUsd,
}

/// How units are charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Model {
    /// Each at the same price.
    PerUnit {
        /// For every `per_units`, in proportion.
        price: MicroUsd,
    },
    /// Once, as soon as there is one.
    Flat {
        /// For all of them.
        price: MicroUsd,
    },
    /// Each at the price of the band that it falls in.
    Graduated {
        /// Ascending, the last without a bound.
        bands: Vec<Band>,
    },
    /// All at the price of the band that the last of them falls in. A few more units can cost less.
    Volume {
        /// Ascending, the last without a bound.
        bands: Vec<Band>,
    },
    /// By started packages of `per_units`.
    Package {
        /// For each package.
        price: MicroUsd,
    },
}

/// A band of units, from where the one before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// The last unit of the band, counted beyond the free quota; `None` for the last band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<i64>,
    /// For every `per_units`, in proportion.
    pub price: MicroUsd,
}

/// An exact amount: `whole` micro-dollars and `part` of `per` more, with 0 ≤ part < per.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exact {
    whole: i128,
    part: i128,
    per: i128,
}

impl Exact {
    const fn whole(amount: MicroUsd) -> Self {
        Self { whole: amount.0 as i128, part: 0, per: 1 }
    }

    /// |numerator| ≤ 2¹²⁶. Nearly every one fits 64 bits, where dividing is several times as fast.
    fn ratio(numerator: i128, per: i64) -> Self {
        let per = per.max(1);
        match i64::try_from(numerator) {
            Ok(numerator) => Self {
                whole: numerator.div_euclid(per).into(),
                part: numerator.rem_euclid(per).into(),
                per: per.into(),
            },
            Err(_) => {
                let per = i128::from(per);
                Self { whole: numerator.div_euclid(per), part: numerator.rem_euclid(per), per }
            }
        }
    }

    /// The sum of two, rounded down once. Parts and what they are of are below 2⁶³, so that their products do not
    /// overflow; wholes are at most 2¹²⁶, and saturate.
    pub(super) const fn sum_rounded_down(self, other: Self) -> i128 {
        let parts = self.part * other.per + other.part * self.per;
        let carry = if parts >= self.per * other.per { 1 } else { 0 };
        self.whole.saturating_add(other.whole).saturating_add(carry)
    }
}

impl Price {
    /// A price for every so many units, in proportion.
    pub const fn per_unit(price: MicroUsd, per_units: i64) -> Self {
        Self { model: Model::PerUnit { price }, per_units, free_units: 0, minimum: MicroUsd(0) }
    }

    /// Whether a unit costs the same wherever in the month it comes: no quota, band, package or minimum.
    pub const fn is_linear(&self) -> bool {
        matches!(self.model, Model::PerUnit { .. }) && self.free_units == 0 && self.minimum.0 == 0
    }

    /// What this many units of a month cost, exactly. Negative totals are corrections: per unit they are charged
    /// negatively, so that what was charged is taken back to the micro-dollar; by any other model they cost nothing.
    pub(super) fn exact(&self, units: i64) -> Exact {
        if units <= 0 {
            return match self.model {
                Model::PerUnit { price } => Exact::ratio(times(price, units), self.per_units),
                _ => Exact::whole(MicroUsd(0)),
            };
        }
        let charged = units.saturating_sub(self.free_units.max(0)).max(0);
        let exact = self.model.exact(charged, self.per_units);
        if exact.whole < i128::from(self.minimum.0) { Exact::whole(self.minimum) } else { exact }
    }
}

impl Model {
    /// `units` are not negative.
    fn exact(&self, units: i64, per_units: i64) -> Exact {
        match self {
            Self::PerUnit { price } => Exact::ratio(times(*price, units), per_units),
            Self::Flat { price } => Exact::whole(if units > 0 { *price } else { MicroUsd(0) }),
            Self::Graduated { bands } => Exact::ratio(graduated(bands, units), per_units),
            Self::Volume { bands } => Exact::ratio(times(band_of(bands, units), units), per_units),
            Self::Package { price } => {
                let packages = units / per_units.max(1) + i64::from(units % per_units.max(1) > 0);
                Exact { whole: times(*price, packages), part: 0, per: 1 }
            }
        }
    }
}

/// The units that fall in each band, at its price. They are `units` together, so that the sum is below 2¹²⁶.
fn graduated(bands: &[Band], units: i64) -> i128 {
    let (mut sum, mut below) = (0, 0);
    for band in bands {
        let end = band.up_to.unwrap_or(i64::MAX).clamp(below, units.max(below));
        sum += times(band.price, end - below);
        below = end;
    }
    sum
}

fn band_of(bands: &[Band], units: i64) -> MicroUsd {
    let band = bands.iter().find(|band| band.up_to.is_none_or(|last| units <= last));
    band.or(bands.last()).map_or(MicroUsd(0), |band| band.price)
}

const fn times(price: MicroUsd, units: i64) -> i128 {
    price.0 as i128 * units as i128
}
