//! Whose a request is, and the like: which field of a format says what Suiftly's record wants and HAProxy has no word
//! for. In configuration each entry is a text, read by [`FieldRef`]:
//!
//! | text | what it names |
//! |---|---|
//! | `hr[3]`, `hs[1]` | the third captured request header, the first of the response; counted from 1 |
//! | `var(txn.cid)`, `req.hdr(x-customer)`, `%ID`, `CC` | the field with this expression or alias |
//! | `=grpc` | always this |
//!
//! What is there may be looked up in a map ([`TextMap`]) before it is read: text of any kind in, a number or word out.

use super::alias::{Kind, Role};
use super::{FormatError, LogFormat, Slots, TextMap, value};
use std::str::FromStr;
use std::sync::Arc;

/// Names what a value is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldRef {
    /// The field with this alias or expression.
    Token(String),
    /// The n-th captured request header, counted from 1.
    RequestCapture(usize),
    /// The n-th captured response header, counted from 1.
    ResponseCapture(usize),
    /// Always the same.
    Constant(String),
}

impl FromStr for FieldRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(constant) = text.strip_prefix('=') {
            return Ok(Self::Constant(constant.to_owned()));
        }
        let text = text.strip_prefix('%').unwrap_or(text);
        let number =
            |prefix| text.strip_prefix(prefix).and_then(|rest: &str| rest.strip_suffix(']')).map(capture_number);
        if let Some(number) = number("hr[") {
            return number.map(Self::RequestCapture);
        }
        if let Some(number) = number("hs[") {
            return number.map(Self::ResponseCapture);
        }
        let token = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if token.is_empty() { Err("a field's name is missing".to_owned()) } else { Ok(Self::Token(token.to_owned())) }
    }
}

fn capture_number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err(format!("{text:?} is no capture's number; they are counted from 1")),
    }
}

/// One entry of an attribution: what a value is taken from, and what it is looked up in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Where it stands.
    pub from: FieldRef,
    /// What it is looked up in. What is not in the map is unset.
    pub map: Option<Arc<TextMap>>,
}

impl From<FieldRef> for Attribute {
    fn from(from: FieldRef) -> Self {
        Self { from, map: None }
    }
}

impl FromStr for Attribute {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<FieldRef>().map(Self::from)
    }
}

/// Which field says what. What is not named here is unset in the record, or known by its alias (status, timers, …).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    /// The customer: a number; or any text, which is nobody's but for replay, which groups by it.
    pub customer: Option<Attribute>,
    /// The API key's fingerprint, a number.
    pub key: Option<Attribute>,
    /// The key's metadata, a number.
    pub key_metadata: Option<Attribute>,
    /// The service, by number or word.
    pub service: Option<Attribute>,
    /// The network, by number or word.
    pub network: Option<Attribute>,
    /// The gateway's `server_id`, a number.
    pub server: Option<Attribute>,
    /// The kind of frontend, by number or word.
    pub frontend: Option<Attribute>,
    /// The traffic type, a number. Without it nothing is billable by the default rule.
    pub traffic: Option<Attribute>,
    /// The event type, a number; 0 and unset are derived from status and termination state.
    pub event: Option<Attribute>,
    /// The config word, 16 hexadecimal digits.
    pub config: Option<Attribute>,
    /// The client's address, before `%ci`.
    pub client: Option<Attribute>,
    /// The path's first characters, before those of the request.
    pub path: Option<Attribute>,
    /// When the request began: s or ms since 1970, RFC 3339, or a date of HAProxy's; before every date of the format.
    pub began: Option<Attribute>,
    /// The worker's birth, ms since 1970. With `seq` and the server it identifies the line.
    pub boot: Option<Attribute>,
    /// The line's number.
    pub seq: Option<Attribute>,
}

impl Attribution {
    /// What its entries are called in configuration.
    pub const NAMES: [&'static str; 15] = [
        "customer",
        "key",
        "key_metadata",
        "service",
        "network",
        "server",
        "frontend",
        "traffic",
        "event",
        "config",
        "client",
        "path",
        "began",
        "boot",
        "seq",
    ];

    /// Names an entry by its word; `None` if there is none of that name.
    pub fn entry(&mut self, name: &str) -> Option<&mut Option<Attribute>> {
        Some(match name {
            "customer" => &mut self.customer,
            "key" => &mut self.key,
            "key_metadata" => &mut self.key_metadata,
            "service" => &mut self.service,
            "network" => &mut self.network,
            "server" => &mut self.server,
            "frontend" => &mut self.frontend,
            "traffic" => &mut self.traffic,
            "event" => &mut self.event,
            "config" => &mut self.config,
            "client" => &mut self.client,
            "path" => &mut self.path,
            "began" => &mut self.began,
            "boot" => &mut self.boot,
            "seq" => &mut self.seq,
            _ => return None,
        })
    }
}

/// A reference, found in a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Field(usize),
    Capture { field: usize, number: usize },
    Constant(Vec<u8>),
    Mapped { from: Box<Found>, map: Arc<TextMap> },
}

/// What an entry says, and what a value of it is: for messages, and for the maps.
pub(super) struct Wanted {
    pub(super) what: &'static str,
    /// Whether a text is such a value; `None` where a map makes no sense.
    pub(super) is_value: Option<fn(&[u8]) -> bool>,
}

impl Found {
    /// Looks a reference up, and tries its map's values.
    pub(super) fn find(
        format: &LogFormat,
        wanted: &Wanted,
        attribute: Option<&Attribute>,
    ) -> Result<Self, FormatError> {
        let what = wanted.what;
        let Some(Attribute { from, map }) = attribute else {
            return Ok(Self::Nothing);
        };
        let from = Self::place(format, what, from)?;
        let Some(map) = map else {
            return Ok(from);
        };
        let wrong = |reason: String| FormatError { position: 1, reason };
        let is_value = wanted.is_value.ok_or_else(|| wrong(format!("the {what} cannot go through a map")))?;
        match map.first_wrong(is_value) {
            Some(line) => Err(wrong(format!("the value in line {line} of the map is no {what}"))),
            None => Ok(Self::Mapped { from: Box::new(from), map: Arc::clone(map) }),
        }
    }

    fn place(format: &LogFormat, what: &str, from: &FieldRef) -> Result<Self, FormatError> {
        let by_role = |role: Role| format.fields.iter().position(|field| field.role == role);
        let missing = |name: &str| FormatError {
            position: 1,
            reason: format!("the format has no {name}, which is to say the {what}"),
        };
        match from {
            FieldRef::Constant(text) => Ok(Self::Constant(text.clone().into_bytes())),
            FieldRef::RequestCapture(number) => by_role(Role::RequestCaptures)
                .map(|field| Self::Capture { field, number: *number })
                .ok_or_else(|| missing("%hr")),
            FieldRef::ResponseCapture(number) => by_role(Role::ResponseCaptures)
                .map(|field| Self::Capture { field, number: *number })
                .ok_or_else(|| missing("%hs")),
            FieldRef::Token(name) => {
                let is_it = |field: &super::items::Field| match &field.expression {
                    Some(expression) => expression == name,
                    None => {
                        field.source.strip_suffix(name.as_str()).is_some_and(|rest| rest == "%" || rest.ends_with('}'))
                    }
                };
                let field = format.fields.iter().position(is_it).ok_or_else(|| missing(&format!("{name:?}")))?;
                Ok(if format.fields[field].kind == Kind::Captures {
                    Self::Capture { field, number: 1 }
                } else {
                    Self::Field(field)
                })
            }
        }
    }

    /// What it names in a line, unless it is unset or not in its map.
    #[inline]
    pub(super) fn get<'a>(&'a self, line: &'a [u8], slots: &Slots) -> Option<&'a [u8]> {
        match self {
            Self::Mapped { from, map } => map.get(from.text(line, slots)?),
            from => from.text(line, slots),
        }
    }

    /// What it names in a line before any map, unless it is unset.
    #[inline]
    pub(super) fn text<'a>(&'a self, line: &'a [u8], slots: &Slots) -> Option<&'a [u8]> {
        let text = match self {
            Self::Nothing => None,
            Self::Field(field) => slots.get(line, *field),
            Self::Constant(text) => Some(text.as_slice()),
            Self::Capture { field, number } => slots.get(line, *field)?.split(|byte| *byte == b'|').nth(number - 1),
            Self::Mapped { from, .. } => return from.text(line, slots),
        };
        text.filter(|text| !value::is_unset(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_its_name() {
        let mut attribution = Attribution::default();
        for (at, name) in Attribution::NAMES.into_iter().enumerate() {
            *attribution.entry(name).unwrap() = Some(format!("={at}").parse().unwrap());
        }
        for (at, name) in Attribution::NAMES.into_iter().enumerate() {
            let expected = FieldRef::Constant(at.to_string());
            assert_eq!(attribution.entry(name).unwrap().as_ref().map(|entry| &entry.from), Some(&expected), "{name}");
        }
        assert_eq!(attribution.entry("custmer"), None);
    }
}
