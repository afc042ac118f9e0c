//! Certificates: until when they are good.

use super::Ground;
use super::finding::Finding;
use crate::disk::duration_text;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_schema::time::UnixMillis;

/// A certificate that ends sooner should have been renewed: certbot does so 30 days before.
const SOON_DAYS: i64 = 21;
const DAY_MS: i64 = 24 * 3_600_000;

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;

pub(super) fn check(ground: &Ground) -> Vec<Finding> {
    let config = &ground.config;
    let named =
        [&config.admin.tls_certificate, &config.ingest.tls_certificate, &config.ingest.tls_client_ca, &config.edge.ca];
    let now = SystemClock.now();
    let of = |path: &Path| judge(path, earliest(path), now);
    named.into_iter().flatten().map(|path| of(path)).collect()
}

fn judge(path: &Path, ends: Result<UnixMillis, String>, now: UnixMillis) -> Finding {
    const CHECK: &str = "certificate";
    let shown = path.display();
    let ends = match ends {
        Ok(ends) => ends,
        Err(error) => {
            return Finding::wrong(
                CHECK,
                format!("{shown}: {error}"),
                "name a PEM file that holds the certificate and its chain",
            );
        }
    };
    let left = ends.0.saturating_sub(now.0);
    let text = duration_text(Duration::from_millis(left.unsigned_abs()));
    match left {
        ..=0 => Finding::wrong(
            CHECK,
            format!("{shown} ended {text} ago"),
            "renew it (certbot renew) and restart what serves it",
        ),
        left if left < SOON_DAYS * DAY_MS => {
            let seen = format!("{shown} ends in {text}, on {}", ends.rfc3339());
            Finding::look(CHECK, seen, "renew it; see why nothing did by itself (systemctl list-timers certbot.timer)")
        }
        _ => Finding::fine(CHECK, format!("{shown} is good for {text}")),
    }
}

/// When the first of a file's certificates ends.
fn earliest(path: &Path) -> Result<UnixMillis, String> {
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut earliest: Option<UnixMillis> = None;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| format!("it is no certificate: {error}"))?;
        let ends = not_after(&certificate).ok_or("it holds a certificate that cannot be read")?;
        earliest = Some(earliest.map_or(ends, |earliest| earliest.min(ends)));
    }
    earliest.ok_or_else(|| "it holds no certificate".to_owned())
}

/// The end of a certificate's validity: of X.509 that is all we need, and it stands at a fixed place.
fn not_after(der: &[u8]) -> Option<UnixMillis> {
    let (certificate, _) = take(der, SEQUENCE)?;
    let (mut at, _) = take(certificate, SEQUENCE)?;
    if at.first() == Some(&VERSION) {
        at = take(at, VERSION)?.1;
    }
    // Number, signature's algorithm, issuer; then validity: not before, not after.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        at = take(at, tag)?.1;
    }
    let (validity, _) = take(at, SEQUENCE)?;
    let (_, end) = take(validity, *validity.first()?)?;
    let tag = *end.first()?;
    let text = std::str::from_utf8(take(end, tag)?.0).ok()?;
    let century = match (tag, text.as_bytes().first()?) {
        (GENERALIZED_TIME, _) => "",
        (UTC_TIME, b'0'..=b'4') => "20",
        (UTC_TIME, _) => "19",
        _ => return None,
    };
    let digits = format!("{century}{}", text.strip_suffix('Z')?);
    let part = |from: usize, to: usize| digits.get(from..to);
    let (date, time) = (
        format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?),
        format!("{}:{}:{}Z", part(8, 10)?, part(10, 12)?, part(12, 14)?),
    );
    UnixMillis::parse_rfc3339(&format!("{date}T{time}"))
}

/// The content of the value that stands first, if it is of this kind, and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, short], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::super::finding::testing::assert_mark;
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn made(year: i32) -> String {
        let mut params = CertificateParams::new(["logs.example.com".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 3, 4);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    #[test]
    fn the_first_end_of_a_chain_counts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chain.pem");
        for (years, ends) in [
            (vec![2027], "2027-03-04T00:00:00Z"),
            (vec![2055, 2031], "2031-03-04T00:00:00Z"),
            (vec![2055], "2055-03-04T00:00:00Z"),
        ] {
            let chain: String = years.iter().map(|year| made(*year)).collect();
            std::fs::write(&path, chain).unwrap();
            assert_eq!(earliest(&path).unwrap().rfc3339(), ends);
        }
    }

    #[test]
    fn soon_over_and_no_certificate_at_all() {
        let now = UnixMillis(1_795_298_482_000);
        let ends = |days: i64| Ok(now.plus_ms(days * DAY_MS));
        for (ends, mark) in [
            (ends(90), Mark::Fine),
            (ends(20), Mark::Look),
            (ends(0), Mark::Wrong),
            (ends(-3), Mark::Wrong),
            (Err("it holds no certificate".to_owned()), Mark::Wrong),
        ] {
            assert_mark(&judge(Path::new("/c.pem"), ends, now), mark);
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("empty.pem");
        std::fs::write(&path, "nothing\n").unwrap();
        assert_eq!(earliest(&path).unwrap_err(), "it holds no certificate");
        assert!(earliest(&dir.path().join("nowhere")).is_err());
        for cut in [&[][..], &[0x30], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x30, 2, 0x30, 0]] {
            assert_eq!(not_after(cut), None);
        }
    }
}
