//! What the command line and the environment mean.

use std::path::PathBuf;

use suiftly_console::args::Args;

fn args(url: &str, token_file: Option<PathBuf>) -> Args {
    Args { url: Some(url.into()), token_file, ca: None }
}

#[test]
fn without_an_address_there_is_the_local_one_and_it_is_not_named() {
    let start = Args { url: None, token_file: None, ca: None }.start(None).expect("valid");
    assert_eq!((start.address.to_string().as_str(), start.is_named), ("http://127.0.0.1:3001", false));
    assert!(args("https://gate", None).start(None).expect("valid").is_named);
}

#[test]
fn without_a_token_there_is_an_address_and_no_target() {
    let start = args("127.0.0.1:3001", None).start(None).expect("valid");
    assert_eq!(start.address.to_string(), "http://127.0.0.1:3001");
    assert!(start.target.is_none());
}

#[test]
fn the_token_file_wins_over_the_variable() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "from_file\n").expect("written");
    for (file, expected) in [(None, "Bearer from_variable"), (Some(file), "Bearer from_file")] {
        let start = args("localhost", file).start(Some("from_variable")).expect("valid");
        let target = start.target.expect("a target");
        assert_eq!(target.token.header().to_str().expect("ASCII"), expected);
    }
}

#[test]
fn what_is_unusable_is_said_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").expect("written");
    let cases = [
        (args("ftp://gate", None), None, "must begin with http:// or https://"),
        (args("gate", Some(folder.path().join("none"))), None, "could not read the token file"),
        (args("gate", Some(empty)), None, "the token is not usable: it is empty"),
        (args("gate", None), Some("two words"), "the token is not usable"),
    ];
    for (args, token, words) in cases {
        let error = args.start(token).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}
