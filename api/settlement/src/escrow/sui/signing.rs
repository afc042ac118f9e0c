//! Attempts: found among those that were made, or signed and written down.

use super::SuiEscrow;
use super::acting::{Acted, Begun};
use super::alarms::About;
use super::errand::{Errand, Task};
use futures::stream::{self, StreamExt};
use std::collections::HashMap;
use std::fmt::Display;
use suiftly_schema::time::UnixMillis;
use suiftly_store::sui_escrow::{Attempt, AttemptState, Purpose};
use suiftly_sui::{Abort, Address, At, Epoch, Object, SharedRef, Terms};
use tokio::time::Instant;

fn doubt(cause: impl Display) -> Acted {
    Acted::Doubt(cause.to_string())
}

impl SuiEscrow {
    /// The attempt that stands for each errand, of one purpose all; those that have none are signed for. In their order;
    /// where there is none, what is known instead.
    pub(super) async fn begin(&self, errands: &[Errand], at: UnixMillis) -> Result<Vec<Result<Begun, Acted>>, Acted> {
        let Some(purpose) = errands.first().map(Errand::purpose) else { return Ok(Vec::new()) };
        let keys: Vec<&str> = errands.iter().map(|errand| errand.key.as_str()).collect();
        let mut begun: HashMap<String, Result<Begun, Acted>> = HashMap::new();
        let numbers = self.store.last_numbers(purpose, &keys).await.map_err(doubt)?;
        for attempt in self.store.attempts(purpose, &keys).await.map_err(doubt)? {
            // What was closed may be closed again, for what came in since. All else is done once.
            if attempt.state == AttemptState::Live || purpose != Purpose::Close {
                begun.insert(attempt.key.clone(), Ok(Begun { attempt, is_new: false }));
            }
        }
        let mut without = Vec::new();
        for errand in errands.iter().filter(|errand| !begun.contains_key(&errand.key)).collect::<Vec<_>>() {
            match self.holds.check(errand, Instant::now()) {
                Ok(()) => without.push(errand),
                Err(cause) => drop(begun.insert(errand.key.clone(), Err(doubt(cause)))),
            }
        }
        if !without.is_empty() {
            begun.extend(self.sign_all(purpose, &without, &numbers, at).await?);
        }
        let none = || Err(doubt("nothing was signed for it"));
        Ok(errands.iter().map(|errand| begun.get(&errand.key).cloned().unwrap_or_else(none)).collect())
    }

    async fn sign_all(
        &self,
        purpose: Purpose,
        errands: &[&Errand],
        numbers: &HashMap<String, i32>,
        at: UnixMillis,
    ) -> Result<HashMap<String, Result<Begun, Acted>>, Acted> {
        let epoch = &self.epoch().await?;
        let mut signed = Vec::with_capacity(errands.len());
        for &errand in errands {
            let next = numbers.get(&errand.key).map_or(1, |last| last + 1);
            signed.push(async move { (errand.key.clone(), self.sign(errand, epoch, (next, 0), at).await) });
        }
        let signed: Vec<_> = stream::iter(signed).buffered(self.settings.at_once.max(1)).collect().await;
        let mut begun = HashMap::new();
        let mut new = Vec::new();
        for (key, signed) in signed {
            match signed {
                Ok(attempt) => new.push(attempt),
                Err(acted) => drop(begun.insert(key, Err(acted))),
            }
        }
        let live = self.store.begin_attempts(purpose, &new).await.map_err(doubt)?;
        for attempt in live {
            let is_new = new.iter().any(|new| new.digest == attempt.digest);
            begun.insert(attempt.key.clone(), Ok(Begun { attempt, is_new }));
        }
        Ok(begun)
    }

    /// Another attempt, now that the last can do nothing any more.
    pub(super) async fn sign_again(
        &self,
        errand: &Errand,
        last: &Attempt,
        doublings: u32,
        at: UnixMillis,
    ) -> Result<Begun, Acted> {
        let epoch = self.epoch().await?;
        let attempt = self.sign(errand, &epoch, (last.number + 1, doublings), at).await?;
        let digest = attempt.digest.clone();
        let live = self.store.begin_attempts(attempt.purpose, std::slice::from_ref(&attempt)).await;
        let attempt = live.map_err(doubt)?.pop().ok_or_else(|| doubt("nothing was signed for it"))?;
        Ok(Begun { is_new: attempt.digest == digest, attempt })
    }

    async fn epoch(&self) -> Result<At<Epoch>, Acted> {
        let epoch = self.pair.epoch().await.map_err(|nodes| doubt(self.told(&nodes)))?;
        if epoch.value.gas_from_balance {
            self.is_well(|about| *about == About::NoGasFromBalance);
            Ok(epoch)
        } else {
            let cause = "the chain takes no gas from an address balance";
            self.alarm(About::NoGasFromBalance, cause);
            Err(doubt(cause))
        }
    }

    /// Each time it was doubled a transaction may cost twice the price, for twice the gas.
    async fn sign(
        &self,
        errand: &Errand,
        epoch: &At<Epoch>,
        (number, doublings): (i32, u32),
        at: UnixMillis,
    ) -> Result<Attempt, Acted> {
        let account = self.shared(errand.account).await.map_err(doubt)?.ok_or(Acted::NoAccount)?;
        if let Task::Release { request } = errand.task
            && !self.waits(errand.account, request).await.map_err(doubt)?
        {
            return Err(Acted::Refused(Abort::NoRequest));
        }
        let terms = Terms {
            sender: self.key.address(),
            gas_price: epoch.value.gas_price << doublings,
            gas_budget: self.settings.gas_budget << (2 * doublings),
            epoch: epoch.value.number,
            chain: epoch.head.chain,
            salt: salt(),
        };
        let built = self.contract.build(&errand.act(account), &terms).map_err(doubt)?;
        let signed = self.key.sign(built).map_err(doubt)?;
        let (transaction, signature) = signed.to_bytes().map_err(doubt)?;
        Ok(Attempt {
            digest: signed.digest.to_string(),
            purpose: errand.purpose(),
            key: errand.key.clone(),
            number,
            account: errand.account.to_string(),
            transaction,
            signature,
            epoch: i64::try_from(epoch.value.number).map_err(doubt)?,
            state: AttemptState::Live,
            made_at: at,
        })
    }

    /// How transactions name an account; `None`: there is none. It never changes.
    pub(super) async fn shared(&self, account: Address) -> Result<Option<SharedRef>, String> {
        let known = self.shared.lock().get(&account).copied();
        if known.is_some() {
            return Ok(known);
        }
        let Some(object) = self.object(account).await? else { return Ok(None) };
        let shared = self.contract.account(&object).map_err(|error| error.to_string())?.at;
        self.shared.lock().insert(account, shared);
        Ok(Some(shared))
    }

    /// Whether a withdrawal still waits. Its owner can take it back at any time, and its entry comes later.
    async fn waits(&self, account: Address, request: u64) -> Result<bool, String> {
        let Some(object) = self.object(account).await? else { return Ok(false) };
        let waiting = self.contract.waiting(&object).map_err(|error| error.to_string())?;
        Ok(waiting.contains(&request))
    }

    async fn object(&self, id: Address) -> Result<Option<Object>, String> {
        Ok(self.pair.object(id).await.map_err(|doubt| self.told(&doubt))?.value)
    }
}

/// Tells attempts apart that are the same in everything else.
fn salt() -> u32 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    u32::from_le_bytes(bytes)
}
