//! A few connections, shared, opened when they are needed and again when they broke.

use crate::StoreError;
use crate::config::StoreConfig;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts, Transaction,
};
use std::time::Duration;
use suiftly_schema::ids::CustomerId;
use tokio_postgres::{IsolationLevel, NoTls};

/// How long a caller waits for a free connection, or for a new one to be made.
pub(crate) const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// A pool of at most so many connections. It connects when it is used first.
pub(crate) fn pool(config: &StoreConfig, connections_max: usize) -> Result<Pool, StoreError> {
    let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(config.driver().clone(), NoTls, manager_config);
    let wait = Some(CONNECTION_WAIT);
    Pool::builder(manager)
        .max_size(connections_max)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts { wait, create: wait, recycle: wait })
        .build()
        .map_err(|error| StoreError::Address { cause: error.to_string() })
}

/// A connection out of it.
pub(crate) async fn get(pool: &Pool) -> Result<Object, StoreError> {
    let attempted = "connect to the database";
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => StoreError::database(attempted)(error),
        other => StoreError::Unavailable { attempted, cause: other.to_string() },
    })
}

/// A connection out of a pool over [`StoreConfig::scoped`], from now on of this customer: row-level security shows it their
/// rows alone, until the next one who takes it names another.
pub(crate) async fn get_for(pool: &Pool, customer: CustomerId) -> Result<Object, StoreError> {
    let connection = get(pool).await?;
    let name = "SELECT set_config('suiftly.customer_id', $1, false)";
    let statement = connection.prepare_cached(name).await.map_err(StoreError::database(NAME))?;
    connection.query(&statement, &[&customer.get().to_string()]).await.map_err(StoreError::database(NAME))?;
    Ok(connection)
}

const NAME: &str = "name the customer whose rows are to be seen";

/// A transaction that reads one snapshot, and only reads.
pub(crate) async fn snapshot(connection: &mut Object) -> Result<Transaction<'_>, StoreError> {
    let transaction = connection.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    transaction.start().await.map_err(StoreError::database("begin a snapshot"))
}
