//! Which windows of workers are news. They are told whole and may be told again, alike, by an epoch that was joined long
//! ago: what counts is as of which epoch each shard's are.

use crate::up::deltas::Told;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::WorkerWindow;
use suiftly_schema::shard::{SHARDS, Shard};

/// What an epoch changed of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// The workers that were folded, before the windows.
    pub(super) folded: Vec<WorkerWindow>,
    pub(super) windows: Vec<WorkerWindow>,
}

/// As of which epoch each shard's windows are.
#[derive(Debug)]
pub(super) struct WindowsAsOf(Box<[Epoch; SHARDS]>);

impl WindowsAsOf {
    pub(super) const fn new(read: Box<[Epoch; SHARDS]>) -> Self {
        Self(read)
    }

    /// Takes them out of what a process tells of these shards.
    pub(super) fn take(&mut self, shards: &[Shard], told: &mut Told) -> News {
        let is_news = |window: &WorkerWindow| self.0[Shard::of_server(window.worker.server_id).index()] < told.epoch;
        let (mut folded, mut windows) = (std::mem::take(&mut told.folded), std::mem::take(&mut told.windows));
        folded.retain(is_news);
        windows.retain(is_news);
        for shard in shards {
            let as_of = &mut self.0[shard.index()];
            *as_of = told.epoch.max(*as_of);
        }
        News { folded, windows }
    }

    /// Others were read, as of these epochs: which shards' are newer than what was told of them. They take the place of it.
    pub(super) fn read(&mut self, restarts: &[Epoch; SHARDS]) -> Vec<Shard> {
        let newer: Vec<_> = Shard::all().filter(|shard| restarts[shard.index()] > self.0[shard.index()]).collect();
        for shard in &newer {
            self.0[shard.index()] = restarts[shard.index()];
        }
        newer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::loss::{LineCounts, WorkerId};
    use suiftly_schema::time::UnixMillis;
    use suiftly_schema::view::EpochDeltas;

    fn window(server_id: i16) -> WorkerWindow {
        WorkerWindow {
            worker: WorkerId { server_id, boot: UnixMillis(1) },
            received: 1,
            duplicates: 0,
            conflicts: 0,
            missing: 0,
            missing_final: 0,
            repaired: 0,
            first_seq: 1,
            highest_seq: 1,
            heard_at: UnixMillis(1),
            seen: Vec::new(),
            homes: Vec::new(),
        }
    }

    fn told(epoch: Epoch, windows: &[i16]) -> Told {
        Told {
            epoch,
            cut_at: UnixMillis(0),
            process: 0,
            oldest_received_at: UnixMillis(0),
            deltas: EpochDeltas::default(),
            windows: windows.iter().map(|id| window(*id)).collect(),
            folded: vec![window(1)],
            counts: LineCounts::default(),
            reference: Vec::new(),
        }
    }

    fn servers(windows: &[WorkerWindow]) -> Vec<i16> {
        windows.iter().map(|window| window.worker.server_id).collect()
    }

    #[test]
    fn each_change_is_taken_once_and_what_was_read_is_in() {
        let of = |server_id: i16| Shard::of_server(server_id);
        let mut read = Box::new([10; SHARDS]);
        read[of(2).index()] = 12;
        let mut as_of = WindowsAsOf::new(read);
        let shards = [of(1), of(2)];
        let mut take = |epoch| {
            let mut told = told(epoch, &[1, 2]);
            let News { folded, windows } = as_of.take(&shards, &mut told);
            assert!(told.windows.is_empty() && told.folded.is_empty());
            (servers(&folded), servers(&windows))
        };
        assert_eq!(take(10), (vec![], vec![]));
        assert_eq!(take(11), (vec![1], vec![1]));
        assert_eq!(take(11), (vec![], vec![]), "told again");
        assert_eq!(take(13), (vec![1], vec![1, 2]));
        // Of what is read now, only that counts which was not told up to there.
        let mut restarts = [12; SHARDS];
        restarts[of(2).index()] = 14;
        let newer = as_of.read(&restarts);
        assert!(newer.contains(&of(2)) && !newer.contains(&of(1)) && newer.len() == SHARDS - 1, "{}", newer.len());
        assert!(as_of.read(&restarts).is_empty());
    }
}
