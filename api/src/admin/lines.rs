//! HAProxy's own messages, out of the store.

use super::asked::{PageFields, PageQuery, pair};
use super::records::{SpanQuery, span};
use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::admin::{SystemLine, SystemPlace, SystemQuery};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The span of messages unless it says otherwise, and at most: as long as they are kept.
const MESSAGES_MS: i64 = 86_400_000;
const MESSAGES_MAX_MS: i64 = 8 * MESSAGES_MS;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(system_logs))
}

/// Of which gateway.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct ServerQuery {
    /// Of this gateway alone.
    #[param(minimum = -32_768, maximum = 32_767)]
    server_id: Option<i32>,
}

/// A page of HAProxy's messages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SystemLogPage {
    /// The latest first.
    pub items: Vec<SystemLogItem>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A message of HAProxy's own.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SystemLogItem {
    /// When it was written, else received.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The gateway, where it is known.
    pub server_id: Option<i16>,
    /// The text.
    pub message: String,
    /// How many equal messages of one instant it stands for.
    pub count: i32,
}

impl From<&SystemLine> for SystemLogItem {
    fn from(line: &SystemLine) -> Self {
        let (timestamp, message) = (line.timestamp.rfc3339(), line.message.clone());
        Self { timestamp, server_id: line.server_id, message, count: line.count }
    }
}

/// HAProxy's own messages (a server that goes down, a reload), the latest first.
#[utoipa::path(get, path = "/system-logs", tag = "operation", params(SpanQuery, ServerQuery, PageQuery), responses(
    (status = 200, body = SystemLogPage),
    GuardedProblems,
))]
async fn system_logs(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<SystemLogPage>, Problem> {
    let mut fields = Fields::read_named(&query.unwrap_or_default(), &["from", "to", "server_id", "cursor", "limit"]);
    let (from, to) = span(&mut fields, app.parts.clock.now(), (MESSAGES_MS, MESSAGES_MAX_MS));
    let server_id = fields.parsed("server_id", |text| text.parse().ok(), "must be a gateway's number, -32768 to 32767");
    let place = |text: &str| {
        let (timestamp, shown) = pair(text)?;
        Some(SystemPlace { timestamp: UnixMillis(timestamp), shown })
    };
    let (after, limit) = (fields.cursor(place), fields.limit());
    let query = fields.finish(SystemQuery { server_id, from, to, after, limit: limit + 1 })?;
    let lines = app.parts.accounts.store.system_lines(&query).await?;
    let has_more = lines.len() > limit as usize;
    let shown = &lines[..lines.len().min(limit as usize)];
    let next_cursor = if has_more { place_after(shown, after) } else { None };
    Ok(Json(SystemLogPage { items: shown.iter().map(SystemLogItem::from).collect(), next_cursor }))
}

/// Where the page after these begins: messages have no number, so those of the last instant are counted, with those of
/// the pages before.
fn place_after(shown: &[SystemLine], before: Option<SystemPlace>) -> Option<String> {
    let last = shown.last()?.timestamp;
    let here = shown.iter().rev().take_while(|line| line.timestamp == last).count();
    let earlier = before.filter(|place| place.timestamp == last && here == shown.len()).map_or(0, |place| place.shown);
    Some(format!("{}.{}", last.0, here + earlier as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> UnixMillis {
        UnixMillis::parse_rfc3339("2026-11-22T10:00:00Z").unwrap()
    }

    #[test]
    fn the_place_after_a_page_counts_the_messages_of_its_last_instant() {
        let line = |ms| SystemLine { timestamp: now().plus_ms(ms), server_id: None, message: String::new(), count: 1 };
        let at = |ms: i64, shown| SystemPlace { timestamp: now().plus_ms(ms), shown };
        let of = |ms: i64, shown| Some(format!("{}.{shown}", now().plus_ms(ms).0));
        let cases = [
            (vec![2, 1, 1], None, of(1, 2)),
            // All of them of the instant that the page before ended in.
            (vec![1, 1], Some(at(1, 2)), of(1, 4)),
            (vec![1, 0], Some(at(1, 2)), of(0, 1)),
            (vec![], Some(at(1, 2)), None),
        ];
        for (shown, before, expected) in cases {
            let lines: Vec<_> = shown.iter().map(|ms| line(*ms)).collect();
            assert_eq!(place_after(&lines, before), expected, "{shown:?}");
        }
    }
}
