//! An account as its object has it: `account::Account<T>`, field by field.

use crate::{Contract, ReadError, SharedRef};
use serde::{Deserialize, Serialize};
use sui_sdk_types::{Address, Identifier, Object, Owner, StructTag};

/// An account. Amounts are units of the house's coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// How transactions name it.
    pub at: SharedRef,
    /// Whose it is.
    pub owner: Address,
    /// What is in it.
    pub balance: u64,
    /// What a month may be charged; 0: no limit.
    pub limit: u64,
    /// How many entries it has.
    pub entries: u64,
    /// Whether it is closed.
    pub is_closed: bool,
}

/// The object's fields, in their order.
#[derive(Serialize, Deserialize)]
struct Fields {
    id: Address,
    house: Address,
    owner: Address,
    balance: u64,
    limits: Vec<MonthLimit>,
    /// The table of months: its id, and how many it has.
    months: (Address, u64),
    requests: Vec<Request>,
    requested: u64,
    seq: u64,
    is_closed: bool,
}

/// Since a month, a limit: the highest of that month, and the last.
#[derive(Serialize, Deserialize)]
struct MonthLimit {
    month: u32,
    highest: u64,
    last: u64,
}

/// A withdrawal that waits.
#[derive(Serialize, Deserialize)]
struct Request {
    id: u64,
    amount: u64,
    due_ms: u64,
}

fn unreadable(cause: impl Into<String>) -> ReadError {
    ReadError { cause: cause.into() }
}

impl Contract {
    /// The type of accounts of this coin.
    pub fn account_type(&self) -> StructTag {
        let name = Identifier::from_static("Account");
        StructTag::new(self.origin, Identifier::from_static("account"), name, vec![self.coin.clone()])
    }

    /// The account that an object is.
    pub fn account(&self, object: &Object) -> Result<Account, ReadError> {
        let (fields, initial_version) = self.account_fields(object)?;
        let id = fields.id;
        let limit = fields.limits.last().ok_or_else(|| unreadable(format!("account {id} has no limit")))?;
        Ok(Account {
            at: SharedRef { id, initial_version },
            owner: fields.owner,
            balance: fields.balance,
            limit: limit.last,
            entries: fields.seq,
            is_closed: fields.is_closed,
        })
    }

    /// The numbers of the withdrawals that wait in the account that an object is.
    pub fn waiting(&self, object: &Object) -> Result<Vec<u64>, ReadError> {
        let (fields, _) = self.account_fields(object)?;
        Ok(fields.requests.iter().map(|request| request.id).collect())
    }

    /// What is in it, and the version that it was shared at.
    fn account_fields(&self, object: &Object) -> Result<(Fields, u64), ReadError> {
        let id = object.object_id();
        let fields = object.as_struct().filter(|fields| *fields.object_type() == self.account_type());
        let fields = fields.ok_or_else(|| unreadable(format!("object {id} is no account of this contract")))?;
        let Owner::Shared(initial_version) = *object.owner() else {
            return Err(unreadable(format!("account {id} is not shared")));
        };
        let fields: Fields = bcs::from_bytes(fields.contents()).map_err(|error| unreadable(error.to_string()))?;
        if (fields.id, fields.house) != (id, self.house.id) {
            return Err(unreadable(format!("account {id} is another house's")));
        }
        Ok((fields, initial_version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sui_sdk_types::{Digest, MoveStruct, ObjectData, TypeTag};

    fn contract() -> Contract {
        let origin = Address::new([1; 32]);
        let house = SharedRef { id: Address::new([2; 32]), initial_version: 3 };
        Contract { package: origin, origin, house, coin: TypeTag::U8, cent: 10_000 }
    }

    fn fields() -> Fields {
        let limit = |month, highest, last| MonthLimit { month, highest, last };
        Fields {
            id: Address::new([7; 32]),
            house: Address::new([2; 32]),
            owner: Address::new([8; 32]),
            balance: 990_000,
            limits: vec![limit(0, 100_000_000, 100_000_000), limit(202_611, 100_000_000, 20_000_000)],
            months: (Address::new([9; 32]), 2),
            requests: vec![Request { id: 1, amount: 10_000, due_ms: 5 }],
            requested: 1,
            seq: 6,
            is_closed: false,
        }
    }

    fn object(kind: StructTag, fields: &Fields, owner: Owner) -> Object {
        let contents = bcs::to_bytes(fields).unwrap();
        let fields = MoveStruct::new(kind, false, 12, contents).unwrap();
        Object::new(ObjectData::Struct(fields), owner, Digest::ZERO, 0)
    }

    #[test]
    fn an_account_is_read_as_it_stands() {
        let contract = contract();
        let object = object(contract.account_type(), &fields(), Owner::Shared(11));
        let expected = Account {
            at: SharedRef { id: Address::new([7; 32]), initial_version: 11 },
            owner: Address::new([8; 32]),
            balance: 990_000,
            limit: 20_000_000,
            entries: 6,
            is_closed: false,
        };
        assert_eq!(contract.account(&object), Ok(expected));
        assert_eq!(contract.waiting(&object), Ok(vec![1]));
    }

    #[test]
    fn what_is_no_account_of_the_house_is_told() {
        let contract = contract();
        let kind = contract.account_type();
        let other_coin = Contract { coin: TypeTag::U64, ..self::contract() }.account_type();
        let other_house = Fields { house: Address::new([4; 32]), ..fields() };
        let cases = [
            (object(other_coin, &fields(), Owner::Shared(1)), "is no account of this contract"),
            (object(kind.clone(), &fields(), Owner::Address(Address::ZERO)), "is not shared"),
            (object(kind.clone(), &other_house, Owner::Shared(1)), "is another house's"),
            (object(kind, &Fields { limits: Vec::new(), ..fields() }, Owner::Shared(1)), "has no limit"),
        ];
        for (object, expected) in cases {
            let told = contract.account(&object).unwrap_err().to_string();
            assert!(told.contains(expected), "{told}");
        }
    }
}
