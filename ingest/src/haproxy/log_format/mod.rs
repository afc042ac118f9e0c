//! Any HAProxy `log-format` string, compiled to a parser of the lines that it makes.
//!
//! ```text
//! "%ci:%cp [%tr] …" ── quote ──▶ items ──▶ plan ──▶ LogFormat ── walk ──▶ Slots ── record ──▶ Record
//!                     as HAProxy's   tokens,   steps,      the line's bytes: where      by Attribution
//!                     own reader     typed     warnings    each field stands
//! ```
//!
//! Compiling is done once: the string is read as haproxy.cfg reads it ([`quote`]), cut into literals and typed fields
//! ([`items`], [`alias`], [`expression`]), and turned into steps that find each field's end ([`plan`]). What may be in a
//! field decides how: a field that cannot hold its delimiter ends at the next one; one that can is *free*, and is what
//! is left when everything before it was read from the left and everything after it from the right. Where that leaves
//! no single reading, compiling says so: an error where lines could not be read at all, a warning where they can be
//! unless a value holds what parts it from the next.
//!
//! Reading a line ([`walk`]) allocates nothing: it notes where the fields stand, checks each against its type
//! ([`value`]), and [`record`] makes the record. How each token is rendered is that of HAProxy's log.c, 2.6 to 3.x.

mod alias;
mod attribution;
mod bytes;
mod explain;
mod expression;
mod items;
mod map;
mod plan;
mod published;
mod quote;
mod record;
mod roles;
mod slots;
mod stock;
mod value;
mod walk;
mod why;

pub use attribution::{Attribute, Attribution, FieldRef};
pub use map::{MAX_MAP_BYTES, MAX_MAP_ENTRIES, MapError, TextMap};
pub use published::{PublishedError, attribute, compile_published, compile_text};
pub use record::RecordFormat;
pub use slots::Slots;
pub use stock::{HTTPLOG, HTTPSLOG, SF1, TCPLOG, by_word, httpslog, tcplog};
pub use walk::{Mismatch, Trouble};
pub use why::Misfit;

use items::{Field, Item};
use plan::Plan;

/// A format of more bytes is refused: haproxy.cfg's own lines are shorter.
pub const MAX_FORMAT_BYTES: usize = 16 * 1024;
/// A format of more fields is refused.
pub const MAX_FIELDS: usize = 96;

/// Why a string is no format, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {position}: {reason}")]
pub struct FormatError {
    /// The character in the string as given, counted from 1.
    pub position: usize,
    /// What is wrong, with what would be right where that is known.
    pub reason: String,
}

/// Something that may go wrong with lines of a format that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The character in the string as given, counted from 1.
    pub position: usize,
    /// What may happen, and what would prevent it.
    pub text: String,
}

/// A compiled `log-format` string. Compare by the string it was made of.
#[derive(Clone, Debug)]
pub struct LogFormat {
    text: String,
    items: Vec<Item>,
    fields: Vec<Field>,
    plan: Plan,
    warnings: Vec<Warning>,
}

impl LogFormat {
    /// Compiles a string as it stands in haproxy.cfg (in quotes, or with `\ ` for blanks, with or without the keyword
    /// `log-format` before it), or as it is when quotes and escapes are resolved.
    pub fn compile(text: &str) -> Result<Self, FormatError> {
        if text.len() > MAX_FORMAT_BYTES {
            let reason = format!("a format is at most {MAX_FORMAT_BYTES} bytes long, this one {}", text.len());
            return Err(FormatError { position: 1, reason });
        }
        let argument = quote::argument(text)?;
        let (items, fields) = items::read(&argument)?;
        let mut warnings = Vec::new();
        let plan = plan::plan(&items, &fields, &mut warnings)?;
        warnings.sort_by_key(|warning| warning.position);
        Ok(Self { text: argument.to_text(), items, fields, plan, warnings })
    }

    /// The string as HAProxy holds it, quotes and escapes resolved.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What may go wrong, in the order of the string.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// How many fields a line has.
    pub fn field_count(&self) -> usize {
        self.fields.len()
    }

    /// The token of a field, as written.
    pub fn field_token(&self, field: usize) -> Option<&str> {
        self.fields.get(field).map(|field| field.source.as_str())
    }
}

impl PartialEq for LogFormat {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for LogFormat {}

#[cfg(test)]
mod tests;
