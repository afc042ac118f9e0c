//! Who gets in: the token, the session, and nobody else; failed attempts; writes from other sites.

use crate::openapi::operations;
use crate::traffic::at;
use crate::world::{Answered, TOKEN, World, get, send};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use std::net::SocketAddr;
use suiftly_api::Clock;

fn with(method: Method, uri: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

async fn sign_in(router: &Router, token: &str, headers: &[(&str, &str)]) -> Answered {
    let mut request = Request::post("/api/v1/dev/session").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(router, request.body(Body::from(json!({"token": token}).to_string())).unwrap()).await
}

/// The cookie's `name=value` out of an answer.
fn cookie(answered: &Answered) -> String {
    assert_eq!(answered.status, StatusCode::NO_CONTENT, "{}", answered.body);
    answered.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn every_guarded_route_wants_a_token_or_a_session() {
    let world = World::roomy();
    let router = world.router();
    let cookie = cookie(&sign_in(&router, TOKEN, &[]).await);
    let bearer = format!("Bearer {TOKEN}");
    let mut guarded = 0;
    for (method, path, open) in operations() {
        if open {
            continue;
        }
        guarded += 1;
        let cases: [(&[(&str, &str)], bool); 9] = [
            (&[], false),
            (&[("authorization", "Bearer wrong-token-of-some-length")], false),
            (&[("authorization", "Bearer ")], false),
            (&[("authorization", TOKEN)], false),
            (&[("cookie", "suiftly_session=0000")], false),
            (&[("cookie", &format!("suiftly_session={TOKEN}"))], false),
            (&[("authorization", &bearer)], true),
            (&[("cookie", &cookie), ("sec-fetch-site", "same-origin")], true),
            (&[("cookie", &format!("theme=dark; {cookie}")), ("sec-fetch-site", "same-origin")], true),
        ];
        for (headers, admitted) in cases {
            let answered = {
                use tower::ServiceExt;
                router.clone().oneshot(with(method.clone(), &path, headers)).await.unwrap()
            };
            // Who is let in may still have asked for nothing that is there.
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answered.status());
            assert_eq!(refused, !admitted, "{method} {path} {headers:?}: {}", answered.status());
            let challenge = answered.headers().get("www-authenticate").is_some();
            assert_eq!(challenge, !admitted, "{method} {path}");
        }
    }
    assert!(guarded >= 9, "summary, series, pipeline, stream, and five of the quarantine: {guarded}");
    let refused = send(&router, with(Method::GET, "/api/v1/pipeline", &[])).await;
    assert_eq!(refused.problem(), "unauthorized");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_a_guarded_cookie_that_is_not_the_token_and_ends() {
    let world = World::roomy();
    let router = world.router();
    let opened = sign_in(&router, TOKEN, &[]).await;
    let set = opened.header("set-cookie").to_owned();
    assert!(!set.contains(TOKEN));
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(set.split("; ").any(|part| part == attribute), "{attribute} in {set}");
    }
    let headers = [("cookie", cookie(&opened))];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let ask = || send(&router, with(Method::GET, "/api/v1/pipeline", &headers));
    assert_eq!(ask().await.status, StatusCode::OK);
    world.clock.set(world.clock.now().plus_ms(12 * 3_600_000 - 1));
    assert_eq!(ask().await.status, StatusCode::OK);
    world.clock.set(world.clock.now().plus_ms(1));
    assert_eq!(ask().await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_sign_in() {
    let router = World::roomy().router();
    let cases = [
        ("application/json", json!({"token": "wrong"}).to_string(), 401, "unauthorized"),
        ("application/json", json!({"token": ""}).to_string(), 400, "validation"),
        ("application/json", json!({"token": 1}).to_string(), 400, "validation"),
        ("application/json", json!({"token": TOKEN, "remember": true}).to_string(), 400, "validation"),
        ("application/json", "{".to_owned(), 400, "validation"),
        ("application/json", String::new(), 400, "validation"),
        ("text/plain", json!({"token": TOKEN}).to_string(), 415, "unsupported_media_type"),
        ("application/json", json!({"token": "x".repeat(70_000)}).to_string(), 413, "body_too_long"),
    ];
    for (content_type, body, status, code) in cases {
        let shown = body.chars().take(40).collect::<String>();
        let request = Request::post("/api/v1/dev/session").header("content-type", content_type);
        let answered = send(&router, request.body(Body::from(body)).unwrap()).await;
        assert_eq!((answered.status.as_u16(), answered.problem().as_str()), (status, code), "{shown}");
        assert!(!answered.body.contains(TOKEN));
        assert_eq!(answered.header("set-cookie"), "");
    }
}

#[tokio::test(start_paused = true)]
async fn no_other_site_signs_a_browser_in() {
    let router = World::roomy().router();
    let forced = sign_in(&router, TOKEN, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!((forced.status, forced.problem().as_str()), (StatusCode::FORBIDDEN, "cross_site"));
    cookie(&sign_in(&router, TOKEN, &[("host", "a"), ("origin", "http://a")]).await);
}

#[tokio::test(start_paused = true)]
async fn failed_attempts_are_limited_per_address() {
    let mut world = World::roomy();
    world.config.limits.failed_attempts = 3;
    let router = world.router();
    let from = |address: &str, token: &str| {
        let mut request = get("/api/v1/pipeline");
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        request.extensions_mut().insert(ConnectInfo::<SocketAddr>(address.parse().unwrap()));
        send(&router, request)
    };
    for _ in 0..3 {
        assert_eq!(from("10.0.0.1:5", "wrong").await.problem(), "unauthorized");
    }
    // The right token too: else the limit would not slow a guesser down.
    let held = from("10.0.0.1:6", TOKEN).await;
    assert_eq!((held.status, held.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"));
    assert_eq!(held.header("retry-after"), "60");
    assert_eq!(from("10.0.0.2:5", TOKEN).await.status, StatusCode::OK);
    world.clock.set(world.clock.now().plus_ms(60_000));
    assert_eq!(from("10.0.0.1:5", TOKEN).await.status, StatusCode::OK);
    assert!(world.clock.now() > at("2026-11-21T12:31:00Z"));
}
