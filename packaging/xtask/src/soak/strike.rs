//! A fault, done: it begins, lasts, ends, and the system has to come back by itself.

use super::Soak;
use super::count::Worker;
use super::fault::{Fault, Strike};
use super::seen::{Seen, judge};
use super::told::Struck;
use super::witness::Witness;
use crate::api::Pipeline;
use crate::gateway::socket_path;
use crate::process::Lifeline;
use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Answers sooner after a fault's beginning may be of what was on its way.
const BITES_AFTER: Duration = Duration::from_millis(750);
/// What is not well by then does not come back by itself.
const WELL_WITHIN: Duration = Duration::from_secs(60);

impl Soak<'_> {
    /// Strikes, and waits until all is well again.
    pub(super) fn strike(&mut self, strike: &Strike) -> anyhow::Result<Struck> {
        let Strike { fault, lasts, .. } = *strike;
        let (at, began) = (self.started.elapsed(), Instant::now());
        let (before, noticed_before) = (self.lines(), self.noticed());
        let Seen { says, wrong } = self.inflict(fault, lasts)?;
        let (lasted, ended) = (began.elapsed(), Instant::now());
        let well_after = self.await_well(ended)?;
        let (now, noticed) = (self.lines(), self.noticed() - noticed_before);
        let mut wrong: Vec<String> = wrong.into_iter().collect();
        if well_after.is_none() {
            wrong.push(format!("it was not well {} s after", WELL_WITHIN.as_secs()));
        }
        if noticed > 0 && !fault.may_be_noticed() {
            wrong.push(format!("{noticed} requests got no answer, though the gateway had nothing to do with it"));
        }
        let told = |what: String| format!("{:.1} s, {}: {what}", at.as_secs_f64(), fault.words());
        self.told.differences.extend(wrong.into_iter().map(told));
        let (taken, stored) = (now.0.saturating_sub(before.0), now.1.saturating_sub(before.1));
        Ok(Struck { at, words: fault.words(), lasted, well_after, taken, stored, noticed, seen: says })
    }

    fn inflict(&mut self, fault: Fault, lasts: Duration) -> anyhow::Result<Seen> {
        match fault {
            Fault::DatabaseDown => {
                self.stack.database().crash()?;
                let seen = self.meanwhile(fault, lasts)?;
                self.stack.database().begin_again()?;
                Ok(seen)
            }
            Fault::DatabasePaused => self.pause_database(lasts),
            Fault::DiskFull => {
                let seen = self.meanwhile(fault, lasts)?;
                self.disk()?.free()?;
                Ok(seen)
            }
            Fault::SyslogCut => {
                self.wire.cut();
                let seen = self.meanwhile(fault, lasts)?;
                self.wire.mend();
                Ok(seen)
            }
            Fault::SuiftlyKilled => {
                self.stack.end_suiftly();
                let seen = self.meanwhile(fault, lasts)?;
                self.stack.begin_suiftly()?;
                Ok(seen)
            }
            Fault::EdgeKilled => {
                self.workers.synthetic_told += self.stack.synthetic_told().unwrap_or(0);
                self.workers.edges_ended += 1;
                self.stack.end_edge();
                let seen = self.meanwhile(fault, lasts)?;
                self.stack.begin_edge()?;
                Ok(seen)
            }
            Fault::GatewayReloaded => {
                let witness = self.witness()?;
                self.stack.reload_gateway(&self.interrupt)?.see_out(&self.interrupt)?;
                let (boot_ms, numbered) = (witness.boot_ms(), witness.until_its_end());
                self.workers.all.push(Worker { boot_ms, numbered, is_killed: false });
                Ok(judge(fault, &[]))
            }
            Fault::GatewayKilled => {
                let witness = self.witness()?;
                self.stack.kill_gateway(&self.interrupt)?;
                let (boot_ms, numbered) = (witness.boot_ms(), witness.until_its_end());
                self.workers.all.push(Worker { boot_ms, numbered, is_killed: true });
                Ok(judge(fault, &[]))
            }
        }
    }

    /// Of the worker that is about to end.
    fn witness(&self) -> anyhow::Result<Witness> {
        Witness::of(&socket_path(self.stack.data_dir())?, self.stack.gateway().boot_ms(), &self.interrupt)
    }

    /// Stops all of PostgreSQL's processes where they stand, and lets them go on.
    fn pause_database(&mut self, lasts: Duration) -> anyhow::Result<Seen> {
        let processes = self.stack.database().processes()?;
        let words = ["kill", "-s", "CONT"].map(str::to_owned).into_iter().chain(processes.iter().map(i32::to_string));
        let mut lifeline = Lifeline::tie(words)?;
        let signal = |signal| {
            for process in &processes {
                // Fails for one that has ended meanwhile.
                let _ = kill(Pid::from_raw(*process), signal);
            }
        };
        signal(Signal::SIGSTOP);
        let seen = self.meanwhile(Fault::DatabasePaused, lasts);
        signal(Signal::SIGCONT);
        lifeline.cut();
        seen
    }

    /// Looks on while it lasts. A disk is kept full: what is freed meanwhile is filled again.
    fn meanwhile(&mut self, fault: Fault, lasts: Duration) -> anyhow::Result<Seen> {
        let began = Instant::now();
        let mut answers: Vec<Pipeline> = Vec::new();
        while began.elapsed() < lasts {
            if fault == Fault::DiskFull {
                self.disk()?.fill()?;
            }
            if self.interrupt.wait(LOOK_EVERY) {
                bail!("interrupted");
            }
            if began.elapsed() > BITES_AFTER {
                answers.extend(self.stack.pipeline());
            }
        }
        Ok(judge(fault, &answers))
    }

    fn disk(&self) -> anyhow::Result<&super::disk::SmallDisk> {
        self.disk.as_ref().context("the journal has no disk of its own")
    }

    /// Until `suiftly` is ready, the edge in sync, what HAProxy had numbered by now has passed, and what was taken by then
    /// is stored: how long after the fault's end. `None`: not in time.
    fn await_well(&mut self, ended: Instant) -> anyhow::Result<Option<Duration>> {
        let (numbered, mut taken) = (self.stack.gateway().lines_numbered()?, None);
        loop {
            self.stack.look_after()?;
            if self.stack.is_well()
                && let Ok(pipeline) = self.stack.pipeline()
            {
                let worker = pipeline.worker(self.stack.gateway().boot_ms());
                let has_passed = numbered == 0 || worker.is_some_and(|worker| worker.highest_seq >= numbered);
                // What was taken by the time that all of it had passed.
                let taken = has_passed.then(|| *taken.get_or_insert(pipeline.accepted));
                if taken.is_some_and(|taken| pipeline.stored >= taken) && pipeline.journal_error.is_none() {
                    return Ok(Some(ended.elapsed()));
                }
            }
            if ended.elapsed() > WELL_WITHIN {
                return Ok(None);
            }
            ensure!(!self.interrupt.wait(LOOK_EVERY), "interrupted");
        }
    }

    /// Lines taken and stored so far, as far as they can be had.
    fn lines(&mut self) -> (u64, u64) {
        self.stack.pipeline().map_or((0, 0), |pipeline| (pipeline.accepted, pipeline.stored))
    }

    /// Requests that went wrong for their clients so far.
    fn noticed(&self) -> u64 {
        let tally = self.traffic.as_ref().map(crate::traffic::Traffic::tally).unwrap_or_default();
        tally.in_doubt + tally.not_sent
    }
}
