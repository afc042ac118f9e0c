//! Certificates: until when they are good.

use super::Ground;
use super::finding::Finding;
use crate::certificates;
use crate::disk::duration_text;
use anyhow::Context as _;
use std::path::Path;
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_schema::time::UnixMillis;

/// A certificate that ends sooner should have been renewed: certbot does so 30 days before.
const SOON_DAYS: i64 = 21;
const DAY_MS: i64 = 24 * 3_600_000;

pub(super) fn check(ground: &Ground) -> Vec<Finding> {
    let (ingest, edge) = (&ground.config.ingest, &ground.config.edge);
    let served = [&ground.config.admin.tls_certificate, &ingest.tls_certificate, &ingest.tls_client_ca];
    let named = served.into_iter().chain([&edge.ca, &edge.repair_ca, &edge.repair_certificate]);
    named.flatten().map(|path| look(path)).collect()
}

/// Until when those of a file are good.
pub(super) fn look(path: &Path) -> Finding {
    judge(path, earliest(path), SystemClock.now())
}

fn judge(path: &Path, ends: anyhow::Result<UnixMillis>, now: UnixMillis) -> Finding {
    const CHECK: &str = "certificate";
    let shown = path.display();
    let ends = match ends {
        Ok(ends) => ends,
        Err(error) => {
            return Finding::wrong(
                CHECK,
                format!("{shown}: {error:#}"),
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
            "renew it (certbot renew; of a cluster: suiftly cluster certificate) and restart what serves it",
        ),
        left if left < SOON_DAYS * DAY_MS => {
            let seen = format!("{shown} ends in {text}, on {}", ends.rfc3339());
            Finding::look(CHECK, seen, "renew it; see why nothing did by itself (systemctl list-timers certbot.timer)")
        }
        _ => Finding::fine(CHECK, format!("{shown} is good for {text}")),
    }
}

/// When the first of a file's certificates ends.
fn earliest(path: &Path) -> anyhow::Result<UnixMillis> {
    let mut earliest = UnixMillis::MAX;
    for certificate in certificates::read(path)? {
        let validity = certificates::validity(&certificate).context("it holds a certificate that cannot be read")?;
        earliest = earliest.min(validity.until);
    }
    Ok(earliest)
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
            (Err(anyhow::anyhow!("it holds no certificate")), Mark::Wrong),
        ] {
            assert_mark(&judge(Path::new("/c.pem"), ends, now), mark);
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("empty.pem");
        std::fs::write(&path, "nothing\n").unwrap();
        assert!(earliest(&path).unwrap_err().to_string().contains("there is no certificate in it"));
        assert!(earliest(&dir.path().join("nowhere")).is_err());
    }
}
