//! What the fuzz targets once found, so that it stays found. What they found in a parser stands among its own cases.

use std::sync::Arc;
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalReader, SEGMENT_HEADER_BYTES};
use suiftly_ingest::source::Source;
use suiftly_schema::time::UnixMillis;

const CRC_BYTES: usize = 4;
/// Where a segment's header says where in the journal it begins.
const START_AT: std::ops::Range<usize> = 32..40;

/// Its end would lie beyond what 64 bits count.
#[test]
fn a_segment_that_begins_at_the_end_of_all_numbers_is_no_reason_to_panic() {
    let dir = tempfile::tempdir().unwrap();
    let config = || JournalConfig { compress_level: 0, spare_segments: 0, ..JournalConfig::default() };
    let (journal, _) = Journal::open(dir.path(), config()).unwrap();
    let mut block = BlockBuilder::default();
    block.push(&Source::File, UnixMillis(0), b"a line").unwrap();
    journal.append(Arc::new(block.seal(1, UnixMillis(0), 0))).unwrap();
    drop(journal);

    let mut files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let segment = files.find(|path| path.extension().is_some_and(|extension| extension == "sfj")).unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let (header, _) = bytes.split_at_mut(SEGMENT_HEADER_BYTES);
    header[START_AT].fill(0xff);
    let (checked, crc) = header.split_at_mut(SEGMENT_HEADER_BYTES - CRC_BYTES);
    crc.copy_from_slice(&crc32c::crc32c(checked).to_le_bytes());
    std::fs::write(&segment, bytes).unwrap();

    let blocks = JournalReader::from_epoch(dir.path(), 1).map(|reader| reader.flatten().count());
    assert_eq!(blocks.unwrap_or_default(), 0, "the block is not where the header says");
    let reopened = Journal::open(dir.path(), config());
    assert!(reopened.map_or(true, |(_, recovery)| recovery.last_epoch == 0));
}
