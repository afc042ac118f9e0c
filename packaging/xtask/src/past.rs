//! The past of a fresh demonstration: five weeks of log lines of the gateway as it was, in a journal such as one that had
//! been listening all along would hold.
//!
//! Lines come by syslog for seven days at most after they were written, so a month cannot be sent to a running `suiftly`.
//! Instead the journal is there before its first start, which then reads it as after any other: everything that
//! is shown was counted by the real pipeline. A line stands for several requests, as relays fold them; such lines have no number of
//! their own, so the loss meter hears nothing of them.

mod lines;
mod shape;

use crate::api::{Api, Pipeline};
use crate::plan::{DemoKey, demo_keys};
use crate::reconcile::grouped;
use crate::signals::Interrupt;
use anyhow::{Context as _, bail, ensure};
use lines::Maker;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::journal::{Journal, JournalConfig};
use suiftly_ingest::source::Source;
use suiftly_schema::time::UnixMillis;

/// So that some days of a month that is over are among it, whatever day it is.
const DAYS: i64 = 35;
const DAY_MS: i64 = 24 * 3_600_000;
/// An epoch of the past is this long at most.
const BLOCK_MS: i64 = 7 * DAY_MS;
const STORED_TIME_MAX: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// When the past of a data directory begins; `None` where something has been received already.
pub(crate) fn since(data_dir: &Path) -> anyhow::Result<Option<UnixMillis>> {
    Ok(if journal(data_dir).exists() { None } else { Some(now()?.plus_ms(-DAYS * DAY_MS).hour()) })
}

/// Makes it, for the customers that were seeded. Answers how many lines there are.
pub(crate) fn make(data_dir: &Path, seeded: &serde_json::Value, since: UnixMillis) -> anyhow::Result<u64> {
    let keys = demo_keys(seeded).context("the seed made no keys that the gateway could serve")?;
    let config = config_file(data_dir);
    fs::write(&config, lines::configuration()).with_context(|| format!("cannot write {}", config.display()))?;
    // Whole or not at all: it begins again where a run was interrupted.
    let draft = data_dir.join("journal.draft");
    if draft.exists() {
        fs::remove_dir_all(&draft).with_context(|| format!("cannot remove {}", draft.display()))?;
    }
    let lines = write(&draft, &keys, since, now()?)?;
    fs::rename(&draft, journal(data_dir)).context("cannot put the journal of the past in its place")?;
    Ok(lines)
}

/// Where the configuration is that says how the lines of the past are read.
pub(crate) fn config_file(data_dir: &Path) -> PathBuf {
    data_dir.join("suiftly.toml")
}

fn journal(data_dir: &Path) -> PathBuf {
    data_dir.join("journal")
}

fn now() -> anyhow::Result<UnixMillis> {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(UnixMillis(i64::try_from(since_epoch.as_millis())?))
}

/// Blocks in the order of their times: each was cut when its last line had come.
fn write(dir: &Path, keys: &[DemoKey], since: UnixMillis, until: UnixMillis) -> anyhow::Result<u64> {
    let (journal, recovery) = Journal::open(dir, JournalConfig::default()).context("cannot make a journal")?;
    let (mut epoch, mut end, mut count) = (recovery.last_epoch, recovery.end, 0);
    let mut builder = BlockBuilder::default();
    let mut cut = |builder: BlockBuilder, at: UnixMillis| {
        epoch += 1;
        let block = Arc::new(builder.seal(epoch, at, end));
        end = block.end;
        journal.append(block).context("cannot write the journal")
    };
    let (mut began, mut last) = (since, since);
    for line in Maker::new(keys, since, until) {
        count += 1;
        let is_long = line.at.0 - began.0 > BLOCK_MS;
        if is_long || builder.push(&Source::File, line.at, line.text.as_bytes()).is_err() {
            cut(std::mem::take(&mut builder), last)?;
            builder.push(&Source::File, line.at, line.text.as_bytes()).context("a line is longer than a block")?;
            began = line.at;
        }
        last = line.at;
    }
    cut(builder, until)?;
    journal.progress().wait_durable(epoch).context("cannot write the journal")?;
    Ok(count)
}

/// Until the running `suiftly` has stored all of it, so that what is counted from then on is of the gateway alone.
pub(crate) fn await_stored(api: &mut Api, lines: u64, interrupt: &Interrupt) -> anyhow::Result<()> {
    let deadline = Instant::now() + STORED_TIME_MAX;
    loop {
        let Pipeline { accepted, rejected, stored, .. } = api.pipeline()?;
        // Without a past of its own a run may find what another left: lines that nothing could read, on purpose.
        ensure!(lines == 0 || rejected == 0, "{} lines of the past were rejected", grouped(rejected));
        if accepted >= lines && stored >= accepted {
            return Ok(());
        }
        let seconds = STORED_TIME_MAX.as_secs();
        ensure!(
            Instant::now() < deadline,
            "of {} lines {} are stored after {seconds} s",
            grouped(lines),
            grouped(stored)
        );
        if interrupt.wait(LOOK_EVERY) {
            bail!("interrupted");
        }
    }
}

#[cfg(test)]
mod tests;
