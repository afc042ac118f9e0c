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
    /// What wallets and pages have to know of the contract, where the escrow is one on Sui.
    pub sui: Option<SuiDeployment>,
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

/// The escrow contract on Sui, as pages name it. All of it is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiDeployment {
    /// What wallets call the chain: `mainnet`, `testnet`, `devnet` or `localnet`.
    pub network: &'static str,
    /// The package that is called.
    pub package: String,
    /// The house.
    pub house: String,
    /// The coin that the house takes, as a type.
    pub coin: String,
    /// Units of the coin in a cent.
    pub units_per_cent: u64,
}
