//! Two roles: the owner migrates, and a role without DDL runs. What the second may do is in migration 0009.
//!
//! Where it stands: whoever starts the program opens the database by [`open`], and hands on the configuration of the
//! role to run with; nothing after it knows of the owner. With one role for both it runs as well, and says so; where
//! customers' money is ([`Roles::is_strict`]) it is refused.

use crate::StoreError;
use crate::config::StoreConfig;
use crate::migrate::{self, Migrated, quoted};
use tokio_postgres::Client;

/// The role that the program runs with in its private cluster, and in tests.
pub const RUN_ROLE: &str = "suiftly_run";

/// A row for each right that a role has and should not, to run with. What it may by way of other roles counts too: who is a
/// member of the owner, though without inheriting, is the owner at will.
const DDL_RIGHTS: &str = "SELECT may FROM (\
    SELECT 1, 'is a superuser', rolsuper FROM pg_roles WHERE rolname = current_user \
    UNION ALL SELECT 2, 'may make databases', rolcreatedb FROM pg_roles WHERE rolname = current_user \
    UNION ALL SELECT 3, 'may make roles', rolcreaterole FROM pg_roles WHERE rolname = current_user \
    UNION ALL SELECT 4, 'may make schemas', has_database_privilege(current_database(), 'CREATE') \
    UNION ALL SELECT 5, 'may make tables', has_schema_privilege('public', 'CREATE') \
    UNION ALL SELECT 6, 'owns tables, or is a member of who does', EXISTS (SELECT FROM pg_class \
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND pg_has_role(relowner, 'MEMBER')) \
    ) AS rights (at, may, has) WHERE has ORDER BY at";

/// A database and the roles to use it by.
#[derive(Clone, Debug)]
pub struct Roles {
    /// Runs.
    pub run: StoreConfig,
    /// Migrates, if that is another.
    pub owner: Option<StoreConfig>,
    /// Whether the role to run with is made where it is missing: in a cluster of our own, where nobody else would.
    pub makes_run_role: bool,
    /// Whether a role that could change the schema is refused, and not only warned of: in production.
    pub is_strict: bool,
}

impl Roles {
    /// One role for both.
    pub const fn one(config: StoreConfig) -> Self {
        Self { run: config, owner: None, makes_run_role: false, is_strict: false }
    }

    /// The one that may make and drop the database.
    pub fn owner(&self) -> &StoreConfig {
        self.owner.as_ref().unwrap_or(&self.run)
    }
}

/// Brings the schema up to date and sees to it that the role to run with has its rights, and no others.
///
/// Where that role is alone it migrates if it may. If it may not, the schema must be up to date already:
/// [`StoreError::NotMigrated`]. Where it is strict, a role to run with that could change the schema is
/// [`StoreError::RunsWithDdl`].
pub async fn open(roles: &Roles) -> Result<Migrated, StoreError> {
    let Some(owner) = &roles.owner else { return open_with_one(&roles.run, roles.is_strict).await };
    if owner.database() != roles.run.database() {
        let (owner, run) = (owner.database().to_owned(), roles.run.database().to_owned());
        return Err(StoreError::TwoDatabases { owner, run });
    }
    if roles.makes_run_role {
        make_role(owner, roles.run.user()).await?;
    }
    let migrated = migrate::migrate(owner).await?;
    if migrated.applied > 0 || !is_granted(owner, roles.run.user()).await? {
        grant(owner, roles.run.user()).await?;
    }
    if roles.is_strict {
        without_ddl(&roles.run).await?;
    }
    Ok(migrated)
}

async fn open_with_one(config: &StoreConfig, is_strict: bool) -> Result<Migrated, StoreError> {
    if is_strict {
        without_ddl(config).await?;
        return migrate::verify(config).await;
    }
    if may_make_tables(config).await? {
        let database = config.database();
        tracing::warn!(database, "the role that runs may change the schema; name the owner in database.migrate_url");
        return migrate::migrate(config).await;
    }
    migrate::verify(config).await
}

/// That the schema is this program's, asked by a role that need not be able to change it. Changes nothing.
pub async fn verify(config: &StoreConfig) -> Result<Migrated, StoreError> {
    migrate::verify(config).await
}

/// That this role could change no table, make none, and become nobody who could. Changes nothing.
pub async fn without_ddl(config: &StoreConfig) -> Result<(), StoreError> {
    let rows = config.connect().await?.query(DDL_RIGHTS, &[]).await;
    let rows = rows.map_err(StoreError::database("ask what the role may do"))?;
    let may: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    if may.is_empty() {
        return Ok(());
    }
    let (role, database) = (config.user().to_owned(), config.database().to_owned());
    Err(StoreError::RunsWithDdl { role, database, may: may.join(", ") })
}

/// A database that is still to be made answers no: whoever makes it owns it.
async fn may_make_tables(config: &StoreConfig) -> Result<bool, StoreError> {
    if !migrate::exists(config).await? {
        return Ok(true);
    }
    let asked = "SELECT has_schema_privilege('public', 'CREATE')";
    let row = config.connect().await?.query_one(asked, &[]).await;
    Ok(row.map_err(StoreError::database("ask what the role may do"))?.get(0))
}

/// Makes the role, with nothing but the leave to connect.
async fn make_role(owner: &StoreConfig, role: &str) -> Result<(), StoreError> {
    let server = owner.with_database("postgres").connect().await?;
    let found = server.query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&role]).await;
    if found.map_err(StoreError::database("look for the role to run with"))?.is_some() {
        return Ok(());
    }
    let create = format!("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT", quoted(role));
    match server.batch_execute(&create).await {
        // Another process was faster.
        Err(error) if error.code().is_some_and(|code| ["42710", "23505"].contains(&code.code())) => Ok(()),
        result => result.map_err(StoreError::database("make the role to run with")),
    }
}

/// Whether the role is not the owner, and there is nothing that it could not read or call: what migrations add it must
/// be let in to.
async fn is_granted(owner: &StoreConfig, role: &str) -> Result<bool, StoreError> {
    let asked = "SELECT NOT pg_has_role(r.oid, (SELECT relowner FROM pg_class WHERE oid = 'schema_migrations'::regclass), 'MEMBER') \
        AND coalesce((SELECT bool_and(has_table_privilege(r.oid, c.oid, 'SELECT')) FROM pg_class AS c \
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition) \
        AND (SELECT coalesce(bool_and(has_function_privilege(r.oid, p.oid, 'EXECUTE')), true) FROM pg_proc AS p \
            WHERE pronamespace = 'public'::regnamespace AND prosecdef AND proname LIKE 'suiftly\\_%'), false) \
        FROM pg_roles AS r WHERE rolname = $1";
    let found = owner.connect().await?.query_opt(asked, &[&role]).await;
    // No such role: granting says so.
    Ok(found.map_err(StoreError::database("ask what the role may do"))?.is_some_and(|row| row.get(0)))
}

/// Gives the role what running takes, and takes back what it had beyond that.
pub(crate) async fn grant(owner: &StoreConfig, role: &str) -> Result<(), StoreError> {
    let client = migrate::connect_locked(owner).await?;
    grant_by(&client, role).await
}

async fn grant_by(client: &Client, role: &str) -> Result<(), StoreError> {
    let granted = client.execute("SELECT suiftly_grant_run($1)", &[&role]).await;
    granted.map_err(StoreError::database("grant the role to run with its rights")).map(|_| ())
}
