//! What a process of the dataflow tells the API, and how it goes over a link of purpose deltas.
//!
//! ```text
//! frame's payload: layout u16 · whether more of it follows u8 · a piece of a FrontFrame by bincode 1.3
//! ```
//!
//! A link begins with a [`Snapshot`]. Then come all epochs after [`Snapshot::after`], each once and in order ([`Told`]), and
//! beside them, each second, how the process is ([`Now`]). Who falls off what the process keeps gets another snapshot.
//! bincode does not describe itself: the two ends must have the same [`LAYOUT`], which changes with any of these types.

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use suiftly_ingest::decode::Uncounted;
use suiftly_ingest::dedup::Forgotten;
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::stats::IngestStats;
use suiftly_link::{Frame, Kind};
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{LineCounts, WorkerWindow};
use suiftly_schema::reference::ReferenceChange;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;

/// The layout of these types. One that is not ours cannot be read.
pub(crate) const LAYOUT: u16 = 2;

/// A frame carries so much of it; a frame may be twice as long.
const PIECE_BYTES: usize = 4 << 20;
/// What is longer in all is refused: epochs of a catch-up are far shorter.
const WHOLE_BYTES_MAX: usize = 512 << 20;
/// Layout, and whether more follows.
const HEAD_BYTES: usize = 3;

/// One thing that is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum FrontFrame<D = EpochDeltas> {
    /// Where what follows begins.
    Snapshot(Snapshot),
    /// An epoch.
    Deltas(Box<Told<D>>),
    /// How the process is.
    Now(Now),
}

/// Where a process stands when a link begins, or when what it keeps does not reach back to what was told last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    /// Which start of the cluster this is. The epochs of another are told anew, alike.
    pub(crate) generation: u64,
    /// Which process.
    pub(crate) process: u16,
    /// Every epoch after this one follows. What was before is in the database, or will be: a reader waits for it.
    pub(crate) after: Epoch,
    /// The last epoch of the order that the process knew of when the link began; process 0 knows its end. Who has taken
    /// that one in is up to date.
    pub(crate) until: Epoch,
    /// The process's shards, and up to which epoch each was in the database at the cluster's start: what the views gained
    /// of it up to there is not told.
    pub(crate) shards: Vec<(u8, Epoch)>,
}

/// What an epoch was for a process's shards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told<D = EpochDeltas> {
    /// The epoch; every process tells each.
    pub(crate) epoch: Epoch,
    /// Its clock, the same for all processes.
    pub(crate) cut_at: UnixMillis,
    /// Which process.
    pub(crate) process: u16,
    /// The oldest receipt time of its lines.
    pub(crate) oldest_received_at: UnixMillis,
    /// What the views of its shards gained. Nothing of epochs that were in the database at the cluster's start.
    pub(crate) deltas: D,
    /// The windows of its shards' workers that changed, as they are after this epoch. Told from the epoch on that the
    /// database has windows of, whatever else it has.
    pub(crate) windows: Vec<WorkerWindow>,
    /// The workers that were folded in it, before those windows.
    pub(crate) folded: Vec<WorkerWindow>,
    /// What its lines became; nothing of epochs that were in the database.
    pub(crate) counts: LineCounts,
    /// Reference changes, by the process that has shard 0 alone.
    #[serde(with = "as_json")]
    pub(crate) reference: Vec<ReferenceChange>,
}

/// How a process is, each second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Now {
    /// Which process.
    pub(crate) process: u16,
    /// Whether it still decodes what the order held at the start.
    pub(crate) is_recovering: bool,
    /// Up to which epoch all of its shards are in the database.
    pub(crate) stored: Epoch,
    /// Whether more comes than the database takes.
    pub(crate) is_passed_by: bool,
    /// Transactions that failed and were tried again, since it started.
    pub(crate) retries: u64,
    /// What the bounds of dedup have cost its shards, since it started.
    pub(crate) forgotten: Forgotten,
    /// What was told of its shards' open streams and counts nothing, since it started.
    pub(crate) uncounted: Uncounted,
    /// The ingesters as this process is linked to them.
    #[serde(with = "as_json")]
    pub(crate) ingesters: Vec<IngesterNow>,
}

/// How an ingester is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct IngesterNow {
    /// Its name: `a` is ingest-a's.
    pub(crate) name: String,
    /// Its journal, once it was heard.
    pub(crate) journal: Option<JournalId>,
    /// Whether it is linked.
    pub(crate) is_linked: bool,
    /// Whether lines of its journal may be given again: what was asked for before the start is over. By process 0 alone.
    pub(crate) is_open: bool,
    /// Why it is not.
    pub(crate) trouble: Option<String>,
    /// Its counters, as they were told last.
    pub(crate) stats: Option<IngestStats>,
}

impl<D: Serialize> FrontFrame<D> {
    /// As frames, to be sent one behind the other.
    pub(crate) fn encode(&self) -> anyhow::Result<Vec<Frame>> {
        let kind = if matches!(self, Self::Snapshot(_)) { Kind::Snapshot } else { Kind::Deltas };
        let whole = bincode::serialize(self).context("cannot write what is told to the API")?;
        Ok(pieces(kind, &whole, PIECE_BYTES))
    }
}

fn pieces(kind: Kind, whole: &[u8], piece_bytes: usize) -> Vec<Frame> {
    let count = whole.len().div_ceil(piece_bytes);
    let piece = |(at, bytes): (usize, &[u8])| {
        let more = u8::from(at + 1 < count);
        Frame::new(kind, [&LAYOUT.to_le_bytes()[..], &[more], bytes].concat())
    };
    whole.chunks(piece_bytes).enumerate().map(piece).collect()
}

/// Puts pieces together again: one a link.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    bytes: Vec<u8>,
}

impl Pieces {
    /// Takes the next frame of a link; answers what is told, once all of it has come.
    pub(crate) fn take(&mut self, frame: &Frame) -> anyhow::Result<Option<FrontFrame>> {
        let is_told = matches!(frame.kind, Kind::Snapshot | Kind::Deltas);
        ensure!(is_told, "a frame of kind {:?} came out of turn", frame.kind);
        let (head, piece) = frame.payload.split_first_chunk::<HEAD_BYTES>().context("a piece without a head")?;
        let layout = u16::from_le_bytes([head[0], head[1]]);
        ensure!(layout == LAYOUT, "it tells by layout {layout}, this side knows {LAYOUT}: they are of two releases");
        ensure!(self.bytes.len() + piece.len() <= WHOLE_BYTES_MAX, "what it tells is too long");
        self.bytes.extend_from_slice(piece);
        if head[2] != 0 {
            return Ok(None);
        }
        let whole = std::mem::take(&mut self.bytes);
        bincode::deserialize(&whole).context("what it tells cannot be read").map(Some)
    }
}

/// For types that leave out what is not there, which only a format can read that describes itself.
mod as_json {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(value).map_err(S::Error::custom)?)
    }

    pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        serde_json::from_str(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::ids::CustomerId;
    use suiftly_schema::loss::WorkerId;
    use suiftly_schema::price::PriceBook;
    use suiftly_schema::reference::Entity;
    use suiftly_schema::usage::{MinuteKey, Usage, UsageKey};

    fn told() -> Told {
        let usage = UsageKey { customer_id: CustomerId::new(42), service: None, network: None };
        let (key, mut sums) = (MinuteKey { usage, minute: UnixMillis(60_000) }, Usage::default());
        sums.sums.guaranteed = 3;
        sums.times.count(17, 2);
        let deltas = EpochDeltas { epoch: 7, minutes: vec![(key, sums)], ..EpochDeltas::default() };
        let window = WorkerWindow {
            worker: WorkerId { server_id: 17, boot: UnixMillis(5) },
            received: 1,
            duplicates: 2,
            conflicts: 3,
            missing: 4,
            missing_final: 5,
            repaired: 6,
            first_seq: 7,
            highest_seq: u64::MAX,
            heard_at: UnixMillis(9),
            seen: vec![1, 2, 3],
            homes: Vec::new(),
        };
        let change = ReferenceChange { seq: 3, entity: Entity::PriceBook(PriceBook::v1()) };
        Told {
            epoch: 7,
            cut_at: UnixMillis(70),
            process: 1,
            oldest_received_at: UnixMillis(69),
            deltas,
            windows: vec![window.clone()],
            folded: vec![window],
            counts: LineCounts { received: 4, rejected: [("syslog".to_owned(), 1)].into(), ..LineCounts::default() },
            reference: vec![change],
        }
    }

    #[test]
    fn what_is_told_comes_back() {
        let snapshot = Snapshot { generation: 3, process: 1, after: 6, until: 9, shards: vec![(0, 9), (255, 8)] };
        let now = Now {
            process: 0,
            is_recovering: true,
            stored: 5,
            is_passed_by: false,
            retries: 2,
            forgotten: Forgotten { workers: 3, ..Forgotten::default() },
            uncounted: Uncounted { deltas: 4, overtold: 5 },
            ingesters: vec![IngesterNow {
                name: "a".to_owned(),
                journal: None,
                is_linked: false,
                is_open: true,
                trouble: Some("nobody there".to_owned()),
                stats: None,
            }],
        };
        let mut pieces = Pieces::default();
        for told in [FrontFrame::Snapshot(snapshot), FrontFrame::Deltas(Box::new(told())), FrontFrame::Now(now)] {
            let frames = told.encode().unwrap();
            let [frame] = &frames[..] else { panic!("{} frames", frames.len()) };
            assert_eq!(frame.kind == Kind::Snapshot, matches!(told, FrontFrame::Snapshot(_)));
            assert_eq!(pieces.take(frame).unwrap(), Some(told));
        }
    }

    #[test]
    fn deltas_are_written_alike_lent_or_owned() {
        let Told { epoch, cut_at, process, oldest_received_at, deltas, windows, folded, counts, reference } = told();
        let lent =
            Told { epoch, cut_at, process, oldest_received_at, deltas: &deltas, windows, folded, counts, reference };
        let owned = FrontFrame::Deltas(Box::new(told())).encode().unwrap();
        assert_eq!(FrontFrame::Deltas(Box::new(lent)).encode().unwrap(), owned);
    }

    #[test]
    fn what_is_long_comes_in_pieces() {
        let told = FrontFrame::Deltas(Box::new(told()));
        let whole = bincode::serialize(&told).unwrap();
        for piece_bytes in [1, 7, whole.len() - 1, whole.len()] {
            let frames = pieces(Kind::Deltas, &whole, piece_bytes);
            assert_eq!(frames.len(), whole.len().div_ceil(piece_bytes));
            let (last, first) = frames.split_last().unwrap();
            let mut pieces = Pieces::default();
            assert!(first.iter().all(|frame| pieces.take(frame).unwrap().is_none()), "{piece_bytes}");
            assert_eq!(pieces.take(last).unwrap().as_ref(), Some(&told), "{piece_bytes}");
        }
    }

    #[test]
    fn what_is_of_another_layout_or_torn_is_refused() {
        let refused = |payload: Vec<u8>| {
            let refused = Pieces::default().take(&Frame::new(Kind::Deltas, payload)).unwrap_err();
            format!("{refused:#}")
        };
        let frames = FrontFrame::Deltas(Box::new(told())).encode().unwrap();
        let mut payload = frames[0].payload.to_vec();
        assert!(refused(payload[..payload.len() - 1].to_vec()).contains("cannot be read"));
        assert!(refused(payload[..2].to_vec()).contains("without a head"));
        payload[0] = 3;
        assert!(refused(payload).contains("layout 3"));
        assert!(Pieces::default().take(&Frame::new(Kind::Order, Vec::new())).is_err());
    }
}
