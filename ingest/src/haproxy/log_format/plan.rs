//! From items to steps: how each field's end is found, and where that may go wrong.
//!
//! From the left: a field of fixed width is as long as it is; one that cannot hold the literal behind it ends at the
//! next one. A field that can hold it is *free*: a window is laid from it to the next literal that nothing within can
//! hold (or the line's end), what stands behind it in the window is read from the right, and it takes what is left. Two
//! free fields in one window cannot be told apart: the first then ends at the first chance, with a warning.

use super::alias::Kind;
use super::bytes::ByteSet;
use super::items::{Field, Item};
use super::{FormatError, Warning};

/// One step of reading a line. `pos` runs from the left, `limit` from the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The literal stands at `pos`. After captures that were absent its first blank may be taken already.
    Literal { text: Vec<u8>, after_captures: bool, may_end: bool },
    /// The field ends at the first such literal, which is passed over.
    Until { field: usize, text: Vec<u8>, escaped: bool, may_end: bool },
    /// The field ends at the first byte it cannot hold.
    Run { field: usize, bytes: ByteSet },
    /// So many bytes.
    Fixed { field: usize, width: usize },
    /// Everything that is left.
    Rest { field: usize },
    /// `{…}`, in quotes or not, or nothing.
    Captures { field: usize, quoted: bool },
    /// Quoted captures as long as there are some; unquoted, the rest of the line.
    List { field: usize, quoted: bool },
    /// A window from `pos` to the first such literal, or the line's end; `limit` is its end.
    Window { end: Option<Vec<u8>> },
    /// The literal stands before `limit`.
    BackLiteral { text: Vec<u8> },
    /// The field begins behind the last such literal before `limit`.
    BackUntil { field: usize, text: Vec<u8> },
    /// So many bytes before `limit`.
    BackFixed { field: usize, width: usize },
    /// `{…}` before `limit`, or nothing.
    BackCaptures { field: usize, quoted: bool },
    /// What is left of the window; `pos` goes to the window's end.
    Take { field: usize },
}

/// The steps of a format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// Fields that take what is left.
    pub(super) free: Vec<usize>,
}

/// Plans how lines are read.
pub(super) fn plan(items: &[Item], fields: &[Field], warnings: &mut Vec<Warning>) -> Result<Plan, FormatError> {
    let mut planner = Planner { items, fields, plan: Plan::default(), warnings };
    let mut at = 0;
    while at < items.len() {
        at = planner.step(at)?;
    }
    planner.warn_of_assumptions();
    planner.warn_of_lists();
    Ok(planner.plan)
}

struct Planner<'a> {
    items: &'a [Item],
    fields: &'a [Field],
    plan: Plan,
    warnings: &'a mut Vec<Warning>,
}

impl Planner<'_> {
    /// Plans the item at `at`; returns the next one.
    fn step(&mut self, at: usize) -> Result<usize, FormatError> {
        let (step, next) = match &self.items[at] {
            Item::Literal(text) => {
                let after_captures = at > 0 && self.is_captures(at - 1);
                (Step::Literal { text: text.clone(), after_captures, may_end: self.may_end(at) }, at + 1)
            }
            Item::Field(field) => return self.field(at, *field),
        };
        self.plan.steps.push(step);
        Ok(next)
    }

    fn field(&mut self, at: usize, number: usize) -> Result<usize, FormatError> {
        let field = &self.fields[number];
        let (step, next) = match (field.kind, self.items.get(at + 1)) {
            (Kind::Captures, _) => (Step::Captures { field: number, quoted: field.quoted }, at + 1),
            (Kind::CaptureList, _) => (Step::List { field: number, quoted: field.quoted }, at + 1),
            (kind, _) if kind.width().is_some() => {
                (Step::Fixed { field: number, width: kind.width().unwrap_or_default() }, at + 1)
            }
            (_, None) => (Step::Rest { field: number }, at + 1),
            (_, Some(Item::Literal(text))) if is_hard(field, text) => {
                let escaped = field.escaped && has_escapable(text);
                let may_end = self.may_end(at + 1);
                (Step::Until { field: number, text: text.clone(), escaped, may_end }, at + 2)
            }
            (_, Some(Item::Field(next))) if self.are_apart(number, *next) => {
                (Step::Run { field: number, bytes: field.bytes() }, at + 1)
            }
            _ => return self.free(at, number),
        };
        self.plan.steps.push(step);
        Ok(next)
    }

    /// A field that may hold what stands behind it.
    fn free(&mut self, at: usize, number: usize) -> Result<usize, FormatError> {
        let ends = (at + 2..self.items.len()).filter(|end| self.closes_window(at, *end)).chain([self.items.len()]);
        for end in ends {
            if let Some(back) = self.read_backwards(at + 1, end) {
                let text = match self.items.get(end) {
                    Some(Item::Literal(text)) => Some(text.clone()),
                    _ => None,
                };
                self.plan.free.push(number);
                self.plan.steps.push(Step::Window { end: text.clone() });
                self.plan.steps.extend(back);
                self.plan.steps.push(Step::Take { field: number });
                self.plan.steps.extend(text.map(|text| Step::Literal { text, after_captures: false, may_end: false }));
                return Ok(end + 1);
            }
        }
        self.ends_at_first(at, number)
    }

    /// Whether the item is a literal that nothing between `from` and it can hold.
    fn closes_window(&self, from: usize, at: usize) -> bool {
        let Item::Literal(text) = &self.items[at] else {
            return false;
        };
        let held = self.items[from..at].iter().fold(ByteSet::EMPTY, |held, item| {
            held.union(match item {
                Item::Literal(text) => ByteSet::of(text),
                Item::Field(field) => self.fields[*field].bytes(),
            })
        });
        !held.can_hold(text)
    }

    /// Steps that read the items `from..end` from the right, if they can be read so.
    fn read_backwards(&self, from: usize, end: usize) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        let mut at = end;
        while at > from {
            at -= 1;
            let step = match &self.items[at] {
                Item::Literal(text) => Step::BackLiteral { text: text.clone() },
                Item::Field(number) => {
                    let field = &self.fields[*number];
                    match (field.kind, at.checked_sub(1).map(|before| &self.items[before])) {
                        (Kind::Captures, _) => Step::BackCaptures { field: *number, quoted: field.quoted },
                        (kind, _) if kind.width().is_some() => {
                            Step::BackFixed { field: *number, width: kind.width().unwrap_or_default() }
                        }
                        (_, Some(Item::Literal(text))) if at > from && !field.bytes().can_hold(text) => {
                            at -= 1;
                            Step::BackUntil { field: *number, text: text.clone() }
                        }
                        _ => return None,
                    }
                }
            };
            steps.push(step);
        }
        Some(steps)
    }

    /// There is no telling where the field ends: it ends as early as it can.
    fn ends_at_first(&mut self, at: usize, number: usize) -> Result<usize, FormatError> {
        let field = &self.fields[number];
        let Some(Item::Literal(text)) = self.items.get(at + 1) else {
            let next = match self.items.get(at + 1) {
                Some(Item::Field(next)) => &self.fields[*next],
                _ => field,
            };
            let reason = format!(
                "nothing parts {} from {}, and neither says where it ends: put a blank or another character between them",
                field.source, next.source
            );
            return Err(FormatError { position: next.position, reason });
        };
        let escaped = field.escaped && has_escapable(text);
        self.plan.steps.push(Step::Until { field: number, text: text.clone(), escaped, may_end: false });
        let shown = String::from_utf8_lossy(text).into_owned();
        let advice = match &field.expression {
            Some(expression) => format!("%{{+Q,+E}}[{expression}] cannot be mistaken"),
            None => "log it last, or in quotes".to_owned(),
        };
        let text = format!(
            "{} may hold {shown:?}, and so may a field behind it: it is taken to end at the first one, so whoever sends such \
             text can shift what follows; {advice}",
            field.source
        );
        self.warnings.push(Warning { position: field.position, text });
        Ok(at + 2)
    }

    fn are_apart(&self, number: usize, next: usize) -> bool {
        let (field, next) = (&self.fields[number], &self.fields[next]);
        match next.kind {
            Kind::Captures | Kind::CaptureList => !field.bytes().has(if next.quoted { b'"' } else { b'{' }),
            _ => {
                let (a, b) = (field.bytes(), next.bytes());
                (0..=255).all(|byte| !(a.has(byte) && b.has(byte)))
            }
        }
    }

    fn is_captures(&self, at: usize) -> bool {
        matches!(&self.items[at], Item::Field(field)
            if matches!(self.fields[*field].kind, Kind::Captures | Kind::CaptureList))
    }

    /// Whether the literal is a blank with nothing behind it but captures, which may be absent.
    fn may_end(&self, at: usize) -> bool {
        let blank = |item: &Item| matches!(item, Item::Literal(text) if text == b" ");
        let rest = at + 1..self.items.len();
        blank(&self.items[at]) && rest.into_iter().all(|at| blank(&self.items[at]) || self.is_captures(at))
    }

    fn warn_of_assumptions(&mut self) {
        let assumed: Vec<&Field> = self.fields.iter().filter(|field| field.assumed && !field.quoted).collect();
        let Some(first) = assumed.first() else {
            return;
        };
        let names: Vec<&str> = assumed.iter().map(|field| field.source.as_str()).collect();
        let text = format!("taken to hold no blank, which HAProxy does not see to: {}", names.join(" "));
        self.warnings.push(Warning { position: first.position, text });
    }

    fn warn_of_lists(&mut self) {
        for field in self.fields.iter().filter(|field| field.kind == Kind::CaptureList) {
            let text = format!(
                "{} says nowhere how many captures it has: it takes {}; log %hr and %hs instead",
                field.source,
                if field.quoted { "every quoted text that follows" } else { "the rest of the line" }
            );
            self.warnings.push(Warning { position: field.position, text });
        }
    }
}

/// Whether the field cannot hold the literal.
fn is_hard(field: &Field, text: &[u8]) -> bool {
    !field.bytes().can_hold(text) || (field.escaped && has_escapable(text))
}

/// Whether the literal has a byte that `+E` puts a backslash before.
fn has_escapable(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'"' | b']'))
}
