//! The house as its object has it: `house::House<T>`, field by field.

use crate::{Contract, ReadError};
use serde::{Deserialize, Serialize};
use sui_sdk_types::{Address, Identifier, Object, Owner, StructTag};

/// The operator's side of a coin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct House {
    /// The version that it was shared at: [`SharedRef::initial_version`](crate::SharedRef).
    pub initial_version: u64,
    /// The package's version that may be called.
    pub version: u64,
    /// Units of the coin in a cent.
    pub cent: u64,
    /// Where charges go.
    pub treasury: Address,
    /// Who may charge.
    pub operators: Vec<Address>,
}

/// The object's fields, in their order.
#[derive(Serialize, Deserialize)]
struct Fields {
    id: Address,
    version: u64,
    cent: u64,
    treasury: Address,
    next_treasury: Option<NextTreasury>,
    operators: Vec<Address>,
}

/// A treasury that is announced.
#[derive(Serialize, Deserialize)]
struct NextTreasury {
    treasury: Address,
    not_before_ms: u64,
}

fn unreadable(cause: String) -> ReadError {
    ReadError { cause }
}

impl Contract {
    /// The type of the house of this coin.
    pub fn house_type(&self) -> StructTag {
        let name = Identifier::from_static("House");
        StructTag::new(self.origin, Identifier::from_static("house"), name, vec![self.coin.clone()])
    }

    /// The house that an object is: this contract's.
    pub fn house(&self, object: &Object) -> Result<House, ReadError> {
        let id = object.object_id();
        let fields = object.as_struct().filter(|fields| *fields.object_type() == self.house_type());
        let fields = fields.filter(|_| id == self.house.id);
        let fields = fields.ok_or_else(|| unreadable(format!("object {id} is no house of this contract")))?;
        let Owner::Shared(initial_version) = *object.owner() else {
            return Err(unreadable(format!("house {id} is not shared")));
        };
        let fields: Fields = bcs::from_bytes(fields.contents()).map_err(|error| unreadable(error.to_string()))?;
        let Fields { version, cent, treasury, operators, .. } = fields;
        Ok(House { initial_version, version, cent, treasury, operators })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SharedRef;
    use sui_sdk_types::{Digest, MoveStruct, ObjectData, TypeTag};

    const HOUSE: Address = Address::new([2; 32]);

    fn contract() -> Contract {
        let origin = Address::new([1; 32]);
        Contract {
            package: origin,
            origin,
            house: SharedRef { id: HOUSE, initial_version: 3 },
            coin: TypeTag::U8,
            cent: 10_000,
        }
    }

    fn object(kind: StructTag, id: Address, owner: Owner) -> Object {
        let next_treasury = Some(NextTreasury { treasury: Address::new([5; 32]), not_before_ms: 7 });
        let (treasury, operators) = (Address::new([4; 32]), vec![Address::new([8; 32]), Address::new([9; 32])]);
        let fields = Fields { id, version: 1, cent: 10_000, treasury, next_treasury, operators };
        let fields = MoveStruct::new(kind, false, 12, bcs::to_bytes(&fields).unwrap()).unwrap();
        Object::new(ObjectData::Struct(fields), owner, Digest::ZERO, 0)
    }

    #[test]
    fn a_house_is_read_as_it_stands_and_no_other() {
        let contract = contract();
        let found = contract.house(&object(contract.house_type(), HOUSE, Owner::Shared(3))).unwrap();
        let (treasury, operators) = (Address::new([4; 32]), vec![Address::new([8; 32]), Address::new([9; 32])]);
        assert_eq!(found, House { initial_version: 3, version: 1, cent: 10_000, treasury, operators });
        let other_coin = Contract { coin: TypeTag::U64, ..self::contract() }.house_type();
        for (object, says) in [
            (object(other_coin, HOUSE, Owner::Shared(3)), "is no house of this contract"),
            (object(contract.house_type(), Address::new([6; 32]), Owner::Shared(3)), "is no house of this contract"),
            (object(contract.house_type(), HOUSE, Owner::Address(HOUSE)), "is not shared"),
        ] {
            let told = contract.house(&object).unwrap_err().to_string();
            assert!(told.contains(says), "{told}");
        }
    }
}
