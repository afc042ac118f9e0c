//! The keychain of a desktop session, as GNOME has it: a bus and a keyring of one's own, and both stopped after it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use suiftly_console::keychain::{Keychain as _, KeychainError, SecretServiceKeychain};
use suiftly_console::profiles::Profile;
use suiftly_console::target::Token;
use tempfile::tempdir;

/// Killed when dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A bus, and its address. Nothing is started on it by being asked for.
fn bus(home: &Path) -> (Daemon, String) {
    let config = home.join("bus.conf");
    let rules = r#"<busconfig><listen>unix:tmpdir=/tmp</listen><policy context="default">
        <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"#;
    std::fs::write(&config, rules).expect("written");
    let mut command = Command::new("dbus-daemon");
    command.arg(format!("--config-file={}", config.display())).args(["--nofork", "--print-address"]);
    let mut daemon = Daemon(command.stdout(Stdio::piped()).spawn().expect("dbus-daemon"));
    let mut address = String::new();
    BufReader::new(daemon.0.stdout.take().expect("piped")).read_line(&mut address).expect("an address");
    (daemon, address.trim().to_owned())
}

fn keyring(home: &Path, address: &str) -> Daemon {
    let mut command = Command::new("gnome-keyring-daemon");
    command.args(["--foreground", "--components=secrets", "--unlock"]).env("DBUS_SESSION_BUS_ADDRESS", address);
    for folder in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"] {
        command.env(folder, home);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut daemon = Daemon(command.spawn().expect("gnome-keyring-daemon"));
    daemon.0.stdin.take().expect("piped").write_all(b"password").expect("unlocked");
    daemon
}

fn profile(address: &str) -> Profile {
    Profile { name: "Oslo".into(), address: address.into() }
}

async fn until_it_answers(keychain: &SecretServiceKeychain) {
    while keychain.has(&profile("http://a")).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

fn holds(folder: &Path, text: &[u8]) -> bool {
    std::fs::read_dir(folder).expect("a folder").flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return holds(&path, text);
        }
        std::fs::read(path).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text))
    })
}

#[tokio::test]
#[ignore = "needs dbus-daemon and gnome-keyring-daemon: a step of its own of `cargo xtask test`, which installs them"]
async fn tokens_are_kept_by_name_and_address_until_they_are_forgotten() {
    let home = tempdir().expect("a folder");
    let (_bus, address) = bus(home.path());
    let keychain = SecretServiceKeychain { bus: Some(address.clone()) };
    assert_eq!(keychain.has(&profile("http://a")).await, Err(KeychainError::Absent), "a bus alone keeps nothing");

    let daemon = keyring(home.path(), &address);
    until_it_answers(&keychain).await;
    assert!(keychain.get(&profile("http://a")).await.expect("an answer").is_none());
    for secret in ["first_token", "second_token"] {
        keychain.set(&profile("http://a"), &Token::parse(secret).expect("a token")).await.expect("kept");
    }
    // A daemon that starts anew has what is on the disk, and the disk has it encrypted.
    drop(daemon);
    let _daemon = keyring(home.path(), &address);
    until_it_answers(&keychain).await;
    assert_eq!(keychain.has(&profile("http://a")).await, Ok(true));
    let token = keychain.get(&profile("http://a")).await.expect("an answer").expect("a token");
    assert_eq!(token.header().to_str().expect("ASCII"), "Bearer second_token");
    assert!(keychain.get(&profile("http://b")).await.expect("an answer").is_none(), "another address has none");
    assert!(!holds(home.path(), b"second_token"));

    keychain.forget("Oslo").await.expect("forgotten");
    assert_eq!(keychain.has(&profile("http://a")).await, Ok(false));
}

#[tokio::test]
async fn without_a_bus_there_is_no_keychain() {
    let home = tempdir().expect("a folder");
    let nowhere = format!("unix:path={}", home.path().join("bus").display());
    let keychain = SecretServiceKeychain { bus: Some(nowhere) };
    let profile = profile("http://a");
    assert_eq!(keychain.has(&profile).await, Err(KeychainError::Absent));
    assert_eq!(keychain.forget("Oslo").await, Err(KeychainError::Absent));
    let token = Token::parse("token").expect("a token");
    assert_eq!(keychain.set(&profile, &token).await, Err(KeychainError::Absent));
}
