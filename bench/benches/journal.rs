//! What it costs to append a block to the journal and have it on the disk: synced each, as at low rates.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::path::PathBuf;
use std::sync::Arc;
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::journal::{Journal, JournalConfig};
use suiftly_ingest::source::Source;
use suiftly_schema::time::UnixMillis;

const LINE_BYTES: usize = 250;
/// Two files' worth is kept: what is appended has been used before, as in a journal that has run for a while.
const SEGMENT_BYTES: u64 = 64 << 20;

/// Below the target directory, on a disk as the journal's would be. Removed at the end.
struct Place(PathBuf);

impl Place {
    fn make(name: &str) -> Self {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("journal-{name}-{}", std::process::id()));
        Self(dir)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn append(c: &mut Criterion) {
    let mut group = c.benchmark_group("journal append");
    for (size, block_bytes) in [("64 KiB", 64 << 10), ("1 MiB", 1 << 20)] {
        for (files, spare_segments) in [("growing", 0), ("used again", 2)] {
            group.throughput(Throughput::Bytes(block_bytes as u64));
            group.bench_function(format!("{size}, synced, files {files}"), |b| {
                let place = Place::make(files);
                let config = JournalConfig {
                    segment_bytes: SEGMENT_BYTES,
                    keep_bytes: SEGMENT_BYTES,
                    compress_level: 0,
                    spare_segments,
                    ..JournalConfig::default()
                };
                let (journal, recovery) = Journal::open(&place.0, config).expect("the journal opens");
                let (mut epoch, mut start) = (recovery.last_epoch + 1, recovery.end);
                b.iter(|| {
                    let block = Arc::new(filled(block_bytes).seal(epoch, UnixMillis(1), start));
                    (epoch, start) = (epoch + 1, block.end);
                    journal.append(block).expect("the writer lives");
                    journal.progress().wait_durable(epoch - 1).expect("the disk takes it");
                    journal.release_through(epoch - 1);
                });
            });
        }
    }
    group.finish();
}

fn filled(block_bytes: usize) -> BlockBuilder {
    let mut builder = BlockBuilder::default();
    let line = [b'x'; LINE_BYTES];
    while builder.len_bytes() + LINE_BYTES < block_bytes {
        builder.push(&Source::File, UnixMillis(1), &line).expect("the block has room");
    }
    builder
}

criterion_group!(journal, append);
criterion_main!(journal);
