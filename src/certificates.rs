//! Certificates as files: what they hold, and until when.

use anyhow::Context as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;
use suiftly_schema::time::UnixMillis;
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate};

/// From when, and until when, a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) from: UnixMillis,
    pub(crate) until: UnixMillis,
}

/// Those of a PEM file; at least one.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = std::fs::read(path).context("cannot read it")?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.unwrap_or_default();
    anyhow::ensure!(!certificates.is_empty(), "there is no certificate in it: it must be PEM");
    Ok(certificates)
}

/// `None` if it is no certificate.
pub(crate) fn validity(der: &[u8]) -> Option<Validity> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let times = certificate.validity();
    Some(Validity { from: unix_millis(times.not_before), until: unix_millis(times.not_after) })
}

/// Within what our times can say: 9999-12-31 means that there is no end.
fn unix_millis(time: ASN1Time) -> UnixMillis {
    UnixMillis(time.timestamp().saturating_mul(1_000).clamp(UnixMillis::MIN.0, UnixMillis::MAX.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn made(from: i32, until: i32) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["suiftly.test".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 2, 3), date_time_ymd(until, 11, 24));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn the_times_are_those_that_it_was_made_with() {
        for until in [2002, 2049, 2050, 2999] {
            let Validity { from, until: end } = validity(&made(2001, until)).unwrap();
            assert_eq!(
                (from.rfc3339(), end.rfc3339()),
                ("2001-02-03T00:00:00Z".to_owned(), format!("{until}-11-24T00:00:00Z"))
            );
        }
        assert_eq!(validity(&made(1960, 9999)).unwrap(), Validity { from: UnixMillis::MIN, until: UnixMillis::MAX });
    }

    #[test]
    fn what_is_cut_is_no_certificate() {
        let whole = made(2001, 2049);
        for length in 0..whole.len() {
            assert_eq!(validity(&whole[..length]), None, "{length}");
        }
        for cut in [&[0x30][..], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x30, 2, 0x30, 0]] {
            assert_eq!(validity(cut), None);
        }
    }
}
