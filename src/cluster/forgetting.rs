//! `suiftly cluster forget`: goes on without an ingester whose journal is gone for good. The database says which lines of it
//! are stored; dedup's windows, which only ingest can read, are to know them.

use super::standing::{NO_CLUSTER, open};
use crate::cli::Place;
use crate::config::Config;
use anyhow::Context;
use std::fmt::Write as _;
use suiftly_api::{Clock, SystemClock};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::dedup::{Dedup, DedupError};
use suiftly_schema::loss::WorkerWindow;
use suiftly_store::shards::{Forget, Forgotten, LostLines};

/// What came of it.
pub(super) async fn forget(place: &Place, name: &str, may_charge_twice: bool) -> anyhow::Result<String> {
    let config = Config::read(place.config.as_deref())?;
    let mut store = open(place, &config).await?;
    store.row().await?.context(NO_CLUSTER)?;
    let forget = Forget { name, may_charge_twice, now: SystemClock.now() };
    let plant = |lost: &LostLines| with_lines(lost).map_err(|error| error.to_string());
    Ok(text(&store.forget(forget, plant).await?))
}

/// The windows of those workers that the lost journal brought something of, with it. By which home it came nobody knows any
/// more: a copy of it is a duplicate.
fn with_lines(lost: &LostLines) -> Result<Vec<WorkerWindow>, DedupError> {
    let mut dedup = Dedup::restore(DecodeConfig::CLUSTER.limits, &lost.windows)?;
    dedup.begin_epoch(lost.epoch, lost.clock);
    // Bodies are not stored with a window.
    for line in &lost.lines {
        dedup.observe(*line, 0);
    }
    Ok(dedup.changed())
}

fn text(Forgotten { journals, lines, doubts }: &Forgotten) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for journal in journals {
        let _ = writeln!(
            text,
            "journal {} of ingest-{} is forgotten: nobody waits for it",
            journal.journal_id, journal.name
        );
    }
    let _ = writeln!(text, "{lines} lines of it are known by their stored records: no copy of them is charged");
    for doubt in doubts {
        let _ = writeln!(text, "some may be charged twice: {doubt}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_ingest::dedup::{Limits, Seen};
    use suiftly_schema::record::LineId;
    use suiftly_schema::time::UnixMillis;

    const STORED_AT: UnixMillis = UnixMillis(1_795_298_400_000);

    fn line(boot: i64, seq: u32) -> LineId {
        LineId { server_id: 17, boot: UnixMillis(boot), seq }
    }

    /// A worker of which 1 to 10 but for 7 are stored.
    fn stored() -> Vec<WorkerWindow> {
        let mut dedup = Dedup::new(Limits::SHARD);
        dedup.begin_epoch(5, STORED_AT);
        for seq in (1..=10).filter(|seq| *seq != 7) {
            dedup.observe(line(1, seq), seq);
        }
        dedup.windows()
    }

    #[test]
    fn a_copy_of_what_a_lost_journal_brought_is_not_new() {
        let windows = stored();
        // A gap, what comes next, and a worker that nobody had heard of, far from its birth.
        let lines = vec![line(1, 7), line(1, 11), line(1, 13), line(2, 90_000)];
        let changed = with_lines(&LostLines { epoch: 5, clock: STORED_AT, windows, lines: lines.clone() }).unwrap();
        assert_eq!(changed.iter().map(|window| window.received).collect::<Vec<_>>(), [12, 1]);
        assert_eq!(changed[0].duplicates, 0);

        let mut dedup = Dedup::restore(Limits::SHARD, &changed).unwrap();
        dedup.begin_epoch(6, STORED_AT.plus_ms(20));
        for known in lines.into_iter().chain([line(1, 3)]) {
            assert_eq!(dedup.observe(known, 1), Seen::DuplicateUnproven, "{known:?}");
        }
        for new in [line(1, 12), line(1, 14), line(2, 90_001), line(3, 7)] {
            assert_eq!(dedup.observe(new, 1), Seen::New, "{new:?}");
        }
    }

    #[test]
    fn windows_that_cannot_be_read_stop_it() {
        let mut windows = stored();
        windows[0].seen[0] = 200;
        let lost = LostLines { epoch: 5, clock: STORED_AT, windows, lines: vec![line(1, 7)] };
        assert!(matches!(with_lines(&lost), Err(DedupError::Version { version: 200, .. })));
    }

    #[test]
    fn doubts_are_told() {
        let mut forgotten = Forgotten { journals: Vec::new(), lines: 3, doubts: Vec::new() };
        assert!(text(&forgotten).starts_with("3 lines") && !text(&forgotten).contains("twice"));
        forgotten.doubts.push("because".to_owned());
        assert!(text(&forgotten).ends_with("some may be charged twice: because\n"));
    }
}
