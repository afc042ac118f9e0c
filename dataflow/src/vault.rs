//! The vault: keys ⋈ services ⋈ states, by differential-dataflow. It changes seldom, and a change of one side must take
//! back exactly what it had granted with the other: that is what differences are for.

use differential_dataflow::VecCollection;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::reference::{KeyLife, KeyState, ServiceAccess};
use suiftly_schema::spend::SpendState;
use suiftly_schema::view::{AccessGrant, KeyGrant};

/// Keys that are not deleted.
pub(crate) fn key_grants<'scope>(
    keys: VecCollection<'scope, Epoch, KeyState, isize>,
) -> VecCollection<'scope, Epoch, KeyGrant, isize> {
    keys.filter(|key| key.state != KeyLife::Deleted)
        .map(|key| KeyGrant {
            key_sha256: key.key_sha256,
            customer_id: key.customer_id,
            service: key.service,
            network: key.network,
            api_key_fp: key.api_key_fp,
            key_metadata: key.key_metadata,
            state: key.state,
        })
        .consolidate()
}

/// What each customer may do. Without an account there is no state, and without a state no grant.
pub(crate) fn access_grants<'scope>(
    services: VecCollection<'scope, Epoch, ServiceAccess, isize>,
    states: VecCollection<'scope, Epoch, (CustomerId, SpendState), isize>,
) -> VecCollection<'scope, Epoch, AccessGrant, isize> {
    services
        .map(|access| (access.customer_id, access))
        .join_map(states, |customer_id, access, state| AccessGrant {
            customer_id: *customer_id,
            service: access.service,
            is_enabled: access.is_enabled,
            state: *state,
            guaranteed_per_second: access.guaranteed_per_second,
            burst_per_second: access.burst_per_second,
            allowlist: access.allowlist.clone(),
        })
        .consolidate()
}
