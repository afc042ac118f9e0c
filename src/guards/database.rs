//! Each deployment has a database of its own name, and nobody gets into production's by mistake.

use super::Ground;
use crate::config::Problems;
use crate::place::Deployment;
use suiftly_store::config::StoreConfig;

pub(super) fn look(ground: &Ground<'_>, refused: &mut Problems) {
    let database = &ground.config.database;
    let stores = [("database.url", &database.url), ("database.migrate_url", &database.migrate_url)];
    let stores = stores.map(|(key, url)| {
        // One that cannot be read is told where the rules are.
        let store = url.as_deref().and_then(|url| StoreConfig::from_url(url).ok());
        if let Some(store) = &store {
            refused.note(right_database(ground.deployment, store).map_err(|error| error.context(key)));
        }
        store
    });
    if !ground.deployment.is_production() {
        return;
    }
    let private = "database.url is not set: production uses the server's PostgreSQL, not a private cluster";
    refused.unless(database.url.is_some(), private);
    if let [Some(run), Some(owner)] = stores {
        let one_role = format_args!(
            "database.url and database.migrate_url are of one role, {}: who runs must not own",
            run.user()
        );
        refused.unless(run.user() != owner.user(), one_role);
    }
}

/// Production uses its database alone, and no other deployment does.
pub(crate) fn right_database(deployment: Deployment, store: &StoreConfig) -> anyhow::Result<()> {
    let (named, of_production) = (store.database(), Deployment::Production.database());
    let is_right = deployment.is_production() == (named == of_production);
    anyhow::ensure!(
        is_right,
        "the database is {named}, and {deployment} uses {}",
        if deployment.is_production() { of_production } else { deployment.database() }
    );
    Ok(())
}
