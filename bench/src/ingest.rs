//! `cargo xtask bench ingest`: Suiftly's whole ingest way (socket → frame → journal, synced → parse → dedup → sums per
//! minute) beside rsyslog and syslog-ng, each to a file, and beside a receiver that only counts.
//!
//! Each subject is a process of its own on a free port of loopback, with a directory of its own that goes when it ends;
//! no service of the system is touched. What is charged is its process's CPU time, user and system, from before the
//! first line to after the last is done with; the sender is this process and not charged. Subjects take turns, so that
//! what else the machine does hits all alike.

mod case;
pub mod chain;
mod options;
pub mod ours;
pub mod output;
mod peers;
pub(crate) mod ports;
mod results;
mod subject;
mod turn;

use crate::loadgen::LoadGenerator;
use crate::report::{Row, load_average};
use case::Case;
use options::IngestOptions;
use results::Results;
use std::ffi::OsString;
use std::path::PathBuf;
use subject::Subject;
use suiftly_ingest::simulate::GatewayOptions;

/// Runs all cases on all subjects that are there.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let options = IngestOptions::parse(arguments)?;
    let subjects = subject::all(&options)?;
    let place = Place::make()?;
    let mut generator = LoadGenerator::new(&GatewayOptions::default());
    let mut results = Results::default();
    eprintln!("load average {}", load_average());
    for run in 1..=options.runs {
        for case in options.cases() {
            for subject in subjects.iter().filter(|subject| subject.takes(&case)) {
                take_turn(&mut generator, &case, subject, &place, &mut results)?;
            }
        }
        eprintln!("run {run} of {} done, load average {}", options.runs, load_average());
    }
    let mut rows = results.rows();
    if options.is_whole() {
        rows.extend(crate::archive::run(Vec::new())?);
    }
    Ok(rows)
}

fn take_turn(
    generator: &mut LoadGenerator,
    case: &Case,
    subject: &Subject,
    place: &Place,
    results: &mut Results,
) -> anyhow::Result<()> {
    let dir = place.0.join("turn");
    std::fs::create_dir_all(&dir)?;
    let turn = turn::take(generator, case, subject, &dir);
    std::fs::remove_dir_all(&dir)?;
    results.add(case, subject, &turn?);
    Ok(())
}

/// Where subjects write: below the target directory, on a disk as the journal's would be. Removed at the end.
struct Place(PathBuf);

impl Place {
    fn make() -> anyhow::Result<Self> {
        let dir = crate::report::dir()?.join(format!("ingest-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        Ok(Self(std::path::absolute(dir)?))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
