//! Reference data after a restore: the journal goes on after the dump, and tells of changes that the database does not have.
//!
//! The journal stays as it is: it alone decides what its lines came to. So what it told after the dump is taken in like
//! anything else, and then the database's own word is told again, under numbers that come after all that the journal holds.
//! Two things are kept of what was changed since: price books, by which lines were rated, and the end of keys: a key that
//! somebody revoked must not come back.

use crate::StoreError;
use crate::codec::to_bigint;
use crate::config::StoreConfig;
use crate::price;
use serde::Serialize;
use serde_json::{Value, json};
use suiftly_schema::price::PriceBook;
use suiftly_schema::reference::{Account, Entity, KeyLife, KeyState, ServiceAccess};
use tokio_postgres::types::Json;
use tokio_postgres::{GenericClient, Transaction};

/// What was changed after the dump, as the journal tells it: what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retold {
    /// Entities that the database holds, and that stand as they were at the dump.
    pub undone: Vec<Later>,
    /// Entities that the database does not hold: made after the dump, and without rights now.
    pub gone: Vec<Later>,
    /// Keys that were revoked or deleted after the dump, and still are.
    pub ended_keys: Vec<Later>,
}

/// One of them: its kind and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Later {
    /// `account`, `service`, `key`, `log_format`.
    pub kind: String,
    /// What names it.
    pub id: String,
}

/// Publishes the books that the journal told after the dump: lines are rated by them.
pub async fn teach_books(owner: &StoreConfig, books: &[PriceBook]) -> Result<(), StoreError> {
    price::publish(&owner.connect().await?, books).await
}

/// After the journal has been taken in: tells the database's own word of whatever the journal told after change `dumped`.
pub async fn settle_reference(owner: &StoreConfig, dumped: u64) -> Result<Retold, StoreError> {
    const ATTEMPTED: &str = "settle the reference data";
    let mut client = owner.connect().await?;
    let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
    // Under numbers that the journal has, nothing would be heard any more.
    let skip = "SELECT setval('outbox_seq', greatest((SELECT last_value FROM outbox_seq), (SELECT seq FROM reference_progress), 1))";
    transaction.execute(skip, &[]).await.map_err(StoreError::database(ATTEMPTED))?;
    let select = "SELECT kind, id, entity FROM reference_entities WHERE seq > $1 ORDER BY kind, id";
    let rows = transaction.query(select, &[&to_bigint(dumped)]).await.map_err(StoreError::database(ATTEMPTED))?;
    let mut retold = Retold::default();
    for row in rows {
        let later = Later { kind: row.get(0), id: row.get(1) };
        let entity: Json<Entity> =
            row.try_get(2).map_err(|error| StoreError::Row { what: "an entity", cause: error.to_string() })?;
        retell(&transaction, &entity.0, later, &mut retold).await?;
    }
    transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
    Ok(retold)
}

async fn retell(
    transaction: &Transaction<'_>,
    entity: &Entity,
    later: Later,
    retold: &mut Retold,
) -> Result<(), StoreError> {
    if let Entity::Key(key) = entity
        && key.state != KeyLife::Active
        && end_key(transaction, key).await?
    {
        retold.ended_keys.push(later);
        return Ok(());
    }
    let (held, without_rights) = match entity {
        Entity::Account(account) => (held_account(transaction, account).await?, closed(account)),
        Entity::Service(service) => (held_service(transaction, service).await?, disabled(service)),
        Entity::Key(key) => (held_by(transaction, "suiftly_key", key.id).await?, deleted(key)),
        Entity::LogFormat(format) => {
            let retired = json!({"id": format.id, "name": format.name, "log_format": format.log_format,
                "attribution": format.attribution, "publication": format.publication, "is_in_force": false});
            (held_by(transaction, "suiftly_log_format", format.id).await?, retired)
        }
        // Taught before, and never edited.
        Entity::PriceBook(_) => return Ok(()),
    };
    let told = held.as_ref().unwrap_or(&without_rights);
    let insert = "INSERT INTO outbox (seq, kind, entity) VALUES (nextval('outbox_seq'), $1, $2)";
    let done = transaction.execute(insert, &[&later.kind, &Json(told)]).await;
    done.map_err(StoreError::database("tell the database's own word"))?;
    let list = if held.is_some() { &mut retold.undone } else { &mut retold.gone };
    list.push(later);
    Ok(())
}

/// Whether the database holds the key, and it has ended there now: a trigger tells of it.
async fn end_key(transaction: &Transaction<'_>, key: &KeyState) -> Result<bool, StoreError> {
    let (state, ended) = match key.state {
        KeyLife::Deleted => ("deleted", "state = 'deleted', deleted_at = now(), sealed_key = NULL"),
        KeyLife::Active | KeyLife::Revoked => ("revoked", "state = 'revoked', revoked_at = now()"),
    };
    let update =
        format!("UPDATE api_keys SET {ended} WHERE id = $1 AND key_sha256 = $2 AND state <> $3 AND state <> 'deleted'");
    let done = transaction.execute(&update, &[&key.id, &key.key_sha256, &state]).await;
    done.map_err(StoreError::database("end a key that was ended after the dump")).map(|rows| rows > 0)
}

async fn held_account(client: &impl GenericClient, account: &Account) -> Result<Option<Value>, StoreError> {
    held_by(client, "suiftly_account", account.customer_id.get()).await
}

async fn held_service(client: &impl GenericClient, service: &ServiceAccess) -> Result<Option<Value>, StoreError> {
    let number = i16::from(service.service.number());
    let row = client.query_one("SELECT suiftly_service($1, $2)", &[&service.customer_id.get(), &number]).await;
    held(row)
}

/// The row as it is told; the functions are of migrations 0008, 0012 and 0016.
async fn held_by(client: &impl GenericClient, function: &str, id: i64) -> Result<Option<Value>, StoreError> {
    held(client.query_one(&format!("SELECT {function}($1)"), &[&id]).await)
}

fn held(row: Result<tokio_postgres::Row, tokio_postgres::Error>) -> Result<Option<Value>, StoreError> {
    let row = row.map_err(StoreError::database("look an entity up"))?;
    Ok(row.get::<_, Option<Json<Value>>>(0).map(|json| json.0))
}

fn closed(account: &Account) -> Value {
    json!({"customer_id": account.customer_id.get(), "status": "closed", "max_monthly_usd_cents": 0, "balance_usd_cents": 0})
}

fn disabled(service: &ServiceAccess) -> Value {
    json!({"customer_id": service.customer_id.get(), "service_type": service.service.number(), "tier": "starter",
        "is_enabled": false, "config": {}})
}

fn deleted(key: &KeyState) -> Value {
    json!({"id": key.id, "customer_id": key.customer_id.get(), "service_type": key.service.number(),
        "network": key.network.number(), "api_key_fp": key.api_key_fp, "key_metadata": key.key_metadata,
        "key_sha256": key.key_sha256, "state": "deleted"})
}
