//! The OpenAPI document: its golden copy, and that it tells the truth.

use crate::world::{World, get, send};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::Value;
use std::path::Path;

/// The operators' document.
fn document() -> Value {
    serde_json::from_str(suiftly_api::openapi::admin_json()).unwrap()
}

/// The customers' document.
fn customer_document() -> Value {
    serde_json::from_str(suiftly_api::openapi::customer_json()).unwrap()
}

/// Every operation of the operators' document, and whether it is open to all. Not those of edges, which have tokens of
/// their own.
pub(crate) fn operations() -> Vec<(Method, String, bool)> {
    let is_edges = |path: &str| path.starts_with("/api/v1/edge/");
    operations_of(&document()).into_iter().filter(|(_, path, _)| !is_edges(path)).collect()
}

/// Every operation of the customers' document, and whether it is open to all.
pub(crate) fn customer_operations() -> Vec<(Method, String, bool)> {
    operations_of(&customer_document())
}

fn operations_of(document: &Value) -> Vec<(Method, String, bool)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let open = operation.get("security").is_some_and(|security| security == &serde_json::json!([{}]));
            operations.push((method.to_uppercase().parse().unwrap(), path.clone(), open));
        }
    }
    operations
}

#[test]
fn the_golden_copies_are_the_documents() {
    let documents = [
        ("openapi.json", suiftly_api::openapi::customer_json()),
        ("openapi-admin.json", suiftly_api::openapi::admin_json()),
    ];
    for (file, document) in documents {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var_os("UPDATE_GOLDEN").is_some_and(|set| set == "1") {
            std::fs::write(&path, document).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            golden == document,
            "api/{file} is not what the code says. Look at the difference, then renew it, and the TypeScript client \
             made from it: UPDATE_GOLDEN=1 cargo nextest run -p suiftly-api golden"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn they_are_served_to_all_and_name_what_the_contract_names() {
    let world = World::roomy();
    let served = [
        (world.router(), suiftly_api::openapi::admin_json()),
        (world.customer_router(), suiftly_api::openapi::customer_json()),
    ];
    for (router, document) in served {
        let served = send(&router, Request::get("/api/v1/openapi.json").body(Body::empty()).unwrap()).await;
        assert_eq!((served.status, served.header("content-type")), (StatusCode::OK, "application/json"));
        assert_eq!(served.body, document);
        assert!(served.json()["openapi"].as_str().unwrap().starts_with("3.1"));
    }
    let everywhere =
        ["StreamSnapshot", "StreamDelta", "StreamReset", "ResetReason", "Problem", "ProblemCode", "FieldError"];
    let operators = [
        "Summary",
        "Series",
        "SeriesPoint",
        "Pipeline",
        "WorkerLoss",
        "LossReport",
        "QuarantineReasons",
        "Quarantine",
        "QuarantineText",
        "Replayed",
    ];
    for (document, named) in [(document(), &operators[..]), (customer_document(), &["StreamClock"])] {
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for name in named.iter().chain(&everywhere) {
            assert!(schemas.contains_key(*name), "{name}");
        }
    }
}

#[test]
fn what_is_open_to_all_is_listed_here() {
    let open = |operations: Vec<(Method, String, bool)>| -> Vec<String> {
        let open = operations.into_iter().filter(|(_, _, open)| *open);
        open.map(|(method, path, _)| format!("{method} {path}")).collect()
    };
    assert_eq!(open(operations()), ["GET /api/v1/openapi.json", "GET /health", "GET /metrics", "GET /ready"]);
    let customers = [
        "POST /api/v1/auth/challenge",
        "GET /api/v1/auth/config",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/verify",
        "GET /api/v1/openapi.json",
        "GET /health",
        "GET /ready",
    ];
    assert_eq!(open(customer_operations()), customers);
}

/// Customers are known by their session alone.
#[test]
fn no_customer_is_shown_a_customer_id() {
    assert!(!suiftly_api::openapi::customer_json().contains("customer_id"));
}

#[test]
fn all_integers_have_a_width() {
    fn walk(at: &str, value: &Value) {
        if let Some(object) = value.as_object() {
            let is_integer = match &object.get("type") {
                Some(Value::String(one)) => one == "integer",
                Some(Value::Array(several)) => several.iter().any(|one| one == "integer"),
                _ => false,
            };
            assert!(!is_integer || object.contains_key("format"), "{at}: {value}");
            object.iter().for_each(|(name, inner)| walk(&format!("{at}/{name}"), inner));
        }
        value.as_array().into_iter().flatten().for_each(|inner| walk(at, inner));
    }
    walk("", &document());
    walk("", &customer_document());
}

/// What is documented is taken, and what is not documented is refused.
#[tokio::test(start_paused = true)]
async fn documented_parameters_are_the_ones_that_are_read() {
    let router = World::roomy().router();
    let document = document();
    for (method, path, open) in operations() {
        if open || method != Method::GET || path.contains('{') {
            continue;
        }
        let operation = &document["paths"][&path][method.as_str().to_lowercase()];
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for name in ["from", "to", "bucket", "customer_id", "service_type", "network", "server_id", "page"] {
            let documented = parameters.iter().any(|one| one["name"] == name && one["in"] == "query");
            let mut request = get(&format!("{path}?{name}=%00"));
            *request.method_mut() = method.clone();
            let answered = send(&router, request).await;
            let errors = answered.json()["errors"].clone();
            let is_unknown = errors[0]["message"] == "is no parameter here";
            assert_eq!(
                (answered.status, is_unknown),
                (StatusCode::BAD_REQUEST, !documented),
                "{path} {name}: {errors}"
            );
        }
    }
}
