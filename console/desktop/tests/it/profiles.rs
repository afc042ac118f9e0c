//! Servers by name: where their tokens are, and what a restart finds.

use suiftly_console::status::StatusView;
use suiftly_console::target::Token;
use tempfile::{TempDir, tempdir};

use crate::given::{Keys, NOWHERE, bare, console, named};
use crate::server::{Answer, serve, stream};

async fn listed(home: &TempDir, keys: &Keys) -> Vec<(String, bool, bool)> {
    let fresh = console(home, bare(), keys);
    let all = fresh.profiles().await.expect("a list");
    all.into_iter().map(|profile| (profile.name, profile.is_current, profile.has_token)).collect()
}

fn files_hold(home: &TempDir, text: &str) -> bool {
    let folder = std::fs::read_dir(home.path().join("config")).expect("a folder");
    folder.flatten().any(|file| std::fs::read_to_string(file.path()).expect("text").contains(text))
}

#[tokio::test]
async fn what_is_kept_is_followed_again_after_a_restart() {
    let snapshot = || Answer::Hold(stream("event: snapshot\ndata: {}\n\n"));
    let server = serve(vec![snapshot(), snapshot()]);
    let (home, keys) = (tempdir().expect("a folder"), Keys::empty());
    let first = console(&home, bare(), &keys);
    let opened = first.connect(&server.address, "kept_token", Some(" Berlin "), true).await.expect("connected");
    assert_eq!((opened.profile.as_deref(), opened.kept), (Some("Berlin"), true));
    while first.pull(opened.session).await.status != StatusView::Open {}
    server.requests.recv().expect("a request");
    drop(first);
    assert!(!files_hold(&home, "kept_token"));

    let second = console(&home, bare(), &keys);
    let opened = second.open().await;
    assert_eq!(
        (opened.address, opened.profile.as_deref(), opened.kept),
        (server.address.clone(), Some("Berlin"), true)
    );
    while second.pull(opened.session).await.status != StatusView::Open {}
    assert_eq!(server.requests.recv().expect("a request").header("authorization"), Some("Bearer kept_token"));
    let list = second.profiles().await.expect("a list");
    assert_eq!((list[0].is_current, list[0].has_token), (true, true));
}

#[tokio::test]
async fn without_a_keychain_a_token_lasts_as_long_as_the_console() {
    let (home, keys) = (tempdir().expect("a folder"), Keys::default());
    let first = console(&home, bare(), &keys);
    let opened = first.connect(NOWHERE, "short_token", Some("Oslo"), true).await.expect("connected");
    assert!(!opened.kept, "it says so");
    assert!(first.profiles().await.expect("a list")[0].has_token);
    assert!(!files_hold(&home, "short_token"));
    drop(first);
    assert_eq!(listed(&home, &keys).await, [("Oslo".into(), false, false)]);
    let second = console(&home, bare(), &keys);
    let opened = second.open().await;
    assert_eq!((opened.address.as_str(), opened.profile.as_deref()), (NOWHERE, Some("Oslo")));
    assert_eq!(second.pull(opened.session).await.status, StatusView::Idle, "it asks for the token");
}

#[tokio::test]
async fn a_token_not_to_be_kept_takes_the_kept_one_out() {
    let (home, keys) = (tempdir().expect("a folder"), Keys::empty());
    let console = console(&home, bare(), &keys);
    console.connect("http://127.0.0.1:7", "old", Some("Oslo"), true).await.expect("connected");
    console.connect(NOWHERE, "new", Some("Oslo"), true).await.expect("connected");
    assert_eq!(keys.addresses(), [NOWHERE], "one token a name");
    let opened = console.connect(NOWHERE, "newer", Some("Oslo"), false).await.expect("connected");
    assert!(!opened.kept);
    assert!(keys.addresses().is_empty());
    assert_eq!(listed(&home, &keys).await, [("Oslo".into(), false, false)]);
}

/// Whoever writes into the file of names gets no token sent anywhere.
#[tokio::test]
async fn a_kept_token_goes_to_no_other_address() {
    let (home, keys) = (tempdir().expect("a folder"), Keys::empty());
    let first = console(&home, bare(), &keys);
    first.connect("http://127.0.0.1:7", "kept", Some("Oslo"), true).await.expect("connected");
    drop(first);
    let file = home.path().join("config/profiles.json");
    let text = std::fs::read_to_string(&file).expect("there").replace("127.0.0.1:7", "evil.example");
    std::fs::write(&file, text).expect("written");
    let second = console(&home, bare(), &keys);
    let opened = second.open().await;
    assert_eq!(opened.address, "http://evil.example");
    assert_eq!(second.pull(opened.session).await.status, StatusView::Idle);
}

#[tokio::test]
async fn names_are_changed_between_and_forgotten() {
    let (home, keys) = (tempdir().expect("a folder"), Keys::empty());
    let console = console(&home, named(NOWHERE), &keys);
    let opened = console.open().await;
    assert_eq!(opened.profile, None, "what is named at the start is kept under no name");
    console.connect("http://127.0.0.1:7", "a", Some("Oslo"), true).await.expect("connected");
    console.connect("http://127.0.0.1:8", "b", Some("Rome"), false).await.expect("connected");
    let opened = console.use_profile("Oslo").await.expect("followed");
    assert_eq!((opened.address.as_str(), opened.kept), ("http://127.0.0.1:7", true));
    assert!(console.use_profile("Bonn").await.expect_err("unknown").contains("no profile “Bonn”"));

    console.forget_profile("Oslo").await.expect("forgotten");
    assert!(keys.addresses().is_empty());
    let opened = console.open().await;
    assert_eq!((opened.address.as_str(), opened.profile), ("http://127.0.0.1:7", None), "it goes on being followed");
    assert_eq!(listed(&home, &keys).await, [("Rome".into(), false, false)]);
}

#[tokio::test]
async fn a_refused_connection_changes_nothing() {
    let (home, keys) = (tempdir().expect("a folder"), Keys::empty());
    let console = console(&home, named(NOWHERE), &keys);
    for (address, token, profile, words) in [
        ("ftp://x", "t", None, "must begin with"),
        (NOWHERE, "two words", None, "the token is not usable"),
        (NOWHERE, "t", Some("a\nb"), "a profile's name"),
    ] {
        let error = console.connect(address, token, profile, true).await.expect_err(words);
        assert!(error.contains(words), "{error}");
    }
    assert!(keys.addresses().is_empty());
    assert!(console.profiles().await.expect("a list").is_empty());
    let stored = Token::parse("t").expect("a token");
    assert_eq!(format!("{stored:?}"), "Token(…)");
}
