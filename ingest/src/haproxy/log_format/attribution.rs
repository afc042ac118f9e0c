//! Whose a request is, and the like: which field of a format says what Suiftly's record wants and HAProxy has no word
//! for. In configuration each entry is a text, read by [`FieldRef`]:
//!
//! | text | what it names |
//! |---|---|
//! | `hr[3]`, `hs[1]` | the third captured request header, the first of the response; counted from 1 |
//! | `var(txn.cid)`, `req.hdr(x-customer)`, `%ID`, `CC` | the field with this expression or alias |
//! | `=grpc` | always this |

use super::alias::{Kind, Role};
use super::{FormatError, LogFormat, Slots, value};
use serde::Deserialize;
use std::str::FromStr;

/// Names what a value is taken from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
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

impl TryFrom<String> for FieldRef {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Which field says what. What is not named here is unset in the record, or known by its alias (status, timers, …).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attribution {
    /// The customer: a number, or any text, by which replay groups.
    pub customer: Option<FieldRef>,
    /// The API key's fingerprint, a number.
    pub key: Option<FieldRef>,
    /// The key's metadata, a number.
    pub key_metadata: Option<FieldRef>,
    /// The service, by number or word.
    pub service: Option<FieldRef>,
    /// The network, by number or word.
    pub network: Option<FieldRef>,
    /// The gateway's `server_id`, a number.
    pub server: Option<FieldRef>,
    /// The kind of frontend, by number or word.
    pub frontend: Option<FieldRef>,
    /// The traffic type, a number. Without it nothing is billable by the default rule.
    pub traffic: Option<FieldRef>,
    /// The event type, a number; 0 and unset are derived from status and termination state.
    pub event: Option<FieldRef>,
    /// The config word, 16 hexadecimal digits.
    pub config: Option<FieldRef>,
    /// The client's address, before `%ci`.
    pub client: Option<FieldRef>,
    /// The path's first characters, before those of the request.
    pub path: Option<FieldRef>,
    /// When the request began: s or ms since 1970, RFC 3339, or a date of HAProxy's; before every date of the format.
    pub began: Option<FieldRef>,
    /// The worker's birth, ms since 1970. With `seq` and `server` it identifies the line.
    pub boot: Option<FieldRef>,
    /// The line's number.
    pub seq: Option<FieldRef>,
}

/// A reference, found in a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Field(usize),
    Capture { field: usize, number: usize },
    Constant(Vec<u8>),
}

impl Found {
    /// Looks a reference up; `what` is for the message.
    pub(super) fn find(format: &LogFormat, what: &str, wanted: Option<&FieldRef>) -> Result<Self, FormatError> {
        let by_role = |role: Role| format.fields.iter().position(|field| field.role == role);
        let missing = |name: &str| FormatError {
            position: 1,
            reason: format!("the format has no {name}, which is to say the {what}"),
        };
        match wanted {
            None => Ok(Self::Nothing),
            Some(FieldRef::Constant(text)) => Ok(Self::Constant(text.clone().into_bytes())),
            Some(FieldRef::RequestCapture(number)) => by_role(Role::RequestCaptures)
                .map(|field| Self::Capture { field, number: *number })
                .ok_or_else(|| missing("%hr")),
            Some(FieldRef::ResponseCapture(number)) => by_role(Role::ResponseCaptures)
                .map(|field| Self::Capture { field, number: *number })
                .ok_or_else(|| missing("%hs")),
            Some(FieldRef::Token(name)) => {
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

    /// What it names in a line, unless it is unset.
    #[inline]
    pub(super) fn get<'a>(&'a self, line: &'a [u8], slots: &Slots) -> Option<&'a [u8]> {
        let text = match self {
            Self::Nothing => None,
            Self::Field(field) => slots.get(line, *field),
            Self::Constant(text) => Some(text.as_slice()),
            Self::Capture { field, number } => slots.get(line, *field)?.split(|byte| *byte == b'|').nth(number - 1),
        };
        text.filter(|text| !value::is_unset(text))
    }
}
