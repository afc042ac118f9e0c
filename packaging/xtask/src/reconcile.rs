//! The reconciliation: what the clients counted, what HAProxy numbered, what was journaled, stored and summed, and the
//! measured loss between them. Pure.

use crate::api::{CLASSES, Pipeline, Usage, Worker};
use crate::traffic::Tally;
use std::fmt;

/// The edge's own requests since its last report at most: through six doors, two seconds apart as reports are.
const UNTOLD_MAX: u64 = 12;

/// The system's figures at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Figures {
    pub(crate) pipeline: Pipeline,
    /// Of customers, and of the edge's own requests.
    pub(crate) usage: Usage,
    /// Of those, the edge's own.
    pub(crate) synthetic: u64,
    /// How many it has told of since it started.
    pub(crate) synthetic_told: u64,
}

/// HAProxy's lines that never came, by where they are missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Loss {
    /// Before the first that came.
    pub(crate) head: u64,
    /// Between the first and the last that came.
    pub(crate) gaps: u64,
    /// After the last that came.
    pub(crate) tail: u64,
}

impl Loss {
    /// What is missing of `numbered` lines.
    pub(crate) fn of(worker: Option<&Worker>, numbered: u64) -> Self {
        worker.map_or(Self { tail: numbered, ..Self::default() }, |worker| Self {
            head: worker.first_seq.saturating_sub(1),
            gaps: worker.missing,
            tail: numbered.saturating_sub(worker.highest_seq),
        })
    }

    pub(crate) const fn total(self) -> u64 {
        self.head + self.gaps + self.tail
    }
}

/// Everything counted in one run, each in its own way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) answered: u64,
    pub(crate) in_doubt: u64,
    /// The edge's own requests, by what was metered of them.
    pub(crate) synthetic: u64,
    /// The same by its last report.
    pub(crate) synthetic_told: u64,
    /// By HAProxy's own counter.
    pub(crate) numbered: u64,
    /// Distinct lines in the journal, HAProxy's own messages left out.
    pub(crate) journaled: u64,
    pub(crate) rejected: u64,
    pub(crate) stored: u64,
    pub(crate) requests: u64,
    pub(crate) classes: [u64; 6],
    pub(crate) loss: Loss,
}

impl Counted {
    /// The run's own share of the figures.
    pub(crate) fn between(before: &Figures, after: &Figures, tally: &Tally, numbered: u64, boot_ms: i64) -> Self {
        let grown = |of: fn(&Figures) -> u64| of(after).saturating_sub(of(before));
        let mut classes = after.usage.classes;
        for (class, before) in classes.iter_mut().zip(before.usage.classes) {
            *class = class.saturating_sub(before);
        }
        Self {
            answered: tally.answered(),
            in_doubt: tally.in_doubt,
            synthetic: grown(|figures| figures.synthetic),
            synthetic_told: after.synthetic_told,
            numbered,
            journaled: grown(|figures| {
                let lines = &figures.pipeline;
                lines.received.saturating_sub(lines.duplicates + lines.system)
            }),
            rejected: grown(|figures| figures.pipeline.rejected),
            stored: grown(|figures| figures.pipeline.stored),
            requests: grown(|figures| figures.usage.requests),
            classes,
            loss: Loss::of(after.pipeline.worker(boot_ms), numbered),
        }
    }

    /// The edge's own requests whose lines are among the lost: what nobody else asked, as far as the edge's word and the
    /// measured loss reach.
    fn synthetic_lost(&self) -> u64 {
        let unexplained = self.numbered.saturating_sub(self.answered + self.synthetic);
        let told = (self.synthetic_told + UNTOLD_MAX).saturating_sub(self.synthetic);
        unexplained.min(told).min(self.loss.total())
    }

    /// What does not add up; nothing if the reconciliation holds.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut equal = |left: u64, right: u64, what: &str| {
            if left != right {
                found.push(format!("{what}: {} and {}", grouped(left), grouped(right)));
            }
        };
        let asked = self.answered + self.synthetic + self.synthetic_lost();
        let in_doubt = self.numbered.saturating_sub(asked).min(self.in_doubt);
        equal(asked + in_doubt, self.numbered, "requests and numbered lines differ");
        equal(
            self.journaled + self.loss.total(),
            self.numbered,
            "journaled with measured loss and numbered lines differ",
        );
        equal(self.rejected, 0, "lines were rejected, of a gateway whose lines are all readable");
        equal(self.stored, self.journaled, "stored records and journaled lines differ");
        equal(self.requests, self.stored, "usage and stored records differ");
        equal(self.classes.iter().sum(), self.requests, "the six classes and their total differ");
        found
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, number: u64, note: &str| writeln!(f, "  {name:<28}{:>14}  {note}", grouped(number));
        row("requests answered", self.answered, "")?;
        row("requests in doubt", self.in_doubt, "sent, no whole answer")?;
        let told = format!("the edge's own, as metered; it told of {}", grouped(self.synthetic_told));
        row("synthetic requests", self.synthetic, &told)?;
        row("lines numbered by HAProxy", self.numbered, "show table seq")?;
        let Loss { head, gaps, tail } = self.loss;
        row(
            "lines lost, measured",
            self.loss.total(),
            &format!("{head} at the start, {gaps} between, {tail} at the end"),
        )?;
        row("lines journaled", self.journaled, "without duplicates and system messages")?;
        row("records stored", self.stored, "")?;
        let classes = CLASSES.iter().zip(self.classes).map(|(name, number)| format!("{name} {}", grouped(number)));
        row("usage, sum of six classes", self.classes.iter().sum(), &classes.collect::<Vec<_>>().join(", "))
    }
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(received: u64, first_seq: u64, highest_seq: u64) -> Worker {
        let missing = highest_seq - first_seq + 1 - received;
        Worker { boot_ms: 7, missing, first_seq, highest_seq }
    }

    #[test]
    fn loss_at_the_start_between_and_at_the_end() {
        let loss = |worker, numbered| {
            let Loss { head, gaps, tail } = Loss::of(Option::as_ref(&worker), numbered);
            (head, gaps, tail)
        };
        assert_eq!(loss(Some(worker(100, 1, 100)), 100), (0, 0, 0));
        assert_eq!(loss(Some(worker(90, 3, 95)), 100), (2, 3, 5));
        assert_eq!(loss(None, 100), (0, 0, 100));
        assert_eq!(loss(None, 0), (0, 0, 0));
    }

    fn figures(accepted: u64, other: u64, workers: Vec<Worker>) -> Figures {
        let pipeline = Pipeline {
            received: accepted + 2 * other,
            accepted,
            duplicates: other,
            system: other,
            stored: accepted,
            workers,
            ..Pipeline::default()
        };
        let usage = Usage { requests: accepted, classes: [accepted, 0, 0, 0, 0, 0], ..Usage::default() };
        Figures { pipeline, usage, ..Figures::default() }
    }

    #[test]
    fn a_run_on_old_data_counts_itself_alone() {
        let tally = Tally { by_status: [(200, 90), (429, 8)].into(), in_doubt: 3, not_sent: 9 };
        let other = Worker { boot_ms: 6, ..worker(1_000, 1, 2_000) };
        let before = Figures { synthetic: 40, ..figures(1_000, 4, Vec::new()) };
        let after = Figures { synthetic: 46, ..figures(1_101, 9, vec![other, worker(101, 1, 103)]) };
        let counted = Counted::between(&before, &after, &tally, 106, 7);
        assert_eq!(counted.loss, Loss { head: 0, gaps: 2, tail: 3 });
        assert_eq!((counted.answered, counted.journaled, counted.stored, counted.requests), (98, 101, 101, 101));
        assert_eq!(counted.synthetic, 6);
        assert_eq!(counted.differences(), Vec::<String>::new());
    }

    #[test]
    fn every_difference_is_found() {
        let good = Counted {
            answered: 994,
            in_doubt: 0,
            synthetic: 6,
            synthetic_told: 0,
            numbered: 1_000,
            journaled: 990,
            rejected: 0,
            stored: 990,
            requests: 990,
            classes: [500, 100, 200, 100, 50, 40],
            loss: Loss { head: 0, gaps: 10, tail: 0 },
        };
        assert_eq!(good.differences(), Vec::<String>::new());
        let doubtful = Counted { answered: 992, in_doubt: 2, ..good };
        assert!(doubtful.differences().is_empty(), "doubt may explain a difference");
        let lost = Counted { synthetic: 2, ..good };
        assert!(lost.differences().is_empty(), "lines of the edge's own requests may be among the lost");
        let cases: [(Counted, &str); 10] = [
            (Counted { answered: 980, ..good }, "requests and numbered lines differ: 992 and 1,000"),
            (
                Counted { answered: 900, synthetic_told: 900, ..good },
                "requests and numbered lines differ: 916 and 1,000",
            ),
            (
                Counted { synthetic: 5, loss: Loss::default(), ..good },
                "requests and numbered lines differ: 999 and 1,000",
            ),
            (Counted { answered: 995, in_doubt: 5, ..good }, "requests and numbered lines differ"),
            (Counted { loss: Loss::default(), ..good }, "measured loss and numbered lines differ: 990 and 1,000"),
            (Counted { loss: Loss { head: 0, gaps: 11, tail: 0 }, ..good }, "1,001 and 1,000"),
            (Counted { rejected: 1, ..good }, "rejected"),
            (Counted { stored: 991, ..good }, "stored records and journaled lines differ: 991 and 990"),
            (Counted { requests: 989, ..good }, "usage and stored records differ"),
            (Counted { classes: [0; 6], ..good }, "the six classes"),
        ];
        for (counted, message) in cases {
            let differences = counted.differences().join("; ");
            assert!(differences.contains(message), "{differences}");
        }
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
