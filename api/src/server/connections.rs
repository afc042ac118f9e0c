//! Connections: accepted up to a bound, with TLS where there is a certificate, and ended gracefully.

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The longest request head.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long a client may take to send a request's head; also how long an idle connection is kept.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may take over a TLS handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a peer may leave what we sent unacknowledged, or its window closed, before its connection is dropped.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long requests under way may take after shutdown began.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// The wait after the machine refused a connection (no file descriptors left), to not spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Serves what comes to a listener until `shutdown`, and ends.
pub(super) async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    connections: usize,
    shutdown: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(connections));
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    while let Some((stream, peer, permit)) = shutdown.run_until_cancelled(next_connection(&listener, &permits)).await {
        let (watcher, tls, router, shutdown) = (graceful.watcher(), tls.clone(), router.clone(), shutdown.clone());
        tasks.spawn(async move {
            // A client that goes away or talks no HTTP, or no TLS, is no event of ours.
            prepare(&stream);
            match tls {
                None => drop(watcher.watch(connection(stream, peer, router)).await),
                Some(tls) => {
                    let shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
                    if let Some(Ok(Ok(stream))) = shutdown.run_until_cancelled(shaken).await {
                        drop(watcher.watch(connection(stream, peer, router)).await);
                    }
                }
            }
            drop(permit);
        });
        while tasks.try_join_next().is_some() {}
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("HTTP requests under way were broken off at shutdown");
    }
    tasks.shutdown().await;
}

async fn next_connection(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there is always a permit in the end.
    let permit = permits.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) => {
                tracing::warn!(%error, "an HTTP connection was not accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

/// Without either the connection works too, only a dead peer holds it for longer.
fn prepare(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(WRITE_TIMEOUT));
}

fn connection(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    router: Router,
) -> impl GracefulConnection + Send {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
}
