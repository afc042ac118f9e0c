//! A Unix socket between the writer and PostgreSQL that cuts the line at a chosen moment of a COMMIT.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use suiftly_store::config::StoreConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;

/// What happens to the next COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fault {
    /// Nothing.
    None = 0,
    /// The line is cut before PostgreSQL sees it.
    CutBefore = 1,
    /// PostgreSQL carries it out, and the line is cut before the answer comes.
    CutAfter = 2,
    /// PostgreSQL carries it out, and the answer never comes, though the line stays.
    Withhold = 3,
    /// The line is cut amid the rows of a COPY.
    CutCopy = 4,
}

impl Fault {
    pub(crate) const ALL: [Self; 5] = [Self::None, Self::CutBefore, Self::CutAfter, Self::Withhold, Self::CutCopy];

    fn from_number(number: u8) -> Self {
        Self::ALL[usize::from(number)]
    }
}

pub(crate) struct Proxy {
    _directory: tempfile::TempDir,
    config: StoreConfig,
    fault: Arc<AtomicU8>,
    happened: Arc<Notify>,
}

/// The simple query that ends a transaction, on the wire.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// The head of every binary COPY.
const COPY_ROWS: &[u8] = b"PGCOPY\n";

impl Proxy {
    /// Stands before a database of the shared private cluster.
    pub(crate) fn before(database: &StoreConfig) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).unwrap();
        let shown = database.to_string();
        let socket = Path::new(shown.split_once(" at ").unwrap().1).join(".s.PGSQL.5432");
        let address =
            format!("host={} user={} dbname={}", directory.path().display(), database.user(), database.database());
        let config = StoreConfig::from_url(&address).unwrap();
        let (fault, happened) = (Arc::new(AtomicU8::new(0)), Arc::new(Notify::new()));
        let (its_fault, its_happened) = (Arc::clone(&fault), Arc::clone(&happened));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&socket).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&its_fault), Arc::clone(&its_happened)));
            }
        });
        Self { _directory: directory, config, fault, happened }
    }

    pub(crate) fn config(&self) -> &StoreConfig {
        &self.config
    }

    pub(crate) fn next(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }

    /// Waits until a withheld COMMIT was carried out.
    pub(crate) async fn happened(&self) {
        self.happened.notified().await;
    }
}

/// Carries bytes both ways until either side ends, or the fault is due.
async fn carry(mut client: UnixStream, mut server: UnixStream, fault: Arc<AtomicU8>, happened: Arc<Notify>) {
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(n @ 1..) = read else { return };
                let bytes = &up[..n];
                let due = Fault::from_number(fault.load(Ordering::SeqCst));
                let at_commit = bytes.windows(COMMIT.len()).any(|window| window == COMMIT);
                let at_copy = bytes.windows(COPY_ROWS.len()).any(|window| window == COPY_ROWS);
                match due {
                    Fault::CutCopy if at_copy => {
                        fault.store(0, Ordering::SeqCst);
                        // Some of the rows get there.
                        let _ = server.write_all(&bytes[..n / 2]).await;
                        return;
                    }
                    Fault::CutBefore | Fault::CutAfter | Fault::Withhold if at_commit => {
                        fault.store(0, Ordering::SeqCst);
                        if due == Fault::CutBefore {
                            return;
                        }
                        server.write_all(bytes).await.unwrap();
                        // The answer to a COMMIT is short and comes at once when it is through.
                        let _ = server.read(&mut down).await;
                        happened.notify_one();
                        if due == Fault::CutAfter {
                            return;
                        }
                    }
                    _ => if server.write_all(bytes).await.is_err() { return },
                }
            }
            read = server.read(&mut down) => {
                let Ok(n @ 1..) = read else { return };
                if client.write_all(&down[..n]).await.is_err() { return }
            }
        }
    }
}
