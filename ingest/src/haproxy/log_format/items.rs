//! The format cut into literals and fields, as log.c's `lf_expr_compile` cuts it.

use super::alias::{self, Kind, Role};
use super::bytes::ByteSet;
use super::expression;
use super::quote::{Argument, Char};
use super::{FormatError, MAX_FIELDS};

/// A piece of the format.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// What stands in every line. Blanks that follow each other are one, as HAProxy merges them.
    Literal(Vec<u8>),
    /// The field with this number.
    Field(usize),
}

/// A field of the format.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// The character of the string where it begins, counted from 1.
    pub(super) position: usize,
    /// As written.
    pub(super) source: String,
    pub(super) kind: Kind,
    pub(super) role: Role,
    pub(super) meaning: String,
    /// `+Q`
    pub(super) quoted: bool,
    /// `+E`: `"`, `\` and `]` have a backslash before them.
    pub(super) escaped: bool,
    /// `+X`
    pub(super) hex: bool,
    /// What stands in `%[…]`.
    pub(super) expression: Option<String>,
    /// Nothing is known of it: taken to hold no blank.
    pub(super) assumed: bool,
}

impl Field {
    /// What it may hold.
    pub(super) const fn bytes(&self) -> ByteSet {
        let bytes = self.kind.bytes();
        if self.quoted && !self.has_quotes() { bytes.union(ByteSet::of(b"\"")) } else { bytes }
    }

    /// Whether `+Q` puts quotes around it, so that they are literals beside it.
    const fn has_quotes(&self) -> bool {
        self.quoted && (self.expression.is_some() || self.kind.is_text())
    }
}

/// Flags of a token, and what `%o` sets for those behind it.
#[derive(Clone, Copy, Default)]
struct Flags {
    quoted: bool,
    escaped: bool,
    hex: bool,
}

/// Cuts the format.
pub(super) fn read(argument: &Argument) -> Result<(Vec<Item>, Vec<Field>), FormatError> {
    let mut reader = Reader { chars: &argument.0, at: 0, items: Items::default(), defaults: Flags::default() };
    while let Some(Char { char, position }) = reader.next() {
        match char {
            '%' => reader.token(position)?,
            _ => reader.items.literal(char),
        }
    }
    let Items { items, fields, .. } = reader.items;
    if fields.is_empty() {
        return Err(FormatError { position: 1, reason: "the format has no field: %ci, %[src] and so on".to_owned() });
    }
    Ok((items, fields))
}

#[derive(Default)]
struct Items {
    items: Vec<Item>,
    fields: Vec<Field>,
}

impl Items {
    fn literal(&mut self, char: char) {
        let mut bytes = [0; 4];
        let text = char.encode_utf8(&mut bytes).as_bytes();
        match self.items.last_mut() {
            Some(Item::Literal(literal)) => {
                if char != ' ' || literal.last() != Some(&b' ') {
                    literal.extend_from_slice(text);
                }
            }
            // HAProxy writes no blank at a line's start.
            None if char == ' ' => {}
            _ => self.items.push(Item::Literal(text.to_vec())),
        }
    }

    fn field(&mut self, field: Field) -> Result<(), FormatError> {
        if self.fields.len() == MAX_FIELDS {
            let reason = format!("a format has at most {MAX_FIELDS} fields");
            return Err(FormatError { position: field.position, reason });
        }
        let quotes = field.has_quotes();
        if quotes {
            self.literal('"');
        }
        self.items.push(Item::Field(self.fields.len()));
        self.fields.push(field);
        if quotes {
            self.literal('"');
        }
        Ok(())
    }
}

struct Reader<'a> {
    chars: &'a [Char],
    at: usize,
    items: Items,
    defaults: Flags,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Char> {
        let char = self.chars.get(self.at).copied()?;
        self.at += 1;
        Some(char)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).map(|char| char.char)
    }

    /// What follows a `%`.
    fn token(&mut self, position: usize) -> Result<(), FormatError> {
        let start = self.at - 1;
        if self.peek() == Some('(') {
            self.at += 1;
            self.until(')', position)?;
        }
        let mut flags = self.defaults;
        if self.peek() == Some('{') {
            self.at += 1;
            let words = self.until('}', position)?;
            self.flags(&words, &mut flags, position)?;
            if !self.peek().is_some_and(|char| char == '[' || char.is_ascii_alphanumeric()) {
                return error(position, "flags in braces stand before a name or an expression: %{+Q}r");
            }
        }
        match self.peek() {
            Some('[') => {
                self.at += 1;
                let expression = self.expression(position)?;
                self.push_expression(expression, flags, start, position)
            }
            Some(char) if char.is_ascii_alphabetic() => {
                let name = self.name();
                if name == "o" {
                    self.defaults = flags;
                    return Ok(());
                }
                self.push_alias(&name, flags, start, position)
            }
            Some('%') => {
                self.at += 1;
                self.items.literal('%');
                Ok(())
            }
            None => error(position, "a % ends the string; for a % itself write %%"),
            Some(char) if char == ' ' || char == '\t' || char.is_ascii_digit() => {
                error(position, "no name follows the %; for a % itself write %%")
            }
            // HAProxy drops the % and keeps what follows.
            Some(_) => Ok(()),
        }
    }

    fn push_alias(&mut self, name: &str, flags: Flags, start: usize, position: usize) -> Result<(), FormatError> {
        let Some(alias) = alias::find(name) else {
            return Err(FormatError { position, reason: format!("there is no alias %{name}{}", hint(name)) });
        };
        let hexable = matches!(alias.kind, Kind::Address | Kind::Port | Kind::Integer | Kind::Millis);
        let hex = flags.hex && hexable;
        self.items.field(Field {
            position,
            source: self.source(start),
            kind: if hex { Kind::Hex } else { alias.kind },
            role: alias.role,
            meaning: alias.meaning.to_owned(),
            quoted: flags.quoted && !hex,
            escaped: flags.escaped,
            hex,
            expression: None,
            assumed: false,
        })
    }

    fn push_expression(
        &mut self,
        expression: String,
        flags: Flags,
        start: usize,
        position: usize,
    ) -> Result<(), FormatError> {
        let yields = expression::of(&expression);
        self.items.field(Field {
            position,
            source: self.source(start),
            kind: yields.kind,
            role: yields.role,
            meaning: yields.meaning,
            quoted: flags.quoted,
            escaped: flags.escaped,
            hex: false,
            expression: Some(expression),
            assumed: yields.assumed,
        })
    }

    fn name(&mut self) -> String {
        let rest = &self.chars[self.at..];
        let name: String = rest.iter().map(|char| char.char).take_while(char::is_ascii_alphanumeric).collect();
        self.at += name.len();
        name
    }

    fn source(&self, start: usize) -> String {
        self.chars[start..self.at].iter().map(|char| char.char).collect()
    }

    fn until(&mut self, end: char, position: usize) -> Result<String, FormatError> {
        let mut text = String::new();
        while let Some(Char { char, .. }) = self.next() {
            if char == end {
                return Ok(text);
            }
            text.push(char);
        }
        error(position, &format!("{end} is missing"))
    }

    /// To the `]` outside of arguments and quotes.
    fn expression(&mut self, position: usize) -> Result<String, FormatError> {
        let (mut text, mut depth, mut quote) = (String::new(), 0usize, None);
        while let Some(Char { char, .. }) = self.next() {
            match (char, quote) {
                (']', None) if depth == 0 => {
                    return if text.trim().is_empty() { error(position, "%[] has no expression") } else { Ok(text) };
                }
                (mark, Some(open)) if mark == open => quote = None,
                ('"' | '\'', None) if depth > 0 => quote = Some(char),
                ('(', None) => depth += 1,
                (')', None) => depth = depth.saturating_sub(1),
                _ => {}
            }
            text.push(char);
        }
        error(position, "] is missing")
    }

    fn flags(&self, words: &str, flags: &mut Flags, position: usize) -> Result<(), FormatError> {
        for word in words.split(',').map(str::trim) {
            let on = match word.as_bytes().first() {
                Some(b'+') => true,
                Some(b'-') => false,
                // Without a sign HAProxy passes it over.
                _ => continue,
            };
            match &word[1..] {
                "Q" => flags.quoted = on,
                "E" => flags.escaped = on,
                "X" => flags.hex = on,
                // Unset values as `-`, which is usual in logs; both are read.
                "M" => {}
                name @ ("json" | "cbor" | "bin") if on => {
                    return error(position, &format!("+{name} encodes whole values; such lines are not read"));
                }
                "json" | "cbor" | "bin" => {}
                name => return error(position, &format!("there is no flag {name:?}; there are Q, E, X and M")),
            }
        }
        Ok(())
    }
}

fn error<T>(position: usize, reason: &str) -> Result<T, FormatError> {
    Err(FormatError { position, reason: reason.to_owned() })
}

/// What may have been meant: an alias with text behind it, or another case.
fn hint(name: &str) -> String {
    let other_case = alias::ALIASES.iter().find(|alias| alias.name.eq_ignore_ascii_case(name));
    let begins =
        || alias::ALIASES.iter().filter(|alias| name.starts_with(alias.name)).max_by_key(|alias| alias.name.len());
    match (other_case, begins()) {
        (Some(alias), _) => format!("; %{} is {}", alias.name, alias.meaning),
        (None, Some(alias)) => {
            format!(
                "; a name ends at the first character that is no letter or digit, so %{} cannot have {:?} right behind it",
                alias.name,
                &name[alias.name.len()..]
            )
        }
        (None, None) => "; for a % itself write %%".to_owned(),
    }
}
