//! A customer's change, from the database's tables through the journal to the vault.

use crate::program::Place;

const VAULT: &str = "SELECT count(*)::text || ' keys, ' || (SELECT count(*) FILTER (WHERE state = 'active')::text \
    || ' active, ' || count(*) FILTER (WHERE state = 'suspended')::text || ' suspended' FROM vault_access) FROM vault_keys";

#[test]
fn a_customers_change_reaches_the_vault_also_when_nobody_ran() {
    let place = Place::new();
    let running = place.up("auto");
    assert!(place.run(&["seed"]).status.success());
    place.database_says(VAULT, "10 keys, 8 active, 0 suspended");
    place.database_does("UPDATE customers SET status = 'suspended' WHERE display_name = 'Fernway'");
    place.database_says(VAULT, "10 keys, 6 active, 2 suspended");
    let (ended, log) = running.stop();
    assert!(ended.success(), "{log}");

    assert!(place.run(&["db", "start"]).status.success());
    place.database_does(
        "UPDATE customers SET status = 'active' WHERE display_name = 'Fernway'; \
         UPDATE api_keys SET state = 'deleted', deleted_at = now() WHERE id = (SELECT min(id) FROM api_keys)",
    );
    place.database_says(VAULT, "10 keys, 6 active, 2 suspended");
    let again = place.up("auto");
    place.database_says(VAULT, "9 keys, 8 active, 0 suspended");
    let (ended, log) = again.stop();
    assert!(ended.success(), "{log}");
}
