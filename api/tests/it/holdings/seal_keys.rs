//! Seal keys and packages: public parts alone, within what is paid for, and nobody else's.

use super::{actions, bad_fields, ok, open, refused, subscriber};
use axum::http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn seal_keys_and_packages_from_the_first_to_the_last() {
    let house = open().await;
    let member = subscriber(&house, 1, &["seal"]).await;
    let key = ok(&member, Method::POST, "/seal-keys", Some(json!({"name": "Vault"}))).await;
    let public = key["public_key"].as_str().unwrap();
    assert!(public.len() == 194 && public.starts_with("0x"), "{public}");
    assert_eq!((&key["index"], &key["is_enabled"], &key["packages"]), (&json!(0), &json!(true), &json!(0)));
    let fields: Vec<_> = key.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        fields,
        ["created_at", "id", "index", "is_enabled", "name", "packages", "public_key"],
        "and no private part"
    );

    let (status, code, problem) = refused(&member, Method::POST, "/seal-keys", Some(json!({}))).await;
    assert_eq!((status, code.as_str()), (409, "seal_key_limit_reached"));
    assert_eq!(problem["order"]["subscription"]["extra_seal_keys"], 1);
    assert_eq!(problem["order"]["total_next_month_micro_usd"], 25_000_000);

    let path = format!("/seal-keys/{}/packages", key["id"]);
    let package = ok(&member, Method::POST, &path, Some(json!({"address": "0x2", "name": "Framework"}))).await;
    assert_eq!(package["address"], format!("0x{:064x}", 2));
    let same = json!({"address": format!("0x{:064X}", 2)});
    let (status, code, problem) = refused(&member, Method::POST, &path, Some(same)).await;
    assert_eq!((status, code.as_str(), &problem["package_id"]), (409, "package_exists", &package["id"]));
    for address in ["0x3", "0x4"] {
        ok(&member, Method::POST, &path, Some(json!({"address": address}))).await;
    }
    let (status, code, problem) = refused(&member, Method::POST, &path, Some(json!({"address": "0x5"}))).await;
    assert_eq!((status, code.as_str()), (409, "package_limit_reached"));
    assert_eq!(problem["order"]["subscription"]["extra_packages"], 1);
    let change = json!({"subscription": problem["order"]["subscription"]});
    ok(&member, Method::POST, "/services/seal/change", Some(change)).await;
    ok(&member, Method::POST, &path, Some(json!({"address": "0x5"}))).await;

    let one = format!("{path}/{}", package["id"]);
    let changed = ok(&member, Method::PATCH, &one, Some(json!({"is_enabled": false}))).await;
    assert_eq!((&changed["is_enabled"], &changed["name"]), (&json!(false), &json!("Framework")));
    ok(&member, Method::DELETE, &one, None).await;
    assert_eq!(member.get(&path).await["items"].as_array().unwrap().len(), 3);
    let key_path = format!("/seal-keys/{}", key["id"]);
    let changed = ok(&member, Method::PATCH, &key_path, Some(json!({"name": "", "is_enabled": false}))).await;
    assert_eq!(
        (&changed["is_enabled"], &changed["name"], &changed["packages"]),
        (&json!(false), &json!(""), &json!(3))
    );
    ok(&member, Method::DELETE, &key_path, None).await;
    assert_eq!(refused(&member, Method::GET, &path, None).await.0, 404);
    assert_eq!(member.get("/seal-keys").await, json!({"items": [], "next_cursor": null}));
    let next = ok(&member, Method::POST, "/seal-keys", Some(json!({}))).await;
    assert_eq!(
        (&next["index"], next["public_key"] == key["public_key"]),
        (&json!(1), false),
        "an index is never given again"
    );
    let actions = actions(&house, &member).await;
    let of = |action: &str| actions.iter().filter(|one| *one == action).count();
    assert_eq!((of("seal_key.create"), of("seal_key.change"), of("seal_key.delete")), (2, 1, 1));
    assert_eq!((of("seal_package.add"), of("seal_package.change"), of("seal_package.delete")), (4, 1, 1));
}

#[tokio::test]
async fn another_customers_seal_keys_are_not_found() {
    let house = open().await;
    let (mine, theirs) = (subscriber(&house, 1, &["seal"]).await, subscriber(&house, 2, &["seal"]).await);
    let key = ok(&theirs, Method::POST, "/seal-keys", Some(json!({}))).await["id"].as_i64().unwrap();
    let packages = format!("/seal-keys/{key}/packages");
    let package = ok(&theirs, Method::POST, &packages, Some(json!({"address": "0x2"}))).await["id"].as_i64().unwrap();
    let own = ok(&mine, Method::POST, "/seal-keys", Some(json!({}))).await["id"].as_i64().unwrap();
    let off = || Some(json!({"is_enabled": false}));
    let cases: [(Method, String, Option<Value>); 9] = [
        (Method::GET, format!("/seal-keys/{key}"), None),
        (Method::PATCH, format!("/seal-keys/{key}"), off()),
        (Method::DELETE, format!("/seal-keys/{key}"), None),
        (Method::GET, packages.clone(), None),
        (Method::POST, packages.clone(), Some(json!({"address": "0x3"}))),
        (Method::PATCH, format!("{packages}/{package}"), off()),
        (Method::DELETE, format!("{packages}/{package}"), None),
        (Method::PATCH, format!("/seal-keys/{own}/packages/{package}"), off()),
        (Method::DELETE, format!("/seal-keys/{own}/packages/{package}"), None),
    ];
    for (method, path, body) in cases {
        let (status, code, _) = refused(&mine, method.clone(), &path, body).await;
        assert_eq!((status, code.as_str()), (404, "not_found"), "{method} {path}");
    }
    let kept = theirs.get(&packages).await;
    assert_eq!((&kept["items"][0]["is_enabled"], kept["items"].as_array().unwrap().len()), (&json!(true), 1));
}

#[tokio::test]
async fn every_bad_field_of_a_seal_key_is_named() {
    let house = open().await;
    let member = subscriber(&house, 1, &["seal"]).await;
    let key = ok(&member, Method::POST, "/seal-keys", Some(json!({}))).await["id"].as_i64().unwrap();
    let packages = format!("/seal-keys/{key}/packages");
    let cases = [
        ("/seal-keys", json!({"name": 1}), "name"),
        ("/seal-keys", json!({"private_key": "00"}), "private_key"),
        (packages.as_str(), json!({}), "address"),
        (packages.as_str(), json!({"address": "2"}), "address"),
        (packages.as_str(), json!({"address": "0x0", "name": "n".repeat(101)}), "address name"),
    ];
    for (path, body, expected) in cases {
        assert_eq!(bad_fields(&member, Method::POST, path, body.clone()).await, expected, "{path} {body}");
    }
}
