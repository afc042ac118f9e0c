//! The steps of an audit. Each says in words what it found; none stops the others.

use super::books;
use super::hours::{self, Difference};
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::PathBuf;
use suiftly_ingest::audit::{Customers, From, JournalDirs, Journals, Recount, RecountOrder};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::journal::{JournalId, locate};
use suiftly_schema::bill::{Bill, BillInputs, HourUsage, JournalPoint};
use suiftly_schema::invoice::ExportedInvoice;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

/// What the invoice is held against.
#[derive(Debug)]
pub(super) struct Evidence {
    /// Journals' directories; of a cluster those of its order and of every ingester.
    pub(super) journals: Vec<PathBuf>,
    /// Archives' directories.
    pub(super) archives: Vec<PathBuf>,
    /// Formats and bindings, as they were in force.
    pub(super) decode: DecodeConfig,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// As it should be.
    Holds,
    /// Not as it should be.
    Differs,
    /// It cannot be told by what is kept: no difference, and no proof.
    Unconfirmed,
    /// It could not be done.
    Failed,
}

/// A step, and what it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Its name, for programs.
    pub(super) name: &'static str,
    pub(super) outcome: Outcome,
    /// In words.
    pub(super) says: String,
}

impl Step {
    pub(super) fn new(name: &'static str, outcome: Outcome, says: impl Into<String>) -> Self {
        Self { name, outcome, says: says.into() }
    }
}

/// What an audit found.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) number: String,
    pub(super) customer_id: i64,
    pub(super) month: String,
    pub(super) steps: Vec<Step>,
    /// Hours of which the journal says something else.
    pub(super) hours: Vec<Difference>,
    /// What the invoice's usage comes to, and what the journal's does; once both are known.
    pub(super) gross: Option<(MicroUsd, MicroUsd)>,
    /// Lines that were read.
    pub(super) lines: u64,
}

impl Findings {
    /// An error unless every step holds, but for what cannot be told any more.
    pub(super) fn verdict(&self) -> anyhow::Result<()> {
        let with = |outcome| self.steps.iter().filter(move |step| step.outcome == outcome);
        if let Some(failed) = with(Outcome::Failed).next() {
            anyhow::bail!("the audit of {} is not complete: {}", self.number, failed.says);
        }
        match with(Outcome::Differs).count() {
            0 => Ok(()),
            count => {
                anyhow::bail!("{} is not what it should be: {count} of {} steps differ", self.number, self.steps.len())
            }
        }
    }
}

/// Audits.
pub(super) fn check(exported: &ExportedInvoice, evidence: &Evidence) -> Findings {
    let mut findings = Findings {
        number: exported.number.clone(),
        customer_id: exported.customer_id.get(),
        month: exported.month.to_string(),
        steps: vec![hash(exported)],
        hours: Vec::new(),
        gross: None,
        lines: 0,
    };
    match serde_json::from_str::<BillInputs>(&exported.inputs) {
        Ok(inputs) => against_inputs(exported, &inputs, evidence, &mut findings),
        Err(error) => {
            findings.steps.push(Step::new("inputs", Outcome::Differs, format!("the inputs cannot be read: {error}")));
        }
    }
    findings
}

fn hash(exported: &ExportedInvoice) -> Step {
    let found = BillInputs::hash_of(&exported.inputs);
    if found == exported.input_hash {
        return Step::new("hash", Outcome::Holds, format!("the inputs are those that were recorded: SHA-256 {found}"));
    }
    let says = format!(
        "the inputs are not those that were recorded: SHA-256 {found}, the document says {}",
        exported.input_hash
    );
    Step::new("hash", Outcome::Differs, says)
}

fn against_inputs(exported: &ExportedInvoice, inputs: &BillInputs, evidence: &Evidence, findings: &mut Findings) {
    findings.steps.push(bill(exported, inputs));
    let counted = sources(inputs, evidence).and_then(|sources| count(inputs, &sources, evidence, From::Month));
    let counted = counted.and_then(|counted| again_if_it_differs(inputs, counted, evidence));
    match counted {
        Ok(counted) => {
            findings.lines = counted.lines;
            findings.hours = hours::differences(inputs, &counted.hours);
            let journals = BillInputs { hours: counted.hours.clone(), ..inputs.clone() };
            findings.gross = Some((inputs.bill().gross, journals.bill().gross));
            findings.steps.push(hours_step(inputs, &findings.hours, counted.lines));
            findings.steps.extend(books::steps(inputs, &counted.of_journals));
        }
        Err(error) => findings.steps.push(Step::new(
            "hours",
            Outcome::Failed,
            format!("the usage cannot be counted again: {error}"),
        )),
    }
}

fn bill(exported: &ExportedInvoice, inputs: &BillInputs) -> Step {
    let differs = |says: String| Step::new("bill", Outcome::Differs, says);
    if (inputs.customer_id, inputs.month) != (exported.customer_id, exported.month) {
        let (customer, month) = (inputs.customer_id.get(), inputs.month);
        return differs(format!("the inputs are customer {customer}'s of {month}"));
    }
    let computed = inputs.bill();
    if computed == exported.bill {
        let Bill { lines, total, payable, .. } = &computed;
        let says =
            format!("the bill follows from the inputs: {} lines, {total} in all, {payable} payable", lines.len());
        return Step::new("bill", Outcome::Holds, says);
    }
    let line = computed.lines.iter().zip(&exported.bill.lines).position(|(one, other)| one != other);
    let line = line.map_or_else(String::new, |at| format!(", line {} is the first that differs", at + 1));
    let sums = |bill: &Bill| {
        let Bill { lines, gross, waiver, total, carried_in, payable, carried_out } = bill;
        format!(
            "{} lines, gross {gross}, waiver {waiver}, total {total}, carried in {carried_in}, payable {payable}, carried out {carried_out}",
            lines.len()
        )
    };
    differs(format!(
        "the inputs come to another bill: {}; the document says {}{line}",
        sums(&computed),
        sums(&exported.bill)
    ))
}

/// A journal of the inputs, where it is found; of a cluster its order, with all journals.
pub(super) struct Source {
    pub(super) point: Option<JournalPoint>,
    pub(super) journal_id: JournalId,
    pub(super) journals: Journals,
}

/// What journals say.
pub(super) struct Counted {
    hours: Vec<HourUsage>,
    lines: u64,
    /// Whether all began with their first blocks.
    is_from_first: bool,
    pub(super) of_journals: Vec<(Source, Option<Recount>)>,
}

/// The journals that the inputs name, and others that were given: they may carry books, or be what a cluster's order takes
/// in. A journal may be told by its own directory, by its archive's, or by both.
fn sources(inputs: &BillInputs, evidence: &Evidence) -> anyhow::Result<Vec<Source>> {
    let mut found: BTreeMap<String, (JournalId, JournalDirs)> = BTreeMap::new();
    for (dir, is_archive) in
        evidence.journals.iter().map(|dir| (dir, false)).chain(evidence.archives.iter().map(|dir| (dir, true)))
    {
        let Some(journal_id) = locate(dir, None, UnixMillis::MIN)?.journal_id else { continue };
        let (_, dirs) = found.entry(journal_id.to_string()).or_insert_with(|| (journal_id, JournalDirs::new(dir)));
        if dirs.journal != *dir && (is_archive || dirs.archive.is_none()) {
            dirs.archive = Some(dir.clone());
        }
    }
    let mut named = Vec::new();
    for point in &inputs.journals {
        let id = &point.journal_id;
        named
            .push((point, found.remove(id).with_context(|| format!("journal {id} is not in any of the directories"))?));
    }
    let others: BTreeMap<JournalId, JournalDirs> = found.into_values().collect();
    let (mut sources, mut is_cluster) = (Vec::new(), false);
    for (point, (journal_id, dirs)) in named {
        let journals = Journals::of(dirs, &others)?;
        is_cluster |= matches!(journals, Journals::Cluster(_));
        sources.push(Source { point: Some(point.clone()), journal_id, journals });
    }
    if !is_cluster {
        let other = |(journal_id, dirs)| Source { point: None, journal_id, journals: Journals::One(dirs) };
        sources.extend(others.into_iter().map(other));
    }
    Ok(sources)
}

fn count(inputs: &BillInputs, sources: &[Source], evidence: &Evidence, from: From) -> anyhow::Result<Counted> {
    let (mut sums, mut lines, mut is_from_first, mut of_journals) = (BTreeMap::new(), 0, true, Vec::new());
    for Source { point, journal_id, journals } in sources {
        let counted = match point {
            Some(point) => {
                let order = RecountOrder {
                    journal_id: *journal_id,
                    through: point.epoch,
                    month: inputs.month,
                    customers: Customers::one(inputs.customer_id),
                    books: inputs.books.clone(),
                    decode: evidence.decode.clone(),
                    from,
                };
                Some(journals.recount(&order)?)
            }
            None => None,
        };
        if let Some(counted) = &counted {
            hours::add(&mut sums, counted.hours.values().flatten());
            lines += counted.lines;
            is_from_first &= counted.is_from_first;
        }
        let source = Source { point: point.clone(), journal_id: *journal_id, journals: journals.clone() };
        of_journals.push((source, counted));
    }
    Ok(Counted { hours: hours::sorted(sums), lines, is_from_first, of_journals })
}

/// A difference is believed only after a count from the beginning: what came long before the month may decide what a
/// line in it is.
fn again_if_it_differs(inputs: &BillInputs, counted: Counted, evidence: &Evidence) -> anyhow::Result<Counted> {
    if counted.is_from_first || hours::differences(inputs, &counted.hours).is_empty() {
        return Ok(counted);
    }
    let sources: Vec<_> = counted.of_journals.into_iter().map(|(source, _)| source).collect();
    count(inputs, &sources, evidence, From::Beginning)
}

fn hours_step(inputs: &BillInputs, differences: &[Difference], lines: u64) -> Step {
    let journals: Vec<_> =
        inputs.journals.iter().map(|point| format!("{} through epoch {}", point.journal_id, point.epoch)).collect();
    let by = if journals.is_empty() { "no journal".to_owned() } else { format!("journal {}", journals.join(" and ")) };
    if differences.is_empty() {
        let says =
            format!("the {} hours of usage are those of {by}, counted again out of {lines} lines", inputs.hours.len());
        return Step::new("hours", Outcome::Holds, says);
    }
    let says = format!("{} hours of usage differ from {by}, counted again out of {lines} lines", differences.len());
    Step::new("hours", Outcome::Differs, says)
}
