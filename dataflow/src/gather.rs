//! Puts the workers' parts of each epoch together, of this process's workers: each process answers for its own shards.

use crate::watch::Watch;
use crossbeam_channel::{Receiver, Sender, select};
use suiftly_schema::view::EpochDeltas;

/// Ends when a worker or the taker is gone, or when something is lost: no worker may be waited for then.
pub(crate) fn gather(workers: &[Receiver<EpochDeltas>], out: &Sender<EpochDeltas>, watch: &Watch) {
    while let Some(whole) = gather_epoch(workers, watch) {
        if out.send(whole).is_err() {
            break;
        }
    }
    watch.end();
}

fn gather_epoch(workers: &[Receiver<EpochDeltas>], watch: &Watch) -> Option<EpochDeltas> {
    let (first, others) = workers.split_first()?;
    let mut whole = part(first, watch)?;
    for worker in others {
        let part = part(worker, watch)?;
        assert_eq!(part.epoch, whole.epoch, "workers answer the same epochs in the same order");
        add(&mut whole, part);
    }
    sort(&mut whole);
    Some(whole)
}

fn part(worker: &Receiver<EpochDeltas>, watch: &Watch) -> Option<EpochDeltas> {
    select! {
        recv(worker) -> part => part.ok(),
        recv(watch.over()) -> _ => None,
    }
}

fn add(whole: &mut EpochDeltas, part: EpochDeltas) {
    let EpochDeltas { epoch: _, minutes, hours, rated, infra_minutes, infra_hours, infra_days, .. } = part;
    whole.minutes.extend(minutes);
    whole.hours.extend(hours);
    whole.rated.extend(rated);
    whole.infra_minutes.extend(infra_minutes);
    whole.infra_hours.extend(infra_hours);
    whole.infra_days.extend(infra_days);
    whole.keys.extend(part.keys);
    whole.key_hours.extend(part.key_hours);
    whole.spend.extend(part.spend);
    whole.key_grants.extend(part.key_grants);
    whole.access_grants.extend(part.access_grants);
}

/// In the order of keys, whichever worker they came from.
fn sort(whole: &mut EpochDeltas) {
    sort_rows(&mut whole.minutes);
    sort_rows(&mut whole.hours);
    sort_rows(&mut whole.rated);
    sort_rows(&mut whole.infra_minutes);
    sort_rows(&mut whole.infra_hours);
    sort_rows(&mut whole.infra_days);
    sort_rows(&mut whole.keys);
    sort_rows(&mut whole.key_hours);
    whole.spend.sort_unstable_by_key(|(customer_id, _)| *customer_id);
    whole.key_grants.sort_unstable();
    whole.access_grants.sort_unstable();
}

/// By moving each row a time or two: keys are narrow, rows are not. Most come in order.
pub(crate) fn sort_rows<K: Ord + Copy, R>(rows: &mut [(K, R)]) {
    if !rows.is_sorted_by_key(|(key, _)| *key) {
        rows.sort_by_cached_key(|(key, _)| *key);
    }
}
