//! `cargo xtask kill`: `kill -9` at random moments under load, then every line by its number.
//!
//! PostgreSQL stays; `suiftly` is killed, while it takes lines in or while it still recovers, and started again. At the
//! end `suiftly db check` holds the journal against the database line by line, and its counts of each gateway's lines
//! are held against what was numbered here and what the loss meter says.

use crate::args::KillOptions;
use crate::build;
use crate::database::{Database, db, lock};
use crate::end_to_end::clear;
use crate::install;
use crate::numbered::{Gateway, Sending, Stopped};
use crate::outage;
use crate::places::Places;
use crate::plan::Random;
use crate::ports::Ports;
use crate::process::Supervised;
use crate::reconcile::grouped;
use crate::signals::Interrupt;
use crate::stack::{Shape, await_ready, spawn};
use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

/// After it is started again, when it has recovered or while it does.
const MOMENT_MAX_MS: u64 = 1_500;
/// Of four kills, so many wait until it has recovered; the others strike whenever.
const KILLS_WHEN_READY: u64 = 3;
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Then the figures are taken as they are: the check says what is wrong with them.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(90);
/// A line of progress per so many kills.
const TELL_EVERY: u32 = 10;

/// Builds, runs, prints the closing line.
pub(crate) fn kill(options: &KillOptions) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    if options.install {
        install::install(&places, install::TO_RUN)?;
    }
    build::suiftly(&places, false)?;
    let interrupt = Interrupt::catch()?;
    if options.gateway {
        outage::alone(&places, &interrupt)?;
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", run(&places, options.times, options.seed, &interrupt)?);
    Ok(ExitCode::SUCCESS)
}

/// One run on a fresh data directory; an error if a line is not where it should be.
pub(crate) fn run(places: &Places, times: u32, seed: u64, interrupt: &Interrupt) -> anyhow::Result<Closing> {
    let data_dir = places.data_dir("suiftly-kill");
    let suiftly = places.suiftly(false);
    clear(&suiftly, &data_dir)?;
    let _alone = lock(&data_dir)?;
    let _database = Database::start(&suiftly, &data_dir)?;
    let shape = Shape { suiftly, data_dir, ports: Ports::free()?, udp: false, past: false, settings: &[] };
    println!("{times} times kill -9 by seed {seed}");
    let mut victim = Victim::start(places, shape, interrupt)?;
    let sending = Sending::start(victim.shape.ports.syslog, seed)?;
    let mut random = Random::seeded(seed);
    for kill in 1..=times {
        victim.wait_and_kill(&mut random, interrupt)?;
        if kill % TELL_EVERY == 0 {
            println!("{kill} kills, {} lines numbered", grouped(sending.numbered()));
        }
    }
    let gateways = victim.settle(sending.stop()?, interrupt)?;
    ensure!(victim.process.stop(), "suiftly does not end by itself");
    let closing = Closing { kills: times, lines: check(&victim.shape.suiftly, &victim.shape.data_dir, &[])?, gateways };
    let differences = closing.differences();
    ensure!(differences.is_empty(), "{closing}\n{}", differences.join("\n"));
    Ok(closing)
}

/// The `suiftly` that is killed.
struct Victim {
    shape: Shape,
    web_files: PathBuf,
    process: Supervised,
}

impl Victim {
    fn start(places: &Places, shape: Shape, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let web_files = places.web_files();
        let mut process = spawn(&shape, &web_files)?;
        await_ready(&shape, &mut process, interrupt)?;
        Ok(Self { shape, web_files, process })
    }

    fn wait_and_kill(&mut self, random: &mut Random, interrupt: &Interrupt) -> anyhow::Result<()> {
        if random.below(4) < KILLS_WHEN_READY {
            await_ready(&self.shape, &mut self.process, interrupt)?;
        }
        ensure!(!interrupt.wait(Duration::from_millis(random.below(MOMENT_MAX_MS))), "interrupted");
        self.process.check()?;
        self.process.kill_at_once();
        self.process = spawn(&self.shape, &self.web_files)?;
        Ok(())
    }

    /// Until the last line of each gateway is received and everything accepted is stored. Each look sends a line more, so
    /// that the end of what was lost can be told.
    fn settle(&mut self, mut gateways: Stopped, interrupt: &Interrupt) -> anyhow::Result<[(Gateway, u64); 3]> {
        let mut api = await_ready(&self.shape, &mut self.process, interrupt)?;
        let deadline = Instant::now() + SETTLE_TIME_MAX;
        loop {
            gateways.send_one_each();
            let numbered = gateways.numbered();
            if interrupt.wait(LOOK_EVERY) {
                bail!("interrupted before the check");
            }
            self.process.check()?;
            let settled = api.pipeline().is_ok_and(|pipeline| {
                let arrived = |(gateway, count): &(Gateway, u64)| {
                    pipeline.worker(gateway.boot_ms).is_some_and(|worker| worker.highest_seq == *count)
                };
                pipeline.stored == pipeline.accepted && numbered.iter().all(arrived)
            });
            if settled || Instant::now() > deadline {
                return Ok(numbered);
            }
        }
    }
}

/// `suiftly db check`, whatever it finds. Of a cluster with the directories of its order and its journals.
pub(crate) fn check(suiftly: &Path, data_dir: &Path, journals: &[PathBuf]) -> anyhow::Result<Value> {
    let mut command = db(suiftly, "check", data_dir);
    for journal in journals {
        command.arg("--journal").arg(journal);
    }
    let output = command.stdin(Stdio::null()).output().context("cannot run `suiftly db check`")?;
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).with_context(|| format!("`suiftly db check` failed: {}", said.trim()))
}

/// What was counted, on all sides.
#[derive(Debug)]
pub(crate) struct Closing {
    kills: u32,
    gateways: [(Gateway, u64); 3],
    /// What `suiftly db check` says.
    lines: Value,
}

impl Closing {
    fn count(&self, name: &str) -> u64 {
        self.lines[name].as_u64().unwrap_or(u64::MAX)
    }

    fn numbered(&self) -> u64 {
        self.gateways.iter().map(|(_, count)| count).sum()
    }

    fn differences(&self) -> Vec<String> {
        let mut found = line_differences(&self.lines);
        for (gateway, numbered) in &self.gateways {
            found.extend(meter_differences(gateway, *numbered, &self.lines["workers"]));
        }
        found
    }
}

/// What is wrong between the journal and the database, by what `suiftly db check` says.
pub(crate) fn line_differences(lines: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["stored_twice", "not_stored", "not_in_journal", "damaged_blocks", "usage_differences", "rejected"] {
        if lines[name].as_u64() != Some(0) {
            found.push(format!("{name}: {}", lines[name]));
        }
    }
    if lines["last_epoch"] != lines["stored_epoch"] {
        found.push(format!("stored up to epoch {} of {}", lines["stored_epoch"], lines["last_epoch"]));
    }
    if lines["distinct"] != lines["stored"] {
        found.push(format!("{} lines, but {} records", lines["distinct"], lines["stored"]));
    }
    // Of a cluster alone: what all its journals say in the order that there is, decoded again.
    for (name, again) in [("accepted", "accepted_again"), ("received", "received_again")] {
        if lines[name] != lines[again] {
            found.push(format!("{name}: {}, and decoded again {}", lines[name], lines[again]));
        }
    }
    found
}

/// Of a worker whose lowest number is at most this, the loss meter was there from the start: it counts from one.
const COUNTED_FROM_ONE_MAX: u64 = 4_096;

/// The loss meter's figures of a gateway beside our own.
fn meter_differences(gateway: &Gateway, numbered: u64, workers: &Value) -> Vec<String> {
    let is_it = |worker: &&Value| worker["boot_ms"].as_i64() == Some(gateway.boot_ms);
    let Some(worker) = workers.as_array().and_then(|workers| workers.iter().find(is_it)) else {
        return vec![format!("nothing of server {} was journaled", gateway.server_id)];
    };
    let count = |name: &str| worker[name].as_u64().unwrap_or(u64::MAX);
    // A kill may come before the first lines are journaled: up to here the meter counts those before the first itself.
    let before_first = match count("first_seq") {
        ..=COUNTED_FROM_ONE_MAX => 0,
        first => first - 1,
    };
    let after_last = numbered.saturating_sub(count("highest_seq"));
    let missing = count("missing").saturating_add(before_first).saturating_add(after_last);
    let lost = numbered.saturating_sub(count("distinct"));
    [
        ("missing", missing, "numbered less journaled", lost),
        ("received", count("received"), "distinct journaled lines", count("distinct")),
        ("duplicates", count("duplicates"), "repeated journaled lines", count("repeated")),
    ]
    .into_iter()
    .filter(|(_, meter, _, ours)| meter != ours)
    .map(|(what, meter, own, ours)| format!("server {}: {what} {meter}, but {own} {ours}", gateway.server_id))
    .collect()
}

impl fmt::Display for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |name| grouped(self.count(name));
        let lost = self.numbered().saturating_sub(self.count("distinct"));
        write!(
            f,
            "{} times kill -9: {} lines numbered, {} lost before the journal, {} frames journaled, {} of them repeated, \
             {} records stored",
            self.kills,
            grouped(self.numbered()),
            grouped(lost),
            of("frames"),
            of("repeated"),
            of("stored")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbered::Way;
    use serde_json::json;

    fn closing(change: impl FnOnce(&mut Value)) -> Closing {
        let worker = |boot_ms: i64, repeated: u64| {
            json!({"boot_ms": boot_ms, "distinct": 90, "repeated": repeated, "received": 90, "duplicates": repeated,
                "missing": 9, "first_seq": 3, "highest_seq": 99})
        };
        let mut lines = json!({"frames": 280, "distinct": 270, "repeated": 10, "stored": 270, "stored_twice": 0,
            "not_stored": 0, "not_in_journal": 0, "damaged_blocks": 0, "usage_differences": 0, "rejected": 0, "last_epoch": 9,
            "stored_epoch": 9, "workers": [worker(1, 0), worker(2, 0), worker(3, 10)]});
        change(&mut lines);
        let gateway = |boot_ms| (Gateway { way: Way::Tcp, server_id: 17, boot_ms }, 100);
        Closing { kills: 10, gateways: [gateway(1), gateway(2), gateway(3)], lines }
    }

    #[test]
    fn what_adds_up_holds() {
        let closing = closing(|_| {});
        assert_eq!(closing.differences(), Vec::<String>::new());
        let line = "10 times kill -9: 300 lines numbered, 30 lost before the journal, 280 frames journaled, 10 of them \
            repeated, 270 records stored";
        assert_eq!(closing.to_string(), line);
    }

    #[test]
    fn what_came_before_a_late_beginning_is_counted_here() {
        let late = closing(|lines| {
            for worker in lines["workers"].as_array_mut().unwrap() {
                (worker["first_seq"], worker["highest_seq"]) = (json!(5_001), json!(5_099));
            }
        });
        let gateways = late.gateways.map(|(gateway, _)| (gateway, 5_100));
        let late = Closing { gateways, ..late };
        assert_eq!(late.differences(), Vec::<String>::new());
    }

    #[test]
    fn every_difference_is_said() {
        type Change = fn(&mut Value);
        let cases: [(&str, Change); 10] = [
            ("accepted: 270, and decoded again null", |lines| lines["accepted"] = json!(270)),
            ("stored_twice: 1", |lines| lines["stored_twice"] = json!(1)),
            ("not_stored: 2", |lines| lines["not_stored"] = json!(2)),
            ("usage_differences: 1", |lines| lines["usage_differences"] = json!(1)),
            ("rejected", |lines| lines["rejected"] = Value::Null),
            ("epoch 8 of 9", |lines| lines["stored_epoch"] = json!(8)),
            ("270 lines, but 269 records", |lines| lines["stored"] = json!(269)),
            ("missing 11, but numbered less journaled 10", |lines| lines["workers"][0]["missing"] = json!(10)),
            ("duplicates 9, but repeated", |lines| lines["workers"][2]["duplicates"] = json!(9)),
            ("nothing of server 17", |lines| lines["workers"] = json!([])),
        ];
        for (message, change) in cases {
            let differences = closing(change).differences().join("; ");
            assert!(differences.contains(message), "{message}: {differences}");
        }
    }
}
