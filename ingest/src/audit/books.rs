//! The price books that a journal carries: each was told before it took effect, among the lines.

use super::{JournalDirs, RecountError};
use crate::journal::{FIRST_EPOCH, JournalReader};
use crate::source::Source;
use suiftly_schema::ids::Epoch;
use suiftly_schema::price::PriceBook;
use suiftly_schema::reference::{Entity, ReferenceChange};

/// Books that a journal carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldBooks {
    /// In the order in which they were told.
    pub books: Vec<PriceBook>,
    /// Whether the journal is kept from its first block on: then there are no others.
    pub is_whole: bool,
}

/// The books told before an epoch, as far back as the journal is kept. Lines are passed over. Damage is, too: a book
/// that stood in it is not found.
pub fn told_books(dirs: &JournalDirs, before: Epoch) -> Result<ToldBooks, RecountError> {
    let mut told = ToldBooks::default();
    let mut first = None;
    let mut blocks = JournalReader::of_all(&dirs.journal, dirs.archive.as_deref(), None)?;
    for block in &mut blocks {
        let block = block?;
        first = first.or(Some(block.epoch));
        if block.epoch >= before {
            break;
        }
        let of_outbox = block.frames().filter(|frame| frame.source == Source::Outbox);
        for change in of_outbox.filter_map(|frame| serde_json::from_slice::<ReferenceChange>(frame.bytes).ok()) {
            match change.entity {
                Entity::PriceBook(book) if !told.books.contains(&book) => told.books.push(book),
                _ => {}
            }
        }
    }
    told.is_whole = blocks.lost().is_nothing() && first.is_none_or(|first| first == FIRST_EPOCH);
    Ok(told)
}
