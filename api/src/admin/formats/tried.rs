//! A format on quarantined lines, without anything coming of it.

use super::params::{Which, field};
use super::wire::{FormatError, FormatRequest, FormatWarning, TriedLine, TryFormatView};
use crate::admin::quarantine::QuarantineRows;
use crate::admin::tail::RecordLine;
use suiftly_ingest::decode::{TriedRecord, try_format};
use suiftly_ingest::haproxy::log_format::{LogFormat, PublishedError, RecordFormat, attribute, compile_text};
use suiftly_schema::quarantine::{MAX_GIVEN_BYTES, SETTLED_OUTCOMES};
use suiftly_schema::record::Record;
use suiftly_store::StoreError;
use suiftly_store::reader::{KeptLine, QuarantineQuery};

/// Lines of a reason that are looked at for some that have not become anything.
const PAGE_LINES: u32 = 200;
const PAGES_MAX: usize = 5;

/// Compiles a format; an answer that says what is wrong with it, and what is known of it all the same.
pub(super) fn compile(asked: &FormatRequest) -> Result<RecordFormat, Box<TryFormatView>> {
    let format = compile_text(&asked.log_format).map_err(|error| refused(TryFormatView::default(), error))?;
    let known = known(&format);
    attribute(format, &asked.attribution).map_err(|error| refused(known, error))
}

fn refused(view: TryFormatView, error: PublishedError) -> Box<TryFormatView> {
    let PublishedError { attribute, error } = error;
    let error = FormatError { field: field(attribute.as_deref()), position: error.position, message: error.reason };
    Box::new(TryFormatView { error: Some(error), ..view })
}

fn known(format: &LogFormat) -> TryFormatView {
    let warning = |warning: &suiftly_ingest::haproxy::log_format::Warning| FormatWarning {
        position: warning.position,
        text: warning.text.clone(),
    };
    TryFormatView {
        warnings: format.warnings().iter().map(warning).collect(),
        fields: format.attributable(),
        ..TryFormatView::default()
    }
}

/// The lines, whole; together no longer than what may be given again at once.
pub(super) async fn lines(rows: &dyn QuarantineRows, which: &Which) -> Result<Vec<KeptLine>, StoreError> {
    let offsets = match which {
        Which::Nothing => Vec::new(),
        Which::At(offsets) => offsets.clone(),
        Which::Of(reason, limit) => open(rows, reason, *limit).await?,
    };
    let (mut lines, mut bytes) = (Vec::with_capacity(offsets.len()), 0);
    for offset in offsets {
        let Some(line) = rows.line(offset).await? else { continue };
        bytes += line.line.len();
        if bytes > MAX_GIVEN_BYTES {
            break;
        }
        lines.push(line);
    }
    Ok(lines)
}

/// Where the newest lines of a reason stand that have not become anything.
async fn open(rows: &dyn QuarantineRows, reason: &str, limit: usize) -> Result<Vec<u64>, StoreError> {
    let is_open =
        |line: &KeptLine| line.outcome.as_ref().is_none_or(|(word, _)| !SETTLED_OUTCOMES.contains(&word.as_str()));
    let mut query =
        QuarantineQuery { reason: Some(reason.to_owned()), limit: PAGE_LINES, ..QuarantineQuery::default() };
    let mut offsets = Vec::with_capacity(limit);
    for _ in 0..PAGES_MAX {
        let page = rows.page(&query).await?;
        offsets.extend(page.iter().filter(|line| is_open(line)).map(|line| line.journal_offset));
        query.before = page.last().map(|line| line.journal_offset);
        if offsets.len() >= limit || page.len() < PAGE_LINES as usize {
            break;
        }
    }
    offsets.truncate(limit);
    Ok(offsets)
}

/// What the format makes of each.
pub(super) fn on(format: &RecordFormat, lines: &[KeptLine]) -> TryFormatView {
    let mut view = known(format.format());
    let (mut of_request, mut of_response) = (1, 1);
    for line in lines {
        let tried = match try_format(format, &line.line, line.received_at) {
            Ok(TriedRecord { record, request_captures, response_captures }) => {
                (of_request, of_response) = (request_captures.max(of_request), response_captures.max(of_response));
                let record = Record { journal_offset: line.journal_offset, ..record };
                TriedLine { record: Some(RecordLine::from(&record)), ..TriedLine::of(line) }
            }
            Err(misfit) => {
                let stops_at = misfit.at.map(|at| String::from_utf8_lossy(&line.line[..at]).chars().count() + 1);
                let place = stops_at.map_or_else(String::new, |at| format!("character {at}: "));
                TriedLine { problem: Some(place + &misfit.text), stops_at, ..TriedLine::of(line) }
            }
        };
        view.read += usize::from(tried.record.is_some());
        view.lines.push(tried);
    }
    view.failed = view.lines.len() - view.read;
    more_captures(&mut view.fields, "hr", of_request);
    more_captures(&mut view.fields, "hs", of_response);
    view
}

/// As many captures as lines have, behind the first.
fn more_captures(fields: &mut Vec<String>, word: &str, count: usize) {
    if let Some(first) = fields.iter().position(|field| *field == format!("{word}[1]")) {
        let more = (2..=count).map(|number| format!("{word}[{number}]"));
        fields.splice(first + 1..first + 1, more);
    }
}

impl TriedLine {
    fn of(line: &KeptLine) -> Self {
        let text = String::from_utf8_lossy(&line.line).into_owned();
        Self { offset: line.journal_offset, text, record: None, problem: None, stops_at: None }
    }
}
