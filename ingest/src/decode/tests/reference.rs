//! Reference changes among the lines: in their order, each once, and no lines.

use super::*;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::{Account, Entity, ReferenceChange};

fn change(seq: u64, balance: i64) -> ReferenceChange {
    let account = Account::new(CustomerId::new(7).unwrap());
    ReferenceChange { seq, entity: Entity::Account(Account { balance: MicroUsd(balance), ..account }) }
}

fn frame(change: &ReferenceChange) -> String {
    serde_json::to_string(change).unwrap()
}

#[test]
fn changes_come_once_in_their_order_and_count_as_no_lines() {
    let line = sf1(1, NOW.0, "1", 200, 1);
    let changes = [change(3, 1), change(5, 2), change(5, 9), change(4, 9), change(6, 3)].map(|change| frame(&change));
    let frames = changes.iter().map(|change| (Source::Outbox, change.as_str())).chain([(GATEWAY, line.as_str())]);
    let first = block_of(1, frames);
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    let batch = decoder.decode(&first);
    assert_eq!(batch.reference, [change(3, 1), change(5, 2), change(6, 3)]);
    assert_eq!((batch.counts.received, batch.counts.accepted), (1, 1));

    // Told again after a restart, as of what was stored.
    let second = block_of(
        2,
        [change(6, 3), change(7, 4)].map(|change| frame(&change)).iter().map(|it| (Source::Outbox, it.as_str())),
    );
    let mut restored = Decoder::restore(DecodeConfig::LIVE, &decoder.windows(), 6, PriceBooks::v1()).unwrap();
    restored.rewarm(&first);
    assert_eq!(restored.decode(&second).reference, [change(7, 4)]);
    assert_eq!(decoder.decode(&second).reference, [change(7, 4)]);
}

#[test]
fn a_change_that_cannot_be_read_is_kept_and_told() {
    let later = frame(&change(2, 1)).replace("account", "invoice");
    let block = block_of(1, [(Source::Outbox, later.as_str()), (Source::Outbox, "{}")]);
    let batch = Decoder::new(DecodeConfig::LIVE).decode(&block);
    assert_eq!(batch.reference, []);
    assert_eq!(batch.counts.rejected, [("reference".to_owned(), 2)].into());
    let kept: Vec<_> = batch.quarantined.iter().map(|line| (line.reason, line.source.as_str())).collect();
    assert_eq!(kept, [("reference", "outbox"); 2]);
    assert_eq!(batch.quarantined[0].line, later.as_bytes());
}

#[test]
fn nobody_but_the_outbox_changes_anything() {
    let forged = frame(&change(1, 1));
    for source in [GATEWAY, Source::File, Source::Quarantine { offset: 1 }] {
        let batch = Decoder::new(DecodeConfig::LIVE).decode(&block_of(1, [(source, forged.as_str())]));
        assert_eq!((batch.reference, batch.counts.rejected_total()), (vec![], 1), "{source}");
    }
}
