//! The contract as it stands on a chain: which package, which house, which coin; ids and types that follow from them.

use crate::Nonce;
use sui_sdk_types::{Address, Identifier, StructTag, TypeTag};
use suiftly_schema::time::BillingMonth;

/// A shared object as transactions name it: with the version that it was shared at, which never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SharedRef {
    /// Its id.
    pub id: Address,
    /// The version that it was shared at.
    pub initial_version: u64,
}

/// The contract, and the house whose accounts are charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// The package whose functions are called: the version in force.
    pub package: Address,
    /// The package's first version. Types and events are named by it, whatever was called.
    pub origin: Address,
    /// The house.
    pub house: SharedRef,
    /// The coin that the house takes.
    pub coin: TypeTag,
    /// Units of the coin in a cent: 10,000 for USDC.
    pub cent: u64,
}

impl Contract {
    /// The id that an owner's account has, or will have.
    pub fn account_id(&self, owner: Address) -> Address {
        self.house.id.derive_object_id(&TypeTag::Address, owner.as_bytes())
    }

    /// The id of the field that an account keeps of a nonce which has charged or refunded. The transaction that wrote the
    /// field is the one that did it.
    pub fn nonce_id(account: Address, nonce: &Nonce) -> Address {
        let bytes = TypeTag::Vector(Box::new(TypeTag::U8));
        // A vector in BCS: its length, then the bytes.
        let mut key = vec![32];
        key.extend_from_slice(nonce);
        account.derive_dynamic_child_id(&bytes, &key)
    }

    /// Units of the coin; `None` below zero, and for more than there can be.
    pub fn units(&self, usd_cents: i64) -> Option<u64> {
        u64::try_from(usd_cents).ok()?.checked_mul(self.cent)
    }

    /// Cents; `None` unless they are whole.
    pub fn usd_cents(&self, units: u64) -> Option<i64> {
        match units.checked_rem(self.cent)? {
            0 => i64::try_from(units / self.cent).ok(),
            _ => None,
        }
    }

    /// The type of the events that say what happened to accounts of this coin.
    pub fn entry_type(&self) -> StructTag {
        let [module, name] = ["account", "Entry"].map(Identifier::from_static);
        StructTag::new(self.origin, module, name, vec![self.coin.clone()])
    }
}

/// The type of the coin that gas is paid in.
pub fn sui() -> TypeTag {
    StructTag::sui().into()
}

/// A month as the contract writes it: 202611.
pub fn month_number(month: BillingMonth) -> u32 {
    let digits = month.to_string().into_bytes().into_iter().filter(u8::is_ascii_digit);
    digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

/// The month that the contract writes so, if it is one.
pub fn billing_month(number: u32) -> Option<BillingMonth> {
    BillingMonth::parse(&format!("{:04}-{:02}", number / 100, number % 100))
}
