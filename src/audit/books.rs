//! The price books that a bill was computed by, beside those that the journal carries. The first is no journal's: it is
//! published with the program.

use super::check::{Outcome, Source, Step};
use std::collections::BTreeMap;
use suiftly_ingest::audit::{Recount, RecountError};
use suiftly_schema::bill::BillInputs;
use suiftly_schema::ids::Epoch;
use suiftly_schema::price::{PriceBook, PriceBooks};

/// A step a book, or one if all is well.
pub(super) fn steps(inputs: &BillInputs, of_journals: &[(Source, Option<Recount>)]) -> Vec<Step> {
    match told(of_journals) {
        Ok((told, is_whole)) => compare(inputs, &told, is_whole),
        Err(error) => vec![Step::new("books", Outcome::Failed, format!("the price books cannot be compared: {error}"))],
    }
}

/// Every book that the journals carry, and whether they are kept from their first blocks on.
fn told(of_journals: &[(Source, Option<Recount>)]) -> Result<(Vec<PriceBook>, bool), RecountError> {
    let (mut books, mut is_whole): (BTreeMap<u32, PriceBook>, bool) = (BTreeMap::new(), true);
    for (source, counted) in of_journals {
        let before = counted.as_ref().map_or(Epoch::MAX, |counted| counted.first_epoch);
        let earlier = source.journals.told_books(before)?;
        is_whole &= earlier.is_whole;
        let counted = counted.as_ref().map_or(&[][..], |counted| &counted.books);
        for book in earlier.books.iter().chain(counted) {
            // The first that was told: one told again with another content was refused.
            books.entry(book.version).or_insert_with(|| book.clone());
        }
    }
    Ok((books.into_values().collect(), is_whole))
}

fn compare(inputs: &BillInputs, told: &[PriceBook], is_whole: bool) -> Vec<Step> {
    let mut published = PriceBooks::v1();
    for book in told.iter().filter(|book| book.version > 1) {
        // The running system refused what did not fit, too.
        let _ = published.publish(book.clone());
    }
    let mut steps = Vec::new();
    for book in &inputs.books {
        let version = book.version;
        let (outcome, says) = match published.version(version) {
            Some(carried) if carried == book => continue,
            Some(_) if version == 1 => (Outcome::Differs, "is not the one that was published".to_owned()),
            Some(_) => (Outcome::Differs, "is not the one that the journal carries".to_owned()),
            None if is_whole => (Outcome::Differs, "is not in the journal, which is whole".to_owned()),
            None => (Outcome::Unconfirmed, "is not in what is kept of the journal: it was told before".to_owned()),
        };
        steps.push(Step::new("books", outcome, format!("price book {version} {says}")));
    }
    let in_force = in_force(&published, told, inputs);
    for version in in_force.iter().filter(|version| !inputs.books.iter().any(|book| book.version == **version)) {
        let says =
            format!("price book {version} was in force in the month, by the journal, and the bill does not know it");
        steps.push(Step::new("books", Outcome::Differs, says));
    }
    if steps.is_empty() {
        let versions: Vec<_> = inputs.books.iter().map(|book| book.version.to_string()).collect();
        let says = format!("the price books (version {}) are those that were published", versions.join(", "));
        steps.push(Step::new("books", Outcome::Holds, says));
    }
    steps
}

/// The versions of the books in force in hours of the month. Without the first blocks of a journal the one at the month's
/// beginning is known only if it was told in what is kept.
fn in_force(published: &PriceBooks, told: &[PriceBook], inputs: &BillInputs) -> Vec<u32> {
    let (start, end) = (inputs.month.start(), inputs.month.end());
    let first = published.in_force(start).version;
    let known_first = first > 1 || inputs.books.iter().all(|book| published.version(book.version).is_some());
    let within = told.iter().filter(|book| start < book.effective_from && book.effective_from < end);
    let within = within.map(|book| book.version).filter(|version| published.version(*version).is_some());
    known_first.then_some(first).into_iter().chain(within).collect()
}
