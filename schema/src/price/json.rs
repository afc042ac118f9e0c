//! A price as it is written down. What was recorded before there were models, `{"price": …, "per_units": …}`, reads as
//! the price per unit that it is, and a price per unit is written so still.

use super::model::{Band, Model, Price};
use crate::money::MicroUsd;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceJson {
    #[serde(default, skip_serializing_if = "Word::is_per_unit")]
    model: Word,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price: Option<MicroUsd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bands: Option<Vec<Band>>,
    #[serde(default = "one")]
    per_units: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    free_units: i64,
    #[serde(default, skip_serializing_if = "is_nothing")]
    minimum: MicroUsd,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    #[default]
    PerUnit,
    Flat,
    Graduated,
    Volume,
    Package,
}

/// A model that was given what it does not have, or was not given what it has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {model:?} price has {has} and nothing else")]
pub(super) struct WrongParts {
    model: Word,
    has: &'static str,
}

impl Word {
    fn is_per_unit(&self) -> bool {
        *self == Self::PerUnit
    }

    fn price(self, json: &PriceJson) -> Result<MicroUsd, WrongParts> {
        json.price.filter(|_| json.bands.is_none()).ok_or(WrongParts { model: self, has: "a price" })
    }

    fn bands(self, json: &mut PriceJson) -> Result<Vec<Band>, WrongParts> {
        json.bands.take().filter(|_| json.price.is_none()).ok_or(WrongParts { model: self, has: "bands" })
    }
}

impl TryFrom<PriceJson> for Price {
    type Error = WrongParts;

    fn try_from(mut json: PriceJson) -> Result<Self, WrongParts> {
        let word = json.model;
        let model = match word {
            Word::PerUnit => Model::PerUnit { price: word.price(&json)? },
            Word::Flat => Model::Flat { price: word.price(&json)? },
            Word::Graduated => Model::Graduated { bands: word.bands(&mut json)? },
            Word::Volume => Model::Volume { bands: word.bands(&mut json)? },
            Word::Package => Model::Package { price: word.price(&json)? },
        };
        Ok(Self { model, per_units: json.per_units, free_units: json.free_units, minimum: json.minimum })
    }
}

impl From<Price> for PriceJson {
    fn from(price: Price) -> Self {
        let Price { model, per_units, free_units, minimum } = price;
        let (model, price, bands) = match model {
            Model::PerUnit { price } => (Word::PerUnit, Some(price), None),
            Model::Flat { price } => (Word::Flat, Some(price), None),
            Model::Graduated { bands } => (Word::Graduated, None, Some(bands)),
            Model::Volume { bands } => (Word::Volume, None, Some(bands)),
            Model::Package { price } => (Word::Package, Some(price), None),
        };
        Self { model, price, bands, per_units, free_units, minimum }
    }
}

const fn one() -> i64 {
    1
}

fn is_zero(units: &i64) -> bool {
    *units == 0
}

fn is_nothing(amount: &MicroUsd) -> bool {
    *amount == MicroUsd(0)
}
