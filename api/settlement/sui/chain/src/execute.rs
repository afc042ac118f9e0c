//! Steps of the chain: transactions, and what the system does.

use crate::admit::{Refusal, check_signatures};
use crate::machine::{Machine, Settled, failure};
use crate::objects::Content;
use crate::rules::bytes;
use crate::state::{Chain, Executed};
use sui_sdk_types::{
    Address, Argument, Command, Digest, ExecutionError, ExecutionStatus, GasPayment, Identifier, Input, MoveCall,
    Owner, ProgrammableTransaction, StructTag, Transaction, TransactionExpiration, TransactionKind, TypeTag,
    UserSignature,
};

impl Chain {
    /// Executes a transaction, once: what was executed before is answered as it was then.
    pub fn execute(&mut self, transaction: &Transaction, signatures: &[UserSignature]) -> Result<Executed, Refusal> {
        if let Some(executed) = self.check(transaction, signatures)? {
            return Ok(executed);
        }
        let digest = transaction.digest();
        let settled = self.run(transaction, digest);
        let executed = self.conclude(transaction.clone(), signatures.to_vec(), digest, settled);
        self.cut_each();
        Ok(executed)
    }

    /// Whether a transaction may be executed now. Answers it if it was.
    pub(crate) fn check(
        &self,
        transaction: &Transaction,
        signatures: &[UserSignature],
    ) -> Result<Option<Executed>, Refusal> {
        if let Some((_, executed)) = self.find(&transaction.digest()) {
            return Ok(Some(executed.clone()));
        }
        check_signatures(transaction, signatures)?;
        self.admit(transaction)?;
        Ok(None)
    }

    /// What a transaction would come to, with nobody's signature; nothing is changed.
    pub(crate) fn simulate(&self, transaction: &Transaction) -> Result<Executed, Refusal> {
        self.admit(transaction)?;
        let digest = transaction.digest();
        let Settled { effects, events, .. } = self.run(transaction, digest);
        Ok(Executed { transaction: transaction.clone(), signatures: Vec::new(), digest, effects, events })
    }

    /// Gives an address something of a coin out of nowhere: a coin object, or into its address balance. None: it would
    /// have more than there can be.
    pub fn faucet(&mut self, to: Address, coin: &TypeTag, amount: u64, as_coin: bool) -> Option<Digest> {
        self.funds(to, coin).checked_add(amount)?;
        let function = Identifier::from_static(if as_coin { "give_coin" } else { "give_funds" });
        let call = MoveCall {
            package: Address::TWO,
            module: Identifier::from_static("faucet"),
            function,
            type_arguments: vec![coin.clone()],
            arguments: vec![Argument::Input(0), Argument::Input(1)],
        };
        // The last input tells one gift from the next.
        let inputs = [bytes(&to), bytes(&amount), bytes(&(self.executed.len() as u64))].map(Input::Pure).to_vec();
        let program = ProgrammableTransaction { inputs, commands: vec![Command::MoveCall(call)] };
        let kind = TransactionKind::ProgrammableSystemTransaction(program);
        let digest = self.system(kind, |machine: &mut Machine<'_>| {
            if as_coin {
                let id = machine.fresh_id();
                let content = Content::Coin { id, value: amount };
                machine.put(id, StructTag::coin(coin.clone()), Owner::Address(to), content);
            } else {
                machine.add_funds(to, coin, amount.into());
            }
        });
        self.cut_each();
        Some(digest)
    }

    /// A transaction of the system's own.
    pub(crate) fn system(&mut self, kind: TransactionKind, act: impl FnOnce(&mut Machine<'_>)) -> Digest {
        let gas_payment = GasPayment { objects: Vec::new(), owner: Address::ZERO, price: 1, budget: 0 };
        let expiration = TransactionExpiration::None;
        let transaction = Transaction { kind, sender: Address::ZERO, gas_payment, expiration };
        let digest = transaction.digest();
        let mut machine = Machine::begin(self, &transaction, digest);
        act(&mut machine);
        let settled = machine.settle(ExecutionStatus::Success);
        self.conclude(transaction, Vec::new(), digest, settled);
        digest
    }

    /// Where a command fails, or gas does not do, all that happens is that gas is paid.
    fn run(&self, transaction: &Transaction, digest: Digest) -> Settled {
        let begin = || Machine::begin(self, transaction, digest);
        let mut machine = begin();
        let status = machine.run();
        if status != ExecutionStatus::Success {
            return begin().settle(status);
        }
        let settled = machine.settle(status);
        if settled.is_over_budget {
            return begin().settle(failure(ExecutionError::InsufficientGas, None));
        }
        settled
    }

    fn conclude(
        &mut self,
        transaction: Transaction,
        signatures: Vec<UserSignature>,
        digest: Digest,
        settled: Settled,
    ) -> Executed {
        let Settled { effects, events, changes, .. } = settled;
        let executed = Executed { transaction, signatures, digest, effects, events };
        self.commit(executed.clone(), changes);
        executed
    }
}
