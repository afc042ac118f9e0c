//! How process 0 begins: it opens the order's journal, makes the database a cluster's at the first start, and raises the
//! generation, which ends whatever is left of a run before.

use super::members::{Members, Order};
use super::run::Run;
use crate::config::Config;
use crate::place::Place;
use anyhow::{Context, ensure};
use data_encoding::HEXLOWER;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use suiftly_ingest::journal::{JournalConfig, JournalId, Progress, first_epoch};
use suiftly_ingest::order::{Cutter, OpenOrder, OrderStart, Pace, Reach, Start, restore};
use suiftly_ingest::ship::Held;
use suiftly_schema::ids::Epoch;
use suiftly_store::config::StoreConfig;
use suiftly_store::shards::{ClusterRow, ClusterStore, NewCluster};

/// How many rows of the order's tail are read at once.
const ROWS_A_READ: u32 = 4_096;

/// What process 0 has beside what every process has.
pub(super) struct Led {
    pub(super) members: Arc<Members>,
    pub(super) cutter: Cutter,
    pub(super) progress: Arc<Progress>,
    /// What it receives itself.
    pub(super) held: Arc<Held>,
    /// What all begin with, once all are there.
    pub(super) start: Start,
    /// The last epoch of the order that the database has.
    pub(super) ordered: Epoch,
}

/// Opens the order and raises the generation. From then on others may join.
pub(super) async fn lead(run: &Arc<Run>, place: &Place, config: &Config, store: &StoreConfig) -> anyhow::Result<Led> {
    let (dir, kept) = (place.data_dir.join("order"), kept(config));
    let mut cluster = ClusterStore::new(store);
    match cluster.row().await? {
        Some(row) => find(run, &mut cluster, &row, &dir, &kept).await?,
        None => found(run, &mut cluster, &dir, &kept).await?,
    }
    let row = cluster.raise().await?;
    let standing = cluster.standing().await?;
    let replay_after = standing.restarts.into_iter().min().unwrap_or_default();
    let most = standing.epochs.into_iter().max().unwrap_or_default();
    // Changes that are stored are out of the outbox: none of them is told again.
    let from = OrderStart { replay_after, stored: most.max(standing.ordered), reference_seq: 0 };
    let opened = open(&dir, &kept, from).await?;
    let found = opened.journal_id();
    ensure!(
        row.order_journal == found.to_string(),
        "{} holds journal {found}, and the cluster's order is in {}",
        dir.display(),
        row.order_journal
    );
    run.set_generation(row.generation);
    let tail = Arc::clone(opened.tail());
    let held = Arc::new(super::held(opened.starts()));
    let cutter = opened.cutter(Arc::clone(&held) as Arc<dyn Reach>, run.seat.processes(), Pace::default());
    let (intake, progress) = (Arc::clone(cutter.intake()), Arc::clone(cutter.progress()));
    for journal in cluster.journals().await? {
        let id: JournalId = journal.journal_id.parse().context("an ingester's journal in the database")?;
        if journal.forgotten_through > 0 {
            intake.forget(&id);
        } else {
            intake.number(id, journal.no);
        }
    }
    let members = Members::new(run, Order { dir, tail, intake });
    let start = Start { generation: row.generation, replay_after, watermarks: standing.epochs };
    Ok(Led { members, cutter, progress, held, start, ordered: standing.ordered })
}

/// The order is kept as lines are; in the archive beside them.
fn kept(config: &Config) -> JournalConfig {
    let mut kept = config.journal.kept();
    if let Some(archive) = &mut kept.archive {
        archive.dir = archive.dir.join("order");
    }
    kept
}

fn cluster_id(run: &Run) -> String {
    HEXLOWER.encode(&run.seat.node(0).cluster)
}

/// The first start: what wrote the database before, if anything did, is gone on from.
async fn found(run: &Run, cluster: &mut ClusterStore, dir: &Path, kept: &JournalConfig) -> anyhow::Result<()> {
    let opened = open(dir, kept, OrderStart::default()).await?;
    let (order_journal, last) = (opened.journal_id().to_string(), opened.tail().last());
    drop(opened);
    ensure!(last == 0, "{} holds the order of another cluster", dir.display());
    let goes_on_from = cluster.single_journal().await?;
    let (cluster_id, placement) = (cluster_id(run), run.seat.node(0).placement);
    tracing::info!(cluster_id, order_journal, ?goes_on_from, "the database becomes a cluster's");
    Ok(cluster.init(&NewCluster { cluster_id, order_journal, placement, goes_on_from }).await?)
}

/// A later start: it must be this cluster's. If the order's disk was lost, its journal is made again.
async fn find(
    run: &Run,
    cluster: &mut ClusterStore,
    row: &ClusterRow,
    dir: &Path,
    kept: &JournalConfig,
) -> anyhow::Result<()> {
    let (id, placement) = (cluster_id(run), run.seat.node(0).placement);
    ensure!(row.cluster_id == id, "the database is of cluster {}, and cluster.id is {id}", row.cluster_id);
    ensure!(row.placement == placement, "the database has shards of placement {}, not {placement}", row.placement);
    if dir.is_dir() && first_epoch(dir, None)?.is_some() {
        return Ok(());
    }
    let journal_id: JournalId = row.order_journal.parse().context("the order's journal in the database")?;
    let blocks = tail(cluster).await?;
    tracing::warn!(%journal_id, blocks = blocks.len(), "the order's journal is lost: it is made again of its tail");
    let (dir, kept) = (dir.to_owned(), kept.clone());
    let restored = tokio::task::spawn_blocking(move || restore(&dir, kept, journal_id, blocks));
    restored
        .await
        .context("making the order's journal panicked")?
        .context("the order's journal cannot be made again")?;
    Ok(())
}

/// All of the order's blocks that the database has.
async fn tail(cluster: &mut ClusterStore) -> anyhow::Result<Vec<Vec<u8>>> {
    let (mut blocks, mut after) = (Vec::new(), 0);
    loop {
        let rows = cluster.read_order(after, ROWS_A_READ).await?;
        let Some(last) = rows.last().map(|row| row.epoch) else { return Ok(blocks) };
        after = last;
        blocks.extend(rows.into_iter().map(|row| row.block));
    }
}

async fn open(dir: &Path, kept: &JournalConfig, from: OrderStart) -> anyhow::Result<OpenOrder> {
    let (dir, kept): (PathBuf, _) = (dir.to_owned(), kept.clone());
    let opened = tokio::task::spawn_blocking(move || OpenOrder::open(&dir, kept, &from));
    Ok(opened.await.context("opening the order panicked")??)
}
