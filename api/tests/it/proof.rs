//! Proofs by HTTP: of a customer's own requests alone, and byte for byte as they were made.

use crate::desk::Desk;
use axum::http::{Method, StatusCode};
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};
use suiftly_api::proof::{ProofAsk, Prover, Unproven, parse_request};
use suiftly_schema::proof::{ProofFile, verify};
use suiftly_schema::time::UnixMillis;

/// Answers the vectors' proof, or what it is to refuse with; keeps what it was asked.
#[derive(Default)]
struct Kept {
    asked: Mutex<Vec<ProofAsk>>,
    refusals: Mutex<Vec<Unproven>>,
}

fn file() -> String {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../schema/tests/data/proof/files.json")).unwrap();
    vectors["valid"][1]["file"].as_str().unwrap().to_owned()
}

impl Prover for Kept {
    fn prove(&self, ask: ProofAsk) -> BoxFuture<'_, Result<ProofFile, Unproven>> {
        self.asked.lock().unwrap().push(ask);
        let answer = match self.refusals.lock().unwrap().pop() {
            Some(refusal) => Err(refusal),
            None => Ok(ProofFile::parse(file().as_bytes()).unwrap()),
        };
        Box::pin(async { answer })
    }
}

async fn desk(kept: &Arc<Kept>) -> Desk {
    let mut desk = Desk::open().await;
    desk.house.world.prover = Some(Arc::clone(kept) as _);
    desk.house.router = desk.house.world.customer_router();
    desk
}

#[tokio::test]
async fn a_proof_is_a_file_of_the_customers_own_request() {
    let kept = Arc::new(Kept::default());
    let desk = desk(&kept).await;
    let (member, other) = (desk.member(1).await, desk.member(2).await);
    let path = "/billing/proof?request=6B0214B13DF-1D83-8CA5";
    let answered = member.ask(Method::GET, path, None).await;
    assert_eq!((answered.status, answered.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(answered.body, file(), "byte for byte");
    verify(answered.body.as_bytes()).unwrap();
    assert!(answered.header("content-disposition").starts_with("attachment; filename=\"proof-2026"));
    other.ask(Method::GET, &format!("{path}&hour=2026-11-21T22:00:00Z"), None).await;
    other.ask(Method::GET, "/billing/proof?request=17-1795100000123-4242", None).await;

    let asked = std::mem::take(&mut *kept.asked.lock().unwrap());
    let ask = |request, customer, hour| {
        let wanted = parse_request(request).unwrap();
        ProofAsk { wanted, customer: Some(customer), hour }
    };
    let hour = UnixMillis::parse_rfc3339("2026-11-21T22:00:00Z");
    let expected = [
        ask("6B0214B13DF-1D83-8CA5", member.id, None),
        ask("6B0214B13DF-1D83-8CA5", other.id, hour),
        ask("17-1795100000123-4242", other.id, None),
    ];
    assert_eq!(asked, expected);
    // Nobody's.
    let nobody = desk.house.world.customer_router();
    let request = crate::house::request(Method::GET, path, None, &[]);
    let refused = tower::ServiceExt::oneshot(nobody, request).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn why_there_is_none() {
    let kept = Arc::new(Kept::default());
    let desk = desk(&kept).await;
    let member = desk.member(1).await;
    for (query, field) in [
        ("", "request"),
        ("request=", "request"),
        ("request=a%20b", "request"),
        ("request=x&hour=2026-11-21T22:00:01Z", "hour"),
    ] {
        let asked = member.ask(Method::GET, &format!("/billing/proof?{query}"), None).await;
        assert_eq!(asked.json()["errors"][0]["field"], field, "{query}");
    }
    assert_eq!(kept.asked.lock().unwrap().len(), 0);
    let secret = "journal 0123 in /var/lib";
    let cases = [
        (Unproven::NotFound, StatusCode::NOT_FOUND, "not_found"),
        (Unproven::NotBilled, StatusCode::CONFLICT, "proof_unavailable"),
        (Unproven::NotSealed, StatusCode::CONFLICT, "proof_unavailable"),
        (Unproven::Cluster, StatusCode::CONFLICT, "proof_unavailable"),
        (Unproven::NoHour, StatusCode::CONFLICT, "proof_unavailable"),
        (Unproven::Gone(secret.to_owned()), StatusCode::CONFLICT, "proof_unavailable"),
        (Unproven::Busy, StatusCode::CONFLICT, "busy"),
        (Unproven::Journal(secret.into()), StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    ];
    for (refusal, status, code) in cases {
        let said = refusal.to_string();
        kept.refusals.lock().unwrap().push(refusal);
        let answered = member.ask(Method::GET, "/billing/proof?request=x", None).await;
        assert_eq!((answered.status, answered.problem()), (status, code.into()), "{said}");
        assert!(!answered.body.contains("0123"), "{said}: {}", answered.body);
    }
}
