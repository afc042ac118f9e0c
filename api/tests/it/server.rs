//! The listener, over real sockets.

use crate::traffic::row;
use crate::world::{TOKEN, World};
use std::net::SocketAddr;
use suiftly_api::{Clock, serve};
use suiftly_schema::ids::Network;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn request(to: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn read_until(stream: &mut TcpStream, part: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains(part) {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "ended before {part:?}: {text}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    text
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut world = World::roomy();
    world.config.listen = taken.local_addr().unwrap();
    let error = serve(world.config.clone(), world.parts(), world.shutdown.clone()).await.unwrap_err();
    let expected = format!("cannot listen for HTTP on {}: address in use", world.config.listen);
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn it_serves_streams_and_ends_with_all_of_them_closed() {
    let mut world = World::roomy();
    world.publish(&[row(1, Network::Mainnet, world.clock.now(), 7)]);
    let server = serve(world.config.clone(), world.parts(), world.shutdown.clone()).await.unwrap();
    let address = server.admin_addr();
    let mut health = request(address, "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(read_until(&mut health, "live").await.starts_with("HTTP/1.1 200 OK\r\n"));
    let stream = format!("GET /api/v1/stream HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    let mut stream = request(address, &stream).await;
    let text = read_until(&mut stream, "event: pipeline").await;
    assert!(text.contains("\"requests\":7"), "{text}");
    let mut garbage = request(address, "this is no HTTP\r\n\r\n").await;
    assert!(read_until(&mut garbage, "\r\n").await.starts_with("HTTP/1.1 400"));
    world.publish(&[row(1, Network::Mainnet, world.clock.now(), 5)]);
    assert!(read_until(&mut stream, "event: delta").await.len() < 100_000);
    world.shutdown.cancel();
    server.ended().await;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "the body ends as it should");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn connections_are_bounded() {
    let mut world = World::roomy();
    world.config.limits.connections = 1;
    let server = serve(world.config.clone(), world.parts(), world.shutdown.clone()).await.unwrap();
    let get = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut first = request(server.local_addr(), get).await;
    read_until(&mut first, "live").await;
    // The second waits in the kernel's queue until the first, kept alive, is gone.
    let mut second = request(server.local_addr(), get).await;
    let mut buffer = [0; 1];
    assert!(second.try_read(&mut buffer).is_err());
    drop(first);
    read_until(&mut second, "live").await;
    world.shutdown.cancel();
    server.ended().await;
}
