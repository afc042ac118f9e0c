//! Orders and settings, with what gateways and the log are told of them.

use super::{Desk, NOW, STARTER_CENTS, act, after_s, key, pro};
use serde_json::json;
use suiftly_schema::ids::Service;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::AccountStatus;
use suiftly_schema::subscription::{Order, OrderError, Refusal, ServiceState, Subscription, Tier};
use suiftly_store::accounts::{ServiceRefused, ServiceSettings, Slots};
use suiftly_store::money::{MoneyStore, OrderRefused};
use tokio::task::JoinSet;

const ENABLES: usize = 100;
const SERVICES: [Service; 3] = [Service::Seal, Service::Grpc, Service::Graphql];

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_enables_at_once_with_a_balance_for_one_one_succeeds() {
    let desk = Desk::open().await;
    let customer = desk.customer(7, STARTER_CENTS).await;
    let mut enables = JoinSet::new();
    for n in 0..ENABLES {
        let store = desk.store.clone();
        enables.spawn(async move {
            let order = Order::Enable(Subscription::of(Tier::Starter));
            store.order_service(customer, SERVICES[n % SERVICES.len()], &order, None, &act()).await.unwrap()
        });
    }
    let answers = enables.join_all().await;
    let enabled: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(enabled.len(), 1);
    assert_eq!(enabled[0].quote.total_now, MicroUsd(6_000_000));
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        match refused {
            ServiceRefused::Order(OrderRefused::Order(OrderError::AlreadyEnabled)) => {}
            ServiceRefused::Order(OrderRefused::Refusal(Refusal::InsufficientBalance { required_deposit, .. })) => {
                assert_eq!(*required_deposit, MicroUsd(6_000_000));
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(desk.count("SELECT count(*) FROM service_instances WHERE is_enabled").await, 1);
    assert_eq!(
        desk.count("SELECT sum(amount_micro_usd)::bigint FROM ledger WHERE kind = 'subscription'").await,
        6_000_000
    );
    assert_eq!(desk.count("SELECT fixed_in_all_micro_usd FROM customers").await, 6_000_000);
    assert_eq!(desk.actions(customer).await, ["service.enable"]);
    let money = MoneyStore::new(desk.database.config()).unwrap();
    assert_eq!(money.ledger_check().await.unwrap().differences, []);
}

#[tokio::test]
async fn an_order_is_charged_as_quoted_told_and_recorded_or_not_at_all() {
    let desk = Desk::open().await;
    let customer = desk.customer(7, 10_000).await;
    let order = Order::Enable(Subscription { burst: true, extra_api_keys: 1, ..pro() });
    let quoted = desk.store.quote_service(customer, Service::Seal, &order, &act()).await.unwrap().unwrap();
    assert_eq!((quoted.quote.total_now, quoted.refusal), (MicroUsd(15_300_000), None), "(40 + 10 + 1) × 9 ÷ 30");
    desk.forget_outbox().await;

    // What was accepted is another sum: nothing is left of it.
    let expected = Some(MicroUsd(15_300_001));
    let refused = desk.store.order_service(customer, Service::Seal, &order, expected, &act()).await.unwrap();
    let (expected, total) = (MicroUsd(15_300_001), MicroUsd(15_300_000));
    assert_eq!(refused, Err(ServiceRefused::Order(OrderRefused::QuoteChanged { expected, total })));
    assert_eq!((desk.told().await.len(), desk.activity(customer).await.len()), (0, 0));
    assert_eq!(desk.count("SELECT count(*) FROM service_instances").await, 0);

    let ordered =
        desk.store.order_service(customer, Service::Seal, &order, Some(total), &act()).await.unwrap().unwrap();
    assert_eq!(ordered.quote, quoted.quote, "what was quoted is what is charged");
    let told = desk.told().await;
    assert!(
        told.iter().any(|row| row["kind"] == "service" && row["is_enabled"] == true && row["tier"] == "pro"),
        "{told:?}"
    );
    assert!(told.iter().any(|row| row["kind"] == "account" && row["fixed_in_all_micro_usd"] == 15_300_000), "{told:?}");
    let activity = desk.activity(customer).await.pop().unwrap();
    assert_eq!((activity.action.as_str(), activity.target.as_deref()), ("service.enable", Some("seal")));
    assert_eq!((activity.at, activity.address), (act().at, act().address));
    assert_eq!(activity.change["charged_micro_usd"], 15_300_000);
}

#[tokio::test]
async fn each_order_has_its_refusals() {
    let desk = Desk::open().await;
    let customer = desk.customer(7, 10_000).await;
    let run =
        async |order: Order| desk.store.order_service(customer, Service::Grpc, &order, None, &act()).await.unwrap();
    let refused = |error: OrderError| ServiceRefused::Order(OrderRefused::Order(error));
    for order in [Order::Change(pro()), Order::Disable, Order::Resume] {
        assert_eq!(run(order).await, Err(refused(OrderError::NotEnabled)), "{order:?}");
    }
    run(Order::Enable(pro())).await.unwrap();
    assert_eq!(run(Order::Enable(pro())).await, Err(refused(OrderError::AlreadyEnabled)));
    assert_eq!(run(Order::Change(pro())).await, Err(refused(OrderError::AlreadySo)));
    assert_eq!(run(Order::Resume).await, Err(refused(OrderError::NothingScheduled)));
    run(Order::Disable).await.unwrap();
    assert_eq!(run(Order::Disable).await, Err(refused(OrderError::AlreadySo)));
    run(Order::Resume).await.unwrap();
    assert_eq!(desk.actions(customer).await, ["service.enable", "service.disable", "service.resume"]);

    let set = |status: &str| format!("UPDATE customers SET status = '{status}'");
    for (status, told) in [("suspended", AccountStatus::Suspended), ("closed", AccountStatus::Closed)] {
        desk.client.batch_execute(&set(status)).await.unwrap();
        let expected = Err(ServiceRefused::Order(OrderRefused::NotActive { status: told }));
        assert_eq!(run(Order::Change(Subscription { burst: true, ..pro() })).await, expected);
    }
}

#[tokio::test]
async fn what_is_in_use_is_not_ordered_away() {
    let desk = Desk::open().await;
    let three_keys = Subscription { extra_api_keys: 1, ..pro() };
    let customer = desk.subscriber(7, &[(Service::Grpc, three_keys)]).await;
    for name in ["a", "b", "c"] {
        desk.create(customer, &key(Service::Grpc, name), 0).await.unwrap();
    }
    let fewer = Order::Change(pro());
    let in_use = ServiceRefused::InUse { what: "API keys", used: 3, allowed: 2 };
    let quoted = desk.store.quote_service(customer, Service::Grpc, &fewer, &act()).await.unwrap();
    assert_eq!(quoted, Err(in_use.clone()));
    let run = async || desk.store.order_service(customer, Service::Grpc, &fewer, None, &act()).await.unwrap();
    assert_eq!(run().await, Err(in_use));
    let ids = desk.store.keys(customer, &super::keys::all()).await.unwrap();
    desk.store.delete_key(customer, ids[0].id, &act()).await.unwrap().unwrap();
    run().await.unwrap();
    // From now on there is no room for what would have to go at the month's end.
    let services = desk.store.services(customer).await.unwrap().services;
    assert_eq!(services[1].api_keys, Slots { used: 2, allowed: 2 });
}

#[tokio::test]
async fn settings_are_told_once_and_stay_through_orders() {
    let desk = Desk::open().await;
    let customer = desk.customer(7, 1_000_000).await;
    let list = |entries: &[&str]| Some(entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>());
    let settings = ServiceSettings { ip_allowlist: list(&["192.0.2.0/24"]), origins: list(&["https://a.example"]) };
    let configure = async |settings: &ServiceSettings| {
        desk.store.configure_service(customer, Service::Grpc, settings, &act()).await.unwrap()
    };
    assert_eq!(configure(&settings).await, None, "it was never enabled");
    desk.store.order_service(customer, Service::Grpc, &Order::Enable(pro()), None, &act()).await.unwrap().unwrap();
    desk.forget_outbox().await;
    assert_eq!(configure(&settings).await, Some(true));
    assert_eq!(configure(&settings).await, Some(false), "as it is, again");
    let told = desk.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        told[0]["config"],
        json!({"burst": false, "ip_allowlist": ["192.0.2.0/24"], "origins": ["https://a.example"]})
    );

    let with_burst = Order::Change(Subscription { burst: true, ..pro() });
    desk.store.order_service(customer, Service::Grpc, &with_burst, None, &act()).await.unwrap().unwrap();
    let grpc = desk.store.services(customer).await.unwrap().services.remove(1);
    assert_eq!((grpc.ip_allowlist, grpc.origins), (settings.ip_allowlist.unwrap(), settings.origins.unwrap()));
    assert_eq!(grpc.limits, Some((1_000, 2_000)));
    assert_eq!(configure(&ServiceSettings { ip_allowlist: list(&[]), origins: None }).await, Some(true));
    assert_eq!(
        desk.actions(customer).await,
        ["service.enable", "service.configure", "service.change", "service.configure"]
    );
}

#[tokio::test]
async fn services_show_what_is_theirs_alone() {
    let desk = Desk::open().await;
    let with_keys = Subscription { extra_seal_keys: 1, ..pro() };
    let customer = desk.subscriber(7, &[(Service::Seal, with_keys)]).await;
    let other = desk.subscriber(8, &[(Service::Grpc, pro())]).await;
    desk.create(customer, &key(Service::Seal, ""), 0).await.unwrap();
    let mine = desk.store.services(customer).await.unwrap();
    assert_eq!((mine.status, mine.spend), (AccountStatus::Active, None));
    let seal = &mine.services[0];
    assert_eq!((seal.service, seal.state), (Service::Seal, ServiceState::enabled(with_keys)));
    assert_eq!((seal.active_api_keys, seal.api_keys), (1, Slots { used: 1, allowed: 2 }));
    assert_eq!(
        (seal.seal_keys, seal.enabled_at.map(|at| at.rfc3339()).as_deref()),
        (Slots { used: 0, allowed: 2 }, Some(NOW))
    );
    assert_eq!(mine.services[1].state, ServiceState::NeverEnabled);
    let theirs = desk.store.services(other).await.unwrap();
    assert_eq!((theirs.services[0].state, theirs.services[0].active_api_keys), (ServiceState::NeverEnabled, 0));
    assert_eq!(theirs.services[1].state, ServiceState::enabled(pro()));
    desk.store.order_service(customer, Service::Seal, &Order::Disable, None, &after_s(1)).await.unwrap().unwrap();
    assert!(desk.store.services(customer).await.unwrap().services[0].state.scheduled().is_some());
}
