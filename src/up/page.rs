//! The operators' port of a process that has no API: a tiny server for a probe and a scraper, in plain text. The names of
//! what it counts are those of a single process, so that alerts and dashboards hold for both.

use anyhow::Context;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections at once; more wait.
const CONNECTIONS_MAX: usize = 16;
/// A connection lives no longer: a scrape takes milliseconds.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(10);
/// A pause after accepting failed: no descriptors left, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    status: StatusCode,
    kind: &'static str,
    pub(super) text: String,
}

impl Page {
    /// 200, or 503.
    pub(super) fn json(is_well: bool, text: String) -> Self {
        let status = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        Self { status, kind: "application/json", text }
    }

    /// What Prometheus reads.
    pub(super) const fn metrics(text: String) -> Self {
        Self { status: StatusCode::OK, kind: "text/plain; version=0.0.4; charset=utf-8", text }
    }

    /// There is no such page; it says which there are.
    pub(super) fn none(there_are: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, kind: "text/plain", text: format!("{there_are}\n") }
    }

    fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.text.into()));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        response
    }
}

/// Listens there, or at the socket that was passed for it.
pub(super) async fn listen(address: SocketAddr, passed: Option<std::net::TcpListener>) -> anyhow::Result<TcpListener> {
    let cannot = || format!("cannot listen for HTTP on {address}");
    match passed {
        Some(passed) => {
            passed.set_nonblocking(true).with_context(cannot)?;
            TcpListener::from_std(passed).with_context(cannot)
        }
        None => TcpListener::bind(address).await.with_context(cannot),
    }
}

/// Serves what each path answers, until the task is dropped.
pub(super) async fn serve(listener: TcpListener, answer: impl Fn(&str) -> Page + Clone + Send + Sync + 'static) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let answer = answer.clone();
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let response = answer(request.uri().path()).response();
                async { Ok::<_, Infallible>(response) }
            });
            let mut server = http1::Builder::new();
            let served = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
            let _ = tokio::time::timeout(CONNECTION_TIME_MAX, served).await;
            drop(place);
        });
    }
}

/// Numbers of one name each: name without its prefix, `gauge` or `counter`, what it is, value.
pub(super) fn put_all<'a>(page: &mut String, all: impl IntoIterator<Item = (&'a str, &'a str, &'a str, f64)>) {
    for (name, kind, help, value) in all {
        put(page, name, kind, help);
        let _ = writeln!(page, "suiftly_{name} {value}");
    }
}

/// What a name is. Writing to a String cannot fail.
pub(super) fn put(page: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(page, "# HELP suiftly_{name} {help}\n# TYPE suiftly_{name} {kind}");
}

pub(super) fn flag(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

pub(super) fn count(count: usize) -> f64 {
    float(u64::try_from(count).unwrap_or(u64::MAX))
}

/// The book says of each number of a page what it is.
#[cfg(test)]
pub(super) fn assert_in_the_book(page: &str) {
    let book = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/book/src/reference/metrics.md");
    let book = std::fs::read_to_string(book).unwrap();
    for of in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = of.split_once(' ').unwrap();
        assert!(book.contains(&format!("| `{name}` | {kind} |")), "{of} is not in docs/book/src/reference/metrics.md");
    }
}

/// Counts are shown as Prometheus keeps them.
#[allow(clippy::cast_precision_loss, reason = "Prometheus' own numbers are floats")]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}
