//! Certificates as files: whether they are any, whether the key is theirs, and until when they hold.

use super::Verdict;
use crate::certificates::{self, Validity};
use anyhow::Context;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use suiftly_api::{Clock, SystemClock};
use suiftly_schema::time::UnixMillis;

/// Who must renew one should know so long before.
const SOON_MS: i64 = 14 * 24 * 3_600_000;
const READABLE_BY_ALL: u32 = 0o004;

/// A certificate with its chain, and its key.
pub(super) fn pair(keys: (&str, &str), certificate: &Path, key: &Path, verdict: &mut Verdict) {
    let chain = read(keys.0, certificate, verdict);
    let private = verdict.refused.note(read_key(key).with_context(|| format!("{}: {}", keys.1, key.display())));
    if private.is_some() {
        let is_private = key.metadata().is_ok_and(|file| file.mode() & READABLE_BY_ALL == 0);
        let problem = format_args!("{}: everybody can read {}: chmod o-r it", keys.1, key.display());
        verdict.refused.unless(is_private, problem);
    }
    if let (Some(chain), Some(private)) = (chain, private) {
        let provider = rustls::crypto::ring::default_provider();
        let fits = CertifiedKey::from_der(chain, private, &provider).map(drop);
        let cannot = || format!("{} and {} cannot be used together", keys.0, keys.1);
        verdict.refused.note(fits.with_context(cannot));
    }
}

/// Certificates, and how long they hold.
pub(super) fn read(key: &str, path: &Path, verdict: &mut Verdict) -> Option<Vec<CertificateDer<'static>>> {
    let read = certificates::read(path).with_context(|| format!("{key}: {}", path.display()));
    let chain = verdict.refused.note(read)?;
    for certificate in &chain {
        holds(key, path, certificates::validity(certificate), SystemClock.now(), verdict);
    }
    Some(chain)
}

fn read_key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let pem = std::fs::read(path).context("cannot read it")?;
    PrivateKeyDer::from_pem_slice(&pem).ok().context("there is no private key in it: it must be PEM")
}

fn holds(key: &str, path: &Path, validity: Option<Validity>, now: UnixMillis, verdict: &mut Verdict) {
    let shown = path.display();
    let Some(Validity { from, until }) = validity else {
        verdict.refused.add(format_args!("{key}: {shown} holds a certificate that says no time"));
        return;
    };
    let has_begun = from <= now;
    verdict.refused.unless(has_begun, format_args!("{key}: {shown} holds from {} on, not yet", from.rfc3339()));
    let is_past = until < now;
    verdict.refused.unless(!is_past, format_args!("{key}: {shown} has expired on {}: renew it", until.rfc3339()));
    let is_soon = until.0 - now.0 < SOON_MS;
    verdict.noted.unless(is_past || !is_soon, format_args!("{key}: {shown} expires on {}: renew it", until.rfc3339()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn certificate(until: i32) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec!["suiftly.test".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2001, 2, 3), date_time_ymd(until, 11, 24));
        let key = KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap(), key)
    }

    #[test]
    fn what_expires_is_told_before_and_refused_after() {
        let now = UnixMillis::parse_rfc3339("2026-11-20T00:00:00Z").unwrap();
        let day = |text: &str| UnixMillis::parse_rfc3339(&format!("{text}T00:00:00Z")).unwrap();
        for (from, until, refused, noted) in [
            ("2026-01-01", "2027-01-01", 0, 0),
            ("2026-01-01", "2026-12-01", 0, 1),
            ("2026-01-01", "2026-11-19", 1, 0),
            ("2026-11-21", "2027-01-01", 1, 0),
        ] {
            let mut verdict = Verdict::default();
            holds("k", Path::new("/c"), Some(Validity { from: day(from), until: day(until) }), now, &mut verdict);
            assert_eq!(
                (verdict.refused.iter().len(), verdict.noted.iter().len()),
                (refused, noted),
                "{until} {verdict:?}"
            );
        }
    }

    #[test]
    fn a_pair_belongs_together_and_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let ((first, its_key), (_, other_key)) = (certificate(2999), certificate(2999));
        std::fs::write(path("certificate"), first.pem()).unwrap();
        crate::secrets::write_private(&path("key"), its_key.serialize_pem().as_bytes()).unwrap();
        crate::secrets::write_private(&path("other"), other_key.serialize_pem().as_bytes()).unwrap();
        std::fs::write(path("open"), its_key.serialize_pem()).unwrap();
        std::fs::write(path("none"), "hunter2").unwrap();
        for (certificate, key, says) in [
            ("certificate", "key", ""),
            ("certificate", "other", "cannot be used together"),
            ("certificate", "open", "everybody can read"),
            ("none", "key", "there is no certificate in it"),
            ("certificate", "none", "there is no private key in it"),
            ("missing", "key", "missing: cannot read it"),
        ] {
            let mut verdict = Verdict::default();
            pair(("a.tls_certificate", "a.tls_key"), &path(certificate), &path(key), &mut verdict);
            let said = verdict.refused.to_string();
            assert_eq!(verdict.refused.is_empty(), says.is_empty(), "{certificate} {key}: {said}");
            assert!(said.contains(says) && !said.contains("hunter2"), "{certificate} {key}: {said}");
        }
    }
}
