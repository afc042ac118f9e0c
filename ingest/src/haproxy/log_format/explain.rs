//! A format in words: each token, what it means and how it is read; and what is wrong with a line, under the line.

use super::items::{Field, Item};
use super::{LogFormat, Mismatch, Trouble};

/// So much of a line is shown around where it leaves its format.
const SHOWN_CHARS: usize = 60;

impl LogFormat {
    /// The tokens, one a line: place in the string, token, type, meaning. Then the warnings.
    pub fn explain(&self) -> Vec<String> {
        let width = self.fields.iter().map(|field| field.source.chars().count()).max().unwrap_or_default().min(40);
        let mut lines = vec![format!("format: {}", self.text)];
        for item in &self.items {
            lines.push(match item {
                Item::Literal(text) => {
                    format!("      {:<width$}  literal", format!("{:?}", String::from_utf8_lossy(text)))
                }
                Item::Field(number) => {
                    let field = &self.fields[*number];
                    let free =
                        if self.plan.free.contains(number) { "; takes what is left when the rest is read" } else { "" };
                    let kind = field.kind.word();
                    let flags = flags(field);
                    format!(
                        "{:>4}  {:<width$}  {kind:<12}  {}{flags}{free}",
                        field.position, field.source, field.meaning
                    )
                }
            });
        }
        let warnings = self.warnings.iter();
        lines.extend(warnings.map(|warning| format!("warning: at character {}: {}", warning.position, warning.text)));
        lines
    }

    /// What is wrong with a line, in one line.
    pub fn describe(&self, mismatch: &Mismatch) -> String {
        let field = mismatch.field.and_then(|field| self.fields.get(field));
        let of = field.map_or_else(String::new, |field| format!(" for {} ({})", field.source, field.kind.word()));
        let column = mismatch.at + 1;
        match &mismatch.trouble {
            Trouble::Literal(text) if field.is_some() => {
                format!("column {column}: nothing ends{of}: there is no {text:?}")
            }
            Trouble::Literal(text) => format!("column {column}: {text:?} should stand here"),
            Trouble::Value => format!("column {column}: not a value{of}"),
            Trouble::Short => format!("column {column}: the line is too short{of}"),
            Trouble::Trailing => format!("column {column}: the format ends here, the line goes on"),
        }
    }

    /// The part of a line around a mismatch, and a mark under its place. Control characters are shown as `?`.
    pub fn mark(&self, line: &[u8], mismatch: &Mismatch) -> [String; 2] {
        let at = mismatch.at.min(line.len());
        let before = String::from_utf8_lossy(&line[..at]).into_owned();
        let skipped = before.chars().count().saturating_sub(SHOWN_CHARS / 2);
        let lead: String = before.chars().skip(skipped).collect();
        let ellipsis = if skipped > 0 { "…" } else { "" };
        let after = String::from_utf8_lossy(&line[at..]);
        let rest: String = after.chars().take(SHOWN_CHARS).collect();
        let shown: String =
            format!("{ellipsis}{lead}{rest}").chars().map(|char| if char.is_control() { '?' } else { char }).collect();
        let column = ellipsis.chars().count() + lead.chars().count();
        [shown, format!("{:column$}^", "")]
    }
}

fn flags(field: &Field) -> String {
    let flags = [(field.quoted, "in quotes"), (field.escaped, "escaped by \\"), (field.hex, "in hexadecimal")];
    let said: Vec<&str> = flags.into_iter().filter(|(set, _)| *set).map(|(_, word)| word).collect();
    if said.is_empty() { String::new() } else { format!("; {}", said.join(", ")) }
}
