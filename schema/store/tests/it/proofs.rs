//! Parts of proofs: sealed once, step after step, and read as they were; each month's tree is that of its parts.

use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::proof::{Hash, Hex, Journal, SealedPart, Tree, tree};
use suiftly_schema::reference::Entity;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_store::money::{MoneyStore, NewPart, PARTS_KEPT_MS, SealStep, SealedJournal};
use suiftly_store::testing::{TestDatabase, on_each_store};

const HOUR_MS: i64 = 3_600_000;
const JOURNAL: Journal = Hex([0x5a; 16]);
/// More than one statement writes.
const CUSTOMERS: i64 = 2_100;

fn at(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

fn customer(id: i64) -> CustomerId {
    CustomerId::new(id).unwrap()
}

fn november() -> BillingMonth {
    BillingMonth::parse("2026-11").unwrap()
}

fn part(id: i64, hour: UnixMillis, requests: u64) -> NewPart {
    let root = Hash::of(format!("{id} {requests}").as_bytes());
    let records = Tree { count: requests, root };
    let subtrees = vec![root, Hash::of(b"another")];
    NewPart { customer_id: customer(id), hour, requests, bytes: 10 * requests, records, subtrees }
}

fn step(after: Epoch, last_epoch: Epoch, parts: Vec<NewPart>) -> SealStep {
    let cut_at = at("2026-11-22T00:00:00Z").plus_ms(i64::try_from(last_epoch).unwrap());
    SealStep { journal: JOURNAL, after, first_epoch: after + 1, last_epoch, cut_at, whole_from: None, parts }
}

/// How many parts a month has, and the root of their tree, computed anew.
async fn recomputed(store: &MoneyStore, id: i64, month: BillingMonth) -> (usize, Hash) {
    let parts = store.parts_of_month(customer(id), month).await.unwrap();
    let leaves: Vec<_> = parts.iter().map(SealedPart::leaf).collect();
    (leaves.len(), tree::root(&leaves))
}

#[tokio::test]
async fn steps_follow_each_other_and_each_is_written_once() {
    on_each_store(async |database| {
        let store = MoneyStore::new(database.config()).unwrap();
        let id = JOURNAL.to_string();
        assert_eq!(store.sealed_journal(&id).await.unwrap(), None);
        let hour = at("2026-11-21T22:00:00Z");
        let first = step(0, 10, vec![part(1, hour, 3)]);
        let second = step(10, 25, vec![part(1, hour, 2), part(1, hour.plus_ms(HOUR_MS), 4), part(2, hour, 1)]);
        assert!(!store.seal(&second).await.unwrap(), "the first is not there");
        assert!(store.seal(&first).await.unwrap());
        for again in [&first, &SealStep { whole_from: Some(hour), ..first.clone() }] {
            assert!(!store.seal(again).await.unwrap(), "it was done");
        }
        assert!(store.seal(&SealStep { whole_from: Some(hour), ..second.clone() }).await.unwrap());
        assert!(store.seal(&step(25, 30, Vec::new())).await.unwrap(), "nothing in it");
        let sealed = store.sealed_journal(&id).await.unwrap();
        assert_eq!(
            sealed,
            Some(SealedJournal { epoch: 30, cut_at: step(25, 30, Vec::new()).cut_at, whole_from: None })
        );

        let kept = store.parts_of_hour(customer(1), hour.plus_ms(7)).await.unwrap();
        assert_eq!(kept.iter().map(|part| part.n).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(kept[1].subtrees, second.parts[0].subtrees);
        let sealed = kept[1].sealed;
        assert_eq!((sealed.part.first_epoch, sealed.part.last_epoch), (11, 25));
        assert_eq!((sealed.part.journal, sealed.part.hour, sealed.records), (JOURNAL, hour, second.parts[0].records));
        assert_eq!((sealed.part.requests, sealed.part.bytes, sealed.part.account.as_str()), (2, 20, ""));
        for (id, parts) in [(1, 3), (2, 1), (3, 0)] {
            let root = store.bill_root(customer(id), november()).await.unwrap();
            assert_eq!((parts, root), recomputed(&store, id, november()).await, "{id}");
        }
        assert_eq!(store.epochs_of_hour(hour).await.unwrap(), [(JOURNAL, 1, 10), (JOURNAL, 11, 25)]);
    })
    .await;
}

#[tokio::test]
async fn many_customers_over_the_turn_of_a_month() {
    on_each_store(async |database| {
        let store = MoneyStore::new(database.config()).unwrap();
        let (hour, december) = (at("2026-11-30T23:00:00Z"), BillingMonth::parse("2026-12").unwrap());
        let named = "INSERT INTO customers (id, display_name, wallet_address, escrow_contract_id) \
            VALUES (7, 'C', '0x7', '0x00aa')";
        let named = named.replace("'0x7'", &format!("'0x{:064x}'", 7));
        database.client().await.batch_execute(&named).await.unwrap();
        for turn in 0..3 {
            let both = |id| [part(id, hour, turn + 1), part(id, hour.plus_ms(HOUR_MS), turn + 2)];
            let parts = (1..=CUSTOMERS).flat_map(both).collect();
            assert!(store.seal(&step(turn * 10, turn * 10 + 10, parts)).await.unwrap());
        }
        for id in [1, 7, CUSTOMERS / 2, CUSTOMERS] {
            for month in [november(), december] {
                let root = store.bill_root(customer(id), month).await.unwrap();
                assert_eq!((3, root), recomputed(&store, id, month).await, "{id} {month}");
            }
        }
        let account = |part: &SealedPart| part.part.account.as_str().to_owned();
        let parts = store.parts_of_month(customer(7), december).await.unwrap();
        assert_eq!(parts.iter().map(account).collect::<Vec<_>>(), ["0x00aa"; 3]);

        // What nobody can prove any more goes, month by month; the roots stay.
        let root = store.bill_root(customer(1), november()).await.unwrap();
        let old = december.start().plus_ms(PARTS_KEPT_MS);
        assert_eq!(store.remove_parts(old.plus_ms(-1), 10_000).await.unwrap(), 0);
        let of_november = u64::try_from(CUSTOMERS).unwrap() * 3;
        assert_eq!(store.remove_parts(old, 100).await.unwrap(), 100);
        assert_eq!(store.remove_parts(old, 10_000).await.unwrap(), of_november - 100);
        assert_eq!(store.remove_parts(old, 10_000).await.unwrap(), 0);
        assert!(store.parts_of_month(customer(1), november()).await.unwrap().is_empty());
        assert_eq!(store.bill_root(customer(1), november()).await.unwrap(), root);
        assert_eq!(store.parts_of_month(customer(1), december).await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn parts_are_never_changed() {
    let database = TestDatabase::create().await;
    let store = MoneyStore::new(database.config()).unwrap();
    assert!(store.seal(&step(0, 10, vec![part(1, at("2026-11-21T22:00:00Z"), 3)])).await.unwrap());
    let client = database.client().await;
    for statement in ["UPDATE proof_parts SET requests = 4", "TRUNCATE proof_parts"] {
        let error = client.batch_execute(statement).await.expect_err(statement);
        assert!(format!("{error:?}").contains("never edited"), "{error:?}");
    }
    assert_eq!((1, store.bill_root(customer(1), november()).await.unwrap()), recomputed(&store, 1, november()).await);
}

#[tokio::test]
async fn what_was_told_is_read_and_how_far_the_journal_is_stored() {
    let database = TestDatabase::create().await;
    let (store, client) = (MoneyStore::new(database.config()).unwrap(), database.client().await);
    let told = store.told_reference().await.unwrap();
    assert_eq!((told.books.all().len(), told.formats.len()), (1, 0));
    let book = suiftly_schema::price::PriceBook {
        version: 2,
        effective_from: at("2026-11-22T00:00:00Z"),
        ..suiftly_schema::price::PriceBook::v1()
    };
    let entity = serde_json::to_string(&Entity::PriceBook(book)).unwrap();
    let put =
        format!("INSERT INTO reference_entities (kind, id, seq, entity) VALUES ('price_book', '2', 1, '{entity}')");
    client.batch_execute(&put).await.unwrap();
    assert_eq!(store.told_reference().await.unwrap().books.all().len(), 2);

    let id = JOURNAL.to_string();
    assert_eq!(store.stored_until(&id).await.unwrap(), None);
    let put = format!(
        "INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, \
            rejected, records) VALUES ('{id}', 7, '2026-11-22T00:00:00Z', 0, 0, 0, 0, 0, '{{}}', 0)"
    );
    client.batch_execute(&put).await.unwrap();
    assert_eq!(store.stored_until(&id).await.unwrap(), Some((7, at("2026-11-22T00:00:00Z"))));
}
