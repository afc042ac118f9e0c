//! Transactions, out of what is to be done: pure, offline, the same bytes each time. No node has a say in what we sign.

use crate::{Act, Contract, OwnAct, Purse, SharedRef, Terms};
use sui_sdk_types::{Address, Digest, Identifier, ObjectReference, Transaction, TransactionExpiration};
use sui_transaction_builder::{Argument, Function, ObjectInput, TransactionBuilder};

/// The chain's clock: a shared object since the beginning.
const CLOCK: SharedRef = SharedRef { id: Address::from_static("0x6"), initial_version: 1 };

/// Why a transaction cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The purse has no coin to take the funds from.
    #[error("there is no coin to take the funds from")]
    NoCoins,
    /// The builder's word.
    #[error("the transaction cannot be built: {cause}")]
    Builder {
        /// Why.
        cause: String,
    },
}

impl From<sui_transaction_builder::Error> for BuildError {
    fn from(error: sui_transaction_builder::Error) -> Self {
        Self::Builder { cause: error.to_string() }
    }
}

/// What a function is given between the account and the clock.
enum Value<'a> {
    Number(u64),
    Month(u32),
    Bytes(&'a [u8; 32]),
    Coin(Argument),
}

impl Contract {
    /// An operator's transaction, in this epoch or never, with gas out of the sender's address balance. All of its objects
    /// are shared, so nothing of it grows old but the epoch, and no object can be locked by it.
    pub fn build(&self, act: &Act, terms: &Terms) -> Result<Transaction, BuildError> {
        use Value::{Bytes, Coin, Month, Number};
        let mut draft = Draft { contract: self, tx: TransactionBuilder::new() };
        match act {
            Act::Charge { account, amount, nonce, month, bill_root } => {
                let values = [Number(*amount), Bytes(nonce), Month(*month), Bytes(bill_root)];
                draft.call("charge", *account, &values);
            }
            Act::Refund { account, amount, nonce, month } => {
                let funds = draft.tx.funds_withdrawal_coin(self.coin.clone(), *amount);
                draft.call("refund", *account, &[Coin(funds), Bytes(nonce), Month(*month)]);
            }
            Act::Release { account, request } => draft.call("release_withdrawal", *account, &[Number(*request)]),
            Act::Pay { account, request } => draft.call("pay_withdrawal", *account, &[Number(*request)]),
            Act::Close { account } => draft.call("close", *account, &[]),
        }
        draft.tx.set_expiration(TransactionExpiration::ValidDuring {
            min_epoch: Some(terms.epoch),
            max_epoch: Some(terms.epoch),
            min_timestamp: None,
            max_timestamp: None,
            chain: terms.chain,
            nonce: terms.salt,
        });
        // The builder wants a coin for gas. With none, the chain takes the gas out of the address balance.
        let placeholder = ObjectReference::new(Address::ZERO, 0, Digest::ZERO);
        let mut transaction = draft.finish(terms, &[placeholder])?;
        transaction.gas_payment.objects.clear();
        Ok(transaction)
    }

    /// An owner's transaction, for their wallet to sign, with gas out of coins of theirs. It ends with the epoch by the
    /// older form of expiration, which every wallet can read; the coins' versions make it the only one of its kind.
    pub fn own(&self, act: &OwnAct, purse: &Purse, terms: &Terms) -> Result<Transaction, BuildError> {
        use Value::{Coin, Number};
        let mut draft = Draft { contract: self, tx: TransactionBuilder::new() };
        match act {
            OwnAct::Open { first, limit } => {
                let funds = if *first == 0 { draft.no_funds() } else { draft.funds(*first, &purse.coins)? };
                draft.open(funds, *limit);
            }
            OwnAct::Deposit { account, amount } => {
                let funds = draft.funds(*amount, &purse.coins)?;
                draft.call("deposit", *account, &[Coin(funds)]);
            }
            OwnAct::Request { account, amount } => draft.call("request_withdrawal", *account, &[Number(*amount)]),
            OwnAct::Cancel { account, request } => draft.call("cancel_withdrawal", *account, &[Number(*request)]),
            OwnAct::SetLimit { account, limit } => draft.call("set_limit", *account, &[Number(*limit)]),
        }
        draft.tx.set_expiration(TransactionExpiration::Epoch(terms.epoch));
        draft.finish(terms, &purse.gas)
    }
}

/// A transaction in BCS: what is signed, and what its digest is of.
pub fn to_bcs(transaction: &Transaction) -> Result<Vec<u8>, BuildError> {
    bcs::to_bytes(transaction).map_err(|error| BuildError::Builder { cause: error.to_string() })
}

struct Draft<'a> {
    contract: &'a Contract,
    tx: TransactionBuilder,
}

impl Draft<'_> {
    /// Calls a function of the form `(house, account, values …, clock)`: it reads the house, and writes the account alone.
    fn call(&mut self, function: &'static str, account: SharedRef, values: &[Value<'_>]) {
        let mut arguments = vec![self.shared(self.contract.house, false), self.shared(account, true)];
        for value in values {
            arguments.push(match value {
                Value::Number(number) => self.tx.pure(number),
                Value::Month(month) => self.tx.pure(month),
                Value::Bytes(bytes) => self.tx.pure(&bytes.as_slice()),
                Value::Coin(coin) => *coin,
            });
        }
        arguments.push(self.shared(CLOCK, false));
        self.run(function, arguments);
    }

    /// The one function that writes the house.
    fn open(&mut self, funds: Argument, limit: u64) {
        let house = self.shared(self.contract.house, true);
        let limit = self.tx.pure(&limit);
        let clock = self.shared(CLOCK, false);
        self.run("open", vec![house, funds, limit, clock]);
    }

    fn run(&mut self, function: &'static str, arguments: Vec<Argument>) {
        let [module, name] = ["escrow", function].map(Identifier::from_static);
        let function = Function::new(self.contract.package, module, name);
        self.tx.move_call(function.with_type_args(vec![self.contract.coin.clone()]), arguments);
    }

    fn shared(&mut self, object: SharedRef, writes: bool) -> Argument {
        self.tx.object(ObjectInput::shared(object.id, object.initial_version, writes))
    }

    /// A coin with nothing in it.
    fn no_funds(&mut self) -> Argument {
        let [module, name] = ["coin", "zero"].map(Identifier::from_static);
        let zero = Function::new(Address::TWO, module, name).with_type_args(vec![self.contract.coin.clone()]);
        self.tx.move_call(zero, Vec::new())
    }

    /// A coin of just this much, out of these.
    fn funds(&mut self, amount: u64, coins: &[ObjectReference]) -> Result<Argument, BuildError> {
        let coins: Vec<Argument> = coins.iter().map(|coin| self.tx.object(owned(coin))).collect();
        let (first, others) = coins.split_first().ok_or(BuildError::NoCoins)?;
        if !others.is_empty() {
            self.tx.merge_coins(*first, others.to_vec());
        }
        let amount = self.tx.pure(&amount);
        self.tx.split_coins(*first, vec![amount]).pop().ok_or(BuildError::NoCoins)
    }

    fn finish(mut self, terms: &Terms, gas: &[ObjectReference]) -> Result<Transaction, BuildError> {
        self.tx.set_sender(terms.sender);
        self.tx.set_gas_price(terms.gas_price);
        self.tx.set_gas_budget(terms.gas_budget);
        self.tx.add_gas_objects(gas.iter().map(owned));
        Ok(self.tx.try_build()?)
    }
}

fn owned(object: &ObjectReference) -> ObjectInput {
    ObjectInput::owned(*object.object_id(), object.version(), *object.digest())
}
