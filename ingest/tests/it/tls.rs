//! Lines by TLS: who is let in, what they are known by, and that nobody waits for a slow one.

use crate::support::certificates::{Ca, Identity, tls_config};
use crate::support::pipeline::{Lines, PATIENCE, Running, accepted, config, counts, seqs, start, wait_until};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use suiftly_ingest::block::Frame;
use suiftly_ingest::journal::JournalReader;
use suiftly_ingest::listener::TlsConfig;
use suiftly_ingest::live::{Ingest, IngestConfig, Resume};
use suiftly_ingest::simulate::{self, GatewayOptions, SimulateError, SimulateOptions, Summary, Target, TlsFiles};
use suiftly_ingest::source::{Source, Transport};
use tempfile::TempDir;

fn with_tls(dir: &TempDir, tls: TlsConfig) -> IngestConfig {
    let mut config = config(&dir.path().join("journal"));
    config.listener.tls = Some(tls);
    config
}

fn simulate(
    running: &Running,
    host: &str,
    lines: u64,
    ca: &Ca,
    client: Option<&Identity>,
) -> Result<Summary, SimulateError> {
    let port = running.handle.local_addrs().tls.unwrap().port();
    let client = client.map(|identity| (identity.certificate.clone(), identity.key.clone()));
    let options = SimulateOptions {
        to: Target::Tls { host: host.to_owned(), port },
        rate_per_second: 20_000,
        max_lines: Some(lines),
        max_duration: None,
        tls: TlsFiles { ca: Some(ca.path.clone()), client },
        gateway: GatewayOptions::default(),
    };
    simulate::run(&options, &AtomicBool::new(false))
}

/// Who sent each line that is in the journal.
fn sources(config: &IngestConfig) -> Vec<Source> {
    let blocks = JournalReader::from_before_end_of(&config.journal_dir, 0, 0).unwrap();
    blocks.flat_map(|block| block.unwrap().frames().map(|Frame { source, .. }| source).collect::<Vec<_>>()).collect()
}

#[test]
fn lines_by_tls_arrive_whole_and_the_end_is_no_cut() {
    let dir = TempDir::new().unwrap();
    let ca = Ca::new(dir.path(), "ca");
    let config = with_tls(&dir, tls_config(&ca.server("server")));
    let running = start(&config, &Resume::default());
    for (host, before) in [("127.0.0.1", 0), ("localhost", 20_000)] {
        let summary = simulate(&running, host, 20_000, &ca, None).unwrap();
        assert_eq!((summary.lines, summary.lines_in_failed_writes, summary.reconnects), (20_000, 0, 0));
        let batches = running.take_lines(20_000);
        assert_eq!(counts(&batches), accepted(20_000));
        assert!(seqs(&batches).into_iter().eq(1..=20_000));
        let stats = wait_until(&running.handle, "the connection's end", |stats| stats.connections() == 0);
        let tls = stats.by(Transport::Tls);
        assert_eq!((tls.lines, tls.framing_errors(), tls.turned_away()), (before + 20_000, 0, 0));
    }
    running.handle.shutdown(PATIENCE).unwrap();
    let sources = sources(&config);
    assert!(sources.len() == 40_000 && sources.iter().all(|source| matches!(source, Source::Tls(_))));
}

#[test]
fn a_client_is_known_by_its_certificate() {
    let dir = TempDir::new().unwrap();
    let (ca, clients) = (Ca::new(dir.path(), "ca"), Ca::new(dir.path(), "clients"));
    let tls = TlsConfig { client_ca: Some(clients.path.clone()), ..tls_config(&ca.server("server")) };
    let config = with_tls(&dir, tls);
    let running = start(&config, &Resume::default());
    let gateway = clients.client("gateway");
    for (client, known) in [(Some(&gateway), true), (None, false)] {
        simulate(&running, "127.0.0.1", 100, &ca, client).unwrap();
        running.take_lines(100);
        let by_certificate = |source: &&Source| **source == Source::TlsClient(gateway.fingerprint);
        let found = sources(&config);
        assert_eq!(found.iter().filter(by_certificate).count(), 100);
        assert_eq!(matches!(found.last(), Some(Source::TlsClient(_))), known);
    }
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn without_the_certificate_that_is_required_nobody_comes_in() {
    let dir = TempDir::new().unwrap();
    let (ca, clients) = (Ca::new(dir.path(), "ca"), Ca::new(dir.path(), "clients"));
    let strangers = Ca::new(dir.path(), "strangers");
    let (client_ca, client_required) = (Some(clients.path.clone()), true);
    let tls = TlsConfig { client_ca, client_required, ..tls_config(&ca.server("server")) };
    let running = start(&with_tls(&dir, tls), &Resume::default());
    let (stranger, misused) = (strangers.client("stranger"), clients.server("misused"));
    // They may think that they are connected until they hear no: what they write goes nowhere.
    for (failed, client) in [(1, None), (2, Some(&stranger)), (3, Some(&misused))] {
        let _ = simulate(&running, "127.0.0.1", 10, &ca, client);
        wait_until(&running.handle, "a refusal", |stats| stats.by(Transport::Tls).handshakes_failed >= failed);
    }
    // Nor who speaks no TLS.
    let mut plain = TcpStream::connect(running.handle.local_addrs().tls.unwrap()).unwrap();
    plain.write_all(&Lines::new().octet_counted(1)).unwrap();
    let _ = plain.read_to_end(&mut Vec::new());
    wait_until(&running.handle, "a refusal", |stats| stats.by(Transport::Tls).handshakes_failed >= 4);
    assert_eq!(running.handle.stats().lines(), 0);

    simulate(&running, "127.0.0.1", 10, &ca, Some(&clients.client("gateway"))).unwrap();
    assert_eq!(counts(&running.take_lines(10)), accepted(10));
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn a_sender_trusts_only_its_ca_and_the_name_it_asked_for() {
    let dir = TempDir::new().unwrap();
    let (ca, other) = (Ca::new(dir.path(), "ca"), Ca::new(dir.path(), "other"));
    let running = start(&with_tls(&dir, tls_config(&ca.server_by_name("server"))), &Resume::default());
    let cases = [("localhost", &other, "UnknownIssuer"), ("127.0.0.1", &ca, "not valid for name")];
    for (host, trusted, reason) in cases {
        let error = simulate(&running, host, 1, trusted, None).unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot send to tls://{host}:")) && error.contains(reason), "{error}");
    }
    wait_until(&running.handle, "what they say", |stats| stats.by(Transport::Tls).handshakes_failed == 2);
    simulate(&running, "localhost", 1, &ca, None).unwrap();
    assert_eq!(counts(&running.take_lines(1)), accepted(1));
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn slow_handshakes_hold_nobody_up_and_may_be_stopped() {
    let dir = TempDir::new().unwrap();
    let ca = Ca::new(dir.path(), "ca");
    let running = start(&with_tls(&dir, tls_config(&ca.server("server"))), &Resume::default());
    let addr = running.handle.local_addrs().tls.unwrap();
    // Some say nothing, some begin and go no further.
    let silent: Vec<_> = (0..8).map(|_| TcpStream::connect(addr).unwrap()).collect();
    let begun: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(addr).unwrap();
            stream.write_all(&[22, 3, 1, 2, 0, 1, 0]).unwrap();
            stream
        })
        .collect();
    wait_until(&running.handle, "their connections", |stats| stats.by(Transport::Tls).connections == 16);
    simulate(&running, "127.0.0.1", 100, &ca, None).unwrap();
    assert_eq!(counts(&running.take_lines(100)), accepted(100));
    assert_eq!(running.handle.stats().by(Transport::Tls).handshakes_failed, 0, "they are still at it");
    running.handle.shutdown(PATIENCE).unwrap();
    drop((silent, begun));
}

#[test]
fn a_stream_that_is_cut_within_tls_loses_its_half_line_only() {
    let dir = TempDir::new().unwrap();
    let ca = Ca::new(dir.path(), "ca");
    let running = start(&with_tls(&dir, tls_config(&ca.server("server"))), &Resume::default());
    let (mut stream, mut lines) = (ca.connect(running.handle.local_addrs().tls.unwrap()), Lines::new());
    let mut bytes = lines.newline_framed(11);
    bytes.truncate(bytes.len() - 40);
    stream.write_all(&bytes).unwrap();
    stream.flush().unwrap();
    // Without saying so.
    drop(stream);
    assert_eq!(counts(&running.take_lines(10)), accepted(10));
    wait_until(&running.handle, "the cut", |stats| stats.by(Transport::Tls).broken_streams == 1);
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let dir = TempDir::new().unwrap();
    let ca = Ca::new(dir.path(), "ca");
    let (good, other) = (ca.server("good"), ca.server("other"));
    let (missing, text) = (dir.path().join("missing.pem"), dir.path().join("text.pem"));
    std::fs::write(&text, "no certificate").unwrap();
    let tls = || tls_config(&good);
    let cases = [
        (TlsConfig { certificate: missing.clone(), ..tls() }, "cannot read the TLS certificate", &missing),
        (TlsConfig { key: missing.clone(), ..tls() }, "cannot read the TLS key", &missing),
        (TlsConfig { certificate: text.clone(), ..tls() }, "there is no TLS certificate in", &text),
        (TlsConfig { key: text.clone(), ..tls() }, "there is no TLS key in", &text),
        (TlsConfig { key: good.certificate.clone(), ..tls() }, "there is no TLS key in", &good.certificate),
        (TlsConfig { key: other.key.clone(), ..tls() }, "cannot use the TLS certificate", &other.key),
        (TlsConfig { client_ca: Some(text.clone()), ..tls() }, "there is no CA certificate in", &text),
    ];
    let open = |tls| Ingest::open(&with_tls(&dir, tls)).unwrap_err().to_string();
    for (tls, what, path) in cases {
        let error = open(tls);
        assert!(error.contains(what) && error.contains(path.to_str().unwrap()), "{what}: {error}");
    }
    assert!(open(TlsConfig { client_required: true, ..tls() }).contains("no CA is named"));
}
