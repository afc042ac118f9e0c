//! Whose lines: of the only journal; in a cluster of one of those that it takes lines from, known by its ingester's name.

use super::{QuarantineRows, store_problem};
use crate::app::App;
use crate::problem::{FieldError, Problem};
use std::sync::Arc;
use suiftly_store::reader::LineJournal;

/// The lines of one journal.
pub(crate) struct OfJournal {
    pub(crate) rows: Arc<dyn QuarantineRows>,
    /// Its ingester's name, in a cluster.
    pub(super) name: Option<String>,
    /// Its id, in a cluster.
    pub(super) id: Option<String>,
}

/// Those of the journal that is named; without a name each journal's.
pub(crate) async fn asked(app: &App, name: Option<&str>) -> Result<Vec<OfJournal>, Problem> {
    if name.is_some() { Ok(vec![to_look_at(app, name).await?.0]) } else { each(app).await }
}

/// Each journal's.
async fn each(app: &App) -> Result<Vec<OfJournal>, Problem> {
    let quarantine = &app.parts.quarantine;
    let journals = quarantine.journals().await.map_err(store_problem)?;
    if journals.is_empty() {
        return Ok(vec![OfJournal { rows: Arc::clone(quarantine), name: None, id: None }]);
    }
    let of = |LineJournal { journal_id, name, .. }: LineJournal| OfJournal {
        rows: quarantine.of_journal(&journal_id),
        name: Some(name),
        id: Some(journal_id),
    };
    Ok(journals.into_iter().map(of).collect())
}

/// Those of the journal that is named; with the names of all. Without a name the first's, to look at.
pub(super) async fn to_look_at(app: &App, name: Option<&str>) -> Result<(OfJournal, Vec<String>), Problem> {
    let all = each(app).await?;
    let names: Vec<_> = all.iter().filter_map(|of| of.name.clone()).collect();
    let found = all.into_iter().find(|of| name.is_none() || of.name.as_deref() == name);
    found.map(|of| (of, names.clone())).ok_or_else(|| unnamed(&names))
}

/// Those of the journal that is named, to change them: where there are several, one must be.
pub(super) async fn to_change(app: &App, name: Option<&str>) -> Result<OfJournal, Problem> {
    let (of, names) = to_look_at(app, name).await?;
    if name.is_none() && names.len() > 1 { Err(unnamed(&names)) } else { Ok(of) }
}

fn unnamed(names: &[String]) -> Problem {
    let must_be = match names {
        [] => "is for a cluster: this process has one journal".to_owned(),
        names => format!("must be the name of an ingester: {}", names.join(", ")),
    };
    Problem::validation(vec![FieldError::new("journal", must_be)])
}
