//! Backups in words, and for programs.

use super::create::Made;
use super::shelf::{Found, Note};
use super::unpack::Verified;
use crate::table::{Side, table};
use serde_json::json;
use std::path::Path;
use suiftly_schema::time::UnixMillis;

pub(super) fn made(made: &Made) -> String {
    let Made { path, note, removed } = made;
    let mut text = format!(
        "{}\ndatabase at epoch {}, journal {} to {}, {} bytes in {:.1} s, SHA-256 {}\n",
        path.display(),
        note.watermark,
        note.first_epoch,
        note.last_epoch,
        note.bytes,
        note.took_ms as f64 / 1e3,
        note.sha256
    );
    for path in removed {
        text.push_str(&format!("removed {}\n", path.display()));
    }
    text
}

pub(super) fn verified(file: &Path, verified: &Verified) -> String {
    let Verified { manifest, contents } = verified;
    let bytes: u64 = contents.members.iter().map(|member| member.bytes).sum();
    let rows: u64 = manifest.facts.tables.values().map(|table| table.rows).sum();
    format!(
        "{} is whole: {} members of {bytes} bytes, each as it was written\nmade {} of {} ({}), {rows} rows in {} tables, \
         schema {}, at epoch {}; journal {} to {}{}\n",
        file.display(),
        contents.members.len(),
        manifest.created_at.rfc3339(),
        manifest.database,
        manifest.deployment,
        manifest.facts.tables.len(),
        manifest.facts.schema_version,
        manifest.watermark(),
        contents.journal.first_epoch,
        contents.journal.last_epoch,
        if manifest.has_secrets { "" } else { "; without secrets" }
    )
}

pub(super) fn as_json(found: &[Found]) -> String {
    let row = |found: &Found| json!({"path": found.path, "note": found.note});
    found.iter().map(|found| format!("{}\n", row(found))).collect()
}

pub(super) fn as_table(found: &[Found]) -> String {
    if found.is_empty() {
        return "there is no backup\n".to_owned();
    }
    let head = [
        ("made", Side::Left),
        ("database at", Side::Right),
        ("journal to", Side::Right),
        ("cut", Side::Left),
        ("bytes", Side::Right),
        ("secrets", Side::Left),
        ("file", Side::Left),
    ];
    table(&head, &found.iter().map(cells).collect::<Vec<_>>())
}

fn cells(found: &Found) -> Vec<String> {
    let of = |say: fn(&Note) -> String| found.note.as_ref().map_or_else(|| "?".to_owned(), say);
    vec![
        of(|note| note.created_at.rfc3339()),
        of(|note| note.watermark.to_string()),
        of(|note| note.last_epoch.to_string()),
        of(|note| note.last_cut_at.map_or_else(|| "-".to_owned(), UnixMillis::rfc3339)),
        of(|note| note.bytes.to_string()),
        of(|note| if note.has_secrets { "yes" } else { "no" }.to_owned()),
        found.path.display().to_string(),
    ]
}
