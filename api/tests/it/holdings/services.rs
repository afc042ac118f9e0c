//! Services: prices, quotes that hold, orders that are paid for, settings, and everything that is refused.

use super::{actions, bad_fields, member, ok, open, refused, subscriber};
use crate::house::request;
use crate::world::send;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use suiftly_api::Deployment;
use suiftly_schema::ids::{Network, Service};
use suiftly_store::money::MoneyStore;

const ENABLES: usize = 100;

fn starter() -> Value {
    json!({"subscription": {"tier": "starter"}})
}

#[tokio::test]
async fn what_is_sold_is_shown_with_its_prices() {
    let house = open().await;
    let member = member(&house, 1, 0).await;
    let list = member.get("/services").await;
    let services: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|one| one["service"].as_str().unwrap()).collect();
    assert_eq!(services, ["seal", "grpc", "graphql"]);
    let (seal, grpc) = (&list["items"][0], &list["items"][1]);
    assert_eq!(
        (&seal["status"], &seal["state"], &seal["subscription"]),
        (&json!("disabled"), &json!("never_enabled"), &Value::Null)
    );
    let tiers: Vec<_> = seal["offer"]["tiers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tier| tier["monthly_micro_usd"].as_i64().unwrap())
        .collect();
    assert_eq!(tiers, [20_000_000, 40_000_000, 185_000_000]);
    let enterprise = &seal["offer"]["tiers"][2];
    assert_eq!(
        (&enterprise["guaranteed_per_second"], &enterprise["burst_per_second"]),
        (&json!(5_000), &json!(10_000))
    );
    assert_eq!(seal["offer"]["tiers"][0]["burst_per_second"], Value::Null);
    assert_eq!(
        seal["offer"]["add_ons"],
        json!({"burst_micro_usd": 10_000_000, "api_key_micro_usd": 1_000_000,
        "seal_key_micro_usd": 5_000_000, "package_micro_usd": 1_000_000})
    );
    assert_eq!(grpc["offer"]["add_ons"]["seal_key_micro_usd"], Value::Null);
    assert_eq!((&seal["offer"]["bytes"], &grpc["offer"]["bytes"]["price_micro_usd"]), (&Value::Null, &json!(60_000)));
    assert_eq!(
        (&seal["offer"]["requests"]["price_micro_usd"], &seal["offer"]["requests"]["per_units"]),
        (&json!(1_000_000), &json!(10_000))
    );
    assert_eq!(member.get("/services/grpc").await, *grpc);
    for path in ["/services/platform", "/services/1", "/services/SEAL", "/services/%00"] {
        assert_eq!(refused(&member, Method::GET, path, None).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn where_services_are_reached_is_told_and_what_is_no_text_names_none() {
    let mut house = open().await;
    let url = |network: &str| format!("https://seal.{network}.test");
    let deployment = Deployment {
        name: Some("Example".to_owned()),
        endpoints: [Network::Mainnet, Network::Testnet].map(|on| ((Service::Seal, on), url(on.word()))).into(),
        support_email: Some("help@example.test".to_owned()),
        ..Deployment::default()
    };
    house.world.config.deployment = deployment;
    house.router = house.world.customer_router();
    let member = member(&house, 1, 0).await;
    let list = member.get("/services").await;
    let endpoint = |network: &str| json!({"network": network, "url": url(network)});
    assert_eq!(list["items"][0]["endpoints"], json!([endpoint("testnet"), endpoint("mainnet")]));
    assert_eq!(list["items"][1]["endpoints"], json!([]));
    let config = send(&house.router, request(Method::GET, "/auth/config", None, &[])).await.json();
    assert_eq!(
        (&config["name"], &config["escrow"], &config["explorer_tx_url"]),
        (&json!("Example"), &json!("embedded"), &Value::Null)
    );
    assert_eq!(config["support"], json!({"email": "help@example.test", "url": null}));
    for path in ["/services/%ff", "/keys/%ff", "/billing/invoices/%ff/hours"] {
        assert_eq!(refused(&member, Method::GET, path, None).await.1, "not_found", "{path}");
    }
}

#[tokio::test]
async fn a_quote_is_what_is_charged_and_its_refusal_what_would_help() {
    let house = open().await;
    let member = member(&house, 1, 0).await;
    let order = json!({"order": "enable", "subscription": {"tier": "pro", "burst": true, "extra_api_keys": 2}});
    let quote = ok(&member, Method::POST, "/services/grpc/quote", Some(order.clone())).await;
    assert_eq!((&quote["effect"], &quote["effect_at"]), (&json!("now"), &Value::Null));
    assert_eq!(quote["total_next_month_micro_usd"], 52_000_000, "40 + 10 + 2 × 1");
    let items: Vec<_> =
        quote["items_now"].as_array().unwrap().iter().map(|item| item["item"].as_str().unwrap()).collect();
    assert_eq!(items, ["tier", "burst", "api_key"]);
    let total = quote["total_now_micro_usd"].as_i64().unwrap();
    let refusal = &quote["refusal"];
    assert_eq!((&refusal["code"], &refusal["current_balance_usd"]), (&json!("insufficient_balance"), &json!(0.0)));
    assert_eq!(refusal["estimated_cost_micro_usd"], total);
    let deposit = refusal["required_deposit_micro_usd"].as_i64().unwrap();
    assert!(deposit >= total && deposit < total + 10_000 && deposit % 10_000 == 0, "{refusal}");

    let enable = json!({"subscription": order["subscription"], "expected_total_micro_usd": total});
    let (status, code, problem) = refused(&member, Method::POST, "/services/grpc/enable", Some(enable.clone())).await;
    assert_eq!((status, code.as_str()), (402, "insufficient_balance"));
    for member in ["current_balance_usd", "estimated_cost_usd", "required_deposit_usd", "required_deposit_micro_usd"] {
        assert_eq!(problem[member], refusal[member], "{member}");
    }
    assert_eq!(house.count("SELECT count(*) FROM service_instances").await, 0);

    // Just what was said is enough.
    let settlement = &house.world.accounts.as_ref().unwrap().settlement;
    settlement.deposit(member.id, deposit / 10_000).await.unwrap();
    let wrong = json!({"subscription": order["subscription"], "expected_total_micro_usd": total - 1});
    let (status, code, problem) = refused(&member, Method::POST, "/services/grpc/enable", Some(wrong)).await;
    assert_eq!((status, code.as_str(), &problem["total_now_micro_usd"]), (409, "quote_changed", &json!(total)));
    let answer = ok(&member, Method::POST, "/services/grpc/enable", Some(enable)).await;
    assert_eq!(answer["charged"]["items_now"], quote["items_now"]);
    assert_eq!(
        (&answer["service"]["status"], &answer["service"]["state"]),
        (&json!("config_needed"), &json!("enabled"))
    );
    assert_eq!(
        (&answer["service"]["burst_per_second"], &answer["service"]["monthly_micro_usd"]),
        (&json!(2_000), &json!(52_000_000))
    );
    assert_eq!(
        house.count("SELECT sum(amount_micro_usd)::bigint FROM ledger WHERE kind = 'subscription'").await,
        total
    );
    assert_eq!(actions(&house, &member).await, ["service.enable"]);
}

#[tokio::test]
async fn the_months_limit_holds_for_orders() {
    let house = open().await;
    let member = member(&house, 1, 100_000).await;
    house.client.batch_execute("UPDATE customers SET max_monthly_usd_cents = 1000").await.unwrap();
    // $318 a month: more than $10 on the last day of any month, too.
    let body = json!({"order": "enable", "subscription": {"tier": "enterprise", "extra_seal_keys": 9, "extra_packages": 70,
        "extra_api_keys": 8, "burst": true}});
    let quote = ok(&member, Method::POST, "/services/seal/quote", Some(body.clone())).await;
    assert_eq!(quote["refusal"]["code"], "monthly_limit_exceeded");
    let enable = json!({"subscription": body["subscription"]});
    let (status, code, problem) = refused(&member, Method::POST, "/services/seal/enable", Some(enable)).await;
    assert_eq!((status, code.as_str()), (403, "monthly_limit_exceeded"));
    assert_eq!((&problem["max_monthly_usd"], &problem["current_month_charged_usd"]), (&json!(10.0), &json!(0.0)));
    assert_eq!(
        (&problem["remaining_authorization_usd"], &problem["estimated_cost_micro_usd"]),
        (&json!(10.0), &quote["total_now_micro_usd"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_enables_at_once_with_a_balance_for_one_one_succeeds() {
    let house = open().await;
    let member = member(&house, 1, 0).await;
    let order = json!({"order": "enable", "subscription": {"tier": "starter"}});
    let quote = ok(&member, Method::POST, "/services/seal/quote", Some(order)).await;
    let deposit = quote["refusal"]["required_deposit_micro_usd"].as_i64().unwrap();
    let settlement = &house.world.accounts.as_ref().unwrap().settlement;
    settlement.deposit(member.id, deposit / 10_000).await.unwrap();
    let paths = ["/services/seal/enable", "/services/grpc/enable", "/services/graphql/enable"];
    let enables = (0..ENABLES).map(|n| member.ask(Method::POST, paths[n % paths.len()], Some(starter())));
    let answers = futures::future::join_all(enables).await;
    let mut codes: Vec<_> =
        answers.iter().filter(|answer| !answer.status.is_success()).map(|answer| answer.problem()).collect();
    assert_eq!(codes.len(), ENABLES - 1);
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, ["already_enabled", "insufficient_balance"]);
    let money = MoneyStore::new(house.database.config()).unwrap();
    assert_eq!(money.ledger_check().await.unwrap().differences, []);
    assert_eq!(house.count("SELECT count(*) FROM service_instances WHERE is_enabled").await, 1);
    assert_eq!(actions(&house, &member).await, ["service.enable"]);
}

#[tokio::test]
async fn what_is_more_is_had_now_and_what_is_less_at_the_months_end() {
    let house = open().await;
    let member = subscriber(&house, 1, &["grpc"]).await;
    let change = |body: Value| ok(&member, Method::POST, "/services/grpc/change", Some(json!({"subscription": body})));
    let more = change(json!({"tier": "pro"})).await;
    assert_eq!((&more["charged"]["effect"], &more["service"]["subscription"]["tier"]), (&json!("now"), &json!("pro")));
    assert_eq!(more["charged"]["items_now"][0]["instead_of"], "starter");
    let less = change(json!({"tier": "starter"})).await;
    assert_eq!((&less["charged"]["effect"], &less["charged"]["total_now_micro_usd"]), (&json!("month_end"), &json!(0)));
    assert_eq!(
        (&less["service"]["subscription"]["tier"], &less["service"]["scheduled"]["subscription"]["tier"]),
        (&json!("pro"), &json!("starter"))
    );
    assert_eq!(less["service"]["scheduled"]["at"], less["charged"]["effect_at"]);
    assert_eq!(less["service"]["monthly_micro_usd"], 20_000_000);
    let ended = ok(&member, Method::POST, "/services/grpc/disable", Some(json!({}))).await;
    assert_eq!(
        (&ended["service"]["scheduled"]["subscription"], &ended["service"]["monthly_micro_usd"]),
        (&Value::Null, &json!(0))
    );
    let resumed =
        ok(&member, Method::POST, "/services/grpc/resume", Some(json!({"expected_total_micro_usd": 0}))).await;
    assert_eq!(
        (&resumed["service"]["scheduled"], &resumed["service"]["subscription"]["tier"]),
        (&Value::Null, &json!("pro"))
    );
    let expected = ["service.enable", "service.change", "service.change", "service.disable", "service.resume"];
    assert_eq!(actions(&house, &member).await, expected);

    let pro = json!({"subscription": {"tier": "pro"}});
    let cases = [
        ("grpc/enable", pro.clone(), "already_enabled"),
        ("grpc/change", pro.clone(), "already_so"),
        ("grpc/resume", json!({}), "nothing_scheduled"),
        ("seal/change", pro, "not_enabled"),
        ("seal/disable", json!({}), "not_enabled"),
        ("seal/quote", json!({"order": "resume"}), "not_enabled"),
    ];
    for (path, body, expected) in cases {
        let (status, code, _) = refused(&member, Method::POST, &format!("/services/{path}"), Some(body)).await;
        assert_eq!((status, code.as_str()), (409, expected), "{path}");
    }
}

#[tokio::test]
async fn every_bad_field_of_an_order_is_named() {
    let house = open().await;
    let member = member(&house, 1, 0).await;
    let cases = [
        ("grpc/quote", json!({}), "order"),
        ("grpc/quote", json!({"order": "enable"}), "subscription"),
        ("grpc/quote", json!({"order": "resume", "subscription": {"tier": "pro"}}), "subscription"),
        ("grpc/quote", json!({"order": "buy"}), "order"),
        ("grpc/quote", json!({"order": "enable", "subscription": {"tier": "gold"}}), "subscription.tier"),
        ("grpc/enable", json!({"subscription": {}}), "subscription.tier"),
        ("grpc/enable", json!({"subscription": {"tier": "starter", "burst": true}}), "subscription.burst"),
        ("grpc/enable", json!({"subscription": {"tier": "pro", "extra_api_keys": 9}}), "subscription.extra_api_keys"),
        ("grpc/enable", json!({"subscription": {"tier": "pro", "extra_api_keys": -1}}), "subscription.extra_api_keys"),
        ("grpc/enable", json!({"subscription": {"tier": "pro", "extra_seal_keys": 1}}), "subscription.extra_seal_keys"),
        ("grpc/enable", json!({"subscription": {"tier": "pro"}, "price": 1}), "price"),
        ("grpc/disable", json!({"now": true}), "now"),
    ];
    for (path, body, expected) in cases {
        let named = bad_fields(&member, Method::POST, &format!("/services/{path}"), body.clone()).await;
        assert_eq!(named, expected, "{path} {body}");
    }
    let unknown = member.ask(Method::GET, "/services?page=2", None).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_may_use_a_service_is_said_in_one_form() {
    let house = open().await;
    let member = subscriber(&house, 1, &["grpc"]).await;
    let body = json!({"ip_allowlist": ["192.0.2.77/24", "2001:DB8::1"], "origins": ["https://App.Example.com:443"]});
    let service = ok(&member, Method::PATCH, "/services/grpc", Some(body)).await;
    assert_eq!(service["ip_allowlist"], json!(["192.0.2.0/24", "2001:db8::1"]));
    assert_eq!(service["origins"], json!(["https://app.example.com"]));
    let told = "SELECT count(*) FROM outbox WHERE kind = 'service' AND entity -> 'config' -> 'ip_allowlist' = '[\"192.0.2.0/24\", \"2001:db8::1\"]'";
    assert_eq!(house.count(told).await, 1);
    let service = ok(&member, Method::PATCH, "/services/grpc", Some(json!({"ip_allowlist": []}))).await;
    assert_eq!((&service["ip_allowlist"], &service["origins"]), (&json!([]), &json!(["https://app.example.com"])));

    let many: Vec<String> = (0..21).map(|n| format!("192.0.2.{n}")).collect();
    let cases = [
        (json!({"ip_allowlist": ["192.0.2.1", "192.0.2.1/32"]}), "ip_allowlist[1]"),
        (json!({"ip_allowlist": ["x", "192.0.2.1"], "origins": ["http://a.b"]}), "ip_allowlist[0] origins[0]"),
        (json!({"ip_allowlist": many}), "ip_allowlist"),
        (json!({"ip_allowlist": [1]}), "ip_allowlist[0]"),
        (json!({"tier": "pro"}), "tier"),
    ];
    for (body, expected) in cases {
        assert_eq!(bad_fields(&member, Method::PATCH, "/services/grpc", body.clone()).await, expected, "{body}");
    }
    let (status, code, _) = refused(&member, Method::PATCH, "/services/seal", Some(json!({"origins": []}))).await;
    assert_eq!((status, code.as_str()), (409, "not_enabled"));
}

#[tokio::test]
async fn a_suspended_account_may_end_what_costs_and_no_more() {
    let house = open().await;
    let member = subscriber(&house, 1, &["grpc"]).await;
    house.client.batch_execute("UPDATE customers SET status = 'suspended'").await.unwrap();
    assert_eq!(member.get("/services/grpc").await["status"], "suspended");
    let (status, code, _) = refused(&member, Method::POST, "/services/seal/enable", Some(starter())).await;
    assert_eq!((status, code.as_str()), (409, "account_not_active"));
    let key = json!({"service": "grpc", "network": "mainnet"});
    assert_eq!(refused(&member, Method::POST, "/keys", Some(key)).await.1, "account_not_active");
    ok(&member, Method::POST, "/services/grpc/disable", Some(json!({}))).await;
}
