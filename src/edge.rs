//! `suiftly edge`: keeps the gateways of this machine on the grant set. It needs neither the database nor a running
//! `suiftly up`: what it has not, it waits for.

use crate::cli::{EdgeArgs, EdgeCommand};
use crate::commands::unless_broken_pipe;
use crate::config::Config;
use crate::guards;
use crate::secrets;
use crate::up::stop_signal;
use anyhow::Context;
use data_encoding::BASE64URL_NOPAD;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use suiftly_api::operator_token_sha256;
use suiftly_edge::edge;
use suiftly_schema::vault::PublicKeys;

/// What an edge's token begins with, so that one that leaked is known for what it is.
const EDGE_TOKEN_PREFIX: &str = "sed_";
/// How often files are looked for that `suiftly up` has not made yet.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often it is looked whether other keys may sign.
const KEYS_LOOK_EVERY: Duration = Duration::from_secs(1);

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
    guards::check_edge(&config)?;
    let stop = stop_signal()?;
    tokio::pin!(stop);
    let ready = tokio::select! {
        () = &mut stop => return Ok(()),
        ready = ready(&config, data_dir) => ready?,
    };
    let keys_file = config.edge.vault_keys(data_dir);
    let following = tokio::spawn(follow_keys(keys_file, ready.trusted.clone(), KEYS_LOOK_EVERY));
    let ended = edge::run(ready, stop).await;
    following.abort();
    ended?;
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

/// Believes whom the file names, as it changes: a new key is there before anything is signed by it. It never ends.
async fn follow_keys(path: PathBuf, trusted: PublicKeys, every: Duration) {
    let mut refused = None;
    loop {
        tokio::time::sleep(every).await;
        let read = std::fs::read_to_string(&path).map_err(anyhow::Error::from);
        match read.and_then(|text| Ok(PublicKeys::parse(&text)?)) {
            Ok(fresh) if fresh == trusted => refused = None,
            Ok(fresh) => {
                tracing::info!(keys = ?fresh.marks(), "other keys may sign the vault from now on");
                trusted.replace(&fresh);
            }
            Err(error) => {
                let why = error.to_string();
                if refused.as_ref() != Some(&why) {
                    tracing::error!(why, "{} cannot be used: the keys of before stay", path.display());
                    refused = Some(why);
                }
            }
        }
    }
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
    use suiftly_schema::vault::SigningKeys;

    #[test]
    fn a_token_has_one_shape() {
        assert_eq!(edge_token([0xff; 32]), "sed___________________________________________8");
    }

    #[tokio::test]
    async fn it_believes_whom_its_file_names_now() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault-public-keys");
        let keys = |id: u8| SigningKeys::parse(&format!("{id} {}", format!("{id:02x}").repeat(32))).unwrap().public();
        let trusted = keys(1);
        std::fs::write(&path, keys(1).text()).unwrap();
        let following = tokio::spawn(follow_keys(path.clone(), trusted.clone(), Duration::from_millis(5)));
        std::fs::write(&path, "nonsense").unwrap();
        std::fs::write(dir.path().join("fresh"), keys(2).text()).unwrap();
        std::fs::rename(dir.path().join("fresh"), &path).unwrap();
        let arrived = async {
            while trusted != keys(2) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), arrived).await.unwrap();
        following.abort();
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
