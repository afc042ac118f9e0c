//! `suiftly edge`: keeps the gateways of this machine on the grant set. It needs neither the database nor a running
//! `suiftly up`: what it has not, it waits for.

use crate::cli::{EdgeArgs, EdgeCommand};
use crate::commands::unless_broken_pipe;
use crate::config::Config;
use crate::secrets;
use crate::up::stop_signal;
use anyhow::Context;
use data_encoding::BASE64URL_NOPAD;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;
use suiftly_api::operator_token_sha256;
use suiftly_edge::edge;
use suiftly_schema::vault::PublicKeys;

/// What an edge's token begins with, so that one that leaked is known for what it is.
const EDGE_TOKEN_PREFIX: &str = "sed_";
/// How often files are looked for that `suiftly up` has not made yet.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(crate) async fn edge(args: EdgeArgs) -> anyhow::Result<()> {
    match args.command {
        Some(EdgeCommand::Token) => token(),
        None => run(&args.data_dir, args.config.as_deref()).await,
    }
}

/// The token of these bytes, which nobody can guess.
pub(crate) fn edge_token(bytes: [u8; 32]) -> String {
    format!("{EDGE_TOKEN_PREFIX}{}", BASE64URL_NOPAD.encode(&bytes))
}

fn token() -> anyhow::Result<()> {
    let token = edge_token(secrets::random()?);
    let told = format!(
        "the edge's token, for the file edge.token_file (chmod 600), shown this once:\n{token}\n\
         what the publisher's [[gateway]] knows it by:\ntoken_sha256 = \"{}\"\n",
        operator_token_sha256(&token)
    );
    unless_broken_pipe(io::stdout().lock().write_all(told.as_bytes()).context("cannot write"))
}

/// Runs until a signal, which leaves HAProxy as it is.
async fn run(data_dir: &Path, config: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::read(config)?;
    let stop = stop_signal()?;
    tokio::pin!(stop);
    let ready = tokio::select! {
        () = &mut stop => return Ok(()),
        ready = ready(&config, data_dir) => ready?,
    };
    edge::run(ready, stop).await?;
    tracing::info!("the edge has ended; HAProxy goes on with what it has");
    Ok(())
}

/// The configuration with what its files hold, once they are there.
async fn ready(config: &Config, data_dir: &Path) -> anyhow::Result<edge::EdgeConfig> {
    let (token_file, keys_file) = (config.edge.token_file(data_dir), config.edge.vault_keys(data_dir));
    for path in [&token_file, &keys_file] {
        await_content(path).await;
    }
    let token = secrets::read(&token_file)?;
    let cannot = || format!("cannot read the vault's public keys in {}", keys_file.display());
    let trusted = PublicKeys::parse(&std::fs::read_to_string(&keys_file).with_context(cannot)?).with_context(cannot)?;
    config.edge(data_dir, &token, trusted)
}

/// Files are made and then written.
async fn await_content(path: &Path) {
    let mut is_told = false;
    while !path.metadata().is_ok_and(|file| file.len() > 0) {
        if !is_told {
            tracing::info!("waiting for {}, which `suiftly up` makes", path.display());
            is_told = true;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_shape() {
        assert_eq!(edge_token([0xff; 32]), "sed___________________________________________8");
    }

    #[tokio::test]
    async fn it_waits_for_its_files_and_refuses_what_they_should_not_hold() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::default();
        let waiting = tokio::spawn({
            let (config, dir) = (config.clone(), dir.path().to_owned());
            async move { ready(&config, &dir).await }
        });
        tokio::task::yield_now().await;
        std::fs::write(dir.path().join("vault-public-keys"), "nonsense").unwrap();
        secrets::write_private(&dir.path().join("edge-token"), b"sed_x").unwrap();
        let error = format!("{:#}", waiting.await.unwrap().unwrap_err());
        assert!(error.contains("vault-public-keys") && error.contains("line 1"), "{error}");
    }
}
