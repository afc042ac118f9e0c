//! A step, and the loop that runs them: look, make what is lacking, look again.

use super::machine::Server;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// What a step saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// As it should be; what that is.
    Fine(String),
    /// Not as it should be, and the step can make it so.
    Lacking(String),
    /// Not as it should be, and only whoever runs this can make it so: what is wrong, and what to do.
    Stuck(String, String),
}

/// One thing that a server needs.
pub(crate) trait Step {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// The steps that must be fine before.
    fn needs(&self) -> &'static [&'static str];
    /// Looks, and changes nothing.
    fn look(&self, server: &Server<'_>) -> anyhow::Result<State>;
    /// Makes what is lacking.
    fn make(&self, server: &Server<'_>) -> anyhow::Result<()>;
    /// Whether those that need it can be looked at while it is only lacking: for a check of a machine that nothing was made on.
    fn is_as_good_as_made(&self) -> bool {
        false
    }
    /// Whether making it may take minutes.
    fn takes_long(&self) -> bool {
        false
    }
}

/// What the loop does about what is lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is told.
    Check,
    /// It is made.
    Make,
}

/// How many steps ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Were as they should be.
    pub(crate) fine: usize,
    /// Were made so.
    pub(crate) made: usize,
    /// Are not as they should be.
    pub(crate) failed: usize,
    /// Wait for one that is not.
    pub(crate) waiting: usize,
}

impl Counts {
    pub(crate) const fn amiss(self) -> usize {
        self.failed + self.waiting
    }

    pub(crate) const fn all(self) -> usize {
        self.fine + self.made + self.failed + self.waiting
    }

    pub(crate) fn told_amiss(self) -> String {
        match (self.failed, self.waiting) {
            (1, 0) => "1 step is not as it should be".to_owned(),
            (failed, 0) => format!("{failed} steps are not as they should be"),
            (failed, waiting) => format!("{failed} not as it should be, {waiting} waiting for that"),
        }
    }
}

/// How a step ended, as it is told.
enum End {
    Fine(String),
    Made(String),
    Failed(String),
    Lacking(String),
    Waiting(&'static str),
}

/// Runs the steps in their order, and tells of each.
pub(crate) fn run(
    steps: &[Box<dyn Step>],
    server: &Server<'_>,
    mode: Mode,
    out: &mut impl Write,
) -> io::Result<Counts> {
    let mut amiss = BTreeSet::new();
    let mut counts = Counts::default();
    for step in steps {
        let end = match step.needs().iter().find(|name| amiss.contains(*name)) {
            Some(name) => End::Waiting(name),
            None => one(step.as_ref(), server, mode, out)?,
        };
        match end {
            End::Fine(_) => counts.fine += 1,
            End::Made(_) => counts.made += 1,
            End::Failed(_) | End::Lacking(_) => counts.failed += 1,
            End::Waiting(_) => counts.waiting += 1,
        }
        let may_go_on = mode == Mode::Check && step.is_as_good_as_made() && matches!(end, End::Lacking(_));
        if matches!(end, End::Failed(_) | End::Lacking(_) | End::Waiting(_)) && !may_go_on {
            amiss.insert(step.name());
        }
        tell(step.name(), &end, out)?;
    }
    Ok(counts)
}

fn tell(name: &str, end: &End, out: &mut impl Write) -> io::Result<()> {
    match end {
        End::Fine(seen) => writeln!(out, "✓ {name}: {seen}"),
        End::Made(seen) => writeln!(out, "+ {name}: {seen}"),
        End::Failed(wrong) => writeln!(out, "✗ {name}: {wrong}"),
        End::Lacking(what) => writeln!(out, "✗ {name}: {what}; fix: sudo suiftly provision"),
        End::Waiting(other) => writeln!(out, "– {name}: waits for {other}"),
    }
}

fn one(step: &dyn Step, server: &Server<'_>, mode: Mode, out: &mut impl Write) -> io::Result<End> {
    let what = match step.look(server) {
        Ok(State::Fine(seen)) => return Ok(End::Fine(seen)),
        Ok(State::Stuck(wrong, fix)) => return Ok(End::Failed(format!("{wrong}; fix: {fix}"))),
        Ok(State::Lacking(what)) if mode == Mode::Check => return Ok(End::Lacking(what)),
        Ok(State::Lacking(what)) => what,
        Err(error) => return Ok(End::Failed(said(&error))),
    };
    if step.takes_long() {
        writeln!(out, "… {}: {what}", step.name()).and_then(|()| out.flush())?;
    }
    let after = step.make(server).and_then(|()| step.look(server));
    Ok(match after {
        Ok(State::Fine(seen)) => End::Made(seen),
        Ok(State::Lacking(still)) => {
            End::Failed(format!("{still}, even after it was made; fix: run it again, and look"))
        }
        Ok(State::Stuck(wrong, fix)) => End::Failed(format!("{wrong}; fix: {fix}")),
        Err(error) => End::Failed(said(&error)),
    })
}

/// An error in one line.
fn said(error: &anyhow::Error) -> String {
    format!("{error:#}").lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What would be made now: what is lacking, of the steps that need not wait for another.
pub(crate) fn lacking(steps: &[Box<dyn Step>], server: &Server<'_>) -> Vec<String> {
    let mut amiss = BTreeSet::new();
    let mut found = Vec::new();
    for step in steps {
        let must_wait = step.needs().iter().any(|name| amiss.contains(name));
        let state = if must_wait { None } else { step.look(server).ok() };
        if let Some(State::Lacking(what)) = &state {
            found.push(format!("{}: {what}", step.name()));
        }
        if !matches!(state, Some(State::Fine(_))) {
            amiss.insert(step.name());
        }
    }
    found
}
