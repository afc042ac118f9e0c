//! A record's place: where its line's frame begins in a journal, and in a cluster in which. Several may have a line at
//! one place: what is asked of a record is answered of the one that is meant, or not at all.

use crate::params::Fields;
use crate::problem::{FieldError, Problem};
use suiftly_store::accounts::admin::{RawFilter, RawRecord};
use utoipa::IntoParams;

/// Of which line.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct RecordPlaceQuery {
    /// Of the line whose frame begins here in the journal alone.
    #[param(minimum = 0)]
    journal_offset: Option<i64>,
    /// In a cluster: of the journal with this number alone. It must be given where several have a record at
    /// `journal_offset`; a sum is of all of them. 0: of before there was the cluster.
    #[param(minimum = 0, maximum = 32_767)]
    journal: Option<i32>,
}

/// The names of these fields.
pub(super) const PLACE_FIELDS: [&str; 2] = ["journal_offset", "journal"];

/// Reads them: the place, and the journal's number.
pub(super) fn read_place(fields: &mut Fields) -> (Option<u64>, Option<u16>) {
    let offset = |text: &str| text.parse().ok().filter(|place: &u64| i64::try_from(*place).is_ok());
    let number = |text: &str| text.parse().ok().filter(|number: &u16| i16::try_from(*number).is_ok());
    let offset = fields.parsed("journal_offset", offset, "must be a place in the journal, 0 or more");
    (offset, fields.parsed("journal", number, "must be a journal's number, 0 to 32767"))
}

/// Refuses where a place was named, but not in which journal, and several have it.
pub(super) fn in_one_journal(filter: &RawFilter, found: &[RawRecord]) -> Result<(), Problem> {
    if filter.journal_offset.is_none() || filter.journal_no.is_some() {
        return Ok(());
    }
    let mut numbers: Vec<u16> = found.iter().map(|record| record.journal_no).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() < 2 {
        return Ok(());
    }
    let numbers: Vec<_> = numbers.iter().map(u16::to_string).collect();
    let must_be = format!("must be given: journals {} have a record there", numbers.join(", "));
    Err(Problem::validation(vec![FieldError::new("journal", must_be)]))
}
