//! Where a customer's services stand: one snapshot of everything that their page shows.

use crate::accounts::AccountStore;
use crate::accounts::slots::{self, Slots, Taken};
use crate::codec::{Timestamptz, known_service};
use crate::money::ServiceSubscription;
use crate::{StoreError, outbox, pool, price};
use serde_json::Value;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::AccountStatus;
use suiftly_schema::spend::SpendState;
use suiftly_schema::subscription::{SOLD, ServiceState};
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// A service as its customer has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStanding {
    /// Which.
    pub service: Service,
    /// What is in force and what is scheduled.
    pub state: ServiceState,
    /// When it was enabled last.
    pub enabled_at: Option<UnixMillis>,
    /// When it ended.
    pub disabled_at: Option<UnixMillis>,
    /// Requests per second and region, guaranteed and with burst, if it is enabled: the tier's, or what was agreed.
    pub limits: Option<(u32, u32)>,
    /// Addresses and networks that may use it; none: all may.
    pub ip_allowlist: Vec<String>,
    /// Web origins.
    pub origins: Vec<String>,
    /// API keys that can be used.
    pub active_api_keys: u32,
    /// API keys that have a slot.
    pub api_keys: Slots,
    /// Seal keys; of seal alone.
    pub seal_keys: Slots,
    /// Packages beyond those that each seal key comes with; of seal alone.
    pub extra_packages: Slots,
    /// Packages that are enabled, of seal keys that are; of seal alone.
    pub usable_packages: u32,
}

/// All services that are sold, as a customer has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// What an operator says of the account; closed for one that is to be.
    pub status: AccountStatus,
    /// What the spend view says, as committed, and since when; `None` before it has heard of them.
    pub spend: Option<(SpendState, UnixMillis)>,
    /// Prices.
    pub books: PriceBooks,
    /// By number.
    pub services: Vec<ServiceStanding>,
}

impl AccountStore {
    /// Where a customer's services stand.
    pub async fn services(&self, customer: CustomerId) -> Result<Services, StoreError> {
        let attempted = "read a customer's services";
        let mut client = self.client_for(customer).await?;
        let snapshot = pool::snapshot(&mut client).await?;
        let books = price::books(&*snapshot).await?;
        let standing = slots::standing(&snapshot, customer).await?;
        let taken = slots::taken(&snapshot, customer).await?;
        let select =
            "SELECT service_type, tier, config, enabled_at, disabled_at FROM service_instances WHERE customer_id = $1";
        let rows = snapshot.query(select, &[&customer.get()]).await.map_err(StoreError::database(attempted))?;
        let select = "SELECT state, changed_at FROM spend WHERE customer_id = $1";
        let spend = snapshot.query_opt(select, &[&customer.get()]).await.map_err(StoreError::database(attempted))?;
        let spend = spend.and_then(|row| Some((SpendState::from_word(row.get(0))?, row.get::<_, Timestamptz>(1).0)));
        let mut services = Vec::with_capacity(SOLD.len());
        for service in SOLD {
            let subscription = standing.services.iter().find(|row| row.service == service);
            let mut of_service = ServiceStanding::new(service, subscription, &taken);
            for row in &rows {
                if known_service(row.get(0))? == service {
                    of_service.configured(row);
                }
            }
            services.push(of_service);
        }
        Ok(Services { status: standing.status, spend, books, services })
    }
}

impl ServiceStanding {
    fn new(service: Service, subscription: Option<&ServiceSubscription>, taken: &Taken) -> Self {
        let allowed = |of| subscription.map_or(0, |subscription| slots::least(subscription, of));
        let of_service =
            |counts: &std::collections::BTreeMap<_, u32>| counts.get(&service).copied().unwrap_or_default();
        let is_seal = service == Service::Seal;
        let of_seal =
            |used, of| if is_seal { Slots { used, allowed: allowed(of) } } else { Slots { used: 0, allowed: 0 } };
        Self {
            service,
            state: subscription.map(|row| row.state).unwrap_or_default(),
            enabled_at: None,
            disabled_at: None,
            limits: None,
            ip_allowlist: Vec::new(),
            origins: Vec::new(),
            active_api_keys: of_service(&taken.active_api_keys),
            api_keys: Slots { used: of_service(&taken.api_keys), allowed: allowed(slots::api_keys) },
            seal_keys: of_seal(taken.seal_keys, slots::seal_keys),
            extra_packages: of_seal(taken.extra_packages, slots::extra_packages),
            usable_packages: if is_seal { taken.usable_packages } else { 0 },
        }
    }

    fn configured(&mut self, row: &Row) {
        let Json(config) = row.get::<_, Json<Value>>(2);
        let instant = |at| row.get::<_, Option<Timestamptz>>(at).map(|at| at.0);
        let list = |field: &str| {
            let entries = config.get(field).and_then(Value::as_array);
            entries.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
        };
        self.enabled_at = instant(3);
        self.disabled_at = instant(4);
        self.ip_allowlist = list("ip_allowlist");
        self.origins = list("origins");
        if self.state.in_force().is_some() {
            let limits = outbox::limits(row.get(1), &config);
            self.limits = Some((limits.guaranteed, limits.burst));
        }
    }
}
