use super::check::Compared;
use super::database::{Answer, Database};
use super::exporter::Exporter;
use super::{file, pause};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use suiftly_api::SystemClock;
use suiftly_api::fleet::{ExpectedEdge, Fleet};
use suiftly_api::vault::{ExportFigures, Freeze, Publisher, PublisherConfig, Start, Version, canary};
use suiftly_edge::directory;
use suiftly_schema::api_key::{ApiKey, ApiKeySecret, KeyClaims, KeyMetadata};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::sealed::Keyring;
use suiftly_schema::spend::SpendState;
use suiftly_schema::subscription::Tier;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::csv::{decrypt, parse};
use suiftly_schema::vault::{PublicKeys, SigningKeys};
use suiftly_schema::view::{AccessGrant, KeyGrant};
use suiftly_store::StoreError;
use suiftly_store::accounts::{KeptKey, ServiceTier};
use suiftly_store::money::Notice;
use suiftly_store::reader::VaultRows;

const SECRET: ApiKeySecret = ApiKeySecret::new([7; 32]);

fn customer(id: i64) -> CustomerId {
    CustomerId::new(id).unwrap()
}

fn key(of: i64, n: u8) -> ApiKey {
    let metadata = KeyMetadata::new(Network::Mainnet, true, false, 1);
    ApiKey::issue(&SECRET, KeyClaims { service: Service::Seal, metadata, customer_id: customer(of) }, [n, 9, 9, 9])
        .unwrap()
}

fn grant(of: i64, n: u8, state: KeyLife) -> KeyGrant {
    let key = key(of, n);
    KeyGrant {
        key_sha256: key.sha256_hex(),
        customer_id: customer(of),
        service: Service::Seal,
        network: Network::Mainnet,
        api_key_fp: key.fingerprint(),
        key_metadata: 0x3100,
        state,
    }
}

fn access(of: i64, guaranteed: u32) -> AccessGrant {
    AccessGrant {
        customer_id: customer(of),
        service: Service::Seal,
        is_enabled: true,
        state: SpendState::Active,
        guaranteed_per_second: guaranteed,
        burst_per_second: 2 * guaranteed,
        allowlist: Vec::new(),
    }
}

/// A database that has these keys, and may be away.
#[derive(Default)]
struct Books {
    keys: Mutex<HashMap<String, (ApiKey, i64)>>,
    vault: Mutex<VaultRows>,
    told: Mutex<Vec<Notice>>,
    is_away: AtomicBool,
    asked: AtomicU64,
}

impl Books {
    fn with(keys: &[(i64, u8)]) -> Arc<Self> {
        let keys = keys.iter().map(|(of, n)| (key(*of, *n).sha256_hex(), (key(*of, *n), *of))).collect();
        Arc::new(Self { keys: Mutex::new(keys), ..Self::default() })
    }

    fn answer<'a, T: Send + 'a>(&'a self, answer: impl FnOnce(&'a Self) -> T + Send + 'a) -> Answer<'a, T> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.is_away.load(Ordering::Relaxed) {
                return Err(StoreError::Unavailable { attempted: "ask", cause: "it is away".to_owned() });
            }
            Ok(answer(self))
        })
    }
}

impl Database for Books {
    fn keys<'a>(&'a self, hashes: &'a [String]) -> Answer<'a, Vec<KeptKey>> {
        self.answer(move |books| {
            let keys = books.keys.lock();
            let found = hashes.iter().filter_map(|hash| keys.get(hash).map(|(key, of)| (hash, key, *of)));
            let kept = found.map(|(hash, key, of)| KeptKey {
                key_sha256: hash.clone(),
                customer_id: customer(of),
                service: Service::Seal,
                tier: Tier::Pro,
                key: Ok(key.clone()),
            });
            kept.collect()
        })
    }

    fn tiers(&self) -> Answer<'_, Vec<ServiceTier>> {
        self.answer(|_| Vec::new())
    }

    fn vault(&self) -> Answer<'_, VaultRows> {
        self.answer(|books| books.vault.lock().clone())
    }

    fn tell<'a>(&'a self, notice: &'a Notice, _: UnixMillis) -> Answer<'a, ()> {
        self.answer(move |books| books.told.lock().push(notice.clone()))
    }
}

fn vault_keys(ids: &[u8]) -> Keyring {
    Keyring::of(ids.iter().map(|id| (u16::from(*id), [*id; 32])).collect()).unwrap()
}

fn signer() -> SigningKeys {
    SigningKeys::parse(&format!("1 {}", "07".repeat(32))).unwrap()
}

fn trusted() -> PublicKeys {
    signer().public()
}

/// A publisher, its gateway's canaries included, and who writes what it publishes.
struct Scene {
    publisher: Publisher,
    books: Arc<Books>,
    exporter: Exporter,
    figures: Arc<Mutex<ExportFigures>>,
    epoch: u64,
}

impl Scene {
    fn new(dir: &Path, books: Arc<Books>) -> Self {
        Self::under(dir, books, &[1])
    }

    fn under(dir: &Path, books: Arc<Books>, keys: &[u8]) -> Self {
        let edge = ExpectedEdge { name: "a".to_owned(), servers: vec![17], token_sha256: [1; 32], is_implied: false };
        let fleet = Arc::new(Fleet::new(vec![edge], UnixMillis(0)));
        let config = PublisherConfig {
            coalesce: Duration::from_millis(1),
            keys: signer(),
            regions: fleet.regions(),
            canaries: canary::keys(&SECRET, &[17]),
            clock: Arc::new(SystemClock),
        };
        let publisher = Publisher::new(config, Start::default(), None, fleet);
        publisher.open();
        let figures = Arc::default();
        let database = Arc::clone(&books) as _;
        let exporter = Exporter::open(dir.to_owned(), (vault_keys(keys), trusted()), database, Arc::clone(&figures));
        Self { publisher, books, exporter, figures, epoch: 0 }
    }

    fn publish(&mut self, keys: &[(KeyGrant, i8)], access: &[(AccessGrant, i8)]) -> Arc<Version> {
        self.epoch += 1;
        self.publisher.apply(self.epoch, UnixMillis(0), keys, access);
        self.publisher.publish_now();
        self.publisher.current().unwrap()
    }

    async fn write(&mut self, keys: &[(KeyGrant, i8)], access: &[(AccessGrant, i8)]) -> bool {
        let version = self.publish(keys, access);
        self.exporter.write(&version).await
    }

    fn figures(&self) -> ExportFigures {
        self.figures.lock().clone()
    }
}

/// Whose keys stand in the file, in its order, and the limit.
fn rows(dir: &Path) -> Vec<(i64, ApiKey, u32)> {
    let text = file::read(dir).unwrap().unwrap();
    let opened = |line: &str| decrypt(&vault_keys(&[1, 2]), line).unwrap().1;
    let lines = parse(&text).unwrap();
    lines.iter().map(|line| (line.customer_id.get(), opened(line.encrypted_key), line.rate_limit)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_are_what_is_published() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("vault");
    let mut scene = Scene::new(&at, Books::with(&[(12_345_678, 1), (12_345_678, 2)]));
    let of = 12_345_678;
    let keys = [(grant(of, 1, KeyLife::Active), 1), (grant(of, 2, KeyLife::Revoked), 1)];
    assert!(scene.write(&keys, &[(access(of, 1_000), 1)]).await);
    assert_eq!(rows(&at), [(of, key(of, 1), 1_000)]);
    let text = std::fs::read_to_string(at.join("ma_vault.csv")).unwrap();
    let (header, row) = text.split_once('\n').unwrap();
    assert_eq!(header, "customer_id,encrypted_key,rate_limit,tier,service_type");
    assert!(row.starts_with("12345678,") && row.ends_with(",1000,pro,seal\n"), "{row}");
    let mode = |path: &str| at.join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("ma_vault.csv"), mode("current/head.json")), (0o640, 0o640));
    let stored = directory::read_current(&at, &trusted()).unwrap().unwrap();
    let current = scene.publisher.current().unwrap();
    assert_eq!((&stored.head, &stored.set), (&current.head, &current.set));
    assert!(stored.set.key_count() > 2, "canaries are in the set, and not in the file");
    let figures = scene.figures();
    assert_eq!((figures.version, figures.rows, figures.left_out, figures.trouble), (1, 1, 0, None));
    // The same again changes nothing on disk.
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&path.metadata().unwrap());
    let before = inode(&at.join("ma_vault.csv"));
    assert!(scene.exporter.write(&current).await);
    assert_eq!((inode(&at.join("ma_vault.csv")), scene.figures().writes), (before, figures.writes));
    // Nor does an older version, whoever comes late with it.
    assert!(scene.write(&[], &[(access(of, 1_000), -1), (access(of, 2_000), 1)]).await);
    assert!(scene.exporter.write(&current).await);
    assert_eq!(directory::read_current(&at, &trusted()).unwrap().unwrap().head.version, 2);
    assert_eq!(rows(&at), [(of, key(of, 1), 2_000)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_rows_go_and_new_ones_wait() {
    let dir = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(dir.path(), Books::with(&[(7, 1), (7, 2), (8, 1)]));
    let both = [(grant(7, 1, KeyLife::Active), 1), (grant(8, 1, KeyLife::Active), 1)];
    assert!(scene.write(&both, &[(access(7, 10), 1), (access(8, 10), 1)]).await);
    scene.books.is_away.store(true, Ordering::Relaxed);
    let change =
        [(grant(7, 1, KeyLife::Active), -1), (grant(7, 1, KeyLife::Revoked), 1), (grant(7, 2, KeyLife::Active), 1)];
    assert!(!scene.write(&change, &[]).await, "it is to be tried again");
    assert_eq!(rows(dir.path()), [(8, key(8, 1), 10)]);
    let figures = scene.figures();
    assert_eq!((figures.rows, figures.left_out), (1, 1));
    assert!(figures.trouble.unwrap().contains("away"));
    // A start meanwhile goes on with what is in the file.
    let mut again = Scene::new(dir.path(), Arc::clone(&scene.books));
    let unchanged = [(grant(8, 1, KeyLife::Active), 1)];
    let asked = scene.books.asked.load(Ordering::Relaxed);
    assert!(again.write(&unchanged, &[(access(8, 10), 1)]).await);
    assert_eq!((rows(dir.path()), scene.books.asked.load(Ordering::Relaxed)), (vec![(8, key(8, 1), 10)], asked));
    scene.books.is_away.store(false, Ordering::Relaxed);
    assert!(scene.write(&[], &[]).await);
    assert_eq!(rows(dir.path()), [(7, key(7, 2), 10), (8, key(8, 1), 10)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_vault_key_encrypts_what_is_in_the_file_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, accesses) = ([(grant(7, 1, KeyLife::Active), 1)], [(access(7, 10), 1)]);
    let mut scene = Scene::new(dir.path(), Books::with(&[(7, 1)]));
    assert!(scene.write(&keys, &accesses).await);
    scene.books.is_away.store(true, Ordering::Relaxed);
    let mut rotated = Scene::under(dir.path(), Arc::clone(&scene.books), &[2, 1]);
    assert!(rotated.write(&keys, &accesses).await, "without the database");
    let text = file::read(dir.path()).unwrap().unwrap();
    let line = parse(&text).unwrap().remove(0);
    assert_eq!(decrypt(&vault_keys(&[2]), line.encrypted_key).unwrap().1, key(7, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nobody_keeps_are_left_out_and_asked_for_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(dir.path(), Books::with(&[(7, 1)]));
    let keys = [(grant(7, 1, KeyLife::Active), 1), (grant(7, 2, KeyLife::Active), 1)];
    assert!(scene.write(&keys, &[(access(7, 10), 1)]).await);
    assert_eq!((rows(dir.path()).len(), scene.figures().left_out), (1, 1));
    let asked = scene.books.asked.load(Ordering::Relaxed);
    assert!(scene.write(&[(grant(8, 1, KeyLife::Revoked), 1)], &[]).await);
    assert_eq!(scene.books.asked.load(Ordering::Relaxed), asked);
}

type Deltas = (Vec<(KeyGrant, i8)>, Vec<(AccessGrant, i8)>);

/// In version `v` every row has the limit `v`, and there are `1 + v % 5` of them.
fn version(v: u32) -> Deltas {
    let state = |n: u32, v: u32| if n <= v % 5 { KeyLife::Active } else { KeyLife::Revoked };
    let name = |n: u32| u8::try_from(n).unwrap();
    let keys = (0..5).map(|n| (grant(7, name(n), state(n, v)), 1)).collect();
    (keys, vec![(access(7, v), 1)])
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reader_meets_half_a_file_in_a_thousand_rewrites() {
    const REWRITES: u32 = 1_000;
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().to_owned();
    let mut scene = Scene::new(&at, Books::with(&(0..5).map(|n| (7, n)).collect::<Vec<_>>()));
    // With all of its keys, so that none has to be brought later: such a row comes with a write of its own.
    let (keys, accesses) = version(4);
    assert!(scene.write(&keys, &accesses).await);
    let done = Arc::new(AtomicBool::new(false));
    let (csv, link) = (at.clone(), at.clone());
    let (until_csv, until_link) = (Arc::clone(&done), Arc::clone(&done));
    let of_csv = std::thread::spawn(move || {
        let (mut last, mut reads) = (0, 0u32);
        while !until_csv.load(Ordering::Relaxed) {
            let rows = rows(&csv);
            let limit = rows.first().expect("a row at least").2;
            assert!(limit >= last, "{limit} after {last}");
            assert!(rows.iter().all(|row| row.2 == limit), "rows of two versions");
            assert_eq!(u32::try_from(rows.len()).unwrap(), 1 + limit % 5, "version {limit}");
            (last, reads) = (limit, reads + 1);
        }
        reads
    });
    let of_link = std::thread::spawn(move || {
        let (mut last, mut reads) = (0, 0u32);
        while !until_link.load(Ordering::Relaxed) {
            // Believed by its signature and its root. Who is slower than several versions is told so, and begins anew.
            let read = match directory::read_current(&link, &trusted()) {
                Err(directory::DirectoryError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    continue;
                }
                read => read.unwrap().unwrap(),
            };
            assert!(read.head.version >= last, "{} after {last}", read.head.version);
            (last, reads) = (read.head.version, reads + 1);
        }
        reads
    });
    for v in 5..5 + REWRITES {
        let (keys, accesses) = version(v);
        assert!(scene.write(&keys, &accesses).await);
        assert!(!of_csv.is_finished() && !of_link.is_finished(), "a reader has met something else");
    }
    done.store(true, Ordering::Relaxed);
    let (csv_reads, link_reads) = (of_csv.join().unwrap(), of_link.join().unwrap());
    assert!(csv_reads > 0 && link_reads > 0, "{csv_reads} {link_reads}");
    assert_eq!(scene.figures().writes, 2 * (u64::from(REWRITES) + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_on_disk_is_found_put_right_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(dir.path(), Books::with(&[(7, 1), (7, 2)]));
    let keys = [grant(7, 1, KeyLife::Active), grant(7, 2, KeyLife::Active)];
    assert!(scene.write(&keys.clone().map(|key| (key, 1)), &[(access(7, 10), 1)]).await);
    *scene.books.vault.lock() = VaultRows { keys: keys.to_vec(), access: vec![access(7, 10)], ..VaultRows::default() };
    scene.books.vault.lock().watermark.epoch = 1;
    let check = async |scene: &Scene| scene.exporter.check(&scene.publisher).await.unwrap().unwrap();
    let right = check(&scene).await;
    assert_eq!((right.detail()["rewritten"].to_string(), &right.set), ("[]".to_owned(), &Compared::Same));
    assert!(scene.books.told.lock().is_empty());

    let path = dir.path().join("ma_vault.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    for harm in [&text[..text.len() - 1], &text.replace(",10,", ",99,"), ""] {
        std::fs::write(&path, harm).unwrap();
        let wrong = check(&scene).await;
        assert_eq!(wrong.detail()["rewritten"].to_string(), r#"["ma_vault.csv"]"#);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    std::fs::remove_file(&path).unwrap();
    check(&scene).await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    std::fs::write(dir.path().join("current/rows.ndjson"), "{}\n").unwrap();
    assert_eq!(check(&scene).await.detail()["rewritten"].to_string(), r#"["current"]"#);
    assert!(directory::read_current(dir.path(), &trusted()).is_ok_and(|stored| stored.is_some()));
    let told: Vec<_> = scene.books.told.lock().iter().map(|notice| notice.kind).collect();
    assert_eq!(told, ["vault_files_mismatch"; 5]);
    assert_eq!(scene.figures().mismatches, 5);

    // Another row in the database than in memory.
    scene.books.vault.lock().keys[1].state = KeyLife::Revoked;
    let Compared::Differs(services) = check(&scene).await.set else { panic!("the same") };
    assert_eq!(services.into_iter().collect::<Vec<_>>(), [(customer(7), Service::Seal)]);
    assert_eq!(scene.books.told.lock().last().unwrap().kind, "vault_set_mismatch");

    // Held: the file stays, and what is stored goes on without it.
    let freeze = Freeze { at: UnixMillis(0), by: "op".to_owned(), reason: "why".to_owned() };
    scene.publisher.freeze(freeze, scene.publisher.version()).unwrap();
    assert_eq!(check(&scene).await.set, Compared::Not("frozen"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_tenth_of_the_time_is_spent_writing() {
    let ms = Duration::from_millis;
    for (took, every, expected) in
        [(5, 1_000, 995), (100, 1_000, 900), (200, 1_000, 1_800), (0, 10, 10), (60_000, 1_000, 30_000)]
    {
        assert_eq!(pause(ms(took), ms(every)), ms(expected), "{took} ms each {every}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_last_is_written_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(dir.path(), Books::with(&[(7, 1)]));
    let (versions, end) = (scene.publisher.watch(), tokio_util::sync::CancellationToken::new());
    scene.publish(&[(grant(7, 1, KeyLife::Active), 1)], &[(access(7, 10), 1)]);
    let exporter = Exporter::open(
        dir.path().to_owned(),
        (vault_keys(&[1]), trusted()),
        Arc::clone(&scene.books) as _,
        Arc::default(),
    );
    let writing = tokio::spawn(super::write(Arc::new(exporter), versions, Duration::from_secs(60), end.clone()));
    let version = || directory::read_current(dir.path(), &trusted()).unwrap().map_or(0, |stored| stored.head.version);
    while version() == 0 {
        tokio::task::yield_now().await;
    }
    scene.publish(&[], &[(access(7, 10), -1), (access(7, 20), 1)]);
    end.cancel();
    writing.await.unwrap();
    assert_eq!((version(), rows(dir.path())), (2, vec![(7, key(7, 1), 20)]));
}
