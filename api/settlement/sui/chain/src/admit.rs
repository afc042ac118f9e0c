//! What a transaction has to be before it is executed. What is refused here has no effects, and costs nothing.

use crate::machine::{GAS_UNITS, withdrawn_from};
use crate::state::Chain;
use std::collections::{BTreeMap, BTreeSet};
use sui_crypto::{SuiVerifier as _, UserSignatureVerifier};
use sui_sdk_types::{
    Address, Input, Object, ObjectReference, Owner, SharedInput, StructTag, Transaction, TransactionExpiration,
    TransactionKind, TypeTag, UserSignature,
};

/// 50 SUI: no transaction may cost more.
const BUDGET_MAX: u64 = 50_000_000_000;

/// Why a transaction is not executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// As it is, it never will be, or not in this epoch.
    #[error("{0}")]
    Invalid(String),
    /// It names what is not there, or not yet.
    #[error("{0}")]
    Unknown(String),
}

fn invalid<T>(cause: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Invalid(cause.into()))
}

/// Checks that everybody who has to has signed, and nobody else.
pub(crate) fn check_signatures(transaction: &Transaction, signatures: &[UserSignature]) -> Result<(), Refusal> {
    let expected = BTreeSet::from([transaction.sender, transaction.gas_payment.owner]);
    if signatures.len() != expected.len() {
        return invalid(format!("{} signatures instead of {}", signatures.len(), expected.len()));
    }
    let mut signers = BTreeSet::new();
    for signature in signatures {
        let signer = signature.derive_addresses().find(|address| expected.contains(address));
        let Some(signer) = signer else { return invalid("a signature is of nobody who has to sign") };
        if UserSignatureVerifier::new().verify_transaction(transaction, signature).is_err() {
            return invalid(format!("the signature of {signer} is not valid"));
        }
        signers.insert(signer);
    }
    if signers == expected { Ok(()) } else { invalid("a signature is missing") }
}

/// What a transaction asks for out of address balances: its withdrawals, and gas that no coin pays for.
pub(crate) fn reserved(transaction: &Transaction) -> BTreeMap<(Address, TypeTag), i128> {
    let mut sums: BTreeMap<_, i128> = BTreeMap::new();
    if let TransactionKind::ProgrammableTransaction(program) = &transaction.kind {
        for input in &program.inputs {
            if let Input::FundsWithdrawal(withdrawal) = input
                && let (Some(owner), Some(amount)) = (withdrawn_from(transaction, withdrawal), withdrawal.amount())
            {
                *sums.entry((owner, withdrawal.coin_type().clone())).or_default() += i128::from(amount);
            }
        }
    }
    let gas = &transaction.gas_payment;
    if gas.objects.is_empty() {
        *sums.entry((gas.owner, StructTag::sui().into())).or_default() += i128::from(gas.budget);
    }
    sums
}

impl Chain {
    /// Checks a transaction against the chain as it is.
    pub(crate) fn admit(&self, transaction: &Transaction) -> Result<(), Refusal> {
        let TransactionKind::ProgrammableTransaction(program) = &transaction.kind else {
            return invalid("only programmable transactions are taken");
        };
        self.check_expiration(transaction)?;
        self.check_gas(transaction)?;
        let mut seen: BTreeSet<Address> =
            transaction.gas_payment.objects.iter().map(|object| *object.object_id()).collect();
        let mut is_twice = seen.len() < transaction.gas_payment.objects.len();
        for input in &program.inputs {
            let id = self.check_input(transaction, input)?;
            is_twice |= id.is_some_and(|id| !seen.insert(id));
        }
        if is_twice { invalid("an object is named twice") } else { Ok(()) }
    }

    fn check_expiration(&self, transaction: &Transaction) -> Result<(), Refusal> {
        let epoch = self.epoch();
        let has_coins = !transaction.gas_payment.objects.is_empty();
        let (first, last) = match &transaction.expiration {
            TransactionExpiration::None if has_coins => (0, u64::MAX),
            TransactionExpiration::Epoch(last) if has_coins => (0, *last),
            TransactionExpiration::None | TransactionExpiration::Epoch(_) => {
                return invalid("gas out of an address balance wants an expiration by ValidDuring");
            }
            TransactionExpiration::ValidDuring {
                min_epoch: Some(first),
                max_epoch: Some(last),
                min_timestamp: None,
                max_timestamp: None,
                chain,
                ..
            } if last.checked_sub(*first).is_some_and(|epochs| epochs <= 1) => {
                if *chain != self.id() {
                    return invalid("the transaction is another chain's");
                }
                (*first, *last)
            }
            _ => return invalid("the expiration is none that is taken here"),
        };
        if (first..=last).contains(&epoch) {
            Ok(())
        } else {
            invalid(format!("the transaction is valid in epochs {first} to {last}, and this is {epoch}"))
        }
    }

    fn check_gas(&self, transaction: &Transaction) -> Result<(), Refusal> {
        let gas = &transaction.gas_payment;
        if gas.price < self.genesis.gas_price {
            return invalid(format!("the gas price is below the reference of {}", self.genesis.gas_price));
        }
        let least = gas.price.saturating_mul(GAS_UNITS);
        if !(least..=BUDGET_MAX).contains(&gas.budget) {
            return invalid(format!("the gas budget is not from {least} to {BUDGET_MAX}"));
        }
        let mut sum = if gas.objects.is_empty() { self.funds(gas.owner, &StructTag::sui().into()) } else { 0 };
        for reference in &gas.objects {
            let object = self.check_owned(reference, gas.owner)?;
            let coin = sui_sdk_types::framework::Coin::try_from_object(object);
            let Some(coin) = coin.filter(|coin| *coin.coin_type() == TypeTag::from(StructTag::sui())) else {
                return invalid(format!("{} is no coin of SUI", reference.object_id()));
            };
            sum = sum.saturating_add(coin.balance());
        }
        if sum >= gas.budget { Ok(()) } else { invalid(format!("{sum} MIST for gas is less than the budget")) }
    }

    /// Answers the object that an input is, if it is one.
    fn check_input(&self, transaction: &Transaction, input: &Input) -> Result<Option<Address>, Refusal> {
        match input {
            Input::Pure(_) => Ok(None),
            Input::ImmutableOrOwned(reference) => {
                self.check_owned(reference, transaction.sender).map(|object| Some(object.object_id()))
            }
            Input::Shared(shared) => self.check_shared(shared).map(Some),
            Input::Receiving(reference) => self.check_version(reference).map(|object| Some(object.object_id())),
            Input::FundsWithdrawal(withdrawal) => match withdrawn_from(transaction, withdrawal) {
                Some(_) => Ok(None),
                None => invalid("funds are withdrawn from the sender or the sponsor alone"),
            },
            _ => invalid("an input is of an unknown kind"),
        }
    }

    fn check_owned(&self, reference: &ObjectReference, owner: Address) -> Result<&Object, Refusal> {
        let object = self.check_version(reference)?;
        if *object.owner() == Owner::Address(owner) {
            Ok(object)
        } else {
            invalid(format!("{} is not owned by {owner}", reference.object_id()))
        }
    }

    fn check_version(&self, reference: &ObjectReference) -> Result<&Object, Refusal> {
        let id = reference.object_id();
        let Some(object) = self.object(*id) else { return Err(Refusal::Unknown(format!("there is no object {id}"))) };
        if (object.version(), object.digest()) == (reference.version(), *reference.digest()) {
            Ok(object)
        } else {
            invalid(format!("{id} has version {}, not {}", object.version(), reference.version()))
        }
    }

    fn check_shared(&self, shared: &SharedInput) -> Result<Address, Refusal> {
        let id = shared.object_id();
        match self.object(id).map(Object::owner) {
            Some(Owner::Shared(version)) if *version == shared.version() => Ok(id),
            Some(_) => invalid(format!("{id} was not shared at version {}", shared.version())),
            None => Err(Refusal::Unknown(format!("there is no object {id}"))),
        }
    }
}
