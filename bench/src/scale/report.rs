//! The figures as rows.

use super::limits::limits;
use super::sizing::{Asked, Figure, Plan, bytes, dollars, machines};
use super::tally::{Loss, Outcome};
use crate::report::Row;

pub(super) const MODEL: &str = "the model";

fn row(case: &str, unit: &str, value: f64) -> Row {
    Row::new(case, MODEL, unit, vec![value])
}

/// What is reckoned without simulating: machines, bytes, dollars, and where it breaks first.
pub(super) fn on_paper(case: &str, asked: &Asked) -> Vec<Row> {
    let plan = Plan::of(asked);
    let of = |group: &str, figures: Vec<Figure>| {
        let name = |figure: &Figure| format!("{case}, {group}: {}", figure.what);
        figures.iter().map(|figure| row(&name(figure), figure.unit, figure.value)).collect::<Vec<_>>()
    };
    let mut rows = of("machines", machines(asked, &plan));
    rows.extend(of("bytes", bytes(asked, &plan)));
    rows.extend(of("dollars", dollars(asked, &plan)));
    rows.extend(breaks(case, asked, &plan));
    rows
}

/// The head of these breaks first. What has no bound is left out.
fn breaks(case: &str, asked: &Asked, plan: &Plan) -> Vec<Row> {
    let all = limits(asked, plan).into_iter().filter(|limit| limit.carries.is_finite());
    all.map(|limit| {
        let case = format!("{case}, carries: {}, of the {} asked", limit.what, limit.unit);
        row(&case, "% of what is asked", limit.times() * 100.0)
    })
    .collect()
}

/// All of an undisturbed run.
pub(super) fn undisturbed(case: &str, outcome: &Outcome) -> Vec<Row> {
    let Outcome { counted, shown, busy, cores, .. } = outcome;
    let of = |what: &str, unit: &str, value: f64| row(&format!("{case}: {what}"), unit, value);
    let mut rows = vec![
        of("until counted, on average", "ms", counted.mean_us() / 1e3),
        of("until counted, p50", "ms", counted.quantile(50)),
        of("until counted, p99", "ms", counted.quantile(99)),
        of("until counted, max", "ms", counted.quantile(100)),
        of("until on a screen, p50", "ms", shown.quantile(50)),
        of("until on a screen, p99", "ms", shown.quantile(99)),
        of("lines counted", "lines/s", counted.lines() as f64 / outcome.seconds),
        of("on the way, on average", "lines", outcome.mean_on_the_way),
        of("the busiest ingester", "% of what it can", busy.ingester * 100.0),
        of("the busiest worker", "% of a core", busy.worker * 100.0),
        of("all workers", "% of their cores", busy.workers * 100.0),
        of("the database", "% of its cores", busy.database * 100.0),
        of("the database's disk", "% of what it can", busy.database_disk * 100.0),
        of("ingesters, sockets and journal", "cores", cores.ingest),
        of("dataflow", "cores", cores.dataflow),
        of("database", "cores", cores.database),
    ];
    rows.extend(left(case, outcome));
    rows
}

/// What a fault did.
pub(super) fn disturbed(case: &str, outcome: &Outcome) -> Vec<Row> {
    let mut rows = Vec::new();
    for (fault, recovered) in &outcome.recoveries {
        let of = if outcome.recoveries.len() > 1 { format!("{case}: {fault}") } else { case.to_owned() };
        rows.push(match recovered {
            Some(seconds) => row(&format!("{of}: until no line was late any more"), "s", *seconds),
            None => row(&format!("{of}: lines were late to the end of the run, which was at"), "s", outcome.seconds),
        });
    }
    rows.push(row(&format!("{case}: until counted, p99 of all the time"), "ms", outcome.counted.quantile(99)));
    rows.extend(left(case, outcome));
    rows
}

/// What was lost, what was left, and how much there was at the most.
fn left(case: &str, outcome: &Outcome) -> Vec<Row> {
    let of = |what: &str, lines: u64| row(&format!("{case}: {what}"), "lines", lines as f64);
    let mut rows = vec![
        of("made", outcome.made),
        of("not counted, most at a time", outcome.most_not_counted),
        of("not counted at the end", outcome.not_counted),
        of("counted and not stored, most at a time", outcome.most_not_stored),
        of("counted and not stored at the end", outcome.not_stored),
        of("no room while they waited for the database", outcome.passed_by),
        of("with ingesters that are away", outcome.parked),
        of("lost", outcome.all_lost()),
    ];
    for ((_, name), lost) in Loss::ALL.iter().zip(outcome.lost) {
        if lost > 0 {
            rows.push(of(&format!("lost {name}"), lost));
        }
    }
    rows
}

/// What a run was, in a line for who watches.
pub(super) fn told(case: &str, outcome: &Outcome) -> String {
    let Outcome { seconds, made, counted, stored, .. } = outcome;
    let lost = outcome.all_lost();
    format!("{case}: {seconds} s, {made} lines made, {} counted, {stored} stored, {lost} lost", counted.lines())
}
