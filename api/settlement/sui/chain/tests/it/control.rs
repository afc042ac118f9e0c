//! The socket's lines.

use crate::world::{BEGIN, World, coin, endpoint, key, sui, usd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use suiftly_chain::Control;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

async fn say(path: &Path, line: &str) -> String {
    let mut stream = UnixStream::connect(path).await.unwrap();
    stream.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).await.unwrap();
    answer.trim_end().to_owned()
}

#[tokio::test]
async fn a_line_does_what_it_says() {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control");
    let other = Arc::new(endpoint(&world.network, "").await);
    let control = Control::start(&path, world.network.clone(), vec![Arc::clone(&other)]).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let to = key(9).address();
    assert!(say(&path, &format!("faucet {to} {} 5", sui())).await.starts_with("ok "));
    assert!(say(&path, &format!("faucet {to} {} 7 coin", coin())).await.starts_with("ok "));
    assert_eq!((world.balance(to, &sui()).await, world.balance(to, &coin()).await), ([5, 0], [0, 7]));
    assert_eq!(say(&path, &format!("clock {}", BEGIN + 5)).await, format!("ok {}", BEGIN + 5));
    assert_eq!(say(&path, "clock 1").await, format!("ok {}", BEGIN + 5));
    let checkpoint = world.node(0).head().await.unwrap().checkpoint;
    assert_eq!(say(&path, "cut").await, format!("ok {checkpoint}"));
    assert_eq!(say(&path, "faults 0 away").await, format!("ok {}", other.url()));

    let shown = say(&path, "show").await;
    let shown: serde_json::Value = serde_json::from_str(shown.strip_prefix("ok ").unwrap()).unwrap();
    assert_eq!((shown["checkpoint"].as_u64(), shown["now_ms"].as_u64()), (Some(checkpoint), Some(BEGIN + 5)));
    let seen = &shown["accounts"][0];
    assert_eq!(
        (seen["account"].as_str(), seen["balance"].as_u64()),
        (Some(&account.id.to_string()[..]), Some(usd(50)))
    );
    assert_eq!(shown["houses"][0]["house"].as_str(), Some(&world.contract.house.id.to_string()[..]));

    for (line, cause) in [
        ("faucet x y 1", "x is no address"),
        ("faucet 0x1 y 1", "y is no type"),
        ("faucet 0x1 0x2::sui::SUI -1", "-1 is no amount"),
        ("clock soon", "soon is no time"),
        ("faults 1 away", "there is no endpoint 1"),
        ("faults 0 sleepy", "cannot read the endpoint's faults"),
        ("dance", "the lines are"),
    ] {
        let answer = say(&path, line).await;
        assert!(answer.starts_with("error ") && answer.contains(cause), "{line}: {answer}");
    }
    drop(control);
    // What it has left behind is replaced.
    Control::start(&path, world.network.clone(), Vec::new()).unwrap();
}
