//! Links come and go; what the operators' port says of it.

use super::super::page::assert_in_the_book;
use super::admin::{health, page};
use super::*;
use crate::cluster::{Ca, Part, PartArgs};
use std::net::SocketAddr;
use std::time::Duration;
use suiftly_ingest::live::IngestConfig;
use suiftly_link::{Kind, LinkError, LinkReceiver, LinkSender, Purpose, Received, Role, connect};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Long enough for a slow machine.
const AT_MOST: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_millis(5);

/// An ingester that ships.
struct House {
    dir: TempDir,
    config: Config,
    links: Arc<Links>,
    address: SocketAddr,
    ingest: IngestHandle,
}

impl House {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ca = Ca::make(&dir.path().join("ca")).unwrap();
        for role in ["ingest-a", "dataflow-0", "dataflow-1"] {
            let good_for = Duration::from_secs(3_600);
            ca.certificate(&role.parse().unwrap(), &dir.path().join("tls"), good_for).unwrap();
        }
        let mut config = Config::default();
        config.cluster.id = Some(ca.id.to_string());
        config.cluster.name = Some("a".to_owned());
        config.cluster.tls_dir = Some(dir.path().join("tls"));
        config.cluster.hosts = ["ingest-a", "dataflow-0", "dataflow-1"].map(|role| (role.into(), "h:1".into())).into();
        let seat = Seat::take(&config, Part::Ingest, &PartArgs::default()).unwrap();
        let mut of_ingest = IngestConfig::new(dir.path().join("journal"));
        of_ingest.listener.listen = "127.0.0.1:0".parse().unwrap();
        let (open, tail) = (Ingest::open(&of_ingest).unwrap(), Arc::new(Tail::default()));
        let shipped = open.shipped(Arc::clone(&tail));
        let ingest = open.start_undecoded(tail).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let links = Arc::new(Links::new(UnixMillis(1_795_298_482_000)));
        let door = Door::open(listener, seat.tls.clone(), told(&seat, &links));
        let shipper = Arc::new(Shipper::new(shipped, Placement::default(), ingest.monitor()));
        tokio::spawn(ship(door, shipper, Arc::clone(&links)));
        Self { dir, config, links, address, ingest }
    }

    /// A process of the dataflow links itself to it, in a run of the cluster.
    async fn link(&self, process: u16, generation: u64) -> Result<(LinkSender, LinkReceiver), LinkError> {
        let args = PartArgs { process: Some(process), ..PartArgs::default() };
        let seat = Seat::take(&self.config, Part::Dataflow, &args).unwrap();
        let (to, node) = (Role::Ingest("a".to_owned()), seat.node(generation));
        let link = connect(self.address, &seat.tls, &to, Purpose::Ship, &node).await?;
        Ok(link.start(suiftly_link::Beat::default))
    }

    async fn until_linked(&self, count: usize) {
        let linked = async {
            while self.links.linked() != count {
                tokio::time::sleep(SOON).await;
            }
        };
        tokio::time::timeout(AT_MOST, linked).await.unwrap();
    }
}

/// Its first word, or why there is none.
async fn first(receiver: &mut LinkReceiver) -> Result<Kind, LinkError> {
    loop {
        if let Received::Frame(frame) = tokio::time::timeout(AT_MOST, receiver.recv()).await.unwrap()? {
            return Ok(frame.kind);
        }
    }
}

/// Until it ends.
async fn end_of(mut receiver: LinkReceiver) {
    while tokio::time::timeout(AT_MOST, receiver.recv()).await.unwrap().is_ok() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_has_one_link_and_runs_of_before_have_none() {
    let house = House::new().await;
    let (_zero, mut of_zero) = house.link(0, 3).await.unwrap();
    let (_one, mut of_one) = house.link(1, 3).await.unwrap();
    assert_eq!((first(&mut of_zero).await.unwrap(), first(&mut of_one).await.unwrap()), (Kind::Journal, Kind::Journal));
    house.until_linked(2).await;
    // Process 0 again: the link of before ends, the other's stays.
    let (again, mut of_again) = house.link(0, 3).await.unwrap();
    assert_eq!(first(&mut of_again).await.unwrap(), Kind::Journal);
    end_of(of_zero).await;
    house.until_linked(2).await;
    // A later run: all that is left of this one ends, and nothing of it comes in any more.
    let (_later, mut of_later) = house.link(0, 4).await.unwrap();
    assert_eq!(first(&mut of_later).await.unwrap(), Kind::Journal);
    end_of(of_again).await;
    end_of(of_one).await;
    house.until_linked(1).await;
    assert!(matches!(house.link(1, 3).await, Err(LinkError::Bye { why }) if why.contains("generation")));
    assert_eq!(house.links.generation(), 4);
    drop(again);
    tokio::task::spawn_blocking(move || house.ingest.shutdown(AT_MOST)).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_port_says_how_it_is() {
    let house = House::new().await;
    let (_zero, _of_zero) = house.link(0, 7).await.unwrap();
    house.until_linked(1).await;
    let stats = house.ingest.stats();
    let health: serde_json::Value = serde_json::from_str(&health(&stats, &house.links)).unwrap();
    assert_eq!((&health["status"], &health["roles"][0]["role"]), (&"live".into(), &"ingest".into()));
    assert_eq!(health["cluster"], serde_json::json!({ "generation": 7, "linked": 1 }));
    assert_eq!(health["started_at"], "2026-11-21T22:01:22Z");
    let page = page(&stats, &house.links);
    for line in [
        "# TYPE suiftly_ingest_frames_total counter\n",
        "suiftly_ingest_frames_total{transport=\"udp\"} 0\n",
        "suiftly_journal_failing 0\n",
        "suiftly_cluster_linked_processes 1\n",
    ] {
        assert!(page.contains(line), "{line}{page}");
    }
    assert_in_the_book(&page);
    assert!(house.dir.path().join("journal").is_dir());
    tokio::task::spawn_blocking(move || house.ingest.shutdown(AT_MOST)).await.unwrap().unwrap();
}
