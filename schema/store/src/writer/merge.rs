//! Several epochs as one: deltas summed per key, the last window of each worker, counts added. Pure.

use super::Commit;
use super::quarantine::{Outcome, Quarantined};
use crate::codec::NO_SERVER;
use crate::maintenance::{INFRA_HOURS_KEPT, KEY_HOURS_KEPT, MINUTES_KEPT, before};
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Zip;
use std::slice::Iter;
use std::sync::Arc;
use suiftly_schema::activity::{KeyActivity, KeyCounts, KeyRef};
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::infra::{InfraKey, InfraSpanKey, InfraSums};
use suiftly_schema::loss::{LineCounts, LossTotals, WorkerId, WorkerWindow};
use suiftly_schema::record::Record;
use suiftly_schema::reference::{EntityId, ReferenceChange};
use suiftly_schema::stream::{OpenStream, StreamId};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{Usage, UsageKey};
use suiftly_schema::view::{AccessGrant, KeyGrant, RatedKey, RatedSums, Spend};

/// Whose usage, and the first instant of its minute or hour.
pub(super) type UsageSpan = (UsageKey, UnixMillis);

/// What one transaction writes. Keys ascend: rows are locked in one order, and neighbours share pages.
#[derive(Debug)]
pub(super) struct Merged<'a> {
    pub(super) epoch: Epoch,
    pub(super) cut_at: UnixMillis,
    pub(super) journal_end: u64,
    pub(super) records: Vec<&'a [Record]>,
    /// The journals' numbers of each of those, in runs.
    record_journals: Vec<&'a [(u16, u32)]>,
    pub(super) minutes: BTreeMap<UsageSpan, Usage>,
    pub(super) hours: BTreeMap<UsageSpan, Usage>,
    pub(super) rated: BTreeMap<RatedKey, RatedSums>,
    pub(super) infra_minutes: BTreeMap<InfraSpanKey, InfraSums>,
    pub(super) infra_hours: BTreeMap<InfraSpanKey, InfraSums>,
    pub(super) infra_days: BTreeMap<InfraSpanKey, InfraSums>,
    pub(super) keys: BTreeMap<KeyRef, KeyActivity>,
    /// By customer, hour and fingerprint.
    pub(super) key_hours: BTreeMap<(CustomerId, UnixMillis, u32), KeyCounts>,
    /// The last of each customer, and the clock of its epoch.
    pub(super) spend: BTreeMap<CustomerId, (&'a Spend, UnixMillis)>,
    /// Grants that left (below zero) or came; zero for what did both.
    pub(super) key_grants: BTreeMap<&'a KeyGrant, i64>,
    pub(super) access_grants: BTreeMap<&'a AccessGrant, i64>,
    /// The last of each entity.
    pub(super) reference: BTreeMap<EntityId, &'a ReferenceChange>,
    pub(super) windows: BTreeMap<WorkerId, &'a WorkerWindow>,
    /// Workers whose stored windows go, before those above come.
    pub(super) folded: BTreeSet<WorkerId>,
    /// What they add up to, by server.
    pub(super) folded_totals: BTreeMap<i16, LossTotals>,
    pub(super) streams: BTreeMap<StreamId, OpenStream>,
    /// Whose stored rows go, before those above come.
    pub(super) ended_streams: BTreeSet<StreamId>,
    pub(super) system: BTreeMap<SystemRow<'a>, i32>,
    pub(super) quarantined: Vec<Quarantined<'a>>,
    /// By the line's journal and its place there: what became of it last.
    pub(super) requeued: BTreeMap<(u16, u64), Outcome>,
    pub(super) counts: LineCounts,
}

/// A row of `haproxy_system_logs`; equal messages of one instant are counted, not repeated.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SystemRow<'a> {
    pub(super) timestamp: UnixMillis,
    pub(super) server_id: Option<i16>,
    pub(super) message: &'a str,
}

impl<'a> Merged<'a> {
    /// Merges one commit or more, ascending by epoch.
    pub(super) fn of(commits: &'a [Arc<Commit>]) -> Option<Self> {
        let last = commits.last()?;
        let mut merged = Self {
            epoch: last.epoch,
            cut_at: last.cut_at,
            journal_end: last.journal_end,
            records: Vec::with_capacity(commits.len()),
            record_journals: Vec::with_capacity(commits.len()),
            minutes: BTreeMap::new(),
            hours: BTreeMap::new(),
            rated: BTreeMap::new(),
            infra_minutes: BTreeMap::new(),
            infra_hours: BTreeMap::new(),
            infra_days: BTreeMap::new(),
            keys: BTreeMap::new(),
            key_hours: BTreeMap::new(),
            spend: BTreeMap::new(),
            key_grants: BTreeMap::new(),
            access_grants: BTreeMap::new(),
            reference: BTreeMap::new(),
            windows: BTreeMap::new(),
            folded: BTreeSet::new(),
            folded_totals: BTreeMap::new(),
            streams: BTreeMap::new(),
            ended_streams: BTreeSet::new(),
            system: BTreeMap::new(),
            quarantined: Vec::new(),
            requeued: BTreeMap::new(),
            counts: LineCounts::default(),
        };
        for commit in commits {
            merged.add(commit);
        }
        Some(merged)
    }

    pub(super) fn record_count(&self) -> u64 {
        self.records.iter().map(|records| records.len() as u64).sum()
    }

    /// Each record with its journal's number.
    pub(super) fn numbered_records(&self) -> NumberedRecords<'_, 'a> {
        let commits = self.records.iter().zip(&self.record_journals);
        NumberedRecords { commits, records: Iter::default(), runs: Iter::default(), run: (0, 0) }
    }

    fn add(&mut self, commit: &'a Commit) {
        self.records.push(&commit.records);
        self.record_journals.push(&commit.record_journals);
        self.add_usage(commit);
        self.add_infra(commit);
        self.add_keys(commit);
        self.add_customers(commit);
        self.reference.extend(commit.reference.iter().map(|change| (change.entity.id(), change)));
        for window in &commit.folded {
            self.windows.remove(&window.worker);
            self.folded.insert(window.worker);
            self.folded_totals.entry(window.worker.server_id).or_default().add(&LossTotals::of(window));
        }
        for window in &commit.windows {
            self.windows.insert(window.worker, window);
        }
        for id in &commit.ended {
            self.streams.remove(id);
            self.ended_streams.insert(*id);
        }
        self.streams.extend(commit.streams.iter().map(|stream| (stream.id, *stream)));
        for message in &commit.system {
            let row = SystemRow {
                timestamp: message.timestamp,
                server_id: message.server_id,
                message: message.message.as_str(),
            };
            *self.system.entry(row).or_default() += 1;
        }
        self.quarantined.extend(Quarantined::of(commit));
        for requeued in &commit.requeued {
            let line = (requeued.journal_no, requeued.journal_offset);
            self.requeued.insert(line, Outcome::of(requeued, commit));
        }
        self.counts.add(&commit.counts);
    }

    /// A minute that is over for longer than minutes are kept counts in its hour only. "Now" is the epoch's own clock,
    /// so that a replay decides alike.
    fn add_usage(&mut self, commit: &Commit) {
        let oldest_minute = before(commit.cut_at, MINUTES_KEPT);
        for (key, usage) in commit.deltas.minutes.iter().filter(|(key, _)| key.minute >= oldest_minute) {
            *self.minutes.entry((key.usage, key.minute)).or_default() += usage;
        }
        for (key, usage) in &commit.deltas.hours {
            *self.hours.entry((key.usage, key.hour)).or_default() += usage;
        }
        for (key, sums) in &commit.deltas.rated {
            let total = self.rated.entry(*key).or_default();
            total.billable_requests += sums.billable_requests;
            total.billable_bytes += sums.billable_bytes;
            total.rated += sums.rated;
        }
    }

    /// Likewise: what is too old for its minute counts in the hour and the day, then in the day only.
    fn add_infra(&mut self, commit: &Commit) {
        let deltas = &commit.deltas;
        add_spans(&mut self.infra_minutes, &deltas.infra_minutes, before(commit.cut_at, MINUTES_KEPT));
        add_spans(&mut self.infra_hours, &deltas.infra_hours, before(commit.cut_at, INFRA_HOURS_KEPT));
        add_spans(&mut self.infra_days, &deltas.infra_days, UnixMillis::MIN);
    }

    /// What is too old for its hour counts in all that a key did only.
    fn add_keys(&mut self, commit: &Commit) {
        for (key, did) in &commit.deltas.keys {
            self.keys.entry(*key).and_modify(|sum| *sum += did).or_insert(*did);
        }
        let oldest = before(commit.cut_at, KEY_HOURS_KEPT);
        for (of, did) in commit.deltas.key_hours.iter().filter(|(of, _)| of.hour >= oldest) {
            *self.key_hours.entry((of.key.customer_id, of.hour, of.key.api_key_fp)).or_default() += did;
        }
    }

    fn add_customers(&mut self, commit: &'a Commit) {
        for (customer_id, spend) in &commit.deltas.spend {
            self.spend.insert(*customer_id, (spend, commit.cut_at));
        }
        for (grant, sign) in &commit.deltas.key_grants {
            *self.key_grants.entry(grant).or_default() += i64::from(*sign);
        }
        for (grant, sign) in &commit.deltas.access_grants {
            *self.access_grants.entry(grant).or_default() += i64::from(*sign);
        }
    }
}

/// So many records of the journal with this number.
type Run = (u16, u32);

/// Records with their journals' numbers.
pub(super) struct NumberedRecords<'b, 'a> {
    commits: Zip<Iter<'b, &'a [Record]>, Iter<'b, &'a [Run]>>,
    /// What is left of a commit.
    records: Iter<'a, Record>,
    runs: Iter<'a, Run>,
    run: Run,
}

impl<'a> Iterator for NumberedRecords<'_, 'a> {
    type Item = (u16, &'a Record);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.records.next() {
                while self.run.1 == 0 {
                    self.run = self.runs.next().copied().unwrap_or((0, u32::MAX));
                }
                self.run.1 -= 1;
                return Some((self.run.0, record));
            }
            let (records, runs) = self.commits.next()?;
            (self.records, self.runs, self.run) = (records.iter(), runs.iter(), (0, 0));
        }
    }
}

/// Server [`NO_SERVER`] is in the tables what no server is: a line that says it must not make two rows of one key.
fn add_spans(sums: &mut BTreeMap<InfraSpanKey, InfraSums>, deltas: &[(InfraSpanKey, InfraSums)], oldest: UnixMillis) {
    for (key, delta) in deltas.iter().filter(|(key, _)| key.start >= oldest) {
        let infra = InfraKey { server_id: key.infra.server_id.filter(|id| *id != NO_SERVER), ..key.infra };
        *sums.entry(InfraSpanKey { infra, ..*key }).or_default() += delta;
    }
}
