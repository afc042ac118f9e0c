//! Around both servers: how often may be asked, whose address is believed, which pages may ask.

use crate::auth::with;
use crate::house::{House, Member};
use crate::world::{Answered, TOKEN, World, get, send};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use std::net::SocketAddr;
use suiftly_api::{Clock, Rate};

/// Asks for a page of the API that is open to all, from an address.
async fn from(router: &Router, address: &str, forwarded_for: Option<&str>) -> Answered {
    let headers: Vec<_> = forwarded_for.map(|told| ("x-forwarded-for", told)).into_iter().collect();
    let mut request = with(Method::GET, "/api/v1/openapi.json", &headers);
    let peer: SocketAddr = format!("{address}:4000").parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    send(router, request).await
}

fn limits(answered: &Answered) -> [&str; 4] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"].map(|name| answered.header(name))
}

#[tokio::test(start_paused = true)]
async fn an_address_may_ask_so_often_on_either_port() {
    let mut world = World::roomy();
    world.config.limits.address = Rate { per_second: 2, burst: 3 };
    for router in [world.router(), world.customer_router()] {
        let first = from(&router, "192.0.2.1", None).await;
        assert_eq!((first.status, limits(&first)), (StatusCode::OK, ["3", "2", "1", ""]));
        assert_eq!(limits(&from(&router, "192.0.2.1", None).await), ["3", "1", "1", ""]);
        assert_eq!(limits(&from(&router, "192.0.2.1", None).await), ["3", "0", "2", ""]);
        let refused = from(&router, "192.0.2.1", None).await;
        assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
        assert_eq!(limits(&refused), ["3", "0", "2", "1"]);
        assert_eq!(refused.header("x-content-type-options"), "nosniff", "with everything that answers have");
        assert_eq!(
            from(&router, "192.0.2.1", Some("198.51.100.1")).await.status,
            StatusCode::TOO_MANY_REQUESTS,
            "spoofed"
        );
        assert_eq!(from(&router, "192.0.2.2", None).await.status, StatusCode::OK, "nobody else waits");
        let health = send(&router, Request::get("/health").body(Body::empty()).unwrap()).await;
        assert_eq!((health.status, limits(&health)), (StatusCode::OK, ["", "", "", ""]), "machines look at it");
        world.clock.set(world.clock.now().plus_ms(500));
        assert_eq!(from(&router, "192.0.2.1", None).await.status, StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn a_trusted_proxy_tells_whose_request_it_is() {
    let mut world = World::roomy();
    world.config.limits.address = Rate { per_second: 1, burst: 1 };
    world.config.rules.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let router = world.customer_router();
    let status = async |address: &str, told: &str| from(&router, address, Some(told)).await.status.as_u16();
    assert_eq!(status("10.0.0.1", "192.0.2.1").await, 200);
    assert_eq!(status("10.0.0.1", "192.0.2.2").await, 200, "another client of the same proxy");
    assert_eq!(status("10.0.0.2", "192.0.2.1").await, 429, "the same by another proxy");
    assert_eq!(status("10.0.0.1", "203.0.113.9, 192.0.2.1").await, 429, "what the client wrote itself is not believed");
    assert_eq!(status("192.0.2.1", "203.0.113.9").await, 429, "nor what comes past the proxy");
}

/// Signed in from wherever: the customer's own limit, and it is the one that is told.
#[tokio::test]
async fn a_customer_may_ask_so_often() {
    let house = House::with(|world| world.config.limits.customer = Rate { per_second: 1, burst: 2 }).await;
    let (member, other) = (house.member(1).await, house.member(2).await);
    let again = house.member(1).await;
    // Time stands still: a slow machine fills no bucket.
    let now = house.world.clock.now();
    let me = async |member: &Member| {
        house.world.clock.set(now);
        member.ask(Method::GET, "/me", None).await
    };
    assert_eq!(limits(&me(&member).await)[..2], ["2", "1"]);
    assert_eq!(me(&again).await.status, StatusCode::OK, "another session of theirs");
    let refused = me(&member).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(me(&other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_address_a_proxy_tells_is_the_one_on_record() {
    let house = House::with(|world| world.config.rules.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()]).await;
    let member = house.member(1).await;
    let bearer = format!("Bearer {}", member.text("access_token"));
    let mut request = with(
        Method::DELETE,
        &format!("/api/v1/auth/sessions/{}", member.text("session_id")),
        &[("authorization", &bearer), ("x-forwarded-for", "203.0.113.9, 192.0.2.77")],
    );
    request.extensions_mut().insert(ConnectInfo("10.0.0.1:4000".parse::<SocketAddr>().unwrap()));
    assert_eq!(send(&house.router, request).await.status, StatusCode::NO_CONTENT);
    let found = "SELECT host(address) FROM activity WHERE action = 'session.revoke'";
    let found: String = house.client.query_one(found, &[]).await.unwrap().get(0);
    assert_eq!(found, "192.0.2.77");
}

#[tokio::test(start_paused = true)]
async fn pages_of_other_origins_may_not_ask_unless_they_are_named() {
    let mut world = World::roomy();
    let ask = async |router: &Router, origin: &str| {
        let bearer = format!("Bearer {TOKEN}");
        let preflight = with(
            Method::OPTIONS,
            "/api/v1/pipeline",
            &[
                ("origin", origin),
                ("access-control-request-method", "GET"),
                ("access-control-request-headers", "authorization"),
            ],
        );
        let asked = with(Method::GET, "/api/v1/pipeline", &[("origin", origin), ("authorization", &bearer)]);
        let (preflight, asked) = (send(router, preflight).await, send(router, asked).await);
        assert_eq!(asked.header("access-control-allow-credentials"), "", "never with cookies");
        [&preflight, &asked].map(|answered| answered.header("access-control-allow-origin").to_owned())
    };
    let (app, other) = ("https://app.example.org", "https://evil.example.org");
    assert_eq!(ask(&world.router(), app).await, ["", ""]);
    world.config.rules.cors_origins = vec![app.parse().unwrap()];
    assert_eq!(ask(&world.router(), app).await, [app, app]);
    assert_eq!(ask(&world.router(), other).await, ["", ""]);
}

#[tokio::test(start_paused = true)]
async fn browsers_are_told_to_come_by_tls_outside_development() {
    let mut world = World::roomy();
    for (is_tls_only, expected) in [(false, ""), (true, "max-age=63072000; includeSubDomains")] {
        world.config.rules.is_tls_only = is_tls_only;
        for router in [world.router(), world.customer_router()] {
            assert_eq!(send(&router, get("/health")).await.header("strict-transport-security"), expected);
        }
    }
}
