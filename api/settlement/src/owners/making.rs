//! An owner's transaction is made: out of what two nodes list of their coins and account, offline, and tried before
//! anybody signs it.

use super::{Coin, Owner, OwnerAct, OwnerOrder, Owners, OwnersError, Unsigned, told};
use suiftly_schema::time::UnixMillis;
use suiftly_sui::{Address, Epoch, ObjectReference, Outcome, OwnAct, Purse, SharedRef, Simulated, Terms, sui, to_bcs};

/// Units of gas that the chain asks for at least.
const GAS_UNITS_MIN: u64 = 1_000;

impl Owners {
    /// The transaction that does what an owner orders, to be signed until then.
    pub(super) async fn make(
        &self,
        owner: &Owner,
        order: OwnerOrder,
        until: UnixMillis,
    ) -> Result<Unsigned, OwnersError> {
        let sender: Address = owner.wallet.parse().map_err(|_| refused("the wallet has no address on Sui"))?;
        let (act, amount) = self.act(owner, sender, order).await?;
        let epoch = self.pair.epoch().await.map_err(|doubt| told(&doubt))?;
        let (chain, epoch) = (epoch.head.chain, epoch.value);
        let (purse, gas_budget) = self.purse(sender, amount, &epoch).await?;
        // Its coins' versions make it the only one of its kind.
        let terms = Terms { sender, gas_price: epoch.gas_price, gas_budget, epoch: epoch.number, chain, salt: 0 };
        let transaction = self.contract.own(&act, &purse, &terms).map_err(refused)?;
        let simulated = self.pair.simulate(&transaction).await.map_err(|doubt| told(&doubt))?.value;
        self.check(&simulated, gas_budget)?;
        Ok(Unsigned {
            digest: transaction.digest().to_string(),
            transaction: to_bcs(&transaction).map_err(refused)?,
            epoch: epoch.number,
            gas_budget,
            gas: simulated.gas,
            until,
        })
    }

    /// What is done on the chain, and how much of the owner's coin that takes: the first act opens the account.
    async fn act(&self, owner: &Owner, sender: Address, order: OwnerOrder) -> Result<(OwnAct, u64), OwnersError> {
        let units = |cents| self.contract.units(cents).ok_or_else(|| refused("that is no amount"));
        let amount = units(order.usd_cents)?;
        let account = self.account(sender).await?;
        Ok(match (order.act, account) {
            (OwnerAct::Deposit, Some(account)) => (OwnAct::Deposit { account, amount }, amount),
            (OwnerAct::Deposit, None) => (OwnAct::Open { first: amount, limit: units(owner.limit_usd_cents)? }, amount),
            (OwnerAct::Limit, Some(account)) => (OwnAct::SetLimit { account, limit: amount }, 0),
            (OwnerAct::Limit, None) => (OwnAct::Open { first: 0, limit: amount }, 0),
            (OwnerAct::Withdraw, Some(account)) => (OwnAct::Request { account, amount }, 0),
            (OwnerAct::Withdraw, None) => return Err(OwnersError::NoAccount),
        })
    }

    async fn account(&self, sender: Address) -> Result<Option<SharedRef>, OwnersError> {
        let found = self.pair.object(self.contract.account_id(sender)).await.map_err(|doubt| told(&doubt))?.value;
        let account = found.map(|object| self.contract.account(&object)).transpose().map_err(refused)?;
        Ok(account.map(|account| account.at))
    }

    /// What it is paid with, and what it may cost in gas: as much as was set, or all that the wallet has.
    async fn purse(&self, sender: Address, amount: u64, epoch: &Epoch) -> Result<(Purse, u64), OwnersError> {
        let coins = if amount == 0 { Vec::new() } else { self.funds(sender, amount).await? };
        let in_sui = self.pair.coins(sender, &sui()).await.map_err(|doubt| told(&doubt))?.value;
        let (gas, has) = in_sui.richest(self.gas_budget);
        let least = epoch.gas_price.saturating_mul(GAS_UNITS_MIN);
        if has < least {
            return Err(OwnersError::Short { what: Coin::Gas, has, wanted: least });
        }
        Ok((Purse { coins, gas }, self.gas_budget.min(has)))
    }

    async fn funds(&self, sender: Address, amount: u64) -> Result<Vec<ObjectReference>, OwnersError> {
        let coin = &self.contract.coin;
        let (chosen, sum) = self.pair.coins(sender, coin).await.map_err(|doubt| told(&doubt))?.value.richest(amount);
        if sum >= amount {
            return Ok(chosen);
        }
        let balance = self.pair.balance(sender, coin).await.map_err(|doubt| told(&doubt))?.value;
        let has = balance.in_coins.saturating_add(balance.in_address);
        if has >= amount {
            return Err(OwnersError::Scattered);
        }
        let cents = |units: u64| units / self.contract.cent.max(1);
        Err(OwnersError::Short { what: Coin::Funds, has: cents(has), wanted: cents(amount) })
    }

    /// Refuses what would be refused, before anybody signs it.
    fn check(&self, simulated: &Simulated, gas_budget: u64) -> Result<(), OwnersError> {
        if simulated.lacks_gas() {
            let wanted = gas_budget.saturating_add(1);
            return Err(OwnersError::Short { what: Coin::Gas, has: gas_budget, wanted });
        }
        match self.contract.outcome(&simulated.status) {
            Outcome::Done => Ok(()),
            Outcome::Refused(abort) => Err(refused(abort)),
            Outcome::Used => Err(refused("it was done before")),
            Outcome::Spent { cause } | Outcome::Denied { cause, .. } => Err(refused(cause)),
            // The house, the package or the coin is not as it should be: the owner can do nothing about it.
            Outcome::Ours { cause } => Err(OwnersError::Doubt(cause)),
        }
    }
}

fn refused(cause: impl std::fmt::Display) -> OwnersError {
    OwnersError::Refused(cause.to_string())
}
