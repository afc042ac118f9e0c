//! The OpenAPI document: its golden copy, and that it tells the truth.

use crate::world::{World, get, send};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::Value;
use std::path::Path;

fn document() -> Value {
    serde_json::from_str(suiftly_api::openapi::json()).unwrap()
}

/// Every documented operation, and whether it is open to all.
pub(crate) fn operations() -> Vec<(Method, String, bool)> {
    let document = document();
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
fn the_golden_copy_is_the_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|set| set == "1") {
        std::fs::write(&path, suiftly_api::openapi::json()).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == suiftly_api::openapi::json(),
        "api/openapi.json is not what the code says. Look at the difference, then renew it, and the TypeScript client \
         made from it: UPDATE_GOLDEN=1 cargo nextest run -p suiftly-api golden"
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_served_to_all_and_names_what_the_contract_names() {
    let router = World::roomy().router();
    let served = send(&router, Request::get("/api/v1/openapi.json").body(Body::empty()).unwrap()).await;
    assert_eq!((served.status, served.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(served.body, suiftly_api::openapi::json());
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let named = [
        "Counts",
        "Summary",
        "Series",
        "SeriesPoint",
        "Pipeline",
        "StreamSnapshot",
        "StreamDelta",
        "StreamReset",
        "ResetReason",
        "Problem",
        "ProblemCode",
        "FieldError",
        "WorkerLoss",
        "DevSession",
        "LossReport",
        "QuarantineReasons",
        "Quarantine",
        "QuarantineText",
        "Replayed",
    ];
    for name in named {
        assert!(schemas.contains_key(name), "{name}");
    }
    let open: Vec<String> = operations()
        .into_iter()
        .filter(|(_, _, open)| *open)
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(
        open,
        ["POST /api/v1/dev/session", "GET /api/v1/openapi.json", "GET /health", "GET /metrics", "GET /ready"]
    );
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
}

/// What is documented is taken, and what is not documented is refused.
#[tokio::test(start_paused = true)]
async fn documented_parameters_are_the_ones_that_are_read() {
    let router = World::roomy().router();
    let document = document();
    for (method, path, open) in operations() {
        if open {
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
