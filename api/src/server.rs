//! The server: the router with everything around it, a bounded accept loop, and a graceful end.

use crate::app::{ApiConfig, ApiParts, App};
use crate::problem::{Problem, ProblemCode};
use crate::{auth, headers, metrics, pulse, routes, web};
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;

/// The longest request body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// The longest request head.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long a client may take to send a request's head; also how long an idle connection is kept.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a handler may take until its answer begins. A stream's events come after that.
pub const HANDLER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a peer may leave what we sent unacknowledged, or its window closed, before its connection is dropped.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long requests under way may take after shutdown began.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// The wait after the machine refused a connection (no file descriptors left), to not spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Why the API cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The listener could not be had.
    #[error("cannot listen for HTTP on {listen}: {reason}")]
    Listen {
        /// Where.
        listen: SocketAddr,
        /// Why, in words.
        reason: String,
    },
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    local_addr: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Where it listens: the configured address with the port that was given.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Waits until it has ended: after shutdown, when requests under way are answered or their time is up.
    pub async fn ended(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the HTTP server broke off");
        }
    }
}

/// Listens, and serves in the background until `shutdown`.
///
/// Must be called within a tokio runtime with its I/O and time drivers on.
pub async fn serve(config: ApiConfig, parts: ApiParts, shutdown: CancellationToken) -> Result<Server, ApiError> {
    let listen = config.listen;
    let refused = |error: io::Error| ApiError::Listen { listen, reason: reason(&error) };
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let local_addr = listener.local_addr().map_err(refused)?;
    if !local_addr.ip().is_loopback() {
        tracing::warn!(%local_addr, "plain HTTP, with metrics open to all, listens on more than this machine");
    }
    let connections = config.limits.connections;
    let app = App::new(config, parts, shutdown.clone());
    let service = router_of(app.clone());
    let task = tokio::spawn(async move {
        tokio::join!(accept(listener, service, connections, shutdown), pulse::run(app));
    });
    Ok(Server { local_addr, task })
}

/// The router alone, without a listener and without the pulse (streams then hear of the pipeline once).
/// For tests and for whoever serves it otherwise.
pub fn router(config: ApiConfig, parts: ApiParts, shutdown: CancellationToken) -> Router {
    router_of(App::new(config, parts, shutdown))
}

/// The router, and the pulse to be spawned beside it.
pub fn router_with_pulse(
    config: ApiConfig,
    parts: ApiParts,
    shutdown: CancellationToken,
) -> (Router, impl Future<Output = ()> + Send + 'static) {
    let app = App::new(config, parts, shutdown);
    (router_of(app.clone()), pulse::run(app))
}

fn router_of(app: App) -> Router {
    let guard = from_fn_with_state(app.clone(), auth::guard);
    let (routes, _document) = routes::all(|guarded| guarded.layer(guard)).split_for_parts();
    routes
        .fallback(web::fallback)
        .method_not_allowed_fallback(web::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        // Its default leaves event streams alone.
        .layer(CompressionLayer::new())
        .layer(from_fn(limit_time))
        .layer(from_fn(headers::secure))
        .layer(from_fn_with_state(app.clone(), metrics::count))
        .with_state(app)
}

async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(HANDLER_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(ProblemCode::Timeout).into_response(),
    }
}

async fn accept(listener: TcpListener, router: Router, connections: usize, shutdown: CancellationToken) {
    let permits = Arc::new(Semaphore::new(connections));
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    while let Some((stream, peer, permit)) = shutdown.run_until_cancelled(next_connection(&listener, &permits)).await {
        let connection = graceful.watch(connection(stream, peer, router.clone()));
        tasks.spawn(async move {
            // A client that goes away or talks no HTTP is no event of ours.
            let _ = connection.await;
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
) -> (TcpStream, SocketAddr, Option<tokio::sync::OwnedSemaphorePermit>) {
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

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection + Send {
    // Without them the connection works too, only a dead peer holds it for longer.
    let _ = stream.set_nodelay(true);
    let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(WRITE_TIMEOUT));
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

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "address in use".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => error.to_string(),
    }
}
