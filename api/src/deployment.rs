//! What a deployment says of itself to its customers: what it is called, where its services are reached, who helps.

use std::collections::BTreeMap;
use suiftly_schema::ids::{Network, Service};

/// What a transaction's digest stands for in [`Deployment::explorer_tx_url`].
pub const DIGEST_PLACE: &str = "{digest}";

/// What a deployment says of itself. All of it is public.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// What it is called.
    pub name: Option<String>,
    /// Where services are reached.
    pub endpoints: BTreeMap<(Service, Network), String>,
    /// Who holds customers' funds.
    pub escrow: EscrowKind,
    /// Where a transaction is looked at, with [`DIGEST_PLACE`] in it.
    pub explorer_tx_url: Option<String>,
    /// Whom customers write to.
    pub support_email: Option<String>,
    /// Where customers find help.
    pub support_url: Option<String>,
}

/// Who holds customers' funds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EscrowKind {
    /// A ledger of the deployment's own.
    #[default]
    Embedded,
    /// A contract on Sui.
    Sui,
}
