//! The server: the routers with everything around them, for customers in plain text and for operators with TLS where a
//! certificate is named.

mod connections;
mod tls;

pub use connections::{DRAIN_TIMEOUT, HANDSHAKE_TIMEOUT, HEAD_BYTES_MAX, HEAD_TIMEOUT, WRITE_TIMEOUT};
pub use tls::{AdminTls, TlsError, TlsFiles};

use crate::app::{ApiConfig, ApiParts, App};
use crate::idempotency::IDEMPOTENCY_KEY;
use crate::problem::{Problem, ProblemCode};
use crate::{admin, auth, customer, fleet, headers, limits, metrics, peer, pulse, vault, web};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use connections::accept;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::util::option_layer;
use tower_http::compression::predicate::{NotForContentType, Predicate};
use tower_http::compression::{CompressionLayer, DefaultPredicate};
use tower_http::cors::CorsLayer;

/// The longest request body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a handler may take until its answer begins. A stream's events come after that.
pub const HANDLER_TIMEOUT: Duration = Duration::from_secs(30);

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
    /// Operators' tokens would go over the network as they are.
    #[error(
        "will not serve operators in plain text on {listen}: name admin.tls_certificate and admin.tls_key, or say \
         admin.plain_text = true"
    )]
    PlainText {
        /// Where.
        listen: SocketAddr,
    },
    /// TLS cannot be offered.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A running server: both APIs.
#[derive(Debug)]
pub struct Server {
    local_addr: SocketAddr,
    admin_addr: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Where customers are served: the configured address with the port that was given.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Where operators are served, likewise.
    pub const fn admin_addr(&self) -> SocketAddr {
        self.admin_addr
    }

    /// Waits until it has ended: after shutdown, when requests under way are answered or their time is up.
    pub async fn ended(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the HTTP server broke off");
        }
    }
}

/// Sockets that listen already, passed by systemd, which keeps them over a restart: who connects meanwhile waits.
#[derive(Debug, Default)]
pub struct PassedListeners {
    /// The customers'.
    pub api: Option<std::net::TcpListener>,
    /// The operators'.
    pub admin: Option<std::net::TcpListener>,
}

/// Listens for customers and for operators, and serves in the background until `shutdown`.
///
/// Must be called within a tokio runtime with its I/O and time drivers on.
pub async fn serve(config: ApiConfig, parts: ApiParts, shutdown: CancellationToken) -> Result<Server, ApiError> {
    serve_on(PassedListeners::default(), config, parts, shutdown).await
}

/// The same on sockets that were passed; what was not passed is bound.
pub async fn serve_on(
    passed: PassedListeners,
    config: ApiConfig,
    parts: ApiParts,
    shutdown: CancellationToken,
) -> Result<Server, ApiError> {
    let tls = config.admin_tls.acceptor(config.admin_listen)?;
    let (listener, local_addr) = listen(config.listen, passed.api).await?;
    let (admin_listener, admin_addr) = listen(config.admin_listen, passed.admin).await?;
    let plain_admin = tls.is_none().then_some(admin_addr);
    for plain in [Some(local_addr), plain_admin].into_iter().flatten().filter(|address| !address.ip().is_loopback()) {
        tracing::warn!(address = %plain, "plain HTTP listens on more than this machine");
    }
    let connections = config.limits.connections;
    let app = App::new(config, parts, shutdown.clone());
    let (customers, operators) = (customer_router_of(app.clone()), admin_router_of(app.clone()));
    let task = tokio::spawn(async move {
        tokio::join!(
            accept(listener, None, customers, connections, shutdown.clone()),
            accept(admin_listener, tls, operators, connections, shutdown),
            pulse::run(app.clone()),
            admin::revisions::run(app.clone()),
            fleet::watch::run(app.clone()),
            vault::canary::run(app),
        );
    });
    Ok(Server { local_addr, admin_addr, task })
}

async fn listen(
    address: SocketAddr,
    passed: Option<std::net::TcpListener>,
) -> Result<(TcpListener, SocketAddr), ApiError> {
    let refused = |error: io::Error| ApiError::Listen { listen: address, reason: reason(&error) };
    let listener = match passed {
        Some(passed) => adopt(passed),
        None => TcpListener::bind(address).await,
    };
    let listener = listener.map_err(refused)?;
    let local_addr = listener.local_addr().map_err(refused)?;
    Ok((listener, local_addr))
}

fn adopt(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Both APIs without listeners, for tests and for whoever serves them otherwise.
pub struct Routers {
    /// The customers', with the dashboard.
    pub customers: Router,
    /// The operators'.
    pub operators: Router,
}

/// The routers, and what is spawned beside them: the pulse (without it streams hear of the pipeline once) and the watcher
/// of revisions (without it they hear of none).
pub fn routers(
    config: ApiConfig,
    parts: ApiParts,
    shutdown: CancellationToken,
) -> (Routers, impl Future<Output = ()> + Send + 'static, impl Future<Output = ()> + Send + 'static) {
    let app = App::new(config, parts, shutdown);
    let routers = Routers { customers: customer_router_of(app.clone()), operators: admin_router_of(app.clone()) };
    (routers, pulse::run(app.clone()), admin::revisions::run(app))
}

/// What `/metrics` says of itself, for the reference in the book.
pub fn describe_metrics(config: ApiConfig, parts: ApiParts) -> Vec<metrics::MetricDescription> {
    let described = metrics::describe(&App::new(config, parts, CancellationToken::new()));
    described.unwrap_or_else(|error| panic!("a metric is described twice, or badly: {error}"))
}

fn customer_router_of(app: App) -> Router {
    let guard = from_fn_with_state(app.clone(), auth::guard_customer);
    let (routes, _document) = customer::routes(|guarded| guarded.layer(guard)).split_for_parts();
    around(routes.fallback(web::fallback), app)
}

fn admin_router_of(app: App) -> Router {
    let guard = from_fn_with_state(app.clone(), auth::guard_operator);
    let edges = from_fn_with_state(app.clone(), vault::guard_edge);
    let (routes, _document) =
        admin::routes(|guarded| guarded.layer(guard), |edges_own| edges_own.layer(edges)).split_for_parts();
    around(routes.fallback(web::fallback_of_operators), app)
}

/// What both have around them.
fn around(routes: Router<App>, app: App) -> Router {
    routes
        .method_not_allowed_fallback(web::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        // Its default leaves event streams alone; an edge's lines must not wait for others either.
        .layer(
            CompressionLayer::new()
                .compress_when(DefaultPredicate::new().and(NotForContentType::const_new("application/x-ndjson"))),
        )
        .layer(from_fn(limit_time))
        .layer(from_fn_with_state(app.clone(), limits::of_address))
        .layer(option_layer(cors(&app.rules.cors_origins)))
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .layer(from_fn_with_state(app.clone(), metrics::count))
        .layer(from_fn_with_state(app.clone(), peer::find))
        .with_state(app)
}

/// What pages of other origins may do: nothing, but for those that are named, and these by Bearer alone.
fn cors(origins: &[HeaderValue]) -> Option<CorsLayer> {
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let asked =
        [header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("last-event-id"), IDEMPOTENCY_KEY];
    let told = limits::HEADERS.into_iter().chain([header::RETRY_AFTER]).collect::<Vec<_>>();
    (!origins.is_empty()).then(|| {
        CorsLayer::new().allow_origin(origins.to_vec()).allow_methods(methods).allow_headers(asked).expose_headers(told)
    })
}

async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(HANDLER_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(ProblemCode::Timeout).into_response(),
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "address in use".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => error.to_string(),
    }
}
