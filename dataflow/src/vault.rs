//! The vault: keys ⋈ services ⋈ states, by differential-dataflow. It changes seldom, and a change of one side must take
//! back exactly what it had granted with the other: that is what differences are for.
//!
//! differential-dataflow would spread it by hashes of its own; here it stays where the customer is, so that all of a shard
//! is on one worker.

use crate::place::{Place, of_customer};
use differential_dataflow::operators::arrange::arrangement::arrange_core;
use differential_dataflow::operators::arrange::{Arranged, TraceAgent};
use differential_dataflow::trace::implementations::{ValBatcher, ValSpine};
use differential_dataflow::{ExchangeData, VecCollection};
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::reference::{KeyLife, KeyState, ServiceAccess};
use suiftly_schema::spend::SpendState;
use suiftly_schema::view::{AccessGrant, KeyGrant};
use timely::dataflow::channels::pact::Exchange;

/// Customers' rows, by customer.
type ByCustomer<V> = ValSpine<CustomerId, V, Epoch, isize>;
/// What makes them of changes.
type Batches<V> = ValBatcher<CustomerId, V, Epoch, isize>;

/// Keys that are not deleted. Arranged only to be on their customer's worker when their epoch is complete.
pub(crate) fn key_grants<'scope>(
    keys: VecCollection<'scope, Epoch, KeyState, isize>,
    place: Place,
) -> VecCollection<'scope, Epoch, KeyGrant, isize> {
    let grants = keys.filter(|key| key.state != KeyLife::Deleted).map(|key| {
        let grant = KeyGrant {
            key_sha256: key.key_sha256,
            customer_id: key.customer_id,
            service: key.service,
            network: key.network,
            api_key_fp: key.api_key_fp,
            key_metadata: key.key_metadata,
            state: key.state,
        };
        (key.customer_id, grant)
    });
    arrange(grants, "keys", place).as_collection(|_, grant| KeyGrant::clone(grant))
}

/// What each customer may do. Without an account there is no state, and without a state no grant.
pub(crate) fn access_grants<'scope>(
    services: VecCollection<'scope, Epoch, ServiceAccess, isize>,
    states: VecCollection<'scope, Epoch, (CustomerId, SpendState), isize>,
    place: Place,
) -> VecCollection<'scope, Epoch, AccessGrant, isize> {
    let services = services.map(|access| (access.customer_id, access));
    arrange(services, "services", place)
        .join_core(arrange(states, "states", place), |_, access, state| Some(access_grant(access, state)))
}

fn access_grant(access: &ServiceAccess, state: &SpendState) -> AccessGrant {
    AccessGrant {
        customer_id: access.customer_id,
        service: access.service,
        is_enabled: access.is_enabled,
        state: *state,
        guaranteed_per_second: access.guaranteed_per_second,
        burst_per_second: access.burst_per_second,
        allowlist: access.allowlist.clone(),
    }
}

fn arrange<'scope, V: ExchangeData>(
    rows: VecCollection<'scope, Epoch, (CustomerId, V), isize>,
    name: &str,
    place: Place,
) -> Arranged<'scope, TraceAgent<ByCustomer<V>>> {
    let by_customer = Exchange::new(move |((customer_id, _), _, _): &((CustomerId, V), Epoch, isize)| {
        place.route(of_customer(*customer_id))
    });
    arrange_core::<_, _, Batches<V>, ByCustomer<V>>(rows.inner, by_customer, name, ValBatcher::new)
}
