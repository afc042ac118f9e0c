//! HAProxy, or the way to it, fails in the middle: what is tried next makes it whole.

use crate::gateway::{Door, Gateway, PATIENCE, Texts, Transport};
use crate::grants::{SERVER, access, crowd, crowd_key, head, held, key, wanted};
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use suiftly_edge::EdgeError;
use suiftly_edge::files::MapFiles;
use suiftly_edge::haproxy::{self, Sight};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::vault::GrantSet;
use suiftly_schema::view::{AccessGrant, KeyGrant};

#[test]
fn restarted_and_reloaded_behind_its_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut files = MapFiles::new(dir.path());
    files.ensure().unwrap();
    let mut gateway = Gateway::start_in(Transport::Udp, dir.path());
    let mut kept = haproxy::Gateway::new(SERVER, gateway.socket());
    let mut set = crowd(50);
    kept.bring_to(&set, &head(1, &set)).unwrap();
    files.write(&set, &head(1, &set), 1).unwrap();

    // From files that are a version behind.
    let fresh = key("FRESH", 1_000, Door::Mseal);
    set.put_key(fresh);
    set.put_access(AccessGrant { state: SpendState::Suspended, ..access(1_001, Door::Mseal) });
    let second = head(2, &set);
    kept.bring_to(&set, &second).unwrap();
    for how in [Gateway::restart, Gateway::reload] {
        how(&mut gateway);
        assert!(matches!(kept.look(), Sight::Restarted(boot) if boot == gateway.boot()));
        assert_eq!(gateway.get(Door::Mseal, "/x", "X-API-Key: FRESH\r\n").status, 401, "as the files have it");
        assert_eq!(kept.bring_to(&set, &second).unwrap().entries, 2);
        assert_eq!(held(&gateway.runtime), wanted(&set, &second));
        assert!(matches!(kept.look(), Sight::Same));
        assert_eq!(gateway.get(Door::Mseal, "/x", "X-API-Key: FRESH\r\n").status, 200);
    }

    // From files of the very version: nothing to do.
    files.write(&set, &second, 1).unwrap();
    gateway.reload();
    assert!(matches!(kept.look(), Sight::Restarted(_)));
    assert_eq!(held(&gateway.runtime), wanted(&set, &second), "the files hold the mark too");
    assert_eq!(kept.bring_to(&set, &second).unwrap().entries, 0);

    // Restarted between two looks: the next change notices by itself.
    set.remove_key(&key("FRESH", 1_000, Door::Mseal).key_sha256);
    gateway.restart();
    let third = head(3, &set);
    kept.bring_to(&set, &third).unwrap();
    assert_eq!(held(&gateway.runtime), wanted(&set, &third));

    gateway.kill();
    assert!(matches!(kept.look(), Sight::Unreachable(_)));
    assert!(kept.bring_to(&set, &third).is_err());
    gateway.restart();
    kept.bring_to(&set, &third).unwrap();
    assert_eq!(held(&gateway.runtime), wanted(&set, &third));
}

#[test]
fn what_somebody_else_did_to_it_is_seen_and_undone() {
    let gateway = Gateway::start(Transport::Udp, &Texts::default());
    let mut kept = haproxy::Gateway::new(SERVER, gateway.socket());
    let set = crowd(20);
    let one = head(1, &set);
    kept.bring_to(&set, &one).unwrap();
    let ids = gateway.runtime.open().unwrap().maps().unwrap().map(|map| map.id);
    let [keys, grants, allow] = ids;
    let revived = key("X", 1_000, Door::Mseal).key_sha256;
    let meddling: [&[String]; 6] = [
        &[format!("clear map #{keys}")],
        &[format!("set map #{grants} suiftly 7/7")],
        &[format!("del map #{grants} suiftly"), format!("add map #{grants} 1000:1 active,1,1,open")],
        &[format!("add map #{keys} {revived} 1000,1,1,1,1,active"), format!("add map #{keys} odd\\ key 1")],
        &[format!("add map #{allow} 1000:1:4 1"), format!("add map #{allow} 1000:1:4 1")],
        &[format!("prepare map #{allow}"), format!("add map @1 #{allow} 1000:1:4 1")],
    ];
    for commands in meddling {
        for command in commands {
            gateway.runtime.ask(command).unwrap();
        }
        assert!(matches!(kept.look(), Sight::Other(_)), "{commands:?}");
        kept.bring_to(&set, &one).unwrap();
        assert_eq!(held(&gateway.runtime), wanted(&set, &one), "{commands:?}");
        assert!(matches!(kept.look(), Sight::Same), "{commands:?}");
    }
}

/// Passes bytes on until so many have gone towards HAProxy; then it cuts, and goes on cutting.
struct Cutter {
    path: PathBuf,
    budget: Arc<AtomicU64>,
}

/// Gives the first connection to the one process, and all others to the other.
fn taken_over(first: &Path, other: &Path, dir: &Path) -> PathBuf {
    let path = dir.join("over.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let targets = std::iter::once(first.to_owned()).chain(std::iter::repeat(other.to_owned()));
    std::thread::spawn(move || relay(&listener, targets, &Arc::new(AtomicU64::new(u64::MAX))));
    path
}

fn relay(listener: &UnixListener, targets: impl Iterator<Item = PathBuf>, budget: &Arc<AtomicU64>) {
    for (client, target) in listener.incoming().zip(targets) {
        let (Ok(client), Ok(server)) = (client, UnixStream::connect(target)) else { return };
        let (back_from, back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || pass(back_from, back_to, None));
        let budget = Arc::clone(budget);
        std::thread::spawn(move || pass(client, server, Some(&budget)));
    }
}

impl Cutter {
    fn before(socket: &Path, dir: &Path) -> Self {
        let path = dir.join("cut.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let budget = Arc::new(AtomicU64::new(u64::MAX));
        let (shared, targets) = (Arc::clone(&budget), std::iter::repeat(socket.to_owned()));
        std::thread::spawn(move || relay(&listener, targets, &shared));
        Self { path, budget }
    }

    fn allow(&self, bytes: u64) {
        self.budget.store(bytes, Ordering::SeqCst);
    }
}

fn pass(mut from: UnixStream, mut to: UnixStream, budget: Option<&AtomicU64>) {
    let mut chunk = [0; 1024];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        let allowed = budget.map_or(read, |budget| {
            let before = budget.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                Some(if left == u64::MAX { left } else { left.saturating_sub(read as u64) })
            });
            usize::try_from(before.unwrap_or(0)).unwrap_or(usize::MAX).min(read)
        });
        if to.write_all(&chunk[..allowed]).is_err() || allowed < read {
            break;
        }
    }
    // Both ways: the other thread ends too.
    for stream in [from, to] {
        let _: io::Result<()> = stream.shutdown(Shutdown::Both);
    }
}

#[test]
fn a_change_that_is_cut_anywhere_is_made_whole_by_the_next() {
    let gateway = Gateway::start(Transport::Udp, &Texts::default());
    let cutter = Cutter::before(gateway.socket(), gateway.dir());
    let mut kept = haproxy::Gateway::new(SERVER, &cutter.path);
    let mut set = crowd(300);
    kept.bring_to(&set, &head(1, &set)).unwrap();
    // One by one, and whole: what is taken away and what is given, in all maps.
    let small = |set: &mut GrantSet, n: i64| {
        let (one, other) = (1_000 + n % 300, 1_000 + (n + 7) % 300);
        set.put_key(KeyGrant { state: KeyLife::Revoked, ..key(&crowd_key(one, 0), one, Door::Mseal) });
        set.put_key(key(&format!("new {n}"), other, Door::Mseal));
        set.put_access(AccessGrant { allowlist: vec![format!("10.{}.0.0/14", n % 200)], ..access(other, Door::Mseal) });
    };
    let large = |set: &mut GrantSet, n: i64| {
        for customer in 1_000..1_300 {
            let state = if (customer + n) % 2 == 0 { KeyLife::Revoked } else { KeyLife::Active };
            set.put_key(KeyGrant { state, ..key(&crowd_key(customer, 1), customer, Door::Mseal) });
            let state = SpendState::ALL[usize::try_from(customer + n).unwrap() % 5];
            let allowlist = vec![format!("10.{}.0.0/14", n % 200)];
            set.put_access(AccessGrant { state, allowlist, ..access(customer, Door::Mseal) });
        }
    };
    for (step, points, change) in [(25, 40, &small as &dyn Fn(&mut GrantSet, i64)), (5_000, 50, &large)] {
        let mut cuts = 0;
        for point in 0..points {
            let n = i64::try_from(step + point).unwrap();
            change(&mut set, n);
            let version = head(2 + step + point, &set);
            cutter.allow(step * point);
            let cut = kept.bring_to(&set, &version);
            cutter.allow(u64::MAX);
            cuts += u64::from(cut.is_err());
            kept.bring_to(&set, &version).unwrap();
            assert_eq!(held(&gateway.runtime), wanted(&set, &version), "cut after {} bytes", step * point);
            assert!(matches!(kept.look(), Sight::Same));
        }
        assert!((20..points).contains(&cuts), "{cuts} of {points}");
    }
}

/// A reload in the middle: the old worker takes the change, the new one has what its files held.
#[test]
fn a_process_that_takes_over_during_a_change_is_noticed() {
    let old = Gateway::start(Transport::Udp, &Texts::default());
    let new = Gateway::start(Transport::Udp, &Texts::default());
    let mut kept = haproxy::Gateway::new(SERVER, taken_over(old.socket(), new.socket(), new.dir()));
    let set = crowd(10);
    let error = kept.bring_to(&set, &head(1, &set)).unwrap_err();
    assert!(matches!(error, EdgeError::Restarted), "{error}");
    assert_eq!(held(&old.runtime), wanted(&set, &head(1, &set)), "the change went to the one");
    assert_eq!(kept.mark(), None);
    kept.bring_to(&set, &head(1, &set)).unwrap();
    assert_eq!(held(&new.runtime), wanted(&set, &head(1, &set)));
}

/// One that took the connection and is silent, one that takes none any more, and one that talks nonsense without end.
#[test]
fn a_haproxy_that_does_not_answer_is_an_error_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let _silent = UnixListener::bind(path("silent")).unwrap();
    let _full = UnixListener::bind(path("full")).unwrap();
    let talking = UnixListener::bind(path("talking")).unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = talking.accept() {
            while stream.write_all(b"nonsense without end and without a line ").is_ok() {}
        }
    });
    let queue = fill(&path("full"));
    std::thread::scope(|scope| {
        let errors = ["silent", "full", "talking", "nobody"].map(|name| {
            let path = path(name);
            scope.spawn(move || match haproxy::Gateway::new(SERVER, path).look() {
                Sight::Unreachable(error) => error,
                sight => panic!("{name}: {sight:?}"),
            })
        });
        let errors = errors.map(|asked| asked.join().unwrap());
        for (error, kind) in errors.iter().zip([
            Some(io::ErrorKind::TimedOut),
            Some(io::ErrorKind::TimedOut),
            None,
            Some(io::ErrorKind::NotFound),
        ]) {
            let found = match error {
                EdgeError::Ask { source, .. } => Some(source.kind()),
                EdgeError::AnswerTooLong { .. } => None,
                other => panic!("{other}"),
            };
            assert_eq!(found, kind, "{error}");
        }
    });
    drop(queue);
}

/// Connections that nobody accepts, until one more would wait.
fn fill(path: &Path) -> Vec<socket2::Socket> {
    let address = socket2::SockAddr::unix(path).unwrap();
    let mut queue = Vec::new();
    loop {
        let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        match socket.connect(&address) {
            Ok(()) => queue.push(socket),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return queue,
            Err(error) => panic!("{error}"),
        }
        assert!(queue.len() < 100_000, "the queue has no end; patience {PATIENCE:?}");
    }
}
