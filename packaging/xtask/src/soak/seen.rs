//! Whether a fault was one: what the system told of itself while it lasted. A fault that nothing shows of proves nothing.
//! Pure.

use super::fault::Fault;
use crate::api::Pipeline;
use crate::reconcile::grouped;

/// What was seen, and what should have been otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) says: String,
    pub(crate) wrong: Option<String>,
}

/// Judges what the operators' API answered meanwhile; the first answers, which may still be of before, are left out by
/// the caller.
pub(crate) fn judge(fault: Fault, answers: &[Pipeline]) -> Seen {
    match fault {
        Fault::DatabaseDown | Fault::DatabasePaused => without_database(answers),
        Fault::DiskFull => with_full_disk(answers),
        Fault::SyslogCut => without_lines(answers),
        Fault::SuiftlyKilled => without_suiftly(answers),
        Fault::EdgeKilled => without_edge(answers),
        Fault::GatewayReloaded | Fault::GatewayKilled => fine("a new worker numbers its lines from 1".to_owned()),
    }
}

const fn fine(says: String) -> Seen {
    Seen { says, wrong: None }
}

fn seen(says: String, wrong: Option<&str>) -> Seen {
    Seen { says, wrong: wrong.map(str::to_owned) }
}

/// By how much a figure has grown from the first answer to the last.
fn growth(answers: &[Pipeline], of: fn(&Pipeline) -> u64) -> u64 {
    let ends = answers.first().zip(answers.last());
    ends.map_or(0, |(first, last)| of(last).saturating_sub(of(first)))
}

fn without_database(answers: &[Pipeline]) -> Seen {
    let (taken, stored) = (growth(answers, |one| one.accepted), growth(answers, |one| one.stored));
    if answers.len() < 2 {
        return fine("the operators' API did not answer meanwhile".to_owned());
    }
    let wrong = match (taken, stored) {
        (0, _) => Some("no line was taken while the database was away"),
        (_, 1..) => Some("lines were stored while the database was away"),
        _ => None,
    };
    seen(format!("{} lines journaled and billed live, none stored", grouped(taken)), wrong)
}

fn with_full_disk(answers: &[Pipeline]) -> Seen {
    match answers.iter().rev().find_map(|one| one.journal_error.as_deref()) {
        Some(error) => fine(format!("told: {}", without_paths(error))),
        None => seen("no error was told".to_owned(), Some("the journal did not tell that its disk was full")),
    }
}

fn without_lines(answers: &[Pipeline]) -> Seen {
    let received = growth(answers, |one| one.received);
    let wrong = (received > 0).then_some("lines came by a line that was cut");
    seen(format!("{} lines came meanwhile", grouped(received)), wrong)
}

fn without_suiftly(answers: &[Pipeline]) -> Seen {
    let wrong = (!answers.is_empty()).then_some("it answered while it was dead");
    seen("nobody answered; the gateway went on".to_owned(), wrong)
}

fn without_edge(answers: &[Pipeline]) -> Seen {
    let taken = growth(answers, |one| one.accepted);
    let wrong = (answers.len() > 1 && taken == 0).then_some("no line was taken while the edge was away");
    seen(format!("{} lines taken meanwhile", grouped(taken)), wrong)
}

/// A message without the paths of this machine.
fn without_paths(text: &str) -> String {
    let plain = |word: &str| if word.starts_with('/') { "…".to_owned() } else { word.to_owned() };
    text.split(' ').map(plain).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(received: u64, accepted: u64, stored: u64) -> Pipeline {
        Pipeline { received, accepted, stored, ..Pipeline::default() }
    }

    #[test]
    fn a_fault_that_does_nothing_is_none() {
        let full =
            Pipeline { journal_error: Some("cannot write /a/b: the disk is full".to_owned()), ..answer(5, 5, 5) };
        let (still, moving) = (vec![answer(5, 5, 5); 2], vec![answer(5, 5, 5), answer(9, 9, 5)]);
        let cases: [(Fault, Vec<Pipeline>, bool, &str); 12] = [
            (Fault::DatabaseDown, moving.clone(), true, "4 lines"),
            (Fault::DatabaseDown, still.clone(), false, "0 lines"),
            (Fault::DatabasePaused, vec![answer(5, 5, 5), answer(9, 9, 6)], false, "4 lines"),
            (Fault::DatabasePaused, vec![], true, "did not answer"),
            (Fault::DiskFull, vec![answer(5, 5, 5), full], true, "cannot write … the disk is full"),
            (Fault::DiskFull, still.clone(), false, "no error"),
            (Fault::SyslogCut, still.clone(), true, "0 lines"),
            (Fault::SyslogCut, moving.clone(), false, "4 lines"),
            (Fault::SuiftlyKilled, vec![], true, "nobody"),
            (Fault::SuiftlyKilled, still.clone(), false, "nobody"),
            (Fault::EdgeKilled, moving, true, "4 lines"),
            (Fault::EdgeKilled, still, false, "0 lines"),
        ];
        for (fault, answers, holds, says) in cases {
            let seen = judge(fault, &answers);
            assert_eq!(seen.wrong.is_none(), holds, "{fault:?}: {seen:?}");
            assert!(seen.says.contains(says), "{fault:?}: {seen:?}");
        }
    }
}
