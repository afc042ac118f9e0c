//! The dashboard's files, and the headers around everything.

use crate::world::{Answered, World, get, send};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use std::fs;
use suiftly_api::headers::CONTENT_SECURITY_POLICY;

const FOREVER: &str = "public, max-age=31536000, immutable";

fn with_files() -> (tempfile::TempDir, Router, Router) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("assets")).unwrap();
    fs::write(dir.path().join("index.html"), "<!doctype html><title>the app</title>").unwrap();
    fs::write(dir.path().join("assets/app-1a2b.js"), "export {}").unwrap();
    fs::write(dir.path().join("assets/app-1a2b.js.br"), "as brotli").unwrap();
    fs::write(dir.path().join("favicon.svg"), "<svg/>").unwrap();
    fs::write(dir.path().join("theme.js"), "export {}").unwrap();
    fs::create_dir_all(dir.path().join("api/docs")).unwrap();
    fs::write(dir.path().join("api/docs/index.html"), "<!doctype html><title>the docs</title>").unwrap();
    let mut world = World::roomy();
    world.config.web_dir = Some(dir.path().to_owned());
    let (customers, operators) = (world.customer_router(), world.router());
    (dir, customers, operators)
}

async fn open(router: &Router, uri: &str) -> Answered {
    send(router, Request::get(uri).body(Body::empty()).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn files_pages_and_what_is_neither() {
    let (_dir, router, _) = with_files();
    let cases = [
        ("/api/docs", 200, "no-cache", "text/html", "the docs"),
        ("/api/docs/", 404, "no-store", "application/problem+json", "not_found"),
        ("/", 200, "no-cache", "text/html", "the app"),
        ("/index.html", 200, "no-cache", "text/html", "the app"),
        ("/usage", 200, "no-cache", "text/html", "the app"),
        ("/billing/2026-11?tab=lines", 200, "no-cache", "text/html", "the app"),
        ("/favicon.svg", 200, "no-cache", "image/svg+xml", "<svg/>"),
        ("/assets/app-1a2b.js", 200, FOREVER, "text/javascript", "export {}"),
        ("/assets/gone.js", 404, "no-store", "application/problem+json", "not_found"),
        ("/assets/gone", 404, "no-store", "application/problem+json", "not_found"),
        ("/robots.txt", 404, "no-store", "application/problem+json", "not_found"),
        ("/api/v1/nothing", 404, "no-store", "application/problem+json", "not_found"),
        ("/..%2fCargo.toml", 404, "no-store", "application/problem+json", "not_found"),
    ];
    for (uri, status, cache, content_type, body) in cases {
        let answered = open(&router, uri).await;
        assert_eq!((answered.status.as_u16(), answered.header("cache-control")), (status, cache), "{uri}");
        assert!(answered.header("content-type").starts_with(content_type), "{uri}: {:?}", answered.headers);
        assert!(answered.body.contains(body), "{uri}: {}", answered.body);
    }
    let request = Request::get("/assets/app-1a2b.js").header("accept-encoding", "br").body(Body::empty()).unwrap();
    let packed = send(&router, request).await;
    assert_eq!((packed.header("content-encoding"), packed.body.as_str()), ("br", "as brotli"));
}

#[tokio::test(start_paused = true)]
async fn operators_have_the_readable_page_and_nothing_else_of_the_dashboard() {
    let (_dir, _, router) = with_files();
    let there = [
        ("/api/docs", "the docs"),
        ("/assets/app-1a2b.js", "export"),
        ("/theme.js", "export"),
        ("/favicon.svg", "<svg"),
    ];
    for (uri, body) in there {
        let answered = open(&router, uri).await;
        assert_eq!((answered.status, answered.body.contains(body)), (StatusCode::OK, true), "{uri}");
        assert_eq!(answered.header("content-security-policy"), CONTENT_SECURITY_POLICY, "{uri}");
    }
    for uri in
        ["/", "/index.html", "/usage", "/api/docs/index.html", "/assets/../index.html", "/assets/gone.js", "/api"]
    {
        assert_eq!(open(&router, uri).await.status, StatusCode::NOT_FOUND, "{uri}");
    }
    let write = Request::post("/api/docs").body(Body::empty()).unwrap();
    assert_eq!(send(&router, write).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(start_paused = true)]
async fn a_dashboard_that_is_not_built_says_how() {
    let mut world = World::roomy();
    let empty = tempfile::tempdir().unwrap();
    for web_dir in [None, Some(empty.path().to_owned()), Some(empty.path().join("no/such"))] {
        world.config.web_dir = web_dir;
        let page = open(&world.customer_router(), "/").await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.body.contains("cargo xtask up"), "{}", page.body);
        assert_eq!(open(&world.customer_router(), "/health").await.status, StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn security_headers_are_on_every_answer() {
    let (_dir, router, _) = with_files();
    for uri in ["/", "/assets/app-1a2b.js", "/nope.txt", "/health", "/metrics", "/api/v1/pipeline", "/api/nope"] {
        let answered = open(&router, uri).await;
        assert_eq!(answered.header("content-security-policy"), CONTENT_SECURITY_POLICY, "{uri}");
        assert_eq!(answered.header("x-content-type-options"), "nosniff", "{uri}");
        assert_eq!(answered.header("referrer-policy"), "no-referrer", "{uri}");
        assert_eq!(answered.header("x-frame-options"), "DENY", "{uri}");
    }
    for policy in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(CONTENT_SECURITY_POLICY.split("; ").any(|part| part == policy), "{policy}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_are_compressed_where_asked_for() {
    let (_dir, router, _) = with_files();
    let mut request = get("/api/v1/pipeline");
    request.headers_mut().insert("accept-encoding", "gzip".parse().unwrap());
    use tower::ServiceExt;
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
}
