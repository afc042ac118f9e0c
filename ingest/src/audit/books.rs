//! What a journal carries among its lines: price books, each told before it took effect, and published formats.

use super::{JournalDirs, RecountError};
use crate::journal::{FIRST_EPOCH, JournalReader};
use crate::source::Source;
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::log_format::PublishedFormat;
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
    told.is_whole = each_change(dirs, before, |change| match change.entity {
        Entity::PriceBook(book) if !told.books.contains(&book) => told.books.push(book),
        _ => {}
    })?;
    Ok(told)
}

/// The published formats as they stood before an epoch, by what is kept of the journal.
pub(crate) fn told_formats(dirs: &JournalDirs, before: Epoch) -> Result<Vec<PublishedFormat>, RecountError> {
    let (mut formats, mut last) = (BTreeMap::new(), 0);
    each_change(dirs, before, |ReferenceChange { seq, entity }| {
        if seq > last
            && let Entity::LogFormat(format) = entity
        {
            formats.insert(format.id, format);
        }
        last = last.max(seq);
    })?;
    Ok(formats.into_values().collect())
}

/// Every reference change before an epoch; answers whether the journal is kept from its first block on, undamaged.
fn each_change(dirs: &JournalDirs, before: Epoch, mut each: impl FnMut(ReferenceChange)) -> Result<bool, RecountError> {
    let mut first = None;
    let mut blocks = JournalReader::of_all(&dirs.journal, dirs.archive.as_deref(), None)?;
    for block in &mut blocks {
        let block = block?;
        first = first.or(Some(block.epoch));
        if block.epoch >= before {
            break;
        }
        let of_outbox = block.frames().filter(|frame| frame.source == Source::Outbox);
        of_outbox.filter_map(|frame| serde_json::from_slice(frame.bytes).ok()).for_each(&mut each);
    }
    Ok(blocks.lost().is_nothing() && first.is_none_or(|first| first == FIRST_EPOCH))
}
