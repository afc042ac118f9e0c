//! How far an owner's transaction is, by what two nodes have of it.

use super::kept::Standing;
use super::{Owner, Owners, OwnersError, Progress, told};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_sui::{Digest, Executed, Outcome};

impl Owners {
    /// How far a transaction of an owner's is; `None`: there is none, or it is somebody else's.
    pub async fn progress(
        &self,
        owner: &Owner,
        digest: &str,
        now: UnixMillis,
    ) -> Result<Option<Progress>, OwnersError> {
        let Some(named) = digest.parse::<Digest>().ok().filter(|parsed| parsed.to_string() == digest) else {
            return Ok(None);
        };
        let standing = self.kept.lock().standing(owner.customer, digest, now);
        let found = match self.pair.executed(&named).await {
            Ok(found) => found,
            Err(doubt) => {
                return match standing {
                    Standing::Unknown => Err(told(&doubt)),
                    Standing::Waiting => Ok(Some(Progress::Waiting)),
                    Standing::Sent { .. } => Ok(Some(Progress::Pending)),
                };
            }
        };
        match found.value {
            Some(executed) if standing == Standing::Unknown && !self.is_of(&executed, owner) => Ok(None),
            Some(executed) if executed.checkpoint.is_some() => Ok(Some(self.judge(&executed))),
            Some(_) => Ok(Some(Progress::Pending)),
            None => self.not_there(owner.customer, standing, found.head.epoch, now).await,
        }
    }

    /// What is said of a transaction that neither node has. One that was handed on is handed on again.
    async fn not_there(
        &self,
        customer: CustomerId,
        standing: Standing,
        epoch: u64,
        now: UnixMillis,
    ) -> Result<Option<Progress>, OwnersError> {
        match standing {
            Standing::Unknown => Ok(None),
            Standing::Waiting => Ok(Some(Progress::Waiting)),
            Standing::Sent { until_epoch } if epoch > until_epoch => {
                Ok(Some(Progress::Failed { cause: "The network did not take it in time.".to_owned() }))
            }
            Standing::Sent { .. } => {
                let again = self.kept.lock().again(customer, now);
                if let Some(signed) = again {
                    self.hand_on(customer, &signed).await?;
                }
                Ok(Some(Progress::Pending))
            }
        }
    }

    /// Whether it did something to the owner's account.
    fn is_of(&self, executed: &Executed, owner: &Owner) -> bool {
        executed.events.iter().any(|event| {
            let entry = self.contract.entry(&event.type_, &event.contents);
            entry.is_ok_and(|entry| entry.is_some_and(|entry| entry.owner.to_string() == owner.wallet))
        })
    }

    fn judge(&self, executed: &Executed) -> Progress {
        let cause = match self.contract.outcome(executed.effects.status()) {
            Outcome::Done => return Progress::Confirmed,
            Outcome::Refused(abort) => abort.to_string(),
            Outcome::Used => "It was done before.".to_owned(),
            Outcome::Spent { cause } | Outcome::Ours { cause } | Outcome::Denied { cause, .. } => cause,
        };
        Progress::Failed { cause }
    }
}
