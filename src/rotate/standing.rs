//! How each keyring stands, and what would be next.

use super::ring_file::RingFile;
use super::server::ids_of;
use super::{Bench, say};
use crate::secrets;
use crate::table::{Side, table};

const RINGS: [(&str, &str); 4] = [
    ("jwt", secrets::JWT_KEYS),
    ("at-rest", secrets::AT_REST_KEYS),
    ("vault", secrets::VAULT_KEYS),
    ("signing", secrets::VAULT_SIGNING_KEYS),
];

pub(super) async fn tell(bench: &Bench) -> anyhow::Result<()> {
    let in_force = bench.server()?.secrets().await?;
    let mut rows = Vec::new();
    for (what, name) in RINGS {
        let ring = bench.ring(name)?;
        let taken_over = in_force.as_ref().map(|secrets| ids_of(secrets, name) == ring.ids());
        rows.push(row(what, &ring, taken_over));
    }
    let head = ["WHAT", "KEY", "OLD", "NEW", "SERVER", "NEXT"].map(|title| (title, Side::Left));
    say(table(&head, &rows).trim_end())
}

fn row(what: &str, ring: &RingFile, taken_over: Option<bool>) -> Vec<String> {
    let none = || "-".to_owned();
    let old: Vec<_> = ring
        .old()
        .iter()
        .map(|(id, retired)| match retired {
            Some(at) => format!("{id} (until {})", at.rfc3339()),
            None => id.to_string(),
        })
        .collect();
    let server = match taken_over {
        Some(true) => "has them",
        Some(false) => "has others",
        None => "does not run",
    };
    let next = match (ring.announced(), old.is_empty()) {
        (None, true) => none(),
        _ => format!("suiftly rotate {what} --finish"),
    };
    let old = if old.is_empty() { none() } else { old.join(", ") };
    let new = ring.announced().map_or_else(none, |id| id.to_string());
    vec![what.to_owned(), ring.current().to_string(), old, new, server.to_owned(), next]
}
