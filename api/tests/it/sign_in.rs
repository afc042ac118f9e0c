//! Signing in: a challenge, a signature, an account.

use crate::house::{House, Wallet, post, request};
use crate::world::send;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use suiftly_api::Clock;

fn signed(wallet: &Wallet, message: &str) -> Value {
    json!({"address": wallet.address, "signature": wallet.sign(message), "tokens": "body"})
}

#[tokio::test]
async fn a_wallet_signs_in_and_its_account_is_made_once() {
    let house = House::open().await;
    let first = house.member(1).await;
    assert_eq!(first.signed_in["is_new"], true);
    assert!(first.id.get() < 1 << 31);
    let me = first.get("/me").await;
    assert_eq!(
        (me["wallet_address"].as_str(), me["status"].as_str()),
        (Some(first.wallet.address.as_str()), Some("active"))
    );
    let again = house.member(1).await;
    assert_eq!((again.id, again.signed_in["is_new"].as_bool()), (first.id, Some(false)));
    assert_eq!(house.count("SELECT count(*) FROM customers").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM outbox WHERE kind = 'account'").await, 1, "the dataflow is told");
    let log = "SELECT string_agg(action, ' ' ORDER BY id) FROM activity";
    let log: String = house.client.query_one(log, &[]).await.unwrap().get(0);
    assert_eq!(log, "account.create session.sign_in session.sign_in");
    let shown = format!("{me}{}{}", again.signed_in, first.get("/auth/sessions").await);
    assert!(!shown.contains(&first.id.get().to_string()), "customer ids are never shown: {shown}");
}

#[tokio::test]
async fn a_pending_challenge_is_handed_out_again_and_works_once() {
    let house = House::open().await;
    let wallet = Wallet::new(1);
    let message = wallet.challenge(&house.router).await;
    let upper = json!({"address": wallet.address.replace('a', "A")});
    assert_eq!(post(&house.router, "/auth/challenge", upper).await.json()["message"], message);
    assert!(message.contains("suiftly.test") && message.contains(&wallet.address), "{message}");
    assert_eq!(post(&house.router, "/auth/verify", signed(&wallet, &message)).await.status, StatusCode::OK);
    let again = post(&house.router, "/auth/verify", signed(&wallet, &message)).await;
    assert_eq!((again.status, again.problem().as_str()), (StatusCode::CONFLICT, "no_challenge"));
    assert_ne!(wallet.challenge(&house.router).await, message);
    let other = post(&house.router, "/auth/verify", signed(&wallet, &message)).await;
    assert_eq!((other.status, other.problem().as_str()), (StatusCode::UNAUTHORIZED, "invalid_signature"));
}

/// 50 at once with the same signature: one is in.
#[tokio::test]
async fn a_nonce_works_once_under_50_attempts_at_once() {
    let house = House::with(|world| world.config.limits.failed_attempts = 100).await;
    let wallet = Wallet::new(1);
    let body = signed(&wallet, &wallet.challenge(&house.router).await);
    let attempts: Vec<_> = (0..50)
        .map(|_| {
            let (router, body) = (house.router.clone(), body.clone());
            tokio::spawn(async move { post(&router, "/auth/verify", body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.unwrap());
    }
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(StatusCode::OK), count(StatusCode::CONFLICT)), (1, 49), "{statuses:?}");
    assert_eq!(house.count("SELECT count(*) FROM sessions").await, 1);
}

#[tokio::test]
async fn challenges_expire_and_are_bounded() {
    let house = House::open().await;
    let wallet = Wallet::new(1);
    let message = wallet.challenge(&house.router).await;
    house.world.clock.set(house.world.clock.now().plus_ms(10 * 60_000));
    let late = post(&house.router, "/auth/verify", signed(&wallet, &message)).await;
    assert_eq!((late.status, late.problem().as_str()), (StatusCode::CONFLICT, "no_challenge"));
    // As many as may be are pending; the one that would expire first makes room.
    let now = house.world.clock.now().rfc3339();
    let fill = format!(
        "INSERT INTO auth_challenges SELECT '0x' || lpad(to_hex(n), 64, '0'), lpad(to_hex(n), 64, '0'), 'm', '{now}', \
            '{now}'::timestamptz + '1 minute'::interval + n * '1 ms'::interval FROM generate_series(1, 100000) AS n"
    );
    house.client.batch_execute(&fill).await.unwrap();
    wallet.challenge(&house.router).await;
    assert_eq!(house.count("SELECT count(*) FROM auth_challenges").await, 100_000);
    let first = format!("SELECT count(*) FROM auth_challenges WHERE wallet_address = '0x{:064x}'", 1);
    assert_eq!(house.count(&first).await, 0);
}

#[tokio::test]
async fn what_does_not_hold_is_refused() {
    let house = House::with(|world| world.config.limits.failed_attempts = 2).await;
    let (wallet, thief) = (Wallet::new(1), Wallet::new(2));
    let message = wallet.challenge(&house.router).await;
    let address = wallet.address.as_str();
    let cases = [
        (json!({"address": address, "signature": thief.sign(&message)}), 401, "invalid_signature"),
        (json!({"address": address, "signature": "AAAA"}), 400, "validation"),
        (json!({"address": address, "signature": data_encoding::BASE64.encode(&[5; 97])}), 400, "validation"),
        (json!({"address": "0x1", "signature": "AAAA"}), 400, "validation"),
        (json!({"address": address}), 400, "validation"),
        (json!({"address": address, "signature": wallet.sign(&message), "more": 1}), 400, "validation"),
        (json!({"address": thief.address, "signature": thief.sign(&message)}), 409, "no_challenge"),
        // Two have failed by now: the right one waits too.
        (json!({"address": address, "signature": wallet.sign(&message)}), 429, "too_many_attempts"),
    ];
    for (body, status, code) in cases {
        let answered = post(&house.router, "/auth/verify", body.clone()).await;
        assert_eq!((answered.status.as_u16(), answered.problem().as_str()), (status, code), "{body}");
    }
    assert_eq!(house.count("SELECT count(*) FROM customers").await, 0);
    house.world.clock.set(house.world.clock.now().plus_ms(60_000));
    assert_eq!(
        post(&house.router, "/auth/verify", signed(&wallet, &message)).await.status,
        StatusCode::OK,
        "still pending"
    );
}

#[tokio::test]
async fn mock_sign_in_takes_any_signature() {
    let house = House::with(|world| world.accounts.as_mut().unwrap().mode.mock_auth = true).await;
    let wallet = Wallet::new(1);
    wallet.challenge(&house.router).await;
    let body = json!({"address": wallet.address, "signature": "mock"});
    assert_eq!(post(&house.router, "/auth/verify", body.clone()).await.status, StatusCode::OK);
    assert_eq!(
        post(&house.router, "/auth/verify", body).await.status,
        StatusCode::CONFLICT,
        "a challenge all the same"
    );
}

/// Everything a browser keeps of an answer: `name=value` of each cookie, and the cookies whole.
fn cookies(answered: &crate::world::Answered) -> (String, Vec<String>) {
    let whole: Vec<_> =
        answered.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect();
    let pairs: Vec<_> = whole.iter().map(|cookie| cookie.split(';').next().unwrap()).collect();
    (pairs.join("; "), whole)
}

#[tokio::test]
async fn browsers_get_cookies_and_no_token() {
    for is_secure in [true, false] {
        let house = House::with(|world| world.accounts.as_mut().unwrap().mode.secure_cookies = is_secure).await;
        let wallet = Wallet::new(1);
        let message = wallet.challenge(&house.router).await;
        let body = json!({"address": wallet.address, "signature": wallet.sign(&message)});
        let own = ("sec-fetch-site", "same-origin");
        // Signed in by another site's page, the visitor would use a stranger's account.
        let foreign = request(Method::POST, "/auth/verify", Some(body.clone()), &[("sec-fetch-site", "cross-site")]);
        assert_eq!(send(&house.router, foreign).await.problem(), "cross_site");
        let answered = send(&house.router, request(Method::POST, "/auth/verify", Some(body), &[own])).await;
        assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
        assert!(!answered.body.contains("token"), "{}", answered.body);
        let (jar, whole) = cookies(&answered);
        let secure = if is_secure { "; Secure" } else { "" };
        for (cookie, rest) in whole.iter().zip(["900; Path=/api", "2592000; Path=/api/v1/auth"]) {
            let expected = format!("; Max-Age={rest}; HttpOnly; SameSite=Strict{secure}");
            assert!(cookie.ends_with(&expected), "{cookie} {expected}");
        }
        let ask = async |method: Method, path: &str, headers: &[(&str, &str)]| {
            let headers = [&[("cookie", jar.as_str())], headers].concat();
            let body = (method == Method::PATCH).then(|| json!({"display_name": "Ada"}));
            send(&house.router, request(method, path, body, &headers)).await
        };
        assert_eq!(ask(Method::GET, "/me", &[]).await.status, StatusCode::OK);
        let cases: [(&[(&str, &str)], u16); 6] = [
            (&[], 403),
            (&[("sec-fetch-site", "cross-site")], 403),
            (&[("sec-fetch-site", "same-site")], 403),
            (&[("host", "a"), ("origin", "http://b")], 403),
            (&[("host", "a"), ("origin", "http://a")], 200),
            (&[own], 200),
        ];
        for (headers, status) in cases {
            assert_eq!(ask(Method::PATCH, "/me", headers).await.status.as_u16(), status, "{headers:?}");
        }
        // The refresh cookie goes to sign-in alone, and its token never into a body.
        let refresh = async |headers: &[(&str, &str)], body: Option<Value>| {
            let headers = [&[("cookie", jar.as_str())], headers].concat();
            send(&house.router, request(Method::POST, "/auth/refresh", body, &headers)).await
        };
        assert_eq!(refresh(&[], None).await.problem(), "cross_site");
        assert_eq!(refresh(&[own], Some(json!({"tokens": "body"}))).await.problem(), "validation");
        let refreshed = refresh(&[own], None).await;
        assert!(refreshed.status == StatusCode::OK && !refreshed.body.contains("token"), "{}", refreshed.body);
        assert_eq!(cookies(&refreshed).1.len(), 2);
        let out = ask(Method::POST, "/auth/logout", &[own]).await;
        assert_eq!(out.status, StatusCode::NO_CONTENT);
        assert!(cookies(&out).1.iter().all(|cookie| cookie.contains("=; Max-Age=0")), "{:?}", cookies(&out).1);
        assert_eq!(ask(Method::GET, "/me", &[]).await.problem(), "unauthorized");
    }
}

#[tokio::test]
async fn suspended_accounts_are_used_and_closed_ones_looked_at() {
    let house = House::open().await;
    let member = house.member(1).await;
    let status = async |status: &str| {
        house.client.execute("UPDATE customers SET status = $1", &[&status]).await.unwrap();
        house.world.clock.set(house.world.clock.now().plus_ms(5_000));
    };
    let rename = async || member.ask(Method::PATCH, "/me", Some(json!({"display_name": "Ada"}))).await;
    status("suspended").await;
    assert_eq!(member.get("/me").await["status"], "suspended");
    assert_eq!(rename().await.status, StatusCode::OK);
    status("closed").await;
    assert_eq!(member.get("/me").await["status"], "closed");
    assert_eq!((rename().await.status, rename().await.problem().as_str()), (StatusCode::FORBIDDEN, "account_closed"));
    assert_eq!(house.member(1).await.get("/me").await["status"], "closed", "who is closed may sign in and look");
    assert_eq!(member.ask(Method::POST, "/auth/logout", None).await.status, StatusCode::NO_CONTENT);
}
