//! The token of the operator `local`: a new one stands beside the file before the database knows it, and in the file right
//! after. Interrupted in between, the next start has the database take the token that stands in the file.

use super::{Bench, say};
use crate::secrets::{self, OPERATOR_TOKEN};
use anyhow::Context;
use suiftly_api::{operator_token, operator_token_sha256};
use suiftly_store::accounts::OperatorRole;

/// The operator whose token stands among the secrets.
const LOCAL_OPERATOR: &str = "local";

pub(super) async fn rotate(bench: &Bench) -> anyhow::Result<()> {
    let path = bench.secrets.file(OPERATOR_TOKEN);
    // It must be there and be ours alone: whoever cannot read it is another account.
    secrets::read(&path)?;
    let (token, fresh) = (operator_token(secrets::random()?), path.with_extension("new"));
    let accounts = bench.accounts().await?;
    secrets::write_private(&fresh, token.as_bytes())?;
    let sha256 = operator_token_sha256(&token);
    accounts.put_operator(LOCAL_OPERATOR, OperatorRole::Admin, &sha256, &Bench::act()).await?;
    std::fs::rename(&fresh, &path).with_context(|| format!("cannot write {}", path.display()))?;
    say(&format!(
        "the operator {LOCAL_OPERATOR} has a new token, in {}; the old one is refused within seconds",
        path.display()
    ))
}
