//! Money inside is integer micro-dollars (USDC has the same six decimals); no float ever holds it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub};

/// Micro-dollars: 1,000,000 are one dollar. Arithmetic panics on overflow (9.2 × 10¹² dollars): a broken invariant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MicroUsd(pub i64);

impl Add for MicroUsd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("money overflows"))
    }
}

impl AddAssign for MicroUsd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for MicroUsd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for MicroUsd {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.checked_neg().expect("money overflows"))
    }
}

/// `$1,234.560000` without the separators: exact, all six decimals.
impl fmt::Display for MicroUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let abs = self.0.unsigned_abs();
        write!(f, "{sign}${}.{:06}", abs / 1_000_000, abs % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::MicroUsd;

    #[test]
    fn shows_every_micro_dollar() {
        let cases = [(0, "$0.000000"), (1, "$0.000001"), (-1_500_000, "-$1.500000"), (754_215_300, "$754.215300")];
        for (micro, shown) in cases {
            assert_eq!(MicroUsd(micro).to_string(), shown);
        }
    }
}
