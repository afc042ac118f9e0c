//! The local system: a program that only says and does what a case needs stands in for `suiftly`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use suiftly_console::client::Clients;
use suiftly_console::local::places::Ports;
use suiftly_console::local::{Local, LocalStatus, Plan, State};
use tempfile::{TempDir, tempdir};

use crate::given::plan;
use crate::server::{Answer, answer, serve_on};

/// Says what it was given, and serves until it is asked to end.
const SERVES: &str = r#"
echo "arguments $*" >&2
echo "listens $SUIFTLY_API__LISTEN $SUIFTLY_ADMIN__LISTEN $SUIFTLY_INGEST__LISTEN"
mkdir -p "$3" && echo local_token > "$3/operator-token"
trap 'echo drained; exit 0' TERM
while true; do sleep 0.05; done
"#;

fn program(home: &TempDir, script: &str) -> PathBuf {
    let path = home.path().join("suiftly");
    fs::write(&path, format!("#!/bin/sh\n{script}")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
    path
}

fn local(plan: Plan) -> Local {
    Local::new(plan, Clients::new(None).expect("clients").answers).expect("a local system")
}

fn running(home: &TempDir, script: &str) -> Local {
    local(Plan { program: Some(program(home, script)), ..plan(home.path()) })
}

async fn until(local: &Local, what: &str, fits: impl Fn(&LocalStatus) -> bool) -> LocalStatus {
    let looking = async {
        loop {
            let status = local.status();
            if fits(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(20), looking).await;
    found.unwrap_or_else(|_| panic!("no {what}: {:?}", local.status()))
}

fn state(status: &LocalStatus) -> State {
    status.state.clone()
}

#[tokio::test]
async fn without_the_program_it_says_what_to_do() {
    let home = tempdir().expect("a folder");
    let local = local(plan(home.path()));
    for status in [local.status(), local.start(), local.stop().await] {
        assert_eq!((state(&status), status.binary), (State::Absent, None));
        assert!(status.reason.expect("a reason").contains("install"));
    }
    assert!(local.target().is_err());
}

#[tokio::test]
async fn it_is_started_followed_and_asked_to_end() {
    let home = tempdir().expect("a folder");
    let admin = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let program = program(&home, SERVES);
    let without = plan(home.path());
    let ports = Ports { admin, ..without.ports };
    let local = local(Plan { program: Some(program.clone()), ports, ..without });
    assert_eq!(state(&local.status()), State::Stopped);
    assert_eq!(state(&local.start()), State::Starting);
    assert!(local.target().expect_err("too early").contains("not running"));
    until(&local, "log", |status| status.log.len() == 2).await;
    assert_eq!(state(&local.start()), State::Starting, "there is one at most");

    let server = serve_on(TcpListener::bind(admin).expect("free"), vec![Answer::Close(answer("200 OK", "a/b", "ok"))]);
    let status = until(&local, "answer", |status| status.state == State::Running).await;
    assert_eq!(server.requests.recv().expect("a request").path, "/ready");
    assert_eq!(server.requests.try_recv().map(|request| request.path).ok(), None, "asked no more than it has to");
    assert_eq!(status.binary.as_deref().map(Path::new), Some(program.as_path()));
    let mut log = status.log;
    log.sort();
    let data_dir = home.path().join("data");
    assert_eq!(log[0], format!("arguments up --data-dir {}", data_dir.display()));
    assert_eq!(log[1], format!("listens 127.0.0.1:0 {admin} 127.0.0.1:0"));
    let target = local.target().expect("a target");
    assert_eq!(target.address.to_string(), format!("http://{admin}"));
    assert_eq!(target.token.header().to_str().expect("ASCII"), "Bearer local_token");

    let status = local.stop().await;
    assert_eq!((state(&status), status.reason), (State::Stopped, None));
    assert!(status.log.contains(&"drained".to_owned()), "it was asked, not killed: {:?}", status.log);
}

#[tokio::test]
async fn one_that_ends_by_itself_has_failed_with_its_last_words() {
    let home = tempdir().expect("a folder");
    let local = running(&home, "echo first; echo 'the disk is full' >&2; exit 3");
    local.start();
    let status = until(&local, "end", |status| status.state == State::Failed).await;
    let reason = status.reason.expect("a reason");
    assert!(reason.contains("exit status: 3"), "{reason}");
    assert!(status.log.contains(&"the disk is full".to_owned()));
    program(&home, SERVES);
    assert_eq!(state(&local.start()), State::Starting, "it can be started again");
    assert_eq!(state(&local.stop().await), State::Stopped);
}

#[tokio::test]
async fn taken_ports_and_programs_that_do_not_start_are_said() {
    let home = tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let without = plan(home.path());
    let ports = Ports { admin: taken.local_addr().expect("bound"), ..without.ports };
    let path = program(&home, SERVES);
    let status = local(Plan { program: Some(path), ports, ..without.clone() }).start();
    assert_eq!(state(&status), State::Failed);
    let reason = status.reason.expect("a reason");
    assert!(reason.contains(&format!("{}, for operators, cannot be had", ports.admin)), "{reason}");

    let status = local(Plan { program: Some(home.path().join("none")), ..without }).start();
    assert_eq!(state(&status), State::Failed);
    assert!(status.reason.expect("a reason").starts_with("cannot start "));
}
