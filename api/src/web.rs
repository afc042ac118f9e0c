//! The dashboard's files, the readable page of the API, and everything else that no route takes: unknown API paths, pages
//! of the single-page app.

use crate::app::App;
use crate::problem::{Problem, ProblemCode};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use std::path::Path;
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

/// Files under `assets/` carry a hash of their content in their names.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Suiftly</title>\n\
    <h1>The dashboard is not built</h1>\n\
    <p>The API works. To build the dashboard and run everything: <code>cargo xtask up</code></p></html>\n";

/// The readable page of the API, on both servers: it shows the document of the server that it comes from.
const DOCS_PATH: &str = "/api/docs";
/// What that page is made of, beside files under `assets/`.
const DOCS_PARTS: [&str; 2] = ["/theme.js", "/favicon.svg"];

/// Answers what no route of the customers takes: the dashboard.
pub(crate) async fn fallback(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") && path != DOCS_PATH {
        return Problem::new(ProblemCode::NotFound).into_response();
    }
    files(&app, request).await
}

/// Answers what no route of the operators takes, who have a console of their own: the readable page alone.
pub(crate) async fn fallback_of_operators(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    if path == DOCS_PATH || path.starts_with("/assets/") || DOCS_PARTS.contains(&path) {
        return files(&app, request).await;
    }
    Problem::new(ProblemCode::NotFound).into_response()
}

async fn files(app: &App, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return method_not_allowed().await.into_response();
    }
    match &app.web_dir {
        Some(dir) if request.uri().path() == DOCS_PATH => page(&dir.join("api/docs"), index_request(&request)).await,
        Some(dir) => file(dir, request).await,
        None => not_built(),
    }
}

/// Answers a method that a route does not take.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(ProblemCode::MethodNotAllowed)
}

async fn file(dir: &Path, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let page_request = is_page(&path).then(|| index_request(&request));
    let files = ServeDir::new(dir).precompressed_br().precompressed_gzip();
    // Both services answer errors of the disk with a status; neither fails.
    let Ok(found) = files.oneshot(request).await;
    if found.status() != StatusCode::NOT_FOUND {
        return keep(found.into_response(), &path);
    }
    match page_request {
        Some(request) => page(dir, request).await,
        None => Problem::new(ProblemCode::NotFound).into_response(),
    }
}

/// The page of this directory.
async fn page(dir: &Path, request: Request) -> Response {
    // It answers errors of the disk with a status and does not fail.
    let Ok(index) = ServeFile::new(dir.join("index.html")).oneshot(request).await;
    if index.status() == StatusCode::NOT_FOUND { not_built() } else { keep(index.into_response(), "/") }
}

/// A path without a file name's dot is a page of the app, whose own router knows it.
fn is_page(path: &str) -> bool {
    !path.starts_with("/assets/") && !path.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

/// The same request, for its conditions, without a body.
fn index_request(request: &Request) -> Request {
    let mut index = Request::new(Body::empty());
    *index.method_mut() = request.method().clone();
    *index.headers_mut() = request.headers().clone();
    index
}

fn keep(mut response: Response, path: &str) -> Response {
    let found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let how_long = if found && path.starts_with("/assets/") { FOREVER } else { ASK_EACH_TIME };
    response.headers_mut().insert(header::CACHE_CONTROL, how_long);
    response
}

fn not_built() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response()
}
