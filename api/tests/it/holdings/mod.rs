//! What a customer has, over the API: services, API keys, seal keys and packages.

mod keys;
mod seal_keys;
mod services;

use crate::house::{House, Member};
use crate::world::Answered;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use suiftly_store::reader::Reader;

/// A house whose usage is the database's too.
async fn open() -> House {
    let mut house = House::open().await;
    house.world.other_rows = Some(Arc::new(Reader::new(house.database.config(), "api").unwrap()));
    house.router = house.world.customer_router();
    house
}

/// A member with funds.
async fn member(house: &House, number: u8, deposit_usd_cents: i64) -> Member {
    let member = house.member(number).await;
    if deposit_usd_cents > 0 {
        let settlement = &house.world.accounts.as_ref().unwrap().settlement;
        settlement.deposit(member.id, deposit_usd_cents).await.unwrap();
    }
    member
}

/// A member with funds who has enabled services.
async fn subscriber(house: &House, number: u8, services: &[&str]) -> Member {
    let member = member(house, number, 20_000).await;
    for service in services {
        let body = json!({"subscription": {"tier": "starter"}});
        ok(&member, Method::POST, &format!("/services/{service}/enable"), Some(body)).await;
    }
    member
}

/// The answer to what must succeed.
async fn ok(member: &Member, method: Method, path: &str, body: Option<Value>) -> Value {
    let answered = member.ask(method.clone(), path, body).await;
    assert!(answered.status.is_success(), "{method} {path}: {} {}", answered.status, answered.body);
    if answered.status == StatusCode::NO_CONTENT { Value::Null } else { answered.json() }
}

/// The problem, by status and code, that must be the answer.
async fn refused(member: &Member, method: Method, path: &str, body: Option<Value>) -> (u16, String, Value) {
    let answered: Answered = member.ask(method.clone(), path, body).await;
    assert!(!answered.status.is_success(), "{method} {path}: {}", answered.body);
    (answered.status.as_u16(), answered.problem(), answered.json())
}

/// The fields that a body is refused for.
async fn bad_fields(member: &Member, method: Method, path: &str, body: Value) -> String {
    let (status, code, problem) = refused(member, method, path, Some(body)).await;
    assert_eq!((status, code.as_str()), (400, "validation"), "{problem}");
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let named: Vec<&str> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    named.join(" ")
}

/// The actions on record, the oldest first.
async fn actions(house: &House, member: &Member) -> Vec<String> {
    let select = "SELECT action FROM activity WHERE customer_id = $1 AND action NOT LIKE 'account.%' \
        AND action NOT LIKE 'session.%' ORDER BY id";
    let rows = house.client.query(select, &[&member.id.get()]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
