//! Tells the API what the board says, and hears what it wants. Nothing waits for it: a report that fails is followed by a
//! newer one.

use super::asked::Asked;
use super::board::Board;
use super::now;
use crate::http::{Http, HttpError};
use hyper::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::fleet::{EdgeReport, REPORT_EVERY_MS, ReportAnswer};
use suiftly_schema::vault::PublicKeys;

/// The reports' place behind the API's address.
pub const REPORT_PATH: &str = "/api/v1/edge/report";
/// Between two reports at least: what was applied in the meantime is one report.
const REPORT_GAP: Duration = Duration::from_millis(50);
/// An answer at most: as many workers and ranges as may be wanted, with room.
const ANSWER_BYTES_MAX: usize = 1 << 20;

pub(super) async fn report_for_ever(http: Http, board: Arc<Board>, asked: Arc<Asked>, trusted: PublicKeys) {
    let every = Duration::from_millis(REPORT_EVERY_MS);
    let mut trouble = None;
    loop {
        let failed = match post(&http, &board, &trusted).await {
            Ok(answer) => {
                asked.answered(answer.wanted);
                None
            }
            Err(error) => Some(error),
        };
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

async fn post(http: &Http, board: &Board, trusted: &PublicKeys) -> Result<ReportAnswer, String> {
    let report = EdgeReport { trusts: trusted.marks(), ..board.report(now()) };
    let report = serde_json::to_vec(&report).map_err(|error| error.to_string())?;
    send(http, report).await.map_err(|error| error.to_string())
}

/// Without a body, nothing is wanted.
async fn send(http: &Http, report: Vec<u8>) -> Result<ReportAnswer, HttpError> {
    let answer = http.post(REPORT_PATH, report).await?;
    if answer.status == StatusCode::NO_CONTENT {
        Ok(ReportAnswer::default())
    } else {
        answer.json(ANSWER_BYTES_MAX).await
    }
}
