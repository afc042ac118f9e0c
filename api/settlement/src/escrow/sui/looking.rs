//! What nonces have done: by our own rows first, else by the chain. Absence is believed of both nodes alone, at heads that
//! are no older than what was seen.

use super::errand::{address, nonce_bytes};
use super::{SuiEscrow, entries};
use crate::escrow::{EscrowEvent, Nonce};
use suiftly_store::sui_escrow::{AttemptState, Purpose};
use suiftly_sui::{Address, Contract, Executed, Outcome, Signed};

impl SuiEscrow {
    /// The event of a nonce, wherever it is.
    pub(super) async fn find_nonce(&self, nonce: &Nonce) -> Result<Option<EscrowEvent>, String> {
        if let Some(event) = self.store.by_nonces(&[&nonce.0]).await.map_err(|error| error.to_string())?.pop() {
            return Ok(Some(event));
        }
        // What is no nonce, or no account's, has done nothing.
        let Ok(bytes) = nonce_bytes(nonce) else { return Ok(None) };
        if let Some(event) = self.find_attempt(nonce, &bytes).await? {
            return Ok(Some(event));
        }
        let account = self.store.account_of(&nonce.0).await.map_err(|error| error.to_string())?;
        match account.and_then(|account| address(&account).ok()) {
            Some(account) => self.find_field(account, &bytes).await,
            None => Ok(None),
        }
    }

    /// By what was signed for it.
    async fn find_attempt(&self, nonce: &Nonce, bytes: &[u8; 32]) -> Result<Option<EscrowEvent>, String> {
        for purpose in [Purpose::Charge, Purpose::Refund] {
            let attempts = self.store.attempts(purpose, &[&nonce.0]).await.map_err(|error| error.to_string())?;
            for attempt in attempts {
                let signed = Signed::from_bytes(&attempt.transaction, &attempt.signature);
                let digest = signed.map_err(|error| error.to_string())?.digest;
                let found = self.pair.executed(&digest).await.map_err(|doubt| self.told(&doubt))?.value;
                let Some(executed) = found else { continue };
                if executed.checkpoint.is_none() {
                    return Err(format!("transaction {digest} is in no checkpoint yet"));
                }
                if self.contract.outcome(executed.effects.status()) == Outcome::Done {
                    let settled = self.store.settle_attempt(&attempt.digest, &AttemptState::Done).await;
                    settled.map_err(|error| error.to_string())?;
                    return self.event_of(&executed, bytes).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// By the field that the account keeps of it: whoever wrote that last did what it did.
    pub(super) async fn find_field(&self, account: Address, nonce: &[u8; 32]) -> Result<Option<EscrowEvent>, String> {
        let field = self.pair.object(Contract::nonce_id(account, nonce)).await;
        let Some(field) = field.map_err(|doubt| self.told(&doubt))?.value else { return Ok(None) };
        let digest = field.previous_transaction();
        let executed = self.pair.executed(&digest).await.map_err(|doubt| self.told(&doubt))?.value;
        match executed.filter(|executed| executed.checkpoint.is_some()) {
            Some(executed) => self.event_of(&executed, nonce).map(Some),
            None => Err(format!("neither node has transaction {digest}, which has used the nonce")),
        }
    }

    /// What a transaction did by a nonce.
    pub(super) fn event_of(&self, executed: &Executed, nonce: &[u8; 32]) -> Result<EscrowEvent, String> {
        entries::find(&self.contract, executed, |entry| entry.nonce.as_ref() == Some(nonce))
    }
}
