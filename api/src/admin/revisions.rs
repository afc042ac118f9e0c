//! What has changed, topic by topic: who looks at screens is told to ask again, and asks no more often than that.
//!
//! One watcher looks for all streams, once a second at most and while somebody listens. What is in memory it reads there;
//! of what is in the database it reads marks, in one query. A topic's revision is when its mark was seen to differ, in
//! milliseconds since 1970: so that it never comes back, not even over a restart.

use crate::app::App;
use crate::fleet::wire::FleetView;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::admin::Marks;
use tokio::sync::{Notify, watch};
use utoipa::ToSchema;

use super::vault::VaultStatus;

/// How often it looks at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// `event: revisions` of operators' streams: a number for each topic that is another whenever what its endpoints answer
/// has changed; null where that is not known now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Revisions {
    /// Edges and gateways.
    pub fleet: Option<i64>,
    /// The vault: versions, and who holds it.
    pub vault: Option<i64>,
    /// Notifications.
    pub notifications: Option<i64>,
    /// The manager's jobs and their runs.
    pub jobs: Option<i64>,
    /// The quarantine.
    pub quarantine: Option<i64>,
    /// Customers: profiles, keys, services, money, notes.
    pub customers: Option<i64>,
    /// Invoices, notes and drafts.
    pub invoices: Option<i64>,
    /// Price books.
    pub price_books: Option<i64>,
    /// Published log formats.
    pub formats: Option<i64>,
    /// HAProxy's own messages.
    pub system_logs: Option<i64>,
    /// The activity log.
    pub activity: Option<i64>,
}

/// The latest event, as JSON; `None` while nobody has listened.
pub(crate) type Latest = watch::Receiver<Option<Arc<str>>>;

/// Where streams listen.
#[derive(Debug, Default)]
pub(crate) struct RevisionWatch {
    latest: watch::Sender<Option<Arc<str>>>,
    came: Notify,
}

impl RevisionWatch {
    /// Listens; what is known already counts as new.
    pub(crate) fn listen(&self) -> Latest {
        let mut latest = self.latest.subscribe();
        latest.mark_changed();
        self.came.notify_one();
        latest
    }

    async fn somebody(&self) {
        while self.latest.receiver_count() == 0 {
            self.came.notified().await;
        }
    }

    fn tell(&self, revisions: &Revisions) {
        match serde_json::to_string(revisions) {
            Ok(json) => drop(self.latest.send_if_modified(|latest| {
                let is_new = latest.as_deref() != Some(&*json);
                *latest = Some(json.into());
                is_new
            })),
            Err(error) => tracing::error!(%error, "revisions cannot be written as JSON"),
        }
    }

    /// What was told is no longer so for certain.
    fn forget_if_alone(&self) {
        if self.latest.receiver_count() == 0 {
            self.latest.send_replace(None);
        }
    }
}

/// The next event for a stream. Waits for ever once nobody tells any more.
pub(crate) async fn next(latest: &mut Latest) -> Arc<str> {
    loop {
        if latest.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if let Some(json) = latest.borrow_and_update().clone() {
            return json;
        }
    }
}

/// Looks until shutdown.
pub(crate) async fn run(app: App) {
    let (mut seen, shutdown) = (Seen::default(), app.shutdown.clone());
    let watching = async {
        loop {
            app.revisions.somebody().await;
            let revisions = look(&app, &mut seen).await;
            app.revisions.tell(&revisions);
            tokio::time::sleep(LOOK_EVERY).await;
            app.revisions.forget_if_alone();
        }
    };
    let _ = shutdown.run_until_cancelled(watching).await;
}

/// Marks as they were seen last, and since when.
#[derive(Debug, Default)]
struct Seen(BTreeMap<&'static str, (String, i64)>);

impl Seen {
    /// The revision of a topic whose mark is so now. What is not known is not forgotten.
    fn revision(&mut self, topic: &'static str, mark: Option<String>, now: UnixMillis) -> Option<i64> {
        let mark = mark?;
        let (last, revision) = self.0.entry(topic).or_default();
        if *revision == 0 || *last != mark {
            (*last, *revision) = (mark, now.0.max(*revision + 1));
        }
        Some(*revision)
    }
}

async fn look(app: &App, seen: &mut Seen) -> Revisions {
    let journal = app.parts.pipeline.live().journal.id;
    let marks = app.parts.accounts.store.marks(&journal).await;
    // While there is none it is looked for each second: once a second is not worth a warning.
    let marks = marks.inspect_err(|error| tracing::debug!(%error, "what has changed is not known")).ok();
    let now = app.parts.clock.now();
    let (fleet, vault) = (in_memory(&FleetView::of(app)), in_memory(&VaultStatus::of(&app.parts.vault.publisher)));
    // What was published is written down a moment later.
    let written = marks.as_ref().map_or("", |marks| &*marks.vault);
    let vault = vault.map(|vault| format!("{written} {vault}"));
    let mut of = |topic, mark: fn(&Marks) -> &String| seen.revision(topic, marks.as_ref().map(mark).cloned(), now);
    let mut revisions = Revisions {
        fleet: None,
        vault: None,
        notifications: of("notifications", |marks| &marks.notifications),
        jobs: of("jobs", |marks| &marks.jobs),
        quarantine: of("quarantine", |marks| &marks.quarantine),
        customers: of("customers", |marks| &marks.customers),
        invoices: of("invoices", |marks| &marks.invoices),
        price_books: of("price_books", |marks| &marks.price_books),
        formats: of("formats", |marks| &marks.formats),
        system_logs: of("system_logs", |marks| &marks.system_logs),
        activity: of("activity", |marks| &marks.activity),
    };
    revisions.fleet = seen.revision("fleet", fleet, now);
    revisions.vault = seen.revision("vault", vault, now);
    revisions
}

/// What is answered out of memory is its own mark.
fn in_memory(answer: &impl Serialize) -> Option<String> {
    serde_json::to_string(answer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_changes_with_its_mark_and_never_comes_back() {
        let mut seen = Seen::default();
        let mut at = |ms, mark: Option<&str>| seen.revision("jobs", mark.map(ToOwned::to_owned), UnixMillis(ms));
        assert_eq!(at(1_000, Some("a")), Some(1_000));
        assert_eq!(at(2_000, Some("a")), Some(1_000));
        assert_eq!(at(3_000, None), None, "not known");
        assert_eq!(at(4_000, Some("a")), Some(1_000), "and not forgotten");
        assert_eq!(at(500, Some("b")), Some(1_001), "the clock was set back");
        assert_eq!(at(5_000, Some("a")), Some(5_000));
    }

    #[tokio::test]
    async fn who_listens_hears_the_latest_once() {
        let watch = RevisionWatch::default();
        let mut early = watch.listen();
        watch.tell(&Revisions { jobs: Some(1), ..Revisions::default() });
        assert!(next(&mut early).await.contains("\"jobs\":1"));
        let mut late = watch.listen();
        assert!(next(&mut late).await.contains("\"jobs\":1"), "at the start");
        watch.tell(&Revisions { jobs: Some(1), ..Revisions::default() });
        assert!(!late.has_changed().unwrap(), "nothing has changed");
        for jobs in [2, 3] {
            watch.tell(&Revisions { jobs: Some(jobs), ..Revisions::default() });
        }
        assert!(next(&mut late).await.contains("\"jobs\":3"), "the slow hear the latest");
        assert!(!late.has_changed().unwrap());
        drop((early, late));
        watch.forget_if_alone();
        assert_eq!(*watch.latest.borrow(), None);
    }
}
