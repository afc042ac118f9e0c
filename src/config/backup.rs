//! `[backup]`: when copies are made, for whom, and how many are kept.

use super::Problems;
use crate::backup;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Once a month is the least that is called a schedule.
const EVERY_HOURS_MAX: u32 = 31 * 24;
/// More recipients would only make each file's head longer.
const RECIPIENTS_MAX: usize = 16;
const HOUR: Duration = Duration::from_secs(3_600);
/// A backup is late when so many periods have gone without one.
const LATE_PERIODS: u32 = 2;

/// `[backup]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Backup {
    /// Whom backups are encrypted for (age1…): without one none is made.
    pub(crate) recipients: Vec<String>,
    /// Where they are put; without it, `backups` in the data directory.
    pub(crate) dir: Option<PathBuf>,
    /// The manager makes one each so many hours; 0: nobody but an operator does.
    pub(crate) every_hours: u32,
    /// So many are kept, the latest.
    pub(crate) keep: u32,
    /// Those that are younger than so many days are kept too; 0: no others.
    pub(crate) keep_days: u32,
    /// Whether secrets are in them.
    pub(crate) secrets: bool,
    /// Whether raw records and HAProxy's own messages are in them. Bills need neither.
    pub(crate) records: bool,
    /// Whether the journal's archive is in them, as far as it is kept.
    pub(crate) archive: bool,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            recipients: Vec::new(),
            dir: None,
            every_hours: 24,
            keep: 7,
            keep_days: 0,
            secrets: true,
            records: true,
            archive: true,
        }
    }
}

impl Backup {
    /// Where they are put.
    pub(crate) fn dir(&self, data_dir: &Path) -> PathBuf {
        self.dir.clone().unwrap_or_else(|| data_dir.join("backups"))
    }

    /// How often the manager makes one, if it does.
    pub(crate) fn every(&self) -> Option<Duration> {
        (self.every_hours > 0 && !self.recipients.is_empty()).then(|| HOUR * self.every_hours)
    }

    /// When one is late.
    pub(crate) fn late_after(&self) -> Option<Duration> {
        self.every().map(|every| every * LATE_PERIODS)
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        let count = self.recipients.len();
        let is_seldom = self.every_hours <= EVERY_HOURS_MAX;
        problems.unless(is_seldom, format_args!("backup.every_hours must be 0 to {EVERY_HOURS_MAX}"));
        problems.unless(self.keep > 0, "backup.keep must be at least 1");
        let is_few = count <= RECIPIENTS_MAX;
        problems.unless(is_few, format_args!("there are {count} backup.recipients, and at most {RECIPIENTS_MAX}"));
        if count > 0 {
            problems.note(backup::recipients(&self.recipients));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_named() {
        let good = "age1xgsas0h9zv2d72zdz83adq8fq9a9pnd4rvfu7arax36c0n09gsts03ykd8";
        let told = |backup: Backup| {
            let mut problems = Problems::default();
            backup.check(&mut problems);
            problems.to_string()
        };
        let with = |recipients: &[&str]| Backup {
            recipients: recipients.iter().map(ToString::to_string).collect(),
            ..Backup::default()
        };
        assert_eq!(told(Backup::default()), "");
        assert!(told(Backup { every_hours: 745, ..Backup::default() }).contains("0 to 744"));
        assert!(told(Backup { keep: 0, ..Backup::default() }).contains("backup.keep"));
        assert!(told(with(&["age1nobody"])).contains("no recipient of age"));
        assert!(told(with(&[good; 17])).contains("at most 16"));
    }

    #[test]
    fn who_names_nobody_gets_none() {
        assert_eq!((Backup::default().every(), Backup::default().late_after()), (None, None));
        let named = Backup { recipients: vec!["age1…".to_owned()], ..Backup::default() };
        assert_eq!((named.every(), named.late_after()), (Some(24 * HOUR), Some(48 * HOUR)));
        assert_eq!(Backup { every_hours: 0, ..named }.every(), None);
    }
}
