//! The argument of `log-format` as HAProxy's own reader takes it out of haproxy.cfg (configuration.txt §2.2): quotes and
//! escapes resolved, the variables that stand for the stock formats filled in. Every character keeps its place in what
//! was given, so that errors can name it.

use super::{FormatError, stock};

/// One character and its place, counted from 1, in what was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Char {
    pub(super) char: char,
    pub(super) position: usize,
}

/// The string as HAProxy holds it.
#[derive(Debug)]
pub(super) struct Argument(pub(super) Vec<Char>);

impl Argument {
    pub(super) fn to_text(&self) -> String {
        self.0.iter().map(|char| char.char).collect()
    }

    fn push(&mut self, char: char, position: usize) {
        self.0.push(Char { char, position });
    }
}

/// The keywords that may stand before the string.
const KEYWORDS: [&str; 2] = ["log-format", "error-log-format"];

/// What was given, as HAProxy holds it. A whole word of haproxy.cfg (quoted, or its blanks escaped) is resolved as such; a
/// string with bare blanks is no such word: a shell or a configuration file has resolved its quotes already.
pub(super) fn argument(text: &str) -> Result<Argument, FormatError> {
    let chars: Vec<Char> = text.chars().zip(1..).map(|(char, position)| Char { char, position }).collect();
    let chars = without_keyword(text, trimmed(&chars));
    if chars.is_empty() {
        return Err(FormatError { position: 1, reason: "the format is empty".to_owned() });
    }
    let quoted = matches!(chars[0].char, '"' | '\'');
    let escaped = chars.iter().any(|char| char.char == '\\');
    let argument = match word(chars) {
        Ok(Some(word)) if quoted || escaped => word,
        // Bare blanks, or nothing to resolve: it is what HAProxy holds, at most with escapes left over.
        Ok(_) => unescaped(chars),
        Err(error) => return Err(error),
    };
    with_stock_formats(&argument)
}

fn trimmed(chars: &[Char]) -> &[Char] {
    let is_blank = |char: &Char| char.char.is_whitespace();
    let start = chars.iter().position(|char| !is_blank(char)).unwrap_or(chars.len());
    let mut end = chars.iter().rposition(|char| !is_blank(char)).map_or(start, |last| last + 1);
    // A blank that is escaped belongs to the string.
    if end < chars.len() && end > start && chars[end - 1].char == '\\' {
        end += 1;
    }
    &chars[start..end]
}

fn without_keyword<'a>(text: &str, chars: &'a [Char]) -> &'a [Char] {
    let text = text.trim_start();
    let keyword = KEYWORDS
        .into_iter()
        .find(|keyword| text.strip_prefix(keyword).is_some_and(|rest| rest.starts_with([' ', '\t'])));
    trimmed(&chars[keyword.map_or(0, str::len)..])
}

/// The characters as one word of haproxy.cfg; `None` if a bare blank ends it early.
fn word(chars: &[Char]) -> Result<Option<Argument>, FormatError> {
    let mut word = Argument(Vec::with_capacity(chars.len()));
    let mut quote = None;
    let mut at = 0;
    while let Some(Char { char, position }) = chars.get(at).copied() {
        at += 1;
        match (char, quote) {
            ('"' | '\'', None) => quote = Some((char, position)),
            (mark, Some((open, _))) if mark == open => quote = None,
            (' ' | '\t', None) => return Ok(None),
            ('\\', None | Some(('"', _))) => at += escape(&chars[at..], position, &mut word)?,
            _ => word.push(char, position),
        }
    }
    match quote {
        // A stray quote within bare text is a part of it.
        Some((_, position)) if position != chars[0].position => Ok(None),
        Some((mark, position)) => Err(FormatError { position, reason: format!("the quote {mark} is not closed") }),
        None => Ok(Some(word)),
    }
}

/// A string out of quotes that somebody else has taken off, with escapes that are left over resolved.
fn unescaped(chars: &[Char]) -> Argument {
    let mut text = Argument(Vec::with_capacity(chars.len()));
    let mut at = 0;
    while let Some(Char { char, position }) = chars.get(at).copied() {
        at += 1;
        match (char, chars.get(at)) {
            ('\\', Some(next)) if matches!(next.char, ' ' | '"' | '\'' | '\\' | '#' | '$' | '\t') => {
                text.push(next.char, position);
                at += 1;
            }
            _ => text.push(char, position),
        }
    }
    text
}

/// What follows a backslash; returns how much of it.
fn escape(rest: &[Char], position: usize, word: &mut Argument) -> Result<usize, FormatError> {
    let error = |reason: &str| Err(FormatError { position, reason: reason.to_owned() });
    match rest {
        [] => error("a backslash ends the string: nothing is left for it to escape"),
        [Char { char: 'n' | 'r', .. }, ..] => {
            error("a line feed or carriage return would end the line within itself; such lines cannot be read")
        }
        [Char { char: 't', .. }, ..] => {
            word.push('\t', position);
            Ok(1)
        }
        [Char { char: 'x', .. }, high, low, ..] => match (high.char.to_digit(16), low.char.to_digit(16)) {
            (Some(high), Some(low)) => {
                let char = char::from_u32(high * 16 + low).filter(|char| char.is_ascii() && !char.is_control());
                let Some(char) = char else {
                    return error("\\x must name a printable ASCII character here");
                };
                word.push(char, position);
                Ok(3)
            }
            _ => error("\\x wants two hexadecimal digits"),
        },
        [Char { char: 'x', .. }, ..] => error("\\x wants two hexadecimal digits"),
        [Char { char: char @ (' ' | '\t' | '#' | '\\' | '\'' | '"' | '$'), .. }, ..] => {
            word.push(*char, position);
            Ok(1)
        }
        // Before anything else HAProxy keeps the backslash.
        _ => {
            word.push('\\', position);
            Ok(0)
        }
    }
}

/// `${HAPROXY_HTTP_LOG_FMT}` and its like are the stock formats; other variables are known to HAProxy's process alone.
fn with_stock_formats(argument: &Argument) -> Result<Argument, FormatError> {
    let mut whole = Argument(Vec::with_capacity(argument.0.len()));
    let mut rest = argument.0.as_slice();
    while let [first, after @ ..] = rest {
        if first.char != '$' || after.first().is_none_or(|next| next.char != '{') {
            whole.push(first.char, first.position);
            rest = after;
            continue;
        }
        let name: String = after[1..].iter().map(|char| char.char).take_while(|char| *char != '}').collect();
        let Some(format) = stock::by_variable(&name) else {
            let reason = format!("the variable {name:?} is known to HAProxy alone: write what it stands for");
            return Err(FormatError { position: first.position, reason });
        };
        format.chars().for_each(|char| whole.push(char, first.position));
        rest = after.get(name.chars().count() + 2..).unwrap_or_default();
    }
    Ok(whole)
}
