//! A request by chance, out of tens of thousands: proven on its customer's bill, and every byte of its proof changed. Out
//! of ten million it is what `cargo xtask bench proof --lines 10000000` does.

use super::verify;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use suiftly_ingest::audit::JournalDirs;
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::decode::{DecodeConfig, Decoder, Visited};
use suiftly_ingest::journal::{Journal, JournalConfig, JournalId, JournalReader};
use suiftly_ingest::proof::{FindOrder, PartWalk, Step, StepPart, WalkFrom, Wanted, find};
use suiftly_ingest::simulate::{GatewayOptions, Random, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::proof::{
    ChargeRoot, Found, Hash, Hex, InputsTree, Line, MonthProof, Part, ProofFile, SealedPart, make, tree,
};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::is_billable;

/// 2026-11-21T22:00:00Z.
const NOW: UnixMillis = UnixMillis(1_795_298_400_000);
const LINES: u64 = 30_000;
const LINES_A_BLOCK: u64 = 500;
/// They come over three hours, so that each customer has several parts.
const LINES_A_SECOND: u64 = 3;
/// Which request it is; otherwise the clock says.
const SEED: &str = "SUIFTLY_PROOF_SEED";
/// What names an invoice, and charges before and after it: the checksum alone holds these.
const NAMES: [&str; 3] = ["INV-2026-000017", "EvK2:0", "CLoSe1:0"];
/// `,"sum":"`, 64 digits, a quotation mark and a brace.
const ENDING_BYTES: usize = 8 + 64 + 2;

/// A journal of lines that are all different, sealed.
fn sealed(dir: &Path) -> (JournalId, Step) {
    let (journal, recovery) = Journal::open(dir, JournalConfig::default()).unwrap();
    let mut gateway = SimulatedGateway::new(&GatewayOptions { customers: 40, ..GatewayOptions::default() }, NOW);
    let (mut start, mut epoch, mut line) = (recovery.end, 0, Vec::new());
    while epoch < LINES / LINES_A_BLOCK {
        let now = NOW.plus_ms(i64::try_from(epoch * LINES_A_BLOCK * 1_000 / LINES_A_SECOND).unwrap());
        let mut builder = BlockBuilder::default();
        for _ in 0..LINES_A_BLOCK {
            line.clear();
            gateway.line(now, &mut line);
            builder.push(&Source::File, now, &line).unwrap();
        }
        epoch += 1;
        let block = builder.seal(epoch, now, start);
        start = block.end;
        journal.append(Arc::new(block)).unwrap();
    }
    // All of it is written when it is gone.
    drop(journal);
    let journal_id = recovery.journal_id;
    let (since, books, decode) = (UnixMillis::MIN, PriceBooks::v1(), DecodeConfig::LIVE);
    let from = WalkFrom { journal_id, sealed: (0, since), since, whole_from: None, books, decode };
    let step = PartWalk::begin(&JournalDirs::new(dir), &from).unwrap().step(epoch).unwrap().unwrap();
    assert_eq!((step.lines, step.last_epoch), (LINES, epoch));
    (journal_id, step)
}

/// Any record that is billed: its part, and which of the part's it is.
fn any(step: &Step, seed: u64) -> (&StepPart, u64) {
    let mut index = Random::new(seed).below(step.parts.iter().map(|part| part.records.count).sum());
    let is_it = |part: &&StepPart| {
        let is_here = index < part.records.count;
        if !is_here {
            index -= part.records.count;
        }
        is_here
    };
    let part = step.parts.iter().find(is_it).unwrap();
    (part, index)
}

/// The line of a part's record, counted by a decoder of the test's own.
fn line_of(dir: &Path, part: &StepPart, index: u64) -> Wanted {
    let (mut decoder, mut lines) = (Decoder::new(DecodeConfig::LIVE), Vec::new());
    for block in JournalReader::from_epoch(&JournalDirs::new(dir).journal, 1).unwrap() {
        decoder.visit(&block.unwrap(), |visited| {
            if let Visited::Record(record, _) = visited
                && record.customer_id == Some(part.customer_id)
                && record.timestamp.hour() == part.hour
                && is_billable(record.traffic_type, record.status_code)
            {
                lines.push(record.line_id.unwrap());
            }
        });
    }
    assert_eq!(lines.len() as u64, part.records.count);
    let id = lines[usize::try_from(index).unwrap()];
    Wanted::Line { server_id: id.server_id, line: Line { boot: id.boot, seq: id.seq } }
}

/// The parts of a part's customer, and which of them it is.
fn month_of(step: &Step, journal_id: JournalId, of: &StepPart) -> (Vec<SealedPart>, usize) {
    let sealed = |part: &StepPart| SealedPart {
        part: Part {
            account: Part::account_of("0xa1").unwrap(),
            journal: Hex(journal_id.0),
            hour: part.hour,
            first_epoch: step.first_epoch,
            last_epoch: step.last_epoch,
            requests: part.requests,
            bytes: part.bytes,
        },
        records: part.records,
    };
    let parts = step.parts.iter().filter(|part| part.customer_id == of.customer_id);
    let parts: Vec<_> = parts.map(sealed).collect();
    let at = parts.iter().position(|part| part.part.hour == of.hour).unwrap();
    (parts, at)
}

/// The proof of a record, with an invoice of its month, a charge that was made before, and one after.
fn proof(dir: &Path, journal_id: JournalId, step: &Step, (part, index): (&StepPart, u64)) -> ProofFile {
    let order = FindOrder {
        journal_id,
        customer_id: part.customer_id,
        hour: part.hour,
        epochs: step.first_epoch..=step.last_epoch,
        records: part.records,
        subtrees: part.subtrees.clone(),
        wanted: line_of(dir, part, index),
        books: PriceBooks::v1(),
        formats: Vec::new(),
        decode: DecodeConfig::LIVE,
    };
    let found = find(&JournalDirs::new(dir), &order).unwrap().unwrap();
    assert_eq!(found.index, index);
    let (month, at) = month_of(step, journal_id, part);
    let found = Found { record: found.record, index, path: found.path, part: at };
    let leaves: Vec<_> = month.iter().map(SealedPart::leaf).collect();
    let all = MonthProof { parts: leaves.len() as u64, root: tree::root(&leaves) };
    let inputs = InputsTree { rest: Hash::of(b"the rest"), month: part.hour.month(), proof: all };
    let [number, before, after] = NAMES;
    let charge = |digest: &str, root| ChargeRoot { digest: digest.to_owned(), root };
    let charges = [charge(before, tree::root(&leaves[..1])), charge(after, inputs.hash())];
    make(found, &month, Some((number, inputs)), &charges).unwrap()
}

fn is_proof(bytes: &[u8]) -> bool {
    suiftly_schema::proof::verify(bytes).is_ok()
}

/// Every byte, in several ways; and under a checksum that was made anew, which leaves free what only names things.
fn assert_each_byte_counts(file: &str) {
    let (whole, body) = (file.as_bytes(), &file.as_bytes()[..file.len() - ENDING_BYTES]);
    for at in 0..whole.len() {
        for flipped in [1, 0x20, 0x80] {
            let mut bytes = whole.to_vec();
            bytes[at] ^= flipped;
            assert!(!is_proof(&bytes), "byte {at} by {flipped}: {file}");
        }
    }
    let is_free = |at: &usize| {
        let mut bytes = body.to_vec();
        bytes[*at] = if bytes[*at] == b'7' { b'8' } else { b'7' };
        let sum = format!(",\"sum\":\"{}\"}}", Hash::of(&bytes));
        is_proof(&[&bytes[..], sum.as_bytes()].concat())
    };
    let free: String = (0..body.len()).filter(is_free).map(|at| char::from(body[at])).collect();
    assert_eq!(free, NAMES.concat(), "{file}");
}

#[test]
fn a_request_by_chance_is_proven_and_each_byte_of_its_proof_counts() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let seed = std::env::var(SEED).map_or(now, |text| text.parse().unwrap());
    eprintln!("the same again: {SEED}={seed}");
    let dir = tempfile::tempdir().unwrap();
    let (journal_id, step) = sealed(dir.path());
    let (part, index) = any(&step, seed);
    let file = proof(dir.path(), journal_id, &step, (part, index)).to_json();

    let found = suiftly_schema::proof::verify(file.as_bytes()).unwrap();
    assert_eq!((found.records, found.part.hour, found.anchors.len()), (part.records.count, part.hour, NAMES.len()));
    assert_each_byte_counts(&file);
    // The program says the same of what it is given.
    let output = verify(&["-"], file.as_bytes());
    assert!(output.status.success(), "{}", super::text(&output.stderr));
    for at in (0..file.len()).step_by(311) {
        let mut changed = file.clone().into_bytes();
        changed[at] ^= 1;
        assert!(!verify(&["-"], &changed).status.success(), "byte {at}");
    }
}
