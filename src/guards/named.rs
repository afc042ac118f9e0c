//! The files that a configuration names: they are there, they hold what they should, and secrets are nobody else's.

use super::{Verdict, certificates};
use crate::config::{Config, EscrowBackend, Notify};
use crate::{secrets, sources};
use anyhow::Context;
use std::path::Path;
use suiftly_schema::vault::PublicKeys;

pub(super) fn look(config: &Config, verdict: &mut Verdict) {
    pairs(config, verdict);
    passwords(config, verdict);
    operator_key(config, verdict);
    edge(config, verdict);
    formats(config, verdict);
    web(config, verdict);
}

pub(super) fn pairs(config: &Config, verdict: &mut Verdict) {
    let Config { ingest, admin, edge, .. } = config;
    for (keys, certificate, key) in [
        (("ingest.tls_certificate", "ingest.tls_key"), &ingest.tls_certificate, &ingest.tls_key),
        (("admin.tls_certificate", "admin.tls_key"), &admin.tls_certificate, &admin.tls_key),
        (("edge.repair_certificate", "edge.repair_key"), &edge.repair_certificate, &edge.repair_key),
    ] {
        if let (Some(certificate), Some(key)) = (certificate, key) {
            certificates::pair(keys, certificate, key, verdict);
        }
    }
    for (key, authority) in
        [("ingest.tls_client_ca", &ingest.tls_client_ca), ("edge.ca", &edge.ca), ("edge.repair_ca", &edge.repair_ca)]
    {
        if let Some(path) = authority {
            certificates::read(key, path, verdict);
        }
    }
}

/// Each in a file that only its owner can read, with something in it.
fn passwords(config: &Config, verdict: &mut Verdict) {
    let Config { notify, firehose, edge, .. } = config;
    let named = [
        ("notify.smtp_password_file", &notify.smtp_password_file),
        ("firehose.password_file", &firehose.password_file),
        ("firehose.token_file", &firehose.token_file),
        ("edge.token_file", &edge.token_file),
    ];
    for (key, path) in named {
        verdict.refused.note(path.as_deref().map_or(Ok(()), password).context(key));
    }
}

/// It signs charges: nobody else may read it.
fn operator_key(config: &Config, verdict: &mut Verdict) {
    if config.billing.escrow == EscrowBackend::Sui {
        verdict.refused.note(config.billing.sui.key());
    }
}

fn password(path: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(!secrets::read(path)?.is_empty(), "{} is empty", path.display());
    Ok(())
}

fn edge(config: &Config, verdict: &mut Verdict) {
    let Some(path) = &config.edge.vault_keys else { return };
    let read = || PublicKeys::parse(&std::fs::read_to_string(path)?).map_err(anyhow::Error::from);
    let cannot = || format!("edge.vault_keys: cannot read the public keys in {}", path.display());
    verdict.refused.note(read().with_context(cannot));
}

/// Formats are compiled and their maps read, as at a start; who sends mail is made, too.
pub(super) fn formats(config: &Config, verdict: &mut Verdict) {
    verdict.refused.note(sources::decode_config(config));
    // Its password's file is told above.
    let notify = Notify { smtp_user: None, smtp_password_file: None, ..config.notify.clone() };
    verdict.refused.note(notify.mailer());
}

fn web(config: &Config, verdict: &mut Verdict) {
    let page = config.api.web_dir.join("index.html");
    let missing = format_args!("api.web_dir: there is no {}: no dashboard is served", page.display());
    verdict.noted.unless(page.is_file(), missing);
}
