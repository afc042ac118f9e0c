//! Certificates as files: whether they are any, whether the key is theirs, and until when they hold.
//!
//! Of a certificate's DER only the two times are read, by a walk of its outer fields: whoever uses it checks the rest.

use super::Verdict;
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

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// A certificate with its chain, and its key.
pub(super) fn pair(keys: (&str, &str), certificate: &Path, key: &Path, verdict: &mut Verdict) {
    let chain = certificates(keys.0, certificate, verdict);
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
pub(super) fn certificates(key: &str, path: &Path, verdict: &mut Verdict) -> Option<Vec<CertificateDer<'static>>> {
    let read = read_certificates(path).with_context(|| format!("{key}: {}", path.display()));
    let certificates = verdict.refused.note(read)?;
    for certificate in &certificates {
        holds(key, path, validity(certificate), SystemClock.now(), verdict);
    }
    Some(certificates)
}

fn read_certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = std::fs::read(path).context("cannot read it")?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.unwrap_or_default();
    anyhow::ensure!(!certificates.is_empty(), "there is no certificate in it: it must be PEM");
    Ok(certificates)
}

fn read_key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let pem = std::fs::read(path).context("cannot read it")?;
    PrivateKeyDer::from_pem_slice(&pem).ok().context("there is no private key in it: it must be PEM")
}

fn holds(key: &str, path: &Path, validity: Option<(UnixMillis, UnixMillis)>, now: UnixMillis, verdict: &mut Verdict) {
    let shown = path.display();
    let Some((from, until)) = validity else {
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

/// From when, and until when.
fn validity(der: &[u8]) -> Option<(UnixMillis, UnixMillis)> {
    let (certificate, _) = field(der, SEQUENCE)?;
    let (mut rest, _) = field(certificate, SEQUENCE)?;
    if let Some((_, after)) = field(rest, VERSION) {
        rest = after;
    }
    // Serial number, algorithm, issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        rest = field(rest, tag)?.1;
    }
    let (times, _) = field(rest, SEQUENCE)?;
    let (from, times) = time(times)?;
    Some((from, time(times)?.0))
}

/// The content of a field of this tag, and what follows it.
fn field(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (head, rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match *head {
        [found, _] if found != tag => return None,
        [_, short @ 0..=0x7f] => (usize::from(short), rest),
        [_, long @ 0x81..=0x84] => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// `YYMMDDHHMMSSZ` of 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
fn time(der: &[u8]) -> Option<(UnixMillis, &[u8])> {
    let (year, digits, rest) = if let Some((text, rest)) = field(der, UTC_TIME) {
        let (year, digits) = std::str::from_utf8(text).ok()?.split_at_checked(2)?;
        let century = if year < "50" { "20" } else { "19" };
        (format!("{century}{year}"), digits, rest)
    } else {
        let (text, rest) = field(der, GENERALIZED_TIME)?;
        let (year, digits) = std::str::from_utf8(text).ok()?.split_at_checked(4)?;
        (year.to_owned(), digits, rest)
    };
    let part = |at: usize| digits.get(at..at + 2);
    let (month, day, hour, minute, second) = (part(0)?, part(2)?, part(4)?, part(6)?, part(8)?);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    // 9999-12-31 says that there is no end.
    let at = UnixMillis::parse_rfc3339(&text).or((year == "9999").then_some(UnixMillis::MAX))?;
    Some((at, rest))
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
    fn the_times_are_those_that_it_was_made_with() {
        for until in [2002, 2049, 2050, 2999] {
            let (from, end) = validity(certificate(until).0.der()).unwrap();
            assert_eq!(
                (from.rfc3339(), end.rfc3339()),
                ("2001-02-03T00:00:00Z".to_owned(), format!("{until}-11-24T00:00:00Z"))
            );
        }
        assert!(validity(certificate(9999).0.der()).is_some());
        let (der, _) = certificate(2049);
        for length in 0..der.der().len().min(100) {
            assert_eq!(validity(&der.der()[..length]), None);
        }
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
            holds("k", Path::new("/c"), Some((day(from), day(until))), now, &mut verdict);
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
