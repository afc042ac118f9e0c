//! Who may do what: every operation of the operators' document, held against each role. A new one is in by itself.

use crate::admin_office::{Office, token};
use crate::house::request;
use crate::openapi::operations;
use axum::http::{Method, StatusCode};
use serde_json::json;
use suiftly_api::Clock;
use suiftly_store::accounts::OperatorRole;
use tower::ServiceExt;

/// A path with something in its places.
fn filled(path: &str) -> String {
    let path = path.trim_start_matches("/api/v1");
    let parts = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The status alone: a stream's body never ends.
async fn status(office: &Office, method: &Method, path: &str, token: Option<&str>) -> StatusCode {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    let body = (method != Method::GET).then(|| json!({}));
    let asked = request(method.clone(), path, body, &headers);
    office.router.clone().oneshot(asked).await.unwrap().status()
}

fn guarded() -> Vec<(Method, String)> {
    let guarded = operations().into_iter().filter(|(_, path, open)| !open && path.starts_with("/api/v1"));
    guarded.map(|(method, path, _)| (method, filled(&path))).collect()
}

#[tokio::test]
async fn without_a_token_nothing_and_with_a_viewers_nothing_that_writes() {
    let office = Office::open().await;
    let operations = guarded();
    assert!(operations.len() > 40, "{operations:?}");
    for (method, path) in &operations {
        let of = async |who: Option<&str>| status(&office, method, path, who.map(token).as_deref()).await;
        assert_eq!(of(None).await, 401, "{method} {path} without a token");
        assert_eq!(of(Some("nobody")).await, 401, "{method} {path} with nobody's token");
        let viewer = of(Some("viewer")).await;
        if *method == Method::GET {
            assert!(![401, 403, 405].contains(&viewer.as_u16()), "{method} {path}: {viewer}");
        } else {
            assert_eq!(viewer, 403, "{method} {path} as a viewer");
        }
    }
    let written = office.count("SELECT count(*) FROM activity WHERE actor_kind = 'operator'").await;
    assert_eq!(written, 0, "what was refused left nothing");
}

#[tokio::test]
async fn prices_operators_and_the_clock_are_the_admins() {
    let office = Office::open().await;
    for (method, path) in guarded().into_iter().filter(|(method, _)| *method != Method::GET) {
        let is_admins = ["/price-books", "/clock", "/operators", "/secrets", "/vault/freeze", "/vault/thaw"]
            .iter()
            .any(|part| path.starts_with(part));
        let found = status(&office, &method, &path, Some(&token("operator"))).await;
        assert_eq!(found == 403, is_admins, "{method} {path} as an operator: {found}");
        let found = status(&office, &method, &path, Some(&token("admin"))).await;
        assert_ne!(found, 403, "{method} {path} as an admin");
    }
}

#[tokio::test]
async fn who_is_disabled_here_is_refused_at_once_and_elsewhere_within_the_caches_time() {
    let office = Office::open().await;
    office.employ("leaver", OperatorRole::Viewer).await;
    office.employ("mover", OperatorRole::Viewer).await;
    for name in ["leaver", "mover"] {
        assert_eq!(office.ask(name, Method::GET, "/clock", None).await.status, 200, "{name}");
    }
    assert_eq!(office.ask("admin", Method::DELETE, "/operators/leaver", None).await.status, 204);
    assert_eq!(office.ask("leaver", Method::GET, "/clock", None).await.status, 401);
    // By another process.
    office.run("UPDATE operators SET disabled_at = now() WHERE name = 'mover'").await;
    let world = &office.house.world;
    world.clock.set(world.clock.now().plus_ms(6_000));
    for (method, path) in guarded() {
        assert_eq!(status(&office, &method, &path, Some(&token("mover"))).await, 401, "{method} {path}");
    }
    let missing = office.refused(Method::DELETE, "/operators/leaver", None).await;
    assert_eq!(missing, (404, "not_found".to_owned()), "twice");
}
