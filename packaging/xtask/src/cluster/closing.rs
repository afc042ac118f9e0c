//! What was numbered, journaled, stored and billed at the end of a run, held against each other. Pure.

use super::recount::Recount;
use super::senders::Numbered;
use crate::api::{Pipeline, Usage};
use crate::reconcile::grouped;
use std::fmt;

/// Everything counted, each in its own way.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(crate) numbered: Vec<Numbered>,
    /// Of all journals that take lines.
    pub(crate) journaled: Recount,
    pub(crate) pipeline: Pipeline,
    pub(crate) usage: Usage,
}

impl Closing {
    fn all_numbered(&self) -> u64 {
        self.numbered.iter().map(|one| one.lines).sum()
    }

    /// Lines that no home has.
    pub(crate) fn lost(&self) -> u64 {
        self.all_numbered().saturating_sub(self.journaled.all_distinct())
    }

    /// What does not add up; nothing if it holds.
    pub(crate) fn differences(&self) -> Vec<String> {
        let Self { journaled, pipeline, usage, .. } = self;
        let distinct = journaled.all_distinct();
        let mut found = Vec::new();
        let mut equal = |what: &str, left: u64, right: u64| {
            if left != right {
                found.push(format!("{what}: {} and {}", grouped(left), grouped(right)));
            }
        };
        equal("damaged blocks, of none", journaled.damaged_blocks, 0);
        equal("rejected lines, of none", pipeline.rejected, 0);
        equal("accepted and journaled lines differ", pipeline.accepted, distinct);
        equal("records and journaled lines differ", pipeline.stored, distinct);
        equal("billed requests and journaled lines differ", usage.requests, distinct);
        equal("the six classes and all requests differ", usage.classes.iter().sum(), usage.requests);
        for Numbered { gateway, lines } in self.numbered.iter().filter(|one| one.lines > 0) {
            let lost = lines.saturating_sub(journaled.distinct((gateway.server_id, gateway.boot_ms)));
            let meter = pipeline.worker(gateway.boot_ms);
            let missing = meter.map_or(*lines, |meter| meter.missing + lines.saturating_sub(meter.highest_seq));
            let what = format!("server {}: missing by the loss meter, and what no home has, differ", gateway.server_id);
            equal(&what, missing, lost);
        }
        if distinct == 0 {
            found.push("not one line was journaled".to_owned());
        }
        found
    }
}

impl fmt::Display for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { journaled, pipeline, usage, .. } = self;
        write!(
            f,
            "{} lines numbered, {} of them in no journal; {} frames journaled, {} different lines; {} accepted, {} stored, \
             {} billed",
            grouped(self.all_numbered()),
            grouped(self.lost()),
            grouped(journaled.frames),
            grouped(journaled.all_distinct()),
            grouped(pipeline.accepted),
            grouped(pipeline.stored),
            grouped(usage.requests),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Worker;
    use crate::numbered::{Gateway, Way};

    /// A hundred lines of one gateway, of which three came nowhere, and all others to both homes.
    fn closing() -> Closing {
        let gateway = Gateway { way: Way::Tcp, server_id: 17, boot_ms: 5 };
        let mut journaled = Recount::default();
        for _ in 0..2 {
            (1..=99).filter(|seq| ![7, 8].contains(seq)).for_each(|seq| journaled.line((17, 5), seq));
        }
        let worker = Worker { boot_ms: 5, missing: 2, first_seq: 1, highest_seq: 99 };
        let pipeline = Pipeline { accepted: 97, stored: 97, workers: vec![worker], ..Pipeline::default() };
        let usage = Usage { requests: 97, classes: [90, 0, 0, 7, 0, 0], ..Usage::default() };
        Closing { numbered: vec![Numbered { gateway, lines: 100 }], journaled, pipeline, usage }
    }

    #[test]
    fn what_is_lost_everywhere_is_the_only_loss() {
        let closing = closing();
        assert_eq!(closing.differences(), Vec::<String>::new());
        let said = "100 lines numbered, 3 of them in no journal; 194 frames journaled, 97 different lines; 97 accepted, \
            97 stored, 97 billed";
        assert_eq!(closing.to_string(), said);
    }

    #[test]
    fn every_difference_is_said() {
        type Change = fn(&mut Closing);
        let cases: [(&str, Change); 6] = [
            ("damaged blocks, of none: 1", |closing| closing.journaled.damaged_blocks = 1),
            ("rejected lines, of none: 4", |closing| closing.pipeline.rejected = 4),
            ("records and journaled lines differ: 96 and 97", |closing| closing.pipeline.stored = 96),
            ("billed requests and journaled lines differ: 98 and 97", |closing| closing.usage.requests = 98),
            ("server 17: missing by the loss meter, and what no home has, differ: 2 and 3", |closing| {
                closing.pipeline.workers[0].missing = 1;
            }),
            ("not one line", |closing| closing.journaled = Recount::default()),
        ];
        for (message, change) in cases {
            let mut closing = closing();
            change(&mut closing);
            let differences = closing.differences().join("; ");
            assert!(differences.contains(message), "{message}: {differences}");
        }
    }
}
