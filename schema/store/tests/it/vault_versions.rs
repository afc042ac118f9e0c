//! The vault's versions as they are written down, who holds it, and the rows that a publisher goes on from.

use crate::model::{Model, some_records};
use serde_json::json;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::admin::{VERSIONS_KEPT, VaultControl, VaultFreeze, VersionPlace, VersionRow};
use suiftly_store::accounts::{AccountStore, Act, ActivityQuery, Actor};
use suiftly_store::testing::on_each_store;
use suiftly_store::writer::Writer;

const ERA: UnixMillis = UnixMillis(1_795_300_000_000);

fn version(era: UnixMillis, version: u64) -> VersionRow {
    VersionRow {
        era,
        version,
        root: format!("{version:064x}"),
        keys: 5,
        access: 4,
        epoch: version * 10,
        issued_at: era.plus_ms(version.cast_signed()),
        changes: json!({"counts": {"issued": 1}, "rows": []}),
    }
}

#[tokio::test]
async fn versions_are_kept_once_in_order_and_bounded() {
    on_each_store(async |database| {
        let store = AccountStore::new(database.config()).unwrap();
        assert_eq!(store.vault_control().await.unwrap(), VaultControl::default());
        let first: Vec<_> = (1..=u64::from(VERSIONS_KEPT)).map(|number| version(ERA, number)).collect();
        store.put_vault_versions(&first, 0).await.unwrap();
        // The same again, as after an answer that was lost; and one of a later era whose number began anew.
        store.put_vault_versions(&first[..3], 0).await.unwrap();
        let later = [version(ERA.plus_ms(1), 1), version(ERA.plus_ms(1), 2)];
        store.put_vault_versions(&later, 2).await.unwrap();
        store.put_vault_versions(&[], 1).await.unwrap();
        let control = store.vault_control().await.unwrap();
        assert_eq!((control.refill, control.last), (2, (ERA.plus_ms(1), 2)), "a refill is never taken back");
        let newest = store.vault_versions(None, 3).await.unwrap();
        assert_eq!(newest, [later[1].clone(), later[0].clone(), first[first.len() - 1].clone()]);
        let place = VersionPlace { version: newest[2].version, era: newest[2].era };
        let next = store.vault_versions(Some(place), 1_000).await.unwrap();
        assert_eq!(next.len() + 3, VERSIONS_KEPT as usize, "the oldest went");
        assert_eq!(next.last().unwrap().version, 3);
    })
    .await;
}

#[tokio::test]
async fn who_holds_the_vault_is_remembered_and_on_record() {
    on_each_store(async |database| {
        let store = AccountStore::new(database.config()).unwrap();
        let act = Act { actor: Actor::Operator { name: "ann".to_owned() }, address: None, at: ERA };
        let freeze = VaultFreeze { at: ERA, by: "ann".to_owned(), reason: "a bad price book".to_owned() };
        store.freeze_vault(&freeze, 7, &act).await.unwrap();
        assert_eq!(store.vault_control().await.unwrap().frozen, Some(freeze));
        store.thaw_vault(7, &act).await.unwrap();
        assert_eq!(store.vault_control().await.unwrap().frozen, None);
        let acts = store.activity(&ActivityQuery { limit: 10, ..ActivityQuery::default() }).await.unwrap();
        let acts: Vec<_> = acts.iter().map(|of| (of.action.as_str(), of.change["version"].clone())).collect();
        assert_eq!(acts, [("vault.thaw", json!(7)), ("vault.freeze", json!(7))]);
    })
    .await;
}

#[tokio::test]
async fn a_writer_finds_the_vaults_rows_beside_its_watermark() {
    on_each_store(async |database| {
        let (mut writer, resume) = Writer::open(database.config(), "journal-v").await.unwrap();
        assert!(resume.key_grants.is_empty() && resume.access_grants.is_empty());
        let mut model = Model::default();
        for seed in 0..6 {
            let commit = model.commit(some_records(seed, 5, model.now()));
            writer.commit(&[commit]).await.unwrap();
        }
        drop(writer);
        let (_, resume) = Writer::open(database.config(), "journal-v").await.unwrap();
        let keys: Vec<_> = model.accounts.keys.values().cloned().collect();
        let access: Vec<_> = model.accounts.access.values().cloned().collect();
        assert!(!keys.is_empty() && !access.is_empty());
        assert_eq!((resume.epoch, resume.key_grants, resume.access_grants), (6, keys, access));
    })
    .await;
}
