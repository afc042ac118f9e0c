//! What counts for the lines of one source: its format, its servers, the time window. Made once per run of lines of a
//! source, so that binding costs a line nearly nothing.

use super::{DecodeConfig, TimeWindow};
use crate::binding::{Bound, SourceRule, SourceRules};
use crate::haproxy::{self, Body, Format, MAX_BYTES_SENT, Reading};
use crate::reject::Reject;
use crate::source::Source;
use crate::syslog::{self, SyslogLine, repeated};
use suiftly_schema::{record::Record, time::UnixMillis};

/// What counts for a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'c> {
    reading: Reading,
    /// The rule that binds it.
    rule: Option<&'c SourceRule>,
    /// No rule knows it: none of its lines is taken.
    is_stranger: bool,
    pub(super) time_window: Option<TimeWindow>,
    /// Formats to try after the first, for lines whose first source is not known any more.
    also: &'c [Format],
    pub(super) origin: Origin,
}

/// Whose word a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A sender's.
    Sender,
    /// An operator's, who gives the quarantined line again that stood here.
    Quarantine { offset: u64 },
    /// The database's: no line at all.
    Outbox,
}

impl<'c> Terms<'c> {
    /// For frames of no source in particular.
    pub(super) fn unbound(config: &DecodeConfig) -> Self {
        Self {
            reading: Reading { format: config.format, single_capture: config.single_capture, server: None },
            rule: None,
            is_stranger: false,
            time_window: config.time_window,
            also: &[],
            origin: Origin::Sender,
        }
    }

    fn of(config: &'c DecodeConfig, source: &Source) -> Self {
        let unbound = Self::unbound(config);
        let rules = config.sources.as_deref();
        match source {
            Source::File => return Self { time_window: None, ..unbound },
            Source::Quarantine { offset } => {
                let also = rules.map_or(&[][..], SourceRules::formats);
                return Self { time_window: None, also, origin: Origin::Quarantine { offset: *offset }, ..unbound };
            }
            Source::Outbox => return Self { origin: Origin::Outbox, ..unbound },
            _ => {}
        }
        match rules.map_or(Bound::Free, |rules| rules.find(source)) {
            Bound::Free => unbound,
            Bound::Stranger => Self { is_stranger: true, ..unbound },
            Bound::By(rule) => {
                let format = rule.format.unwrap_or(config.format);
                let reading = Reading { format, server: rule.only_server(), ..unbound.reading };
                Self { reading, rule: Some(rule), ..unbound }
            }
        }
    }

    /// The server of what does not say its own.
    pub(super) const fn server(&self) -> Option<i16> {
        self.reading.server
    }

    /// Everything that depends on the frame and its source alone. Of a line that a relay says came several times, the
    /// body is the one within its brackets.
    #[inline]
    pub(super) fn read<'a>(
        &self,
        frame: &'a [u8],
        received_at: UnixMillis,
    ) -> Result<(SyslogLine<'a>, Body<'a>), Reject> {
        if self.is_stranger {
            return Err(Reject::Source);
        }
        if self.origin == Origin::Outbox {
            return Err(Reject::Reference);
        }
        let line = syslog::parse(frame, received_at)?;
        let (line, body) = match repeated::parse(line.body) {
            None => {
                let body = self.read_body(&line)?;
                (line, body)
            }
            Some(repeated) => self.read_repeated(line, repeated?)?,
        };
        if let Body::Request(record, _) = &body {
            self.check(record, received_at)?;
        }
        Ok((line, body))
    }

    #[inline]
    fn read_body<'a>(&self, line: &SyslogLine<'a>) -> Result<Body<'a>, Reject> {
        match haproxy::parse(line, &self.reading) {
            Ok(body) => Ok(body),
            Err(reject) => self.read_otherwise(line, reject),
        }
    }

    #[cold]
    fn read_otherwise<'a>(&self, line: &SyslogLine<'a>, reject: Reject) -> Result<Body<'a>, Reject> {
        let others = self.also.iter().map(|format| Reading { format: *format, ..self.reading });
        let read = others.into_iter().find_map(|reading| haproxy::parse(line, &reading).ok());
        let why = if repeated::is_of_last(line.body) { Reject::Repeated } else { reject };
        read.ok_or(why)
    }

    /// A line with an identity stands for itself, however often it came; one without for as many requests as there were.
    #[cold]
    fn read_repeated<'a>(
        &self,
        line: SyslogLine<'a>,
        repeated: repeated::Repeated<'a>,
    ) -> Result<(SyslogLine<'a>, Body<'a>), Reject> {
        let mut inner = line.clone();
        inner.body = repeated.body;
        match self.read_body(&inner)? {
            Body::System => Ok((line, Body::System)),
            Body::Request(record, captures) if record.line_id.is_some() => Ok((inner, Body::Request(record, captures))),
            Body::Request(record, captures) => {
                let sum = record.bytes_sent.checked_mul(repeated.times.into());
                let bytes_sent = sum.filter(|bytes| *bytes <= MAX_BYTES_SENT).ok_or(Reject::Repeated)?;
                Ok((inner, Body::Request(Record { repeat: repeated.times, bytes_sent, ..record }, captures)))
            }
        }
    }

    /// Whose it is, and when it was.
    #[inline]
    fn check(&self, record: &Record, received_at: UnixMillis) -> Result<(), Reject> {
        if let (Some(rule), Some(server_id)) = (self.rule, record.server_id)
            && !rule.allows(server_id)
        {
            return Err(Reject::Source);
        }
        match self.time_window {
            Some(window) if !window.holds(record.timestamp, received_at) => Err(Reject::TimeWindow),
            _ => Ok(()),
        }
    }
}

/// The terms of the source before, which is nearly always the next one's too.
#[derive(Debug)]
pub(super) struct TermsOfSources<'c> {
    config: &'c DecodeConfig,
    last: Option<(Source, Terms<'c>)>,
}

impl<'c> TermsOfSources<'c> {
    pub(super) const fn new(config: &'c DecodeConfig) -> Self {
        Self { config, last: None }
    }

    #[inline]
    pub(super) fn of(&mut self, source: &Source) -> &Terms<'c> {
        if !matches!(&self.last, Some((last, _)) if last == source) {
            self.last = None;
        }
        let (_, terms) = self.last.get_or_insert_with(|| (*source, Terms::of(self.config, source)));
        terms
    }
}
