//! What signs access and refresh tokens. Tokens say by which key they are signed, so sessions go on: an access token ends
//! within minutes, and a refresh token is signed by the new key at its next use; one that nobody uses ends after 30 days.

use super::ring_file::RingFile;
use super::server::TakenOver;
use super::{Bench, Bounds, fresh_key, say};
use crate::secrets;
use suiftly_api::auth::REFRESH_S;
use suiftly_api::{Clock, SystemClock};
use suiftly_schema::time::UnixMillis;

/// An old key is kept for as long as the last token that it signed: with what two clocks may be apart, and more.
const KEPT_MS: i64 = (REFRESH_S + 3_600) * 1_000;

pub(super) async fn rotate(bench: &Bench, bounds: Bounds) -> anyhow::Result<()> {
    let (mut ring, now) = (bench.ring(secrets::JWT_KEYS)?, SystemClock.now());
    ring.date(now);
    let mut gone = ring.drop_old(|retired| is_over(retired, now));
    if !bounds.finish {
        let id = ring.announce(fresh_key()?)?;
        ring.promote(id, now);
    }
    if bounds.end_sessions {
        gone.extend(ring.drop_old(|_| true));
    }
    ring.write()?;
    let taken_over = bench.server()?.take_over(&ring).await?;
    if bounds.end_sessions {
        let ended = bench.accounts().await?.revoke_all_sessions(&Bench::act()).await?;
        say(&format!("{ended} sessions are ended: everybody signs in again"))?;
    }
    say(&told(&ring, &gone, taken_over))
}

fn is_over(retired_at: Option<UnixMillis>, now: UnixMillis) -> bool {
    retired_at.is_some_and(|at| at.plus_ms(KEPT_MS) <= now)
}

fn told(ring: &RingFile, gone: &[u16], taken_over: TakenOver) -> String {
    let mut told = match taken_over {
        TakenOver::Yes => format!("tokens are signed by key {}", ring.current()),
        TakenOver::NobodyRuns => {
            format!("no server runs; from its next start tokens are signed by key {}", ring.current())
        }
    };
    if !gone.is_empty() {
        told.push_str(&format!("; taken out: {}", listed(gone)));
    }
    if let Some(last) = ring.old().iter().filter_map(|(_, retired)| *retired).max() {
        let (old, until) = (ring.old().iter().map(|(id, _)| *id).collect::<Vec<_>>(), last.plus_ms(KEPT_MS));
        let until = until.rfc3339();
        told.push_str(&format!(
            "; sessions go on: old {} stays until {until}, then `suiftly rotate jwt --finish` takes it out",
            listed(&old)
        ));
    }
    told
}

fn listed(ids: &[u16]) -> String {
    let ids: Vec<_> = ids.iter().map(u16::to_string).collect();
    format!("key {}", ids.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_key_is_kept_until_the_last_token_that_it_signed_is_over() {
        let retired = UnixMillis(1_800_000_000_000);
        let after = |ms| is_over(Some(retired), retired.plus_ms(ms));
        assert!(!after(0) && !after(REFRESH_S * 1_000) && !after(KEPT_MS - 1) && after(KEPT_MS));
        assert!(!is_over(None, retired), "nobody knows since when it is old");
    }
}
