//! How one signs in at this server, and what it says of itself: what pages need to know before anybody is known.

use crate::app::App;
use crate::deployment::{EscrowKind, SuiDeployment};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn open_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sign_in_config))
}

/// How one signs in here, and what this deployment says of itself.
#[derive(Debug, Serialize, ToSchema)]
struct SignInConfig {
    /// Any signature is taken: a development or test server.
    mock: bool,
    /// The domain that stands in the message to sign.
    domain: String,
    /// What the deployment is called.
    #[schema(required = true)]
    name: Option<String>,
    /// Who holds customers' funds.
    escrow: EscrowWord,
    /// The contract, where the escrow is one on Sui.
    #[schema(required = true)]
    sui: Option<SuiView>,
    /// Where a transaction is looked at: `{digest}` in it stands for the digest.
    #[schema(required = true, example = "https://suiscan.xyz/mainnet/tx/{digest}")]
    explorer_tx_url: Option<String>,
    /// Who helps.
    support: SupportView,
}

/// Who helps; `null` where there is nobody.
#[derive(Debug, Serialize, ToSchema)]
struct SupportView {
    /// Whom to write to.
    #[schema(required = true)]
    email: Option<String>,
    /// Where to look.
    #[schema(required = true)]
    url: Option<String>,
}

/// The escrow contract on Sui: what a page compares a transaction with before the wallet signs it.
#[derive(Debug, Serialize, ToSchema)]
struct SuiView {
    /// What wallets call the chain, after `sui:`: `mainnet`, `testnet`, `devnet` or `localnet`.
    #[schema(example = "mainnet")]
    network: &'static str,
    /// The package whose functions are called.
    package: String,
    /// The house: accounts' ids are derived from it.
    house: String,
    /// The coin, as a type.
    #[schema(example = "0xdba34672e30cb065b1f93e3ab55318768fd6fef66c15942c9f7cb846e2f900e7::usdc::USDC")]
    coin: String,
    /// Units of the coin in a cent.
    #[schema(value_type = i64)]
    units_per_cent: u64,
}

impl From<&SuiDeployment> for SuiView {
    fn from(sui: &SuiDeployment) -> Self {
        let SuiDeployment { network, package, house, coin, units_per_cent } = sui.clone();
        Self { network, package, house, coin, units_per_cent }
    }
}

/// Who holds customers' funds.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EscrowWord {
    /// A ledger of the deployment's own: deposits and withdrawals are requests to it.
    Embedded,
    /// A contract on Sui: deposits and withdrawals are transactions that the wallet signs.
    Sui,
}

/// How one signs in at this server, and what it says of itself.
#[utoipa::path(get, path = "/auth/config", tag = "sign-in", security(()), responses(
    (status = 200, body = SignInConfig),
))]
async fn sign_in_config(State(app): State<App>) -> Json<SignInConfig> {
    let (mode, deployment) = (&app.parts.accounts.mode, &app.deployment);
    Json(SignInConfig {
        mock: mode.mock_auth,
        domain: mode.domain.clone(),
        name: deployment.name.clone(),
        escrow: match deployment.escrow {
            EscrowKind::Embedded => EscrowWord::Embedded,
            EscrowKind::Sui => EscrowWord::Sui,
        },
        sui: deployment.sui.as_ref().map(SuiView::from),
        explorer_tx_url: deployment.explorer_tx_url.clone(),
        support: SupportView { email: deployment.support_email.clone(), url: deployment.support_url.clone() },
    })
}
