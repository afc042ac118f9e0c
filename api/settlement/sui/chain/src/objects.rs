//! Move objects as bytes and back: the contract's and the framework's, with their dynamic fields.

use crate::rules::account::Account;
use crate::rules::allowance::Month;
use crate::rules::bytes;
use crate::rules::house::House;
use crate::rules::nonces::Done;
use crate::rules::upgrades::Upgrades;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sui_sdk_types::{Address, Identifier, StructTag, TypeTag};
use suiftly_sui::Contract;

/// `0x6`.
pub(crate) const CLOCK: Address = Address::from_static("0x6");
/// `0xacc`: what address balances are dynamic fields of.
const ACCUMULATORS: Address = Address::from_static("0xacc");

/// What an object holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    House(House),
    Account(Account),
    Upgrades(Upgrades),
    Coin {
        id: Address,
        value: u64,
    },
    Clock {
        id: Address,
        now_ms: u64,
    },
    /// Anything else, as it is; of the contract that is the `AdminCap`.
    Other(Vec<u8>),
}

/// A dynamic field: the object that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldObject {
    pub(crate) tag: StructTag,
    pub(crate) parent: Address,
    pub(crate) contents: Vec<u8>,
}

/// `0x2::dynamic_field::Field`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Field<N, V> {
    id: Address,
    name: N,
    pub(crate) value: V,
}

/// `<address>::<module>::<name>`, with the types it is of.
pub(crate) fn tag(address: Address, module: &'static str, name: &'static str, of: Vec<TypeTag>) -> StructTag {
    StructTag::new(address, Identifier::from_static(module), Identifier::from_static(name), of)
}

/// Whether a struct is this one, of whatever types.
pub(crate) fn is(tag: &StructTag, address: Address, module: &str, name: &str) -> bool {
    *tag.address() == address && tag.module().as_str() == module && tag.name().as_str() == name
}

fn clock_tag() -> StructTag {
    tag(Address::TWO, "clock", "Clock", Vec::new())
}

impl Content {
    /// The clock, as it is made.
    pub(crate) fn clock(now_ms: u64) -> (StructTag, Self) {
        (clock_tag(), Self::Clock { id: CLOCK, now_ms })
    }

    /// Reads an object of a type; `package` has the contract's. None: its bytes are not of that type.
    pub(crate) fn read(of: &StructTag, contents: &[u8], package: Address) -> Option<Self> {
        if is(of, package, "house", "House") {
            bcs::from_bytes(contents).ok().map(Self::House)
        } else if is(of, package, "account", "Account") {
            bcs::from_bytes(contents).ok().map(Self::Account)
        } else if is(of, package, "upgrades", "Upgrades") {
            bcs::from_bytes(contents).ok().map(Self::Upgrades)
        } else if of.is_coin().is_some() {
            bcs::from_bytes(contents).ok().map(|(id, value)| Self::Coin { id, value })
        } else if *of == clock_tag() {
            bcs::from_bytes(contents).ok().map(|(id, now_ms)| Self::Clock { id, now_ms })
        } else {
            Some(Self::Other(contents.to_vec()))
        }
    }

    /// Its bytes, without its dynamic fields.
    pub(crate) fn write(&self) -> Vec<u8> {
        match self {
            Self::House(house) => bytes(house),
            Self::Account(account) => bytes(account),
            Self::Upgrades(upgrades) => bytes(upgrades),
            Self::Coin { id, value } => bytes(&(id, value)),
            Self::Clock { id, now_ms } => bytes(&(id, now_ms)),
            Self::Other(contents) => contents.clone(),
        }
    }

    /// The dynamic fields that are in hand, by their ids.
    pub(crate) fn fields(&self, package: Address) -> BTreeMap<Address, FieldObject> {
        match self {
            Self::House(house) => {
                let field = |account: &Address| {
                    let contents = |id| bytes(&Field { id, name: account, value: 0u8 });
                    made(claimed_id(house.id, *account), house.id, claimed_tag(), claimed_status_tag(), contents)
                };
                house.claimed.iter().map(field).collect()
            }
            Self::Account(account) => {
                let table = account.allowance.months.id;
                let month_tag = || tag(package, "allowance", "Month", Vec::new()).into();
                let months = account.allowance.months.rows.iter().map(|(month, row)| {
                    let contents = |id| bytes(&Field { id, name: month, value: row });
                    made(month_id(table, *month), table, TypeTag::U32, month_tag(), contents)
                });
                let done_tag = || tag(package, "nonces", "Done", Vec::new()).into();
                let done = account.done.iter().map(|(nonce, done)| {
                    let contents = |id| bytes(&Field { id, name: &nonce[..], value: done });
                    made(Contract::nonce_id(account.id, nonce), account.id, nonce_tag(), done_tag(), contents)
                });
                months.chain(done).collect()
            }
            _ => BTreeMap::new(),
        }
    }
}

fn made(
    id: Address,
    parent: Address,
    name: TypeTag,
    value: TypeTag,
    contents: impl Fn(Address) -> Vec<u8>,
) -> (Address, FieldObject) {
    let tag = tag(Address::TWO, "dynamic_field", "Field", vec![name, value]);
    (id, FieldObject { tag, parent, contents: contents(id) })
}

fn claimed_tag() -> TypeTag {
    tag(Address::TWO, "derived_object", "Claimed", Vec::new()).into()
}

fn claimed_status_tag() -> TypeTag {
    tag(Address::TWO, "derived_object", "ClaimedStatus", Vec::new()).into()
}

fn nonce_tag() -> TypeTag {
    TypeTag::Vector(Box::new(TypeTag::U8))
}

/// The field of a house that says that an account's id was given out.
pub(crate) fn claimed_id(house: Address, account: Address) -> Address {
    house.derive_dynamic_child_id(&claimed_tag(), account.as_bytes())
}

/// The field of a table of months.
pub(crate) fn month_id(table: Address, month: u32) -> Address {
    table.derive_dynamic_child_id(&TypeTag::U32, &month.to_le_bytes())
}

/// What a month's field says.
pub(crate) fn read_month(contents: &[u8]) -> Option<Month> {
    bcs::from_bytes::<Field<u32, Month>>(contents).ok().map(|field| field.value)
}

/// What a nonce's field says.
pub(crate) fn read_done(contents: &[u8]) -> Option<Done> {
    bcs::from_bytes::<Field<Vec<u8>, Done>>(contents).ok().map(|field| field.value)
}

/// `0x2::balance::Balance<T>`.
pub(crate) fn balance_tag(coin: &TypeTag) -> TypeTag {
    tag(Address::TWO, "balance", "Balance", vec![coin.clone()]).into()
}

/// The object that keeps an address balance.
pub(crate) fn funds_id(owner: Address, coin: &TypeTag) -> Address {
    let key = tag(Address::TWO, "accumulator", "Key", vec![balance_tag(coin)]);
    ACCUMULATORS.derive_dynamic_child_id(&key.into(), owner.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_balances_id_is_the_sdks() {
        // The reservation's id is the same one, hidden behind the chain's: with a chain of zeros it shows.
        let (owner, sui) = (Address::from_static("0xa1"), StructTag::sui());
        let chain = sui_sdk_types::Digest::ZERO;
        let reservation = sui_sdk_types::ObjectReference::coin_reservation(&sui, 1, 0, chain, owner);
        assert_eq!(funds_id(owner, &sui.into()), *reservation.object_id());
    }

    #[test]
    fn an_accounts_id_is_the_readmes() {
        let house = Address::new([0x11; 32]);
        let id = house.derive_object_id(&TypeTag::Address, &[0x22; 32]);
        assert_eq!(id.to_string(), "0xd130151357729dedf4773fb5e0a33b6166d1caa05b258f0d6c796c94f73dca1e");
    }
}
