//! What is written for a customer's month, as a pure function of how it stands: the same for a close and for a note.

use super::{GRACE_MS, PARTS_AWAITED_MS};
use suiftly_schema::bill::{Bill, BillInputs, BillLine};
use suiftly_schema::invoice::{DocumentKind, difference};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{Decision, MonthCase, MonthChange, NewDocument, Parts, RatedLine};

const NOTHING: MicroUsd = MicroUsd(0);

/// Decides a month, as of an instant by the manager's clock.
pub(super) fn month(case: &MonthCase, at: UnixMillis) -> Decision {
    if case.is_closed && case.before.is_none() {
        return Decision::Reopen;
    }
    if !case.is_closed && case.waits_for.is_some() {
        return Decision::Wait;
    }
    let bill = case.inputs.bill();
    if let Err(why) = agrees(case, &bill) {
        return Decision::Alarm(why);
    }
    match parts(case, at) {
        Ok(true) => {}
        Ok(false) => return Decision::Wait,
        Err(why) => return Decision::Alarm(why),
    }
    // What an excess is, is not known before the charge is decided.
    if case.charged + case.credits + case.in_flight > bill.payable && case.in_flight != NOTHING {
        return Decision::Wait;
    }
    Decision::Change(Box::new(change(case, bill)))
}

/// Whether a month's parts let it be closed. Where lines came after they were sealed, the next run seals those first; parts
/// that do not come to the bill for long are the journal's word against it. A month that cannot be shown any more is billed
/// without its tree, and so is a correction in the end: its month was closed with one.
fn parts(case: &MonthCase, at: UnixMillis) -> Result<bool, String> {
    let month = case.inputs.month;
    match &case.parts {
        Parts::None | Parts::Whole => Ok(true),
        Parts::Lacking(why) => {
            tracing::warn!(%month, why, "a bill cannot be proven");
            Ok(true)
        }
        Parts::Behind if at < month.end().plus_ms(GRACE_MS + PARTS_AWAITED_MS) => Ok(false),
        Parts::Behind if case.is_closed => Ok(true),
        Parts::Behind => Err("the records of the journal do not come to the hours that are billed".to_owned()),
    }
}

/// The hours must come to what the dataflow rated, and the items to what was charged: else something is missing that a
/// final bill would hide.
fn agrees(case: &MonthCase, bill: &Bill) -> Result<(), String> {
    let items = case.inputs.items.iter().fold(NOTHING, |sum, item| sum + item.amount);
    if items != case.fixed {
        return Err(format!("subscriptions were charged {}, and their items come to {items}", case.fixed));
    }
    let by_hours = bill.lines.iter().filter_map(|line| match line {
        BillLine::Usage(usage) if usage.amount != NOTHING => {
            Some(RatedLine { service: usage.service, price_book: usage.price_book, amount: usage.amount })
        }
        _ => None,
    });
    let by_hours: Vec<_> = by_hours.collect();
    if by_hours == case.rated {
        return Ok(());
    }
    let sum = |lines: &[RatedLine]| lines.iter().fold(NOTHING, |sum, line| sum + line.amount);
    Err(format!("usage is rated {}, and its hours come to {}", sum(&case.rated), sum(&by_hours)))
}

fn change(case: &MonthCase, bill: Bill) -> MonthChange {
    let rated = bill.gross - case.fixed;
    let excess = (case.charged + case.credits - bill.payable).max(NOTHING);
    // Credits last: they were given for something else.
    let from_charged = excess.min(case.charged);
    let from_credits = excess - from_charged;
    let due = bill.payable - (case.charged + case.credits - excess);
    MonthChange {
        usage: rated - case.accrued,
        waiver: bill.waiver - case.waived,
        from_charged,
        from_credits,
        payable: bill.payable,
        carried_out: bill.carried_out,
        is_settled: due == NOTHING,
        document: (!is_empty(case)).then(|| document(case, bill, due == NOTHING)),
    }
}

/// Whether there never was anything: no document is about it.
fn is_empty(case: &MonthCase) -> bool {
    let figures = [case.accrued, case.waived, case.charged, case.in_flight, case.credits, case.inputs.carried_in];
    let has_usage = !case.inputs.hours.is_empty() || !case.inputs.items.is_empty();
    case.before.is_none() && !has_usage && figures.iter().all(|figure| *figure == NOTHING)
}

fn document(case: &MonthCase, bill: Bill, is_settled: bool) -> NewDocument {
    let asked = case.before.as_ref().map(|before| difference(before, &bill));
    let (kind, total, payable) = match &asked {
        None => (DocumentKind::Invoice, bill.total, bill.payable),
        Some(asked) => (note_kind(asked), asked.total, asked.payable.max(-asked.payable)),
    };
    let inputs = case.inputs.to_json();
    let input_hash = BillInputs::hash_of(&inputs);
    // A credit note asks for nothing.
    let is_paid = is_settled || kind == DocumentKind::CreditNote || payable == NOTHING;
    NewDocument { kind, inputs, input_hash, bill, total, payable, is_paid }
}

/// By what is asked for; if that is the same, by what is owed; if that is waived, by what was used.
fn note_kind(asked: &Bill) -> DocumentKind {
    let sign = [asked.payable, asked.total, asked.gross].into_iter().find(|amount| *amount != NOTHING);
    if sign.is_some_and(|amount| amount < NOTHING) { DocumentKind::CreditNote } else { DocumentKind::DebitNote }
}
