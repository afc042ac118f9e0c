//! Formats that operators published: tried, in the order of their publication, on what no configured format can read.
//! They come among the frames, in one order with the lines: one holds for the lines behind it, until it is retired.
//!
//! Each is compiled once and goes with its decoder. What cannot be compiled is passed over, alike by every decoder.

use crate::dedup::Home;
use crate::haproxy::log_format::{RecordFormat, Slots, compile_published};
use crate::syslog::SyslogLine;
use std::sync::Arc;
use suiftly_schema::log_format::{MAX_FORMATS_IN_FORCE, PublishedFormat};
use suiftly_schema::record::{LineId, Record};
use suiftly_schema::reference::Entity;

/// The formats in force, in the order of their publication.
#[derive(Debug, Default)]
pub(super) struct Published(Vec<InForce>);

#[derive(Debug)]
struct InForce {
    id: i64,
    publication: i64,
    format: Arc<RecordFormat>,
}

/// Which format a line was read by.
pub(super) type ReadBy = i64;

impl Published {
    /// Those in force among what was told.
    pub(super) fn of(told: &[PublishedFormat]) -> Self {
        let mut published = Self::default();
        let mut told: Vec<&PublishedFormat> = told.iter().collect();
        told.sort_unstable_by_key(|format| format.publication);
        told.into_iter().for_each(|format| published.take(format));
        published
    }

    /// Takes a change, if it is of a format.
    pub(super) fn learn(&mut self, entity: &Entity) {
        if let Entity::LogFormat(format) = entity {
            self.take(format);
        }
    }

    fn take(&mut self, told: &PublishedFormat) {
        self.0.retain(|format| format.id != told.id);
        if !told.is_in_force || self.0.len() >= MAX_FORMATS_IN_FORCE {
            return;
        }
        match compile_published(&told.log_format, &told.attribution) {
            Ok(format) => {
                let at = self.0.partition_point(|format| format.publication < told.publication);
                let (id, publication) = (told.id, told.publication);
                self.0.insert(at, InForce { id, publication, format: Arc::new(format) });
            }
            Err(error) => tracing::error!(name = told.name, %error, "a published format is passed over"),
        }
    }

    /// A line by the first format that can read it.
    #[cold]
    pub(super) fn read(&self, line: &SyslogLine<'_>, server: Option<i16>) -> Option<(Record, ReadBy)> {
        let mut slots = Slots::default();
        self.0.iter().find_map(|InForce { id, format, .. }| {
            let read = format.parse_of(line.body, server, || line.timestamp(), &mut slots);
            read.ok().map(|(record, _)| (record, *id))
        })
    }
}

/// Lines of before a restart that published formats read, until it is known which of them were in force then: told by
/// the blocks themselves, where a format was published among them.
#[derive(Debug, Default)]
pub(super) struct Rewarmed(Vec<(RewarmedLine, ReadBy)>);

/// By which home a line came, which line it is, and the hash of its body.
type RewarmedLine = (Option<Home>, LineId, u32);

impl Rewarmed {
    /// A line, and what reads it now.
    pub(super) fn push(&mut self, line: RewarmedLine, by: ReadBy) {
        self.0.push((line, by));
    }

    /// A format was told here: what is in force now did not read the lines before.
    pub(super) fn told(&mut self, entity: &Entity) {
        if let Entity::LogFormat(format) = entity {
            self.0.retain(|(_, by)| *by != format.id);
        }
    }

    /// What is left, once.
    pub(super) fn take(&mut self) -> Vec<RewarmedLine> {
        std::mem::take(&mut self.0).into_iter().map(|(line, _)| line).collect()
    }
}
