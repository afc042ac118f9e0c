//! The door, by real TCP.

use crate::support::{Ca, frame, node};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use suiftly_link::{Beat, Door, Frame, Kind, Link, LinkError, MAX_HANDSHAKES, Node, Purpose, Role, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An ingester's door, and where it is. The ingester has heard of this generation.
async fn door(ca: &Ca, generation: &Arc<AtomicU64>) -> (Door, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, heard) = (listener.local_addr().unwrap(), Arc::clone(generation));
    let us = Arc::new(move || Node { generation: heard.load(Relaxed), ..node("ingest-a") });
    (Door::open(listener, ca.tls("ingest-a"), us), address)
}

async fn knock(ca: &Ca, address: SocketAddr, role: &str) -> Result<Link<TcpStream>, LinkError> {
    let ingester = Role::Ingest("a".to_owned());
    connect(address, &ca.tls(role), &ingester, Purpose::Ship, &node(role)).await
}

#[tokio::test]
async fn strangers_hold_nobody_up() {
    let ca = Ca::new();
    let (mut door, address) = door(&ca, &Arc::default()).await;
    let mut silent = Vec::new();
    for _ in 0..MAX_HANDSHAKES - 2 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    // Whatever it hears is the end.
    let _ = plain.read_to_end(&mut Vec::new()).await;
    assert!(knock(&Ca::new(), address, "dataflow-0").await.is_err());
    for role in ["dataflow-0", "dataflow-1"] {
        let process = knock(&ca, address, role).await.unwrap();
        let ingester = door.next().await.unwrap();
        assert_eq!(ingester.peer().role.to_string(), role);
        let (to_ingester, _from) = process.start(Beat::default);
        let (_to, mut from_process) = ingester.start(Beat::default);
        let want = Frame::new(Kind::Want, vec![9_u8; 60]);
        to_ingester.send(&want).await.unwrap();
        assert_eq!(frame(&mut from_process).await.unwrap(), want);
    }
    drop(silent);
}

#[tokio::test]
async fn what_the_process_is_by_now_counts() {
    let ca = Ca::new();
    let generation = Arc::new(AtomicU64::new(5));
    let (mut door, address) = door(&ca, &generation).await;
    let first = knock(&ca, address, "dataflow-1").await.unwrap();
    assert_eq!((first.peer().hello.node.generation, door.next().await.is_some()), (5, true));
    // A later run has been here: whoever is left over from the one before comes no more.
    generation.store(6, Relaxed);
    let LinkError::Bye { why } = knock(&ca, address, "dataflow-2").await.err().unwrap() else { panic!("not told why") };
    assert!(why.contains("left over from a run before"), "{why}");
}

#[tokio::test]
async fn links_outlive_the_door() {
    let ca = Ca::new();
    let (mut door, address) = door(&ca, &Arc::default()).await;
    let process = knock(&ca, address, "dataflow-1").await.unwrap();
    let (to_process, _from) = door.next().await.unwrap().start(Beat::default);
    let (_to, mut from_ingester) = process.start(Beat::default);
    drop(door);
    let part = Frame::new(Kind::Part, vec![1_u8; 100_000]);
    to_process.send_packed(&part).await.unwrap();
    assert_eq!(frame(&mut from_ingester).await.unwrap(), part);
}

#[tokio::test]
async fn nobody_there_is_told_as_that() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(matches!(knock(&Ca::new(), address, "dataflow-0").await.err().unwrap(), LinkError::Connect(_)));
}
