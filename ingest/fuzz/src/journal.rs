//! Blocks and segments. Whatever stands in the files, reading ends, gives only whole blocks in their order, and gives
//! back unchanged what a checksum vouches for; what was opened once opens again with the same content.
//!
//! Input: a byte that chooses. 0: the rest is a block. 1: the rest is a block's content, given a right header. Else the
//! rest are edits of a sound journal's files, raw ones (2, 3) or with compressed ones and spares among them (4, 5), after
//! which checksums are made right (3, 5) or not (2, 4).

use crate::RECEIVED;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use suiftly_ingest::block::{BLOCK_HEADER_BYTES, Block, BlockBuilder, BlockHeader};
use suiftly_ingest::journal::{Journal, JournalConfig, JournalReader, SEGMENT_HEADER_BYTES};
use suiftly_ingest::source::{Fingerprint, Source};
use tempfile::TempDir;

/// Of a block's header and of a segment's: the last bytes are the checksum of those before (and the payload).
const CRC_BYTES: usize = 4;
const BLOCKS: u64 = 9;
/// Edits of one input.
const EDITS_MAX: usize = 16;
/// How long a journal of a few blocks may take to compress its segments.
const PATIENCE: Duration = Duration::from_secs(20);

/// Small segments, so that the journal has several.
fn config(packed: bool) -> JournalConfig {
    let (compress_level, spare_segments) = if packed { (1, 1) } else { (0, 0) };
    JournalConfig { segment_bytes: 600, compress_level, spare_segments, ..JournalConfig::default() }
}

/// Runs the target.
pub fn check(data: &[u8]) {
    match data {
        [0, bytes @ ..] => whole(bytes.to_vec()),
        [1, head @ ..] if head.len() >= 4 => whole(with_header(head)),
        [choice, edits @ ..] => damaged(*choice & 4 == 4, *choice & 1 == 1, edits),
        [] => {}
    }
}

/// Bytes that may be a block.
fn whole(bytes: Vec<u8>) {
    let _ = BlockHeader::decode(&bytes);
    let Ok(block) = Block::from_bytes(bytes.clone()) else { return };
    assert_eq!(block.bytes(), bytes);
    let mut again = BlockBuilder::default();
    let mut at = block.start;
    for frame in block.frames() {
        assert!(frame.offset > at && frame.offset + frame.bytes.len() as u64 <= block.end);
        at = frame.offset;
        again.push(&frame.source, frame.received_at, frame.bytes).expect("no longer than it was");
    }
    assert_eq!(again.frame_count(), block.frame_count());
    let again = again.seal(block.epoch, block.cut_at, block.start);
    let frames = |block: &Block| {
        block.frames().map(|frame| (frame.source, frame.received_at, frame.bytes.to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(frames(&again), frames(&block));
}

/// Content behind a header that fits it: four bytes choose the number of frames and the start.
fn with_header(content: &[u8]) -> Vec<u8> {
    let (choice, payload) = content.split_at(4);
    let mut block = BlockBuilder::default().seal(7, RECEIVED, u64::from(choice[1]) << (choice[2] % 64)).into_buffer();
    block.extend_from_slice(payload);
    let length = u32::try_from(payload.len()).expect("an input is short");
    block[4..8].copy_from_slice(&length.to_le_bytes());
    block[40..44].copy_from_slice(&u32::from(choice[0]).to_le_bytes());
    make_block_right(&mut block);
    block
}

fn make_block_right(block: &mut [u8]) {
    let (header, payload) = block.split_at_mut(BLOCK_HEADER_BYTES);
    let (checked, crc) = header.split_at_mut(BLOCK_HEADER_BYTES - CRC_BYTES);
    crc.copy_from_slice(&crc32c::crc32c_append(crc32c::crc32c(checked), payload).to_le_bytes());
}

/// A sound journal: its files, and its blocks.
struct Sound {
    files: Vec<(PathBuf, Vec<u8>)>,
    blocks: Vec<Block>,
}

static RAW: LazyLock<Sound> = LazyLock::new(|| sound(false));
static PACKED: LazyLock<Sound> = LazyLock::new(|| sound(true));

fn sound(packed: bool) -> Sound {
    let dir = directory();
    let (journal, recovery) = Journal::open(dir.path(), config(packed)).expect("an empty directory");
    let mut start = recovery.end;
    let mut blocks = Vec::new();
    for epoch in 1..=BLOCKS {
        let block = sound_block(epoch, start, recovery.end);
        start = block.end;
        blocks.push(block.clone());
        journal.append(block.into()).expect("the writer runs");
        journal.progress().wait_durable(epoch).expect("the writer runs");
    }
    let since = Instant::now();
    while packed && compressed(dir.path()) < 2 {
        assert!(since.elapsed() < PATIENCE, "the journal's segments are not compressed");
        std::thread::yield_now();
    }
    drop(journal);
    Sound { files: files(dir.path()), blocks }
}

fn compressed(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).expect("a directory of our own").flatten();
    entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "zst")).count()
}

fn sound_block(epoch: u64, start: u64, synced_end: u64) -> Block {
    let mut builder = BlockBuilder::default();
    let sources = [
        Source::udp((Ipv4Addr::LOCALHOST, 514).into()),
        Source::TlsClient(Fingerprint([7; 16])),
        Source::Quarantine { offset: 9 },
    ];
    for frame in 0..epoch % 4 {
        let source = &sources[(frame % 3) as usize];
        builder
            .push(source, RECEIVED, format!("<134>1 - - haproxy 1 - - line {epoch} {frame}").as_bytes())
            .expect("room");
    }
    builder.seal_after_sync(epoch, RECEIVED, start, if epoch % 2 == 0 { start } else { synced_end })
}

/// In memory where there is a place for it: nothing here is about the disk.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("suiftly-fuzz-").tempdir_in(place).expect("a directory for the journal")
}

fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(dir).expect("a directory of our own");
    let paths = entries.map(|entry| entry.expect("a directory of our own").path());
    let mut files: Vec<_> =
        paths.filter(|path| path.is_file()).map(|path| (path.clone(), std::fs::read(&path).expect("a file"))).collect();
    files.sort();
    files.iter_mut().for_each(|(path, _)| *path = path.file_name().expect("it has a name").into());
    // The lock is empty, and no matter.
    files.retain(|(_, bytes)| !bytes.is_empty());
    files
}

fn damaged(packed: bool, fix: bool, edits: &[u8]) {
    let sound = if packed { &PACKED } else { &RAW };
    let mut files = sound.files.clone();
    for edit in edits.chunks_exact(6).take(EDITS_MAX) {
        apply(edit, &mut files);
    }
    if fix {
        files.iter_mut().zip(&sound.files).for_each(|((_, bytes), (_, sound))| make_file_right(bytes, sound));
    }
    let dir = directory();
    for (name, bytes) in &files {
        std::fs::write(dir.path().join(name), bytes).expect("a directory of our own");
    }
    for from in [1, BLOCKS / 2, BLOCKS + 1] {
        read(dir.path(), from, if fix { &[] } else { &sound.blocks });
    }
    let Ok((journal, recovery)) = Journal::open(dir.path(), config(packed)) else { return };
    drop(journal);
    let (journal, again) = Journal::open(dir.path(), config(packed)).expect("what was opened opens again");
    drop(journal);
    assert_eq!((recovery.last_epoch, recovery.end), (again.last_epoch, again.end));
    assert_eq!(again.dropped_bytes, 0, "a torn tail is cut once");
}

/// One edit: kind, file, place, value.
fn apply(edit: &[u8], files: &mut [(PathBuf, Vec<u8>)]) {
    let [kind, file, place @ .., value, much] = edit else { return };
    let count = files.len();
    let (_, bytes) = &mut files[usize::from(*file) % count];
    let at = usize::from(u16::from_le_bytes([place[0], place[1]])) % (bytes.len() + 1);
    let end = (at + usize::from(*much)).min(bytes.len());
    match kind % 6 {
        0 => bytes.truncate(at),
        1 => bytes[at..end].fill(*value),
        2 => bytes.resize(bytes.len() + usize::from(*much), *value),
        3 => {
            let to = bytes.len() - (end - at);
            bytes.copy_within(at..end, to);
        }
        4 => {
            let part = bytes[at..end].to_vec();
            bytes.extend_from_slice(&part);
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= value;
            }
        }
    }
}

/// Checksums of what begins where a segment's header and its blocks began.
fn make_file_right(bytes: &mut [u8], sound: &[u8]) {
    if let Some(header) = bytes.first_chunk_mut::<SEGMENT_HEADER_BYTES>() {
        let (checked, crc) = header.split_at_mut(SEGMENT_HEADER_BYTES - CRC_BYTES);
        crc.copy_from_slice(&crc32c::crc32c(checked).to_le_bytes());
    }
    let begins = sound.windows(4).enumerate().filter(|(_, four)| *four == b"SFB1").map(|(at, _)| at);
    for at in begins.filter(|at| at + BLOCK_HEADER_BYTES <= bytes.len()).collect::<Vec<_>>() {
        let Ok(header) = BlockHeader::decode(&bytes[at..]) else { continue };
        let length = usize::try_from(header.block_bytes()).expect("it is bounded");
        if let Some(block) = bytes.get_mut(at..at + length) {
            make_block_right(block);
        }
    }
}

/// `ours` are the blocks that it may hold, unless checksums were forged.
fn read(dir: &Path, from: u64, ours: &[Block]) {
    let _ = JournalReader::from_before_end_of(dir, from, 300).map(Iterator::count);
    let Ok(reader) = JournalReader::from_epoch(dir, from) else { return };
    let mut next = from;
    for block in reader {
        let Ok(block) = block else { continue };
        assert!(block.epoch >= next, "out of order");
        next = block.epoch + 1;
        if !ours.is_empty() {
            let at = usize::try_from(block.epoch - 1).expect("an epoch of ours");
            assert_eq!(Some(&block), ours.get(at));
        }
    }
}
