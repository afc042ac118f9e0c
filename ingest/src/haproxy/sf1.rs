//! The SF1 line (SPEC §3.2): 30 tokens parted by one space, `-` = unset, timer `-1` = phase not reached.
//!
//! Every number is checked against what it may be, and a line is read whole or rejected with a reason. Nothing is
//! allocated. What is not kept (`%rt`, `%U`, `%ID`) is not looked at beyond being there ([`request_id`] does, for
//! proofs, [`request_counter`] and [`told_stream`] for streams); `%ci` only where the rules have set no client address.

use super::MAX_BYTES_SENT;
use super::event::{backend_id, derive};
use super::path;
use super::scan::{address, spaces, uint};
use crate::reject::Reject;
use memchr::memrchr;
use std::net::IpAddr;
use suiftly_schema::{
    ids::{CustomerId, Frontend, Network, Service},
    record::{LineId, Record, ShortText, Timers},
    time::UnixMillis,
    usage::MAX_TRAFFIC_TYPE,
};

const TOKENS: usize = 30;

/// Where each token stands in the line.
mod token {
    pub(super) const WRITTEN: usize = 1;
    pub(super) const BEGAN: usize = 2;
    pub(super) const BOOT: usize = 3;
    pub(super) const COUNTER: usize = 4;
    pub(super) const SEQ: usize = 5;
    pub(super) const SERVER: usize = 6;
    pub(super) const NETWORK: usize = 7;
    pub(super) const SERVICE: usize = 8;
    pub(super) const FRONTEND: usize = 9;
    pub(super) const TRAFFIC: usize = 10;
    pub(super) const EVENT: usize = 11;
    pub(super) const CUSTOMER: usize = 12;
    pub(super) const FINGERPRINT: usize = 13;
    pub(super) const KEY_METADATA: usize = 14;
    pub(super) const CONFIG: usize = 15;
    pub(super) const CLIENT: usize = 16;
    pub(super) const PATH_PREFIX: usize = 17;
    pub(super) const STATUS: usize = 18;
    pub(super) const BYTES_SENT: usize = 19;
    pub(super) const TIME_REQUEST: usize = 21;
    pub(super) const TIME_QUEUE: usize = 22;
    pub(super) const TIME_CONNECT: usize = 23;
    pub(super) const TIME_RESPONSE: usize = 24;
    pub(super) const TIME_TOTAL: usize = 25;
    pub(super) const TERMINATION: usize = 26;
    pub(super) const BACKEND_SERVER: usize = 27;
    pub(super) const PEER: usize = 28;
}

/// What a gateway's rules set, and what identifies a line, by name.
const NAMED: [(usize, &str); 11] = [
    (token::BEGAN, "began"),
    (token::BOOT, "boot"),
    (token::SEQ, "seq"),
    (token::TRAFFIC, "traffic"),
    (token::EVENT, "event"),
    (token::CUSTOMER, "customer"),
    (token::FINGERPRINT, "fingerprint"),
    (token::KEY_METADATA, "key_metadata"),
    (token::CONFIG, "config"),
    (token::CLIENT, "client"),
    (token::PATH_PREFIX, "path"),
];

/// Which of the tokens that a gateway sets are unset in a body, by their names. None in one that is not SF1.
pub fn unset(body: &[u8]) -> impl Iterator<Item = &'static str> {
    let line = Tokens::split(body).ok();
    NAMED
        .into_iter()
        .filter(move |(at, _)| line.as_ref().is_some_and(|line| line.set(*at).is_none()))
        .map(|(_, name)| name)
}

/// When the gateway wrote a line, by its own clock.
pub fn written(body: &[u8]) -> Option<UnixMillis> {
    Tokens::split(body).ok()?.instant(token::WRITTEN).ok()?
}

/// The server that a body says it is of: all that it takes to place it. What else is in it is not looked at.
#[inline]
pub fn server_id(body: &[u8]) -> Option<i16> {
    Tokens::split(body).ok()?.number(token::SERVER).ok()?
}

/// What the gateway called the request (`%ID`), in a body that [`parse`] has read: its last token.
pub fn request_id(body: &[u8]) -> Option<&[u8]> {
    let at = memrchr(b' ', body).filter(|_| body.starts_with(b"SF1 "))?;
    Some(&body[at + 1..]).filter(|token| *token != b"-")
}

/// Which of its worker's requests a line is of: `%rt`.
pub fn request_counter(body: &[u8]) -> Option<u32> {
    Tokens::split(body).ok()?.number(token::COUNTER).ok()?
}

/// Which stream a line tells of: the birth of HAProxy's worker and its `%rt`, which such a line has for a name.
pub fn told_stream(body: &[u8]) -> Option<(UnixMillis, u32)> {
    let name = std::str::from_utf8(request_id(body)?).ok()?;
    let (boot, rt) = name.split_once('-')?;
    let are_digits = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let boot = boot.parse().ok().filter(|ms| are_digits && *ms <= UnixMillis::MAX.0)?;
    Some((UnixMillis(boot), rt.parse().ok()?))
}

/// When a request was named so, by the `unique-id-format` that we ship: HAProxy's accept time, which is the request's or,
/// on a connection that is used again, an earlier one. `None` of a name of another form.
pub fn named_at(request_id: &str) -> Option<UnixMillis> {
    let (time, _) = request_id.split_once('-')?;
    let (seconds, ms) = time.split_at_checked(8).filter(|(_, ms)| (2..=3).contains(&ms.len()))?;
    let number = |digits: &str| i64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
    let (seconds, ms) = (number(seconds)?, number(ms).filter(|ms| *ms < 1_000)?);
    Some(UnixMillis(seconds * 1_000 + ms))
}

/// Reads an SF1 body. The record's `journal_offset` is 0.
#[inline]
pub fn parse(body: &[u8]) -> Result<Record, Reject> {
    let line = Tokens::split(body)?;
    let server_id: i16 = line.number(token::SERVER)?.ok_or(Reject::Sf1Identity)?;
    let boot = line.instant(token::BOOT)?.ok_or(Reject::Sf1Identity)?;
    let seq: u32 = line.number(token::SEQ)?.ok_or(Reject::Sf1Identity)?;
    let written = line.instant(token::WRITTEN)?;
    let timestamp = line.instant(token::BEGAN)?.or(written).ok_or(Reject::Sf1Number)?;

    let status_code = line.status()?;
    let (server, no_server) = line.server()?;
    let termination = line.termination()?;
    let event_by_rules: u8 = line.number(token::EVENT)?.unwrap_or_default();
    let event_type =
        if event_by_rules == 0 { derive(status_code, termination.as_bytes(), no_server) } else { event_by_rules };

    Ok(Record {
        timestamp,
        customer_id: line.customer()?,
        path_prefix: line.path_prefix()?,
        config_hex: line.config_word()?,
        network: line.named(token::NETWORK, Network::from_number)?,
        server_id: Some(server_id),
        service: line.named(token::SERVICE, Service::from_number)?,
        api_key_fp: line.number(token::FINGERPRINT)?.unwrap_or_default(),
        frontend: line.named(token::FRONTEND, Frontend::from_number)?,
        traffic_type: line.traffic_type()?,
        event_type,
        client_ip: line.client()?,
        key_metadata: line.number(token::KEY_METADATA)?,
        status_code,
        bytes_sent: line.bytes_sent()?,
        timers: line.timers()?,
        backend_id: if no_server { 0 } else { backend_id(server) },
        termination: ShortText::new(termination),
        repeat: 1,
        line_id: Some(LineId { server_id, boot, seq }),
        journal_offset: 0,
    })
}

/// A line and where its spaces are. There is one more than needed, so that a 31st token is noticed.
struct Tokens<'a> {
    line: &'a [u8],
    spaces: [u32; TOKENS],
}

impl<'a> Tokens<'a> {
    #[inline]
    fn split(line: &'a [u8]) -> Result<Self, Reject> {
        if !line.starts_with(b"SF1 ") {
            let version = line.iter().skip(2).take_while(|byte| byte.is_ascii_digit()).count();
            let other = line.starts_with(b"SF") && version > 0 && line.get(2 + version) == Some(&b' ');
            return Err(if other { Reject::Sf1Version } else { Reject::Sf1Tokens });
        }
        let mut at = [0; TOKENS];
        let found = spaces(line, &mut at);
        if found == TOKENS - 1 { Ok(Self { line, spaces: at }) } else { Err(Reject::Sf1Tokens) }
    }

    #[inline]
    fn bounds(&self, index: usize) -> (usize, usize) {
        let start = self.spaces[index - 1] as usize + 1;
        let end = if index == TOKENS - 1 { self.line.len() } else { self.spaces[index] as usize };
        (start, end)
    }

    #[inline]
    fn bytes(&self, index: usize) -> &'a [u8] {
        let (start, end) = self.bounds(index);
        self.line.get(start..end).unwrap_or_default()
    }

    /// A token, unless it is `-`.
    #[inline]
    fn set(&self, index: usize) -> Option<&'a [u8]> {
        let bytes = self.bytes(index);
        if bytes == b"-" { None } else { Some(bytes) }
    }

    /// A number of a type; `-` is `None`.
    #[inline]
    fn number<T: TryFrom<u64>>(&self, index: usize) -> Result<Option<T>, Reject> {
        let (start, end) = self.bounds(index);
        match uint(self.line, start, end) {
            Some(number) => T::try_from(number).map(Some).map_err(|_| Reject::Sf1Range),
            None if self.line[start..end] == *b"-" => Ok(None),
            None => Err(Reject::Sf1Number),
        }
    }

    #[inline]
    fn instant(&self, index: usize) -> Result<Option<UnixMillis>, Reject> {
        match self.number::<i64>(index)? {
            Some(ms) if ms > UnixMillis::MAX.0 => Err(Reject::Sf1Range),
            ms => Ok(ms.map(UnixMillis)),
        }
    }

    #[inline]
    fn named<T>(&self, index: usize, name: impl Fn(u8) -> Option<T>) -> Result<Option<T>, Reject> {
        match self.number::<u8>(index)? {
            Some(number) => name(number).map(Some).ok_or(Reject::Sf1Range),
            None => Ok(None),
        }
    }

    #[inline]
    fn customer(&self) -> Result<Option<CustomerId>, Reject> {
        Ok(self.number::<i64>(token::CUSTOMER)?.and_then(CustomerId::new))
    }

    #[inline]
    fn traffic_type(&self) -> Result<u8, Reject> {
        match self.number(token::TRAFFIC)? {
            Some(number) if number > MAX_TRAFFIC_TYPE => Err(Reject::Sf1Range),
            number => Ok(number.unwrap_or_default()),
        }
    }

    #[inline]
    fn status(&self) -> Result<i16, Reject> {
        let (start, end) = self.bounds(token::STATUS);
        match uint(self.line, start, end) {
            Some(number @ 0..=999) => i16::try_from(number).map_err(|_| Reject::Sf1Range),
            Some(_) => Err(Reject::Sf1Range),
            None if self.line[start..end] == *b"-1" => Ok(-1),
            None => Err(Reject::Sf1Number),
        }
    }

    #[inline]
    fn bytes_sent(&self) -> Result<u64, Reject> {
        let (start, end) = self.counted_bounds(token::BYTES_SENT);
        let bytes = uint(self.line, start, end).ok_or(Reject::Sf1Number)?;
        if bytes <= MAX_BYTES_SENT { Ok(bytes) } else { Err(Reject::Sf1Range) }
    }

    /// A timer; `-1` is `None`.
    #[inline]
    fn timer(&self, index: usize) -> Result<Option<i32>, Reject> {
        let (start, end) = self.counted_bounds(index);
        match uint(self.line, start, end) {
            Some(ms) => i32::try_from(ms).map(Some).map_err(|_| Reject::Sf1Range),
            None if self.line[start..end] == *b"-1" => Ok(None),
            None => Err(Reject::Sf1Number),
        }
    }

    #[inline]
    fn timers(&self) -> Result<Timers, Reject> {
        Ok(Timers {
            request_ms: self.timer(token::TIME_REQUEST)?,
            queue_ms: self.timer(token::TIME_QUEUE)?,
            connect_ms: self.timer(token::TIME_CONNECT)?,
            response_ms: self.timer(token::TIME_RESPONSE)?,
            total_ms: self.timer(token::TIME_TOTAL)?.unwrap_or_default(),
        })
    }

    /// Without the `+` that `option logasap` puts before what was not at its end yet.
    #[inline]
    fn counted_bounds(&self, index: usize) -> (usize, usize) {
        let (start, end) = self.bounds(index);
        if end > start + 1 && self.line[start] == b'+' { (start + 1, end) } else { (start, end) }
    }

    /// The client as the rules say it, else as HAProxy saw it. A client on a Unix socket has no address.
    #[inline]
    fn client(&self) -> Result<Option<IpAddr>, Reject> {
        let (start, end) = match self.set(token::CLIENT) {
            Some(_) => self.bounds(token::CLIENT),
            None => match self.set(token::PEER) {
                None | Some(b"unix") => return Ok(None),
                Some(_) => self.bounds(token::PEER),
            },
        };
        address(self.line, start, end).map(Some).ok_or(Reject::Sf1Address)
    }

    /// At most 10 bytes of it. HAProxy may have cut it within a character.
    #[inline]
    fn path_prefix(&self) -> Result<Option<ShortText<10>>, Reject> {
        let Some(text) = self.set(token::PATH_PREFIX).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        match std::str::from_utf8(text) {
            Ok(text) => Ok(path::prefix(text)),
            Err(error) if error.error_len().is_none() => {
                let whole = std::str::from_utf8(&text[..error.valid_up_to()]).map_err(|_| Reject::NotUtf8)?;
                Ok(path::prefix(whole))
            }
            Err(_) => Err(Reject::NotUtf8),
        }
    }

    /// 16 hexadecimal digits, all 64 bits of them.
    #[inline]
    fn config_word(&self) -> Result<Option<i64>, Reject> {
        let Some(text) = self.set(token::CONFIG) else {
            return Ok(None);
        };
        if text.len() != 16 {
            return Err(Reject::Sf1Text);
        }
        let word = text.iter().try_fold(0u64, |word, byte| {
            let digit = char::from(*byte).to_digit(16)?;
            Some(word << 4 | u64::from(digit))
        });
        word.map(|word| Some(word.cast_signed())).ok_or(Reject::Sf1Text)
    }

    #[inline]
    fn termination(&self) -> Result<&'a str, Reject> {
        let text = self.bytes(token::TERMINATION);
        if text == b"--" {
            return Ok("--");
        }
        let printable = matches!(text.len(), 2 | 4) && text.iter().all(u8::is_ascii_graphic);
        std::str::from_utf8(text).ok().filter(|_| printable).ok_or(Reject::Sf1Text)
    }

    /// The server's name, and whether there was none.
    #[inline]
    fn server(&self) -> Result<(&'a [u8], bool), Reject> {
        let text = self.bytes(token::BACKEND_SERVER);
        let slash = text.iter().position(|byte| *byte == b'/').ok_or(Reject::Sf1Text)?;
        let server = &text[slash + 1..];
        if slash == 0 || server.is_empty() { Err(Reject::Sf1Text) } else { Ok((server, server == b"<NOSRV>")) }
    }
}
