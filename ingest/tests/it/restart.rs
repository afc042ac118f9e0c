//! Started anew while a ring sends: what its writes took is journaled, and what they did not take the sender knows.

use crate::support::certificates::{Ca, tls_config};
use crate::support::pipeline::{PATIENCE, config, start, wait_until};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use suiftly_ingest::journal::JournalReader;
use suiftly_ingest::live::{IngestConfig, Resume};
use suiftly_ingest::simulate::{self, GatewayOptions, SimulateOptions, Summary, Target, TlsFiles};
use tempfile::TempDir;

const RESTARTS: usize = 4;

fn send(to: Target, ca: &Ca, until: &AtomicBool) -> Summary {
    let options = SimulateOptions {
        to,
        rate_per_second: 20_000,
        max_lines: None,
        max_duration: None,
        tls: TlsFiles { ca: Some(ca.path.clone()), client: None },
        gateway: GatewayOptions::default(),
    };
    simulate::run(&options, until).unwrap()
}

fn journaled(config: &IngestConfig) -> u64 {
    let blocks = JournalReader::from_before_end_of(&config.journal_dir, 0, 0).unwrap();
    blocks.map(|block| block.unwrap().frames().count() as u64).sum()
}

#[test]
fn no_write_of_a_ring_is_lost_unseen() {
    for by_tls in [false, true] {
        let dir = TempDir::new().unwrap();
        let ca = Ca::new(dir.path(), "ca");
        let mut config = config(&dir.path().join("journal"));
        config.listener.tls = Some(tls_config(&ca.server("server")));
        let mut running = start(&config, &Resume::default());
        let addrs = running.handle.local_addrs();
        let (tcp, tls) = (addrs.tcp, addrs.tls.unwrap());
        config.listener.listen = tcp;
        config.listener.tls.as_mut().unwrap().listen = tls;
        let to = if by_tls { Target::Tls { host: "localhost".into(), port: tls.port() } } else { Target::Tcp(tcp) };
        let is_enough = AtomicBool::new(false);
        let (sent, running) = std::thread::scope(|scope| {
            let sender = scope.spawn(|| send(to, &ca, &is_enough));
            for _ in 0..RESTARTS {
                std::thread::sleep(Duration::from_millis(300));
                // However long the ring takes until it is back: it sends to this one, too.
                wait_until(&running.handle, "the ring sends", |stats| stats.lines() > 0);
                running.handle.shutdown(PATIENCE).unwrap();
                running = start(&config, &Resume::default());
            }
            std::thread::sleep(Duration::from_millis(500));
            wait_until(&running.handle, "the ring sends", |stats| stats.lines() > 0);
            is_enough.store(true, Ordering::Relaxed);
            (sender.join().unwrap(), running)
        });
        running.handle.shutdown(PATIENCE).unwrap();
        assert_eq!(journaled(&config), sent.lines - sent.lines_in_failed_writes, "{by_tls} {sent:?}");
        assert!(sent.reconnects >= RESTARTS as u64, "{sent:?}");
    }
}
