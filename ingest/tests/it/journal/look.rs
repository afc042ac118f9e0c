//! What can be looked at from outside.

use super::{Chain, await_segments, is_compressed, raw, write};
use std::sync::Arc;
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::journal::{
    DumpError, DumpOptions, Journal, JournalConfig, JournalReader, State, dump, survey, verify,
};
use suiftly_ingest::replay;
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::time::UnixMillis;
use tempfile::TempDir;

const NOW: UnixMillis = UnixMillis(1_795_298_400_000);

/// Ten blocks of real-looking lines, one a second, over several segments; the lines.
fn traffic(dir: &std::path::Path, config: &JournalConfig) -> Vec<Vec<u8>> {
    let (journal, recovery) = Journal::open(dir, config.clone()).unwrap();
    let mut gateway = SimulatedGateway::new(&GatewayOptions::default(), NOW);
    let (mut start, mut lines) = (recovery.end, Vec::new());
    for epoch in 1..=10 {
        let at = NOW.plus_ms(i64::try_from(epoch).unwrap() * 1_000);
        let mut builder = BlockBuilder::default();
        for _ in 0..20 {
            let mut line = Vec::new();
            gateway.line(at, &mut line);
            builder.push(&Source::udp("192.0.2.7:514".parse().unwrap()), at, &line).unwrap();
            lines.push(line);
        }
        let block = builder.seal_after_sync(epoch, at, start, start);
        start = block.end;
        journal.append(Arc::new(block)).unwrap();
        journal.progress().wait_durable(epoch).unwrap();
    }
    lines
}

fn dumped(dir: &std::path::Path, options: DumpOptions) -> Result<Vec<u8>, DumpError> {
    let mut out = Vec::new();
    dump(dir, None, &options, &mut out).map(|_| out)
}

#[test]
fn a_survey_tells_where_each_segment_is_in_its_life() {
    let dir = TempDir::new().unwrap();
    let config = JournalConfig { segment_bytes: 12_000, ..JournalConfig::default() };
    traffic(dir.path(), &config);
    let (journal, _) = Journal::open(dir.path(), config).unwrap();
    await_segments(dir.path(), None, "compressed", |found| found.iter().rev().skip(1).all(is_compressed));
    let found = survey(dir.path(), None).unwrap();
    drop(journal);
    assert!(found.len() > 2);
    assert_eq!(found.last().unwrap().state, State::Hot);
    assert_eq!(found.iter().map(|segment| segment.lines).sum::<u64>(), 200);
    assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].end_epoch == pair[1].first_epoch));
    assert_eq!(found[0].first_cut_at, Some(NOW.plus_ms(1_000)));
    assert_eq!(found.iter().filter_map(|segment| segment.last_cut_at).max(), Some(NOW.plus_ms(10_000)));
    let verified = verify(dir.path(), None).unwrap();
    assert_eq!((verified.blocks, verified.lines, verified.is_sound()), (10, 200, true));
    assert_eq!(verified.segments, found.len() as u64);
}

#[test]
fn frames_are_dumped_by_epoch_by_time_and_by_place() {
    let dir = TempDir::new().unwrap();
    let config = JournalConfig { segment_bytes: 12_000, ..JournalConfig::default() };
    let lines = traffic(dir.path(), &config);
    let text = |lines: &[Vec<u8>]| lines.iter().flat_map(|line| [&line[..], b"\n"].concat()).collect::<Vec<_>>();
    let of = |options| dumped(dir.path(), options).unwrap();
    let all = DumpOptions::default();
    assert_eq!(of(all), text(&lines));
    assert_eq!(of(DumpOptions { from_epoch: Some(3), to_epoch: Some(4), ..all }), text(&lines[40..80]));
    assert_eq!(of(DumpOptions { since: Some(NOW.plus_ms(9_000)), ..all }), text(&lines[160..]));
    assert_eq!(of(DumpOptions { until: Some(NOW.plus_ms(2_000)), ..all }), text(&lines[..20]));

    let json = String::from_utf8(of(DumpOptions { json: true, ..all })).unwrap();
    let frames: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(frames.len(), 200);
    assert_eq!((&frames[45]["epoch"], &frames[45]["source"]), (&3.into(), &"udp 192.0.2.7:514".into()));
    assert_eq!(frames[45]["received_at"], NOW.plus_ms(3_000).rfc3339());
    for (frame, line) in frames.iter().zip(&lines) {
        let offset = frame["offset"].as_u64();
        assert_eq!(of(DumpOptions { offset, ..all }), text(std::slice::from_ref(line)), "a bill's line is found");
        let missed = dumped(dir.path(), DumpOptions { offset: offset.map(|at| at + 1), ..all }).unwrap_err();
        assert!(matches!(missed, DumpError::NoFrame(_)), "{missed}");
    }
    let beyond = dumped(dir.path(), DumpOptions { offset: Some(1 << 40), ..all }).unwrap_err().to_string();
    assert_eq!(beyond, "no line begins at byte 1099511627776 of the journal, or it is not kept any more");
}

#[test]
fn bytes_that_are_no_text_are_dumped_as_they_are_and_in_hexadecimal() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &raw(1_000), &[2]);
    let (journal, recovery) = Journal::open(dir.path(), raw(1_000)).unwrap();
    let mut builder = BlockBuilder::default();
    builder.push(&Source::File, NOW, &[0xff, 0, 0x80]).unwrap();
    journal.append(Arc::new(builder.seal(2, NOW, Chain::after(&recovery).start))).unwrap();
    drop(journal);
    let last = DumpOptions { from_epoch: Some(2), ..DumpOptions::default() };
    assert_eq!(dumped(dir.path(), last).unwrap(), [0xff, 0, 0x80, b'\n']);
    let json = String::from_utf8(dumped(dir.path(), DumpOptions { json: true, ..last }).unwrap()).unwrap();
    assert!(json.contains(r#""line_hex":"ff0080""#) && !json.contains(r#""line":"#), "{json}");
}

#[test]
fn a_journal_replays_to_the_totals_of_its_lines() {
    let dir = TempDir::new().unwrap();
    let config = JournalConfig { segment_bytes: 12_000, ..JournalConfig::default() };
    let lines = traffic(dir.path(), &config);
    let file = dir.path().join("lines.log");
    std::fs::write(&file, lines.join(&b'\n')).unwrap();
    let options = replay::Options { output: replay::Output::Csv, ..replay::Options::new(NOW) };
    let (mut of_file, mut of_journal, mut err) = (Vec::new(), Vec::new(), Vec::new());
    replay::run(&options, vec![replay::Input::Path(file)], &mut of_file, &mut err).unwrap();
    let mut changes = BlockBuilder::default();
    changes.push(&Source::Outbox, NOW, b"{\"a reference change\": \"is no line\"}").unwrap();
    let blocks = JournalReader::from_epoch(dir.path(), 1).unwrap().chain([Ok(changes.seal(u64::MAX, NOW, 0))]);
    let summary = replay::run_journal(&options, blocks, None, &mut of_journal, &mut err).unwrap();
    assert_eq!(String::from_utf8(of_journal).unwrap(), String::from_utf8(of_file).unwrap());
    assert_eq!((summary.counts.received, summary.counts.accepted), (200, 200));
}
