//! Sessions: tokens of two kinds, turns and reuse, lists and revocations.

use crate::house::{House, Member, post, request};
use crate::world::{Answered, send};
use axum::Router;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use suiftly_api::Clock;
use suiftly_schema::sealed::Keyring;
use suiftly_store::accounts::SESSIONS_MAX;

async fn refresh(router: &Router, token: &str) -> Answered {
    post(router, "/auth/refresh", json!({"refresh_token": token})).await
}

async fn me(router: &Router, token: &str) -> StatusCode {
    let bearer = format!("Bearer {token}");
    send(router, request(Method::GET, "/me", None, &[("authorization", &bearer)])).await.status
}

fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer[field].as_str().unwrap()
}

/// What the log says was done, and why sessions ended.
async fn log(house: &House) -> String {
    let log = "SELECT string_agg(action, ' ' ORDER BY id) FROM activity WHERE action NOT LIKE '%create'";
    house.client.query_one(log, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn one_kind_of_token_is_never_taken_for_the_other() {
    let house = House::open().await;
    let member = house.member(1).await;
    let (access, refresh_token) = (member.text("access_token"), member.text("refresh_token"));
    assert_eq!(
        (me(&house.router, access).await, me(&house.router, refresh_token).await),
        (StatusCode::OK, StatusCode::UNAUTHORIZED)
    );
    assert_eq!(refresh(&house.router, access).await.problem(), "unauthorized");
    let as_cookie = |name: &str, token: &str| format!("{name}={token}");
    let cases = [
        (as_cookie("suiftly_access", access), StatusCode::OK),
        (as_cookie("suiftly_access", refresh_token), StatusCode::UNAUTHORIZED),
        (as_cookie("suiftly_refresh", access), StatusCode::UNAUTHORIZED),
        (as_cookie("other", access), StatusCode::UNAUTHORIZED),
    ];
    for (cookie, status) in cases {
        let asked = send(&house.router, request(Method::GET, "/me", None, &[("cookie", &cookie)])).await;
        assert_eq!(asked.status, status, "{}", &cookie[..20]);
    }
    assert_eq!(refresh(&house.router, refresh_token).await.status, StatusCode::OK, "nothing was used up");
}

#[tokio::test]
async fn tokens_end_and_are_renewed() {
    let house = House::open().await;
    let member = house.member(1).await;
    let later = |seconds: i64| house.world.clock.set(house.world.clock.now().plus_ms(seconds * 1000));
    later(15 * 60 + 5);
    assert_eq!(me(&house.router, member.text("access_token")).await, StatusCode::UNAUTHORIZED);
    let renewed = refresh(&house.router, member.text("refresh_token")).await.json();
    assert_eq!(me(&house.router, text(&renewed, "access_token")).await, StatusCode::OK);
    later(30 * 86_400 + 5);
    assert_eq!(refresh(&house.router, text(&renewed, "refresh_token")).await.problem(), "unauthorized");
}

/// The token is kept as a hash alone.
#[tokio::test]
async fn no_token_is_in_the_database() {
    let house = House::open().await;
    let member = house.member(1).await;
    let rows =
        "SELECT string_agg(s::text, '') || (SELECT string_agg(a::text, '') FROM activity AS a) FROM sessions AS s";
    let rows: String = house.client.query_one(rows, &[]).await.unwrap().get(0);
    for field in ["access_token", "refresh_token"] {
        for part in member.text(field).split('.').skip(1) {
            assert!(!rows.contains(part), "{field}");
        }
    }
}

#[tokio::test]
async fn a_token_used_again_ends_its_session() {
    let house = House::open().await;
    let (member, other) = (house.member(1).await, house.member(1).await);
    let first = member.text("refresh_token");
    let second = refresh(&house.router, first).await.json();
    // Of two tabs one comes second: an access token, and no other refresh token.
    let again = refresh(&house.router, first).await;
    assert_eq!((again.status, again.json().get("refresh_token")), (StatusCode::OK, None));
    assert_eq!(me(&house.router, text(&again.json(), "access_token")).await, StatusCode::OK);
    // Later it is a thief's, or the thief has used it before.
    house.world.clock.set(house.world.clock.now().plus_ms(10_001));
    assert_eq!(refresh(&house.router, first).await.problem(), "unauthorized");
    assert_eq!(
        refresh(&house.router, text(&second, "refresh_token")).await.problem(),
        "unauthorized",
        "the whole family"
    );
    assert_eq!(me(&house.router, text(&second, "access_token")).await, StatusCode::UNAUTHORIZED, "at once");
    assert_eq!(me(&house.router, other.text("access_token")).await, StatusCode::OK, "the other session goes on");
    assert_eq!(log(&house).await, "session.sign_in session.sign_in session.reuse");
}

/// The one before the one before is nobody's second tab.
#[tokio::test]
async fn the_grace_is_for_the_token_before_alone() {
    let house = House::open().await;
    let member = house.member(1).await;
    let first = member.text("refresh_token");
    let second = refresh(&house.router, first).await.json();
    house.world.clock.set(house.world.clock.now().plus_ms(1_000));
    assert_eq!(refresh(&house.router, text(&second, "refresh_token")).await.status, StatusCode::OK);
    assert_eq!(refresh(&house.router, first).await.problem(), "unauthorized");
    assert_eq!(log(&house).await, "session.sign_in session.reuse");
}

#[tokio::test]
async fn of_refreshes_at_once_one_rotates() {
    let house = House::open().await;
    let member = house.member(1).await;
    let refreshes = (0..8).map(|_| {
        let (router, token) = (house.router.clone(), member.text("refresh_token").to_owned());
        tokio::spawn(async move { refresh(&router, &token).await })
    });
    let mut rotated = Vec::new();
    for refreshed in refreshes.collect::<Vec<_>>() {
        let refreshed = refreshed.await.unwrap();
        assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
        rotated.extend(refreshed.json().get("refresh_token").cloned());
    }
    assert_eq!(rotated.len(), 1);
    assert_eq!(refresh(&house.router, rotated[0].as_str().unwrap()).await.status, StatusCode::OK);
}

async fn listed(member: &Member) -> Vec<(String, bool)> {
    let sessions = member.get("/auth/sessions").await;
    let items = sessions["items"].as_array().unwrap();
    items.iter().map(|item| (text(item, "id").to_owned(), item["is_current"] == true)).collect()
}

#[tokio::test]
async fn sessions_are_listed_and_revoked() {
    let house = House::open().await;
    let (a, b, c) = (house.member(1).await, house.member(1).await, house.member(1).await);
    let stranger = house.member(2).await;
    let id = |member: &Member| member.text("session_id").to_owned();
    let (mut found, mut expected) = (listed(&a).await, vec![(id(&a), true), (id(&b), false), (id(&c), false)]);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let delete = async |member: &Member, path: &str| member.ask(Method::DELETE, path, None).await;
    // Another process over the same database.
    let elsewhere = house.world.customer_router();
    assert_eq!(me(&elsewhere, b.text("access_token")).await, StatusCode::OK);
    let of_b = format!("/auth/sessions/{}", id(&b));
    for (member, path) in [(&stranger, of_b.as_str()), (&a, "/auth/sessions/none"), (&a, "/auth/sessions/%00")] {
        assert_eq!(delete(member, path).await.problem(), "not_found", "{path}");
    }
    assert_eq!(delete(&a, &of_b).await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete(&a, &of_b).await.problem(), "not_found", "it has ended");
    assert_eq!(me(&house.router, b.text("access_token")).await, StatusCode::UNAUTHORIZED, "at once here");
    house.world.clock.set(house.world.clock.now().plus_ms(5_000));
    assert_eq!(me(&elsewhere, b.text("access_token")).await, StatusCode::UNAUTHORIZED, "within 5 s elsewhere");
    assert_eq!(refresh(&house.router, b.text("refresh_token")).await.problem(), "unauthorized");
    assert_eq!(delete(&a, "/auth/sessions").await.json(), json!({"revoked": 1}));
    assert_eq!(listed(&a).await, [(id(&a), true)]);
    assert_eq!(me(&house.router, c.text("access_token")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&house.router, stranger.text("access_token")).await, StatusCode::OK);
    let revoked = "SELECT count(*) FROM activity WHERE action = 'session.revoke' AND actor_kind = 'customer'";
    assert_eq!(house.count(revoked).await, 2);
}

#[tokio::test]
async fn who_signs_out_is_out_with_any_of_their_tokens() {
    let house = House::open().await;
    let out = async |headers: &[(&str, &str)]| {
        send(&house.router, request(Method::POST, "/auth/logout", None, headers)).await
    };
    assert_eq!(out(&[]).await.problem(), "unauthorized");
    let member = house.member(1).await;
    let bearer = format!("Bearer {}", member.text("access_token"));
    assert_eq!(out(&[("authorization", &bearer)]).await.status, StatusCode::NO_CONTENT);
    assert_eq!(out(&[("authorization", &bearer)]).await.problem(), "unauthorized");
    assert_eq!(refresh(&house.router, member.text("refresh_token")).await.problem(), "unauthorized");
    // A browser whose access cookie has ended has the other one yet.
    let member = house.member(1).await;
    let cookie = format!("suiftly_refresh={}", member.text("refresh_token"));
    assert_eq!(out(&[("cookie", &cookie)]).await.problem(), "cross_site");
    assert_eq!(out(&[("cookie", &cookie), ("sec-fetch-site", "same-origin")]).await.status, StatusCode::NO_CONTENT);
    assert_eq!(me(&house.router, member.text("access_token")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(log(&house).await, "session.sign_in session.logout session.sign_in session.logout");
}

#[tokio::test]
async fn one_session_too_many_replaces_the_one_used_longest_ago() {
    let house = House::open().await;
    let first = house.member(1).await;
    let second = house.member(1).await;
    for _ in 2..SESSIONS_MAX {
        house.world.clock.set(house.world.clock.now().plus_ms(1_000));
        first.wallet.sign_in(&house.router).await;
    }
    // The first was used since.
    let first = refresh(&house.router, first.text("refresh_token")).await.json();
    second.wallet.sign_in(&house.router).await;
    let open = "SELECT count(*) FROM sessions WHERE revoked_at IS NULL";
    assert_eq!(house.count(open).await, SESSIONS_MAX);
    assert_eq!(me(&house.router, text(&first, "access_token")).await, StatusCode::OK);
    assert_eq!(me(&house.router, second.text("access_token")).await, StatusCode::UNAUTHORIZED);
    // However often: what is kept of ended ones is bounded, too.
    for _ in 0..SESSIONS_MAX + 10 {
        second.wallet.sign_in(&house.router).await;
    }
    let kept = house.count("SELECT count(*) FROM sessions").await;
    assert!(kept <= 2 * SESSIONS_MAX + 1, "{kept}");
}

#[tokio::test]
async fn signing_keys_rotate_without_signing_anybody_out() {
    let mut house = House::open().await;
    let member = house.member(1).await;
    let token = member.text("access_token");
    let mut with_keys = |keys: &[u8]| {
        let keys = keys.iter().map(|id| (u16::from(*id), [*id * 9; 32])).collect();
        house.world.accounts.as_mut().unwrap().jwt = Keyring::of(keys).unwrap();
        house.world.customer_router()
    };
    let (rotated, later) = (with_keys(&[2, 1]), with_keys(&[2]));
    assert_eq!(me(&rotated, token).await, StatusCode::OK);
    let renewed = refresh(&rotated, member.text("refresh_token")).await.json();
    assert_eq!(me(&later, token).await, StatusCode::UNAUTHORIZED, "its key was taken out");
    assert_eq!(me(&later, text(&renewed, "access_token")).await, StatusCode::OK);
}

/// The hourly retention takes out what is over, and nothing else.
#[tokio::test]
async fn what_is_over_is_taken_out() {
    let house = House::open().await;
    let member = house.member(1).await;
    let renewed = refresh(&house.router, member.text("refresh_token")).await.json();
    member.wallet.challenge(&house.router).await;
    let store = &house.world.accounts.as_ref().unwrap().store;
    let count = async |table: &str| house.count(&format!("SELECT count(*) FROM {table}")).await;
    let all = async || (count("auth_challenges").await, count("used_refresh_tokens").await, count("sessions").await);
    let retain =
        async |days: i64| store.retain_sign_in(house.world.clock.now().plus_ms(days * 86_400_000 + 1)).await.unwrap();
    retain(0).await;
    assert_eq!(all().await, (1, 1, 1));
    retain(1).await;
    assert_eq!(all().await, (0, 0, 1));
    retain(30).await;
    assert_eq!(refresh(&house.router, text(&renewed, "refresh_token")).await.status, StatusCode::OK, "still open");
    retain(61).await;
    assert_eq!(all().await, (0, 0, 0));
}
