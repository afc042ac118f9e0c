//! Proofs as people have them: made by one command out of a server's data, verified by another with nothing but the file.

mod random;

use crate::program::Place;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::is_billable;

const VERIFIED: &str = include_str!("../../src/audit/golden/verify_closed.txt");

/// The program on some machine: no data directory, no configuration.
fn verify(arguments: &[&str], input: &[u8]) -> Output {
    let nowhere = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_suiftly"));
    program.args(["audit", "verify"]).args(arguments).current_dir(nowhere.path());
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    // It may have ended before it has read all.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(std::fs::read_dir(nowhere.path()).unwrap().count(), 0, "it leaves nothing behind");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// One of the files that all verifiers are held against.
fn closed() -> String {
    let vectors = include_str!("../../schema/tests/data/proof/files.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
    vectors["valid"][1]["file"].as_str().unwrap().to_owned()
}

#[test]
fn a_proof_is_verified_with_nothing_but_the_file() {
    let whole = closed();
    let output = verify(&["-"], whole.as_bytes());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), VERIFIED);
    let root = VERIFIED.rsplit(' ').next().unwrap().trim();
    let output = verify(&["-", "--root", root], whole.as_bytes());
    assert!(output.status.success() && text(&output.stdout).ends_with(&format!("✓ {root} binds it\n")));
    let other = "0".repeat(64);
    let output = verify(&["-", "--root", &other], whole.as_bytes());
    assert!(!output.status.success() && text(&output.stderr).contains("does not lead to"));
    for at in (0..whole.len()).step_by(97) {
        let mut changed = whole.clone().into_bytes();
        changed[at] ^= 1;
        let output = verify(&["-"], &changed);
        assert!(!output.status.success(), "byte {at}");
        assert!(text(&output.stderr).contains("this proves nothing"), "{}", text(&output.stderr));
    }
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The name, and the customer, of a line that is billed.
fn billed(lines: &str) -> (String, String) {
    let of = |line: &str| {
        let tokens: Vec<&str> = line[line.find("SF1 ")?..].trim_end().split(' ').collect();
        let (traffic, status) = (tokens[10].parse().ok()?, tokens[18].parse().ok()?);
        is_billable(traffic, status).then(|| (tokens[29].to_owned(), tokens[12].to_owned()))
    };
    lines.lines().find_map(|line| of(line).filter(|(_, customer)| customer != "-")).unwrap()
}

#[test]
fn a_request_is_proven_by_what_the_gateway_called_it() {
    let place = Place::new();
    let up = place.up("auto");
    place.send_simulated(300);
    assert!(up.stop().0.success());
    let (request, customer) = billed(&said(&place.run(&["journal", "dump"])));
    let out = place.data_dir().join("proof.json");
    let prove = |more: &[&str]| {
        let out = out.to_str().unwrap();
        let words = ["audit", "prove", "--request-id", &request, "--out", out];
        place.run(&[&words[..], more].concat())
    };
    // The manager makes what it is proven by each hour.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let later = UnixMillis(i64::try_from(now).unwrap()).plus_ms(2 * 3_600_000);
    said(&place.billing(&["clock", "--to", &later.rfc3339()]));
    assert!(said(&place.billing(&["run"])).contains("seal_parts"));

    let proven = said(&prove(&["--customer", &customer]));
    assert!(proven.starts_with(&format!("request {request} of ")), "{proven}");
    assert!(proven.contains("no invoice and no charge carries it yet"), "{proven}");
    let found = said(&verify(&[out.to_str().unwrap()], b""));
    assert!(found.contains(&format!("✓ request {request} of ")), "{found}");
    assert!(!std::fs::read_to_string(&out).unwrap().contains(&customer), "our number of the customer is not in it");
    let again = prove(&[]);
    assert!(!again.status.success() && text(&again.stderr).contains("cannot write"), "a file is not written over");
    std::fs::remove_file(&out).unwrap();
    assert_eq!(said(&prove(&[])), proven, "whoever's it is");
}
