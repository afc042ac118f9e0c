//! The operators' guard: the token and nothing else; failed attempts.

use crate::openapi::operations;
use crate::traffic::at;
use crate::world::{OneOperator, TOKEN, World, get, send};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use futures::future::BoxFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use suiftly_api::{Clock, Operators};
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use suiftly_store::accounts::OperatorRow;

pub(crate) fn with(method: Method, uri: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_guarded_route_of_operators_wants_a_token() {
    let world = World::roomy();
    let bearer = format!("Bearer {TOKEN}");
    let other = format!("Bearer {}", TOKEN.replace('0', "1"));
    let basic = format!("Basic {TOKEN}");
    let cookie = format!("suiftly_access={TOKEN}");
    let mut guarded = 0;
    for (method, path, _) in operations().into_iter().filter(|(_, _, open)| !open) {
        guarded += 1;
        let router = world.router();
        let cases: [(&[(&str, &str)], bool); 7] = [
            (&[], false),
            (&[("authorization", &other)], false),
            (&[("authorization", "Bearer ")], false),
            (&[("authorization", TOKEN)], false),
            (&[("authorization", &basic)], false),
            (&[("cookie", &cookie)], false),
            (&[("authorization", &bearer)], true),
        ];
        for (headers, is_admitted) in cases {
            let uri = format!("{path}?nonsense=1");
            let answered = send(&router, with(method.clone(), &uri, headers)).await;
            assert_eq!(answered.status != StatusCode::UNAUTHORIZED, is_admitted, "{method} {path} {headers:?}");
            if !is_admitted {
                assert_eq!(
                    (answered.problem().as_str(), answered.header("www-authenticate")),
                    ("unauthorized", "Bearer")
                );
            }
        }
    }
    assert!(guarded > 10, "{guarded}");
}

#[tokio::test(start_paused = true)]
async fn failed_attempts_are_limited_per_address() {
    let mut world = World::roomy();
    world.config.limits.failed_attempts = 3;
    let router = world.router();
    world.clock.set(at("2026-11-21T22:00:10Z"));
    let attempt = async |address: &str, token: &str| {
        let mut request = with(Method::GET, "/api/v1/pipeline", &[("authorization", &format!("Bearer {token}"))]);
        let peer: SocketAddr = format!("{address}:4000").parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let answered = send(&router, request).await;
        (answered.status.as_u16(), answered.header("retry-after").to_owned())
    };
    for _ in 0..3 {
        assert_eq!(attempt("192.0.2.1", "sop_guess").await.0, 401);
    }
    assert_eq!(attempt("192.0.2.1", "sop_guess").await, (429, "60".to_owned()));
    assert_eq!(attempt("192.0.2.1", TOKEN).await.0, 429, "the right one too: or a guesser would learn of it");
    assert_eq!(attempt("192.0.2.2", TOKEN).await.0, 200, "nobody else waits");
    world.clock.set(world.clock.now().plus_ms(60_000));
    assert_eq!(attempt("192.0.2.1", TOKEN).await.0, 200);
}

/// Who operates, as long as the database answers and nobody was disabled.
#[derive(Default)]
struct Shelf {
    is_away: AtomicBool,
    stands_still: AtomicBool,
    is_empty: AtomicBool,
    asked: AtomicUsize,
}

impl Operators for Shelf {
    fn by_token<'a>(
        &'a self,
        sha256: &'a str,
        now: UnixMillis,
    ) -> BoxFuture<'a, Result<Option<OperatorRow>, StoreError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_away.load(Ordering::SeqCst) {
            let away = StoreError::Unavailable { attempted: "look an operator up", cause: "it is away".to_owned() };
            return Box::pin(async move { Err(away) });
        }
        if self.stands_still.load(Ordering::SeqCst) {
            return Box::pin(std::future::pending());
        }
        if self.is_empty.load(Ordering::SeqCst) {
            return Box::pin(async { Ok(None) });
        }
        OneOperator.by_token(sha256, now)
    }
}

#[tokio::test(start_paused = true)]
async fn an_operator_who_was_known_lately_looks_on_while_the_database_is_away() {
    let mut world = World::roomy();
    let shelf = Arc::new(Shelf::default());
    world.operators = Some(shelf.clone());
    let router = world.router();
    let status = async || send(&router, get("/api/v1/pipeline")).await.status.as_u16();
    let later = |ms: i64| world.clock.set(world.clock.now().plus_ms(ms));
    assert_eq!((status().await, status().await, shelf.asked.load(Ordering::SeqCst)), (200, 200, 1), "asked once");
    shelf.is_away.store(true, Ordering::SeqCst);
    later(5_000);
    assert_eq!((status().await, shelf.asked.load(Ordering::SeqCst)), (200, 2));
    let other = TOKEN.replace('0', "1");
    let stranger = with(Method::GET, "/api/v1/pipeline", &[("authorization", &format!("Bearer {other}"))]);
    assert_eq!(send(&router, stranger).await.problem(), "store_unavailable");
    shelf.is_away.store(false, Ordering::SeqCst);
    shelf.stands_still.store(true, Ordering::SeqCst);
    assert_eq!(status().await, 200, "nor does it wait for one that says nothing");
    shelf.stands_still.store(false, Ordering::SeqCst);
    shelf.is_away.store(true, Ordering::SeqCst);
    later(3_600_000);
    assert_eq!(status().await, 503, "an hour is long enough");
    // Who is disabled is out within 5 s, and stays out when the database goes after that.
    shelf.is_away.store(false, Ordering::SeqCst);
    assert_eq!(status().await, 200);
    shelf.is_empty.store(true, Ordering::SeqCst);
    later(5_000);
    assert_eq!(status().await, 401);
    shelf.is_away.store(true, Ordering::SeqCst);
    assert_eq!(status().await, 503);
}
