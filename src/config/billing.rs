//! `[billing]`: who charges, and who holds the money.

use super::{Problems, Sui};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use suiftly_api::SuiDeployment;
use suiftly_settlement::owners::Owners;

/// `[billing]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Billing {
    /// Whether this process may be the manager: it charges, renews subscriptions, closes months. Of several processes on
    /// one database one is.
    pub(crate) manager: bool,
    /// Whether the manager makes what bills are proven by: it reads the journal once more, beside ingest, and closes a month
    /// when its records come to its hours.
    pub(crate) proofs: bool,
    /// Who holds customers' funds: embedded (a ledger in the database, without a chain), sui (the contract on Sui, see
    /// billing.sui). A database stays with the one that it began with.
    pub(crate) escrow: EscrowBackend,
    /// Whether the embedded escrow may hold funds in production: deposits are then what operators say they are.
    pub(crate) embedded_in_production: bool,
    /// Faults that the escrow is to have; in development and tests alone.
    pub(crate) mock_escrow: Option<String>,
    /// The escrow contract on Sui, where it holds the funds.
    pub(crate) sui: Sui,
}

/// `billing.escrow`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EscrowBackend {
    /// A ledger of our own, in the database.
    Embedded,
    /// The contract on Sui.
    Sui,
}

impl Default for Billing {
    fn default() -> Self {
        Self {
            manager: true,
            proofs: true,
            escrow: EscrowBackend::Embedded,
            embedded_in_production: false,
            mock_escrow: None,
            sui: Sui::default(),
        }
    }
}

impl Billing {
    /// What pages are told of the contract, where the escrow is one on Sui. Where something is missing the check says so.
    pub(super) fn sui_deployment(&self) -> Option<SuiDeployment> {
        let contract = (self.escrow == EscrowBackend::Sui).then(|| self.sui.contract().ok()).flatten()?;
        Some(SuiDeployment {
            network: self.sui.network.word(),
            package: contract.package.to_string(),
            house: contract.house.id.to_string(),
            coin: contract.coin.to_string(),
            units_per_cent: contract.cent,
        })
    }

    /// Who makes the transactions that owners sign, where the escrow is on Sui. Has to be called within a tokio runtime.
    pub(crate) fn owners(&self) -> anyhow::Result<Option<Arc<Owners>>> {
        let Self { escrow: EscrowBackend::Sui, sui, .. } = self else { return Ok(None) };
        Ok(Some(Arc::new(Owners::new(sui.contract()?, sui.pair()?, sui.gas_budget))))
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if self.escrow == EscrowBackend::Sui {
            self.sui.check(problems);
        }
    }
}
