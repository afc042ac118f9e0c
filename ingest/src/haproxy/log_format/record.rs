//! From a line's fields to a record, just as the hand-written parsers make it.

use super::super::event::{backend_id, derive};
use super::super::httplog::Captures;
use super::super::scan::uint;
use super::alias::Role;
use super::attribution::{Attribution, Found};
use super::roles::{Places, Said};
use super::value::{self, NoValue};
use super::{FormatError, LogFormat, Slots};
use crate::haproxy::path;
use crate::reject::Reject;
use std::net::IpAddr;
use suiftly_schema::{
    ids::{CustomerId, Frontend, Network, Service},
    record::{LineId, Record, ShortText, Timers},
    time::UnixMillis,
    usage::MAX_TRAFFIC_TYPE,
};

/// A format and what its fields mean to Suiftly: lines in, records out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFormat {
    format: LogFormat,
    pub(super) said: Said,
    at: Places,
    /// Fields that no record is made of: they are checked against their types alone.
    unused: Vec<usize>,
}

impl RecordFormat {
    /// Ties a format to what its fields mean. An error names a field that the format does not have.
    pub fn new(format: LogFormat, attribution: &Attribution) -> Result<Self, FormatError> {
        let said = Said::find(&format, attribution)?;
        let at = Places::of(&format);
        let used = at.used();
        let is_checked = |field: &usize| !used.contains(field) && value::may_be_none(format.fields[*field].kind);
        let unused = (0..format.fields.len()).filter(is_checked).collect();
        Ok(Self { format, said, at, unused })
    }

    /// The format alone.
    pub const fn format(&self) -> &LogFormat {
        &self.format
    }

    /// Whether attribution says who the customer is.
    pub const fn names_customer(&self) -> bool {
        !matches!(self.said.customer, Found::Nothing)
    }

    /// Reads a body: the record, and what it has no place for. `written` is the date of the syslog header, for formats
    /// that have none. The record's `journal_offset` is 0.
    #[inline]
    pub fn parse<'a>(
        &'a self,
        line: &'a [u8],
        written: impl FnOnce() -> Option<UnixMillis>,
        slots: &mut Slots,
    ) -> Result<(Record, Captures<'a>), Reject> {
        self.parse_of(line, None, written, slots)
    }

    /// The same, where `server` is that of lines that do not say theirs.
    #[inline]
    pub fn parse_of<'a>(
        &'a self,
        line: &'a [u8],
        server: Option<i16>,
        written: impl FnOnce() -> Option<UnixMillis>,
        slots: &mut Slots,
    ) -> Result<(Record, Captures<'a>), Reject> {
        self.format.find_fields(line, slots).map_err(|_| Reject::FormatShape)?;
        for field in &self.unused {
            if let Some((start, end)) = slots.bounds(*field)
                && !value::is_of(self.format.fields[*field].kind, line, start, end)
            {
                return Err(Reject::FormatValue);
            }
        }
        if slots.is_cut() && !self.at.needed().all(|field| slots.bounds(field).is_some()) {
            return Err(Reject::FormatShape);
        }
        Line { format: self, line, slots }.record(server, written)
    }
}

pub(super) struct Line<'a, 's> {
    pub(super) format: &'a RecordFormat,
    pub(super) line: &'a [u8],
    pub(super) slots: &'s Slots,
}

impl From<NoValue> for Reject {
    fn from(NoValue: NoValue) -> Self {
        Self::FormatValue
    }
}

impl<'a> Line<'a, '_> {
    #[inline]
    fn record(
        &self,
        server: Option<i16>,
        written: impl FnOnce() -> Option<UnixMillis>,
    ) -> Result<(Record, Captures<'a>), Reject> {
        let (at, said) = (&self.format.at, &self.format.said);
        let status_code = self.read(at.status, value::status)?.unwrap_or_default();
        let termination = self.termination()?;
        let backend = at.server.and_then(|field| self.slots.get(self.line, field));
        let no_server = backend == Some(b"<NOSRV>");
        let event_by_rules: u8 = self.number(&said.event)?.unwrap_or_default();
        let derived = || derive(status_code, termination.as_bytes(), no_server);
        let (customer_id, customer) = self.customer();
        let server_id = self.number(&said.server)?.or(server);
        let record = Record {
            timestamp: self.timestamp(written)?,
            customer_id,
            path_prefix: self.path_prefix(),
            config_hex: self.config_word()?,
            network: self.named(&said.network, Network::from_number, Network::from_word)?,
            server_id,
            service: self.named(&said.service, Service::from_number, Service::from_word)?,
            api_key_fp: self.number(&said.key)?.unwrap_or_default(),
            frontend: self.named(&said.frontend, Frontend::from_number, Frontend::from_word)?,
            traffic_type: self.traffic_type()?,
            event_type: if event_by_rules == 0 { derived() } else { event_by_rules },
            client_ip: self.client()?,
            key_metadata: self.number(&said.key_metadata)?,
            status_code,
            bytes_sent: self.read(at.bytes_sent, value::count)?.unwrap_or_default(),
            timers: self.timers()?,
            backend_id: backend.filter(|_| !no_server).map_or(0, backend_id),
            termination: ShortText::new(termination),
            repeat: 1,
            line_id: self.line_id(server_id)?,
            journal_offset: 0,
        };
        let text = |field: Option<usize>| field.and_then(|field| self.slots.get(self.line, field));
        let captures = Captures { customer, request: text(at.request_captures), response: text(at.response_captures) };
        Ok((record, captures))
    }

    /// A field's value, if the line has it.
    #[inline]
    fn read<T>(
        &self,
        field: Option<usize>,
        read: impl FnOnce(&[u8], usize, usize) -> Result<T, NoValue>,
    ) -> Result<Option<T>, NoValue> {
        match field.and_then(|field| self.slots.bounds(field)) {
            Some((start, end)) => read(self.line, start, end).map(Some),
            None => Ok(None),
        }
    }

    fn timers(&self) -> Result<Timers, NoValue> {
        let at = &self.format.at;
        let timer = |field| self.read(field, value::timer).map(Option::flatten);
        Ok(Timers {
            request_ms: timer(at.request)?,
            queue_ms: timer(at.queue)?,
            connect_ms: timer(at.connect)?,
            response_ms: timer(at.response)?,
            total_ms: timer(at.total)?.unwrap_or_default(),
        })
    }

    /// When the request began, else when its line was written, else when its connection was accepted.
    #[inline]
    pub(super) fn timestamp(&self, written: impl FnOnce() -> Option<UnixMillis>) -> Result<UnixMillis, NoValue> {
        if let Some(at) = self.began()? {
            return Ok(at);
        }
        for (field, role) in &self.format.at.dates {
            if let Some(at) = self.date(*field, *role)? {
                return Ok(at);
            }
        }
        written().ok_or(NoValue)
    }

    /// As attribution says it.
    #[inline]
    pub(super) fn began(&self) -> Result<Option<UnixMillis>, NoValue> {
        self.format.said.began.get(self.line, self.slots).map_or(Ok(None), value::any_date)
    }

    fn date(&self, field: usize, role: Role) -> Result<Option<UnixMillis>, NoValue> {
        let Some((start, end)) = self.slots.bounds(field) else {
            return Ok(None);
        };
        let hex = self.format.format.fields[field].hex;
        let number = || value::number(self.line, start, end, hex);
        let at = match role {
            Role::WrittenMillis => number()?,
            Role::WrittenSeconds => number()?.map(|seconds| seconds.saturating_mul(1_000)),
            Role::AcceptSeconds => match number()? {
                Some(seconds) => Some(seconds.saturating_mul(1_000).saturating_add(self.accept_ms()?)),
                None => None,
            },
            _ => {
                let text = &self.line[start..end];
                return if end - start == 26 { value::date_zone(text) } else { value::date_local(text) }.map(Some);
            }
        };
        let Some(ms) = at else {
            return Ok(None);
        };
        i64::try_from(ms).ok().map(UnixMillis).filter(|at| *at <= UnixMillis::MAX).map(Some).ok_or(NoValue)
    }

    fn accept_ms(&self) -> Result<u64, NoValue> {
        let Some(field) = self.format.at.accept_ms else {
            return Ok(0);
        };
        let hex = self.format.format.fields[field].hex;
        let ms = self.read(Some(field), |line, start, end| value::number(line, start, end, hex))?;
        Ok(ms.flatten().unwrap_or_default())
    }

    #[inline]
    pub(super) fn number<T: TryFrom<u64>>(&self, found: &Found) -> Result<Option<T>, NoValue> {
        // A number within the line is read where it stands, which is faster than out of a slice of it.
        let number = match found {
            Found::Nothing => return Ok(None),
            Found::Field(field) => match self.slots.bounds(*field) {
                None => return Ok(None),
                Some((start, end)) => match uint(self.line, start, end) {
                    None if value::is_unset(&self.line[start..end]) => return Ok(None),
                    number => number,
                },
            },
            _ => match found.get(self.line, self.slots) {
                None => return Ok(None),
                Some(text) => uint(text, 0, text.len()),
            },
        };
        number.and_then(|number| T::try_from(number).ok()).map(Some).ok_or(NoValue)
    }

    pub(super) fn named<T>(
        &self,
        found: &Found,
        by_number: impl Fn(u8) -> Option<T>,
        by_word: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, NoValue> {
        if matches!(found, Found::Nothing) {
            return Ok(None);
        }
        if let Ok(number) = self.number::<u8>(found) {
            return number.map_or(Ok(None), |number| by_number(number).map(Some).ok_or(NoValue));
        }
        let word = found.get(self.line, self.slots).and_then(|text| std::str::from_utf8(text).ok());
        word.and_then(by_word).map(Some).ok_or(NoValue)
    }

    /// By number where it is one, or its map makes it one; else by its text.
    #[inline]
    fn customer(&self) -> (Option<CustomerId>, Option<&'a [u8]>) {
        let found = &self.format.said.customer;
        match (self.number::<i64>(found), found) {
            (Ok(Some(number)), _) => (CustomerId::new(number), None),
            (Ok(None), Found::Nothing | Found::Field(_)) => (None, None),
            _ => (None, found.text(self.line, self.slots)),
        }
    }

    pub(super) fn traffic_type(&self) -> Result<u8, NoValue> {
        let number: u8 = self.number(&self.format.said.traffic)?.unwrap_or_default();
        if number <= MAX_TRAFFIC_TYPE { Ok(number) } else { Err(NoValue) }
    }

    /// As the rules say it, else as HAProxy saw it.
    #[inline]
    pub(super) fn client(&self) -> Result<Option<IpAddr>, NoValue> {
        let field = match &self.format.said.client {
            Found::Field(field) if self.is_set(*field) => Some(*field),
            Found::Nothing | Found::Field(_) => self.format.at.client,
            found => {
                return found.get(self.line, self.slots).map_or(Ok(None), |text| value::client(text, 0, text.len()));
            }
        };
        let hex = field.is_some_and(|field| self.format.format.fields[field].hex);
        let read = |line: &[u8], start, end| {
            if hex { value::client_hex(&line[start..end]) } else { value::client(line, start, end) }
        };
        self.read(field, read).map(Option::flatten)
    }

    fn is_set(&self, field: usize) -> bool {
        self.slots.get(self.line, field).is_some_and(|text| !value::is_unset(text))
    }

    #[inline]
    fn path_prefix(&self) -> Option<ShortText<10>> {
        let (at, said) = (&self.format.at, &self.format.said);
        if !matches!(said.path, Found::Nothing) {
            return said.path.get(self.line, self.slots).and_then(path::short);
        }
        let text = |field: Option<usize>| field.and_then(|field| self.slots.get(self.line, field));
        text(at.target).and_then(path::of_target).or_else(|| text(at.request_line).and_then(path::of_request))
    }

    /// 16 hexadecimal digits, all 64 bits of them.
    pub(super) fn config_word(&self) -> Result<Option<i64>, NoValue> {
        let Some(text) = self.format.said.config.get(self.line, self.slots) else {
            return Ok(None);
        };
        let digits = std::str::from_utf8(text).ok().filter(|text| text.len() == 16 && !text.starts_with('+'));
        let word = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        word.map(|word| Some(word.cast_signed())).ok_or(NoValue)
    }

    #[inline]
    fn termination(&self) -> Result<&'a str, NoValue> {
        let Some(text) = self.format.at.termination.and_then(|field| self.slots.get(self.line, field)) else {
            return Ok("");
        };
        let printable = text.iter().all(u8::is_ascii_graphic);
        std::str::from_utf8(text).ok().filter(|_| printable).ok_or(NoValue)
    }

    /// Worker and number, where the format says both, with the server.
    pub(super) fn line_id(&self, server_id: Option<i16>) -> Result<Option<LineId>, Reject> {
        let said = &self.format.said;
        if matches!((&said.boot, &said.seq), (Found::Nothing, _) | (_, Found::Nothing)) {
            return Ok(None);
        }
        // A line that should have an identity and has none cannot be told from its duplicates.
        let boot: Option<i64> = self.number(&said.boot)?;
        match (server_id, boot.map(UnixMillis), self.number(&said.seq)?) {
            (_, Some(boot), _) if boot > UnixMillis::MAX => Err(Reject::FormatValue),
            (Some(server_id), Some(boot), Some(seq)) => Ok(Some(LineId { server_id, boot, seq })),
            _ => Err(Reject::FormatIdentity),
        }
    }
}
