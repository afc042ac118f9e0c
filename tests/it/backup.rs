//! A backup under way while lines and changes come in, and what a restore makes of it: alone, with the journal that went on,
//! and up to a moment; and what is refused.

use crate::program::Place;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_schema::time::UnixMillis;

const RECEIVED: &str = "SELECT coalesce(sum(received), 0)::text FROM journal_watermarks";
const VAULT: &str = "SELECT count(*)::text || ' keys, ' || (SELECT count(*) FILTER (WHERE state = 'active')::text \
    || ' active, ' || count(*) FILTER (WHERE state = 'suspended')::text || ' suspended' FROM vault_access) FROM vault_keys";

/// A running system with lines, whose backup lies in a directory beside it.
struct Scene {
    place: Place,
    gateway: SimulatedGateway,
    sent: u64,
}

fn now() -> UnixMillis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixMillis(i64::try_from(since.as_millis()).unwrap())
}

impl Scene {
    fn new() -> Self {
        let options = GatewayOptions { customers: 5, ..GatewayOptions::default() };
        Self { place: Place::new(), gateway: SimulatedGateway::new(&options, now()), sent: 0 }
    }

    /// Sends so many lines, and waits until all that was sent is stored.
    fn send(&mut self, lines: u64) {
        let mut text = Vec::new();
        for _ in 0..lines {
            self.gateway.line(now(), &mut text);
            text.push(b'\n');
        }
        TcpStream::connect(self.place.syslog).unwrap().write_all(&text).unwrap();
        self.sent += lines;
        self.place.database_says(RECEIVED, &self.sent.to_string());
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.place.data_dir().with_file_name(name)
    }

    fn key(&self) -> String {
        let (succeeded, said) = suiftly(&["backup", "key", "--out", text(&self.beside("identity"))]);
        assert!(succeeded, "{said}");
        said.lines().next().unwrap().to_owned()
    }

    /// Makes a backup; its file.
    fn back_up(&self, more: &[&str]) -> PathBuf {
        let output =
            self.place.run(&[&["backup", "create", "--dir", text(&self.beside("backups"))][..], more].concat());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        PathBuf::from(said.lines().next().unwrap())
    }

    /// `suiftly restore` into a place of its own; whether it succeeded, and what it said.
    fn restore(&self, file: &Path, into: &Place, more: &[&str]) -> (bool, String) {
        let (into, identity) = (into.data_dir(), self.beside("identity"));
        let order = ["restore", text(file), "--into", text(&into), "--identity", text(&identity)];
        suiftly(&[&order[..], more].concat())
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn suiftly(arguments: &[&str]) -> (bool, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_suiftly")).args(arguments).env_remove("SUIFTLY_LOG").output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), said.concat())
}

#[test]
fn what_is_restored_is_what_was_and_goes_on() {
    let mut scene = Scene::new();
    let running = scene.place.up("auto");
    assert!(scene.place.run(&["seed"]).status.success());
    scene.place.database_says(VAULT, "10 keys, 8 active, 0 suspended");
    scene.send(2_000);
    let recipient = scene.key();
    let file = scene.back_up(&["--recipient", &recipient]);
    let between = now();
    // What comes after it: lines, and changes that it does not have.
    scene.place.database_does(
        "UPDATE customers SET status = 'suspended' WHERE display_name = 'Fernway'; \
         UPDATE api_keys SET state = 'revoked', revoked_at = now() WHERE id = (SELECT min(id) FROM api_keys)",
    );
    scene.place.database_says(VAULT, "10 keys, 6 active, 2 suspended");
    scene.send(500);
    let (ended, log) = running.stop();
    assert!(ended.success(), "{log}");

    let alone = Place::new();
    let (succeeded, said) = scene.restore(&file, &alone, &[]);
    assert!(succeeded && said.contains("PASS: restored into"), "{said}");
    assert!(said.contains("every line of the journal is stored once: 2000 lines"), "{said}");
    let (again, said) = scene.restore(&file, &alone, &[]);
    assert!(!again && said.contains("is not empty: a backup is restored into a new directory"), "{said}");

    let longer = Place::new();
    let journal = scene.place.data_dir().join("journal");
    let (succeeded, said) = scene.restore(&file, &longer, &["--journal", text(&journal)]);
    assert!(succeeded && said.contains("every line of the journal is stored once: 2500 lines"), "{said}");
    assert!(said.contains("1 changes came after the dump, and are undone: account "), "{said}");
    assert!(said.contains("1 keys were revoked or deleted after the dump, and stay so: key "), "{said}");
    let running = longer.up("auto");
    // The account is as the dump has it; the key that was revoked since is not back.
    longer.database_says(VAULT, "10 keys, 8 active, 0 suspended");
    longer.database_says("SELECT state FROM api_keys ORDER BY id LIMIT 1", "revoked");
    // And changes are heard again, under numbers that the journal has not.
    longer.database_does("UPDATE customers SET status = 'suspended' WHERE display_name = 'Fernway'");
    longer.database_says(VAULT, "10 keys, 6 active, 2 suspended");
    let (ended, log) = running.stop();
    assert!(ended.success(), "{log}");

    let moment = Place::new();
    let until = between.rfc3339();
    let (succeeded, said) = scene.restore(&file, &moment, &["--journal", text(&journal), "--until", &until]);
    assert!(succeeded && said.contains("every line of the journal is stored once: 2000 lines"), "{said}");
    let (succeeded, said) = scene.restore(&file, &Place::new(), &["--until-epoch", "1"]);
    assert!(!succeeded && said.contains("take an older backup"), "{said}");
    let (succeeded, said) = scene.restore(&file, &Place::new(), &["--until", "2099-01-01T00:00:00Z"]);
    assert!(!succeeded && said.contains("name a newer one by --journal"), "{said}");
}

#[test]
fn what_is_no_whole_backup_is_refused_and_leaves_nothing() {
    let mut scene = Scene::new();
    let running = scene.place.up("auto");
    assert!(scene.place.run(&["seed"]).status.success());
    scene.send(100);
    let recipient = scene.key();
    let refused = scene.place.run(&["backup", "create"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("nobody could open the backup"), "{said}");
    let file = scene.back_up(&["--recipient", &recipient, "--without-secrets", "--without-records"]);
    let (ended, log) = running.stop();
    assert!(ended.success(), "{log}");
    let (other, whole) = (scene.beside("other"), std::fs::read(&file).unwrap());
    assert!(suiftly(&["backup", "key", "--out", text(&other)]).0);
    let identity = scene.beside("identity");
    let check = |file: &Path, identity: &Path| suiftly(&["backup", "check", text(file), "--identity", text(identity)]);
    let (succeeded, said) = check(&file, &identity);
    assert!(succeeded && said.contains("is whole") && said.contains("without secrets"), "{said}");

    let broken = scene.beside("broken");
    let mut cases = vec![(whole[..whole.len() - 1].to_vec(), "damaged"), (b"nothing".to_vec(), "is no backup")];
    for at in [0, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        cases.push((flipped, "damaged"));
    }
    cases.extend([0, 10, 1_000, whole.len() / 2].map(|length| (whole[..length].to_vec(), "")));
    for (content, says) in cases {
        std::fs::write(&broken, content).unwrap();
        let (succeeded, said) = check(&broken, &identity);
        assert!(!succeeded && said.contains(says), "{said}");
        let into = Place::new();
        let (succeeded, said) = scene.restore(&broken, &into, &[]);
        assert!(!succeeded && !into.data_dir().exists(), "{said}");
    }
    let (succeeded, said) = check(&file, &other);
    assert!(!succeeded && said.contains("it was encrypted for other recipients"), "{said}");
    let (succeeded, said) = suiftly(&["backup", "check", text(&file), "--identity", text(&identity), "--restore"]);
    assert!(succeeded && said.contains("PASS: this backup can be restored"), "{said}");
    let left: Vec<_> =
        std::fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "the backup, its note and the lock: {left:?}");
}
