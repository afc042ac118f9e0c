//! Tells the API what the board says. Nothing waits for it: a report that fails is followed by a newer one.

use super::board::Board;
use super::now;
use crate::http::Http;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::fleet::{EdgeReport, REPORT_EVERY_MS};
use suiftly_schema::vault::PublicKeys;

/// The reports' place behind the API's address.
pub const REPORT_PATH: &str = "/api/v1/edge/report";
/// Between two reports at least: what was applied in the meantime is one report.
const REPORT_GAP: Duration = Duration::from_millis(50);

pub(super) async fn report_for_ever(http: Http, board: Arc<Board>, trusted: PublicKeys) {
    let every = Duration::from_millis(REPORT_EVERY_MS);
    let mut trouble = None;
    loop {
        let failed = post(&http, &board, &trusted).await.err();
        match &failed {
            Some(error) if trouble.as_ref() != Some(error) => {
                tracing::warn!("the API is not told how gateways fare: {error}");
            }
            None if trouble.is_some() => tracing::info!("the API is told again how gateways fare"),
            _ => {}
        }
        // Whoever is not heard does not shout.
        let gap = if failed.is_some() { every } else { REPORT_GAP };
        trouble = failed;
        tokio::time::sleep(gap).await;
        let _ = tokio::time::timeout(every.saturating_sub(gap), board.urgent.notified()).await;
    }
}

async fn post(http: &Http, board: &Board, trusted: &PublicKeys) -> Result<(), String> {
    let report = EdgeReport { trusts: trusted.marks(), ..board.report(now()) };
    let report = serde_json::to_vec(&report).map_err(|error| error.to_string())?;
    http.post(REPORT_PATH, report).await.map(|_| ()).map_err(|error| error.to_string())
}
