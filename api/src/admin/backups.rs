//! Backups, as the process that makes them shows them.

use crate::app::App;
use crate::params::parse_none;
use crate::pipeline::BackupLive;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::time::UnixMillis;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The backups.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Backups {
    /// Whether this process makes them: nobody is named whom they could be encrypted for, else.
    pub is_scheduled: bool,
    /// How often one is made, in seconds; null if none is.
    pub every_s: Option<u64>,
    /// When one is late, in seconds after the one before; null if none is made.
    pub late_after_s: Option<u64>,
    /// The latest first, at most 100.
    pub items: Vec<Backup>,
}

/// A backup.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Backup {
    /// Its file's name.
    pub file: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The last epoch that the database in it has.
    pub watermark: u64,
    /// The first epoch of the journal in it.
    pub first_epoch: u64,
    /// The last one.
    pub last_epoch: u64,
    /// When that was cut; null of an empty journal.
    #[schema(format = DateTime)]
    pub last_cut_at: Option<String>,
    /// Whether secrets are in it.
    pub has_secrets: bool,
    /// Its file's length.
    pub bytes: u64,
    /// Its file's SHA-256, in hexadecimal.
    pub sha256: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl From<BackupLive> for Backup {
    fn from(of: BackupLive) -> Self {
        Self {
            file: of.file,
            created_at: of.created_at.rfc3339(),
            watermark: of.watermark,
            first_epoch: of.first_epoch,
            last_epoch: of.last_epoch,
            last_cut_at: of.last_cut_at.map(UnixMillis::rfc3339),
            has_secrets: of.has_secrets,
            bytes: of.bytes,
            sha256: of.sha256,
            took_ms: of.took_ms,
        }
    }
}

/// The backups that are kept, the latest first, and how often one is made. To have one made now, ask for a run of the job
/// `backup`.
#[utoipa::path(get, path = "/backups", operation_id = "list_backups", tag = "operation",
    responses((status = 200, body = Backups), GuardedProblems)
)]
async fn list(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<Backups>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let live = app.parts.pipeline.live().backups;
    Ok(Json(Backups {
        is_scheduled: live.is_some(),
        every_s: live.as_ref().map(|live| live.every_s),
        late_after_s: live.as_ref().map(|live| live.late_after_s),
        items: live.into_iter().flat_map(|live| live.items).map(Backup::from).collect(),
    }))
}
