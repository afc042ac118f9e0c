//! What had been told before an epoch, where the database has what was told until later.
//!
//! Shard 0's watermark may be ahead of the epoch that all begin again from. A line between the two must be read by the
//! formats of then: read otherwise, what one shard has of it would be something else than what another gets.

use super::OrderBlock;
use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::reference::{Entity, ReferenceChange};

/// The number of the last reference change, and the published formats, as they were before these blocks of the order:
/// out of the number and the formats that the database has.
///
/// What was published by a name before it was published anew is not known any more: it counts as retired, so that its
/// lines of these blocks are counted and kept as unread by whoever lacks them.
pub fn reference_before<'o>(
    told_seq: u64,
    told: &[PublishedFormat],
    later: impl IntoIterator<Item = &'o OrderBlock>,
) -> (u64, Vec<PublishedFormat>) {
    let mut formats: BTreeMap<i64, PublishedFormat> = told.iter().map(|format| (format.id, format.clone())).collect();
    let (mut seq, mut changed) = (told_seq, BTreeSet::new());
    for change in later.into_iter().flat_map(|order| &order.changes) {
        let Ok(ReferenceChange { seq: of, entity }) = serde_json::from_slice(&change.bytes) else { continue };
        if of > told_seq {
            break;
        }
        seq = seq.min(of.saturating_sub(1));
        if let Entity::LogFormat(format) = entity
            && changed.insert(format.id)
        {
            // What is retired was in force, as it is said to have been.
            let before = (!format.is_in_force).then_some(PublishedFormat { is_in_force: true, ..format.clone() });
            formats.remove(&format.id);
            formats.extend(before.map(|before| (format.id, before)));
        }
    }
    (seq, formats.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Change;
    use suiftly_schema::time::UnixMillis;

    fn format(id: i64, log_format: &str, is_in_force: bool) -> PublishedFormat {
        let (name, attribution) = (format!("f{id}"), BTreeMap::new());
        PublishedFormat { id, name, log_format: log_format.to_owned(), attribution, publication: id, is_in_force }
    }

    fn block(epoch: u64, told: &[(u64, PublishedFormat)]) -> OrderBlock {
        let change = |(seq, format): &(u64, PublishedFormat)| {
            let change = ReferenceChange { seq: *seq, entity: Entity::LogFormat(format.clone()) };
            Change { received_at: UnixMillis(1), offset: 0, bytes: serde_json::to_vec(&change).unwrap() }
        };
        let changes = told.iter().map(change).collect();
        OrderBlock { epoch, cut_at: UnixMillis(1), end: epoch, changes, cuts: Vec::new() }
    }

    #[test]
    fn what_was_told_since_is_taken_back() {
        let stored =
            [format(1, "kept", true), format(2, "new", true), format(3, "old", false), format(4, "again", true)];
        let blocks = [
            block(7, &[(11, format(2, "new", true)), (12, format(3, "old", false))]),
            block(8, &[(13, format(4, "again", false)), (14, format(4, "again", true))]),
            block(9, &[(15, format(1, "later", true))]),
        ];
        let (seq, formats) = reference_before(14, &stored, &blocks);
        assert_eq!(seq, 10);
        assert_eq!(formats, [format(1, "kept", true), format(3, "old", true), format(4, "again", true)]);
        assert_eq!(reference_before(14, &stored, &blocks[2..]), (14, stored.to_vec()), "nothing of it is stored");
    }
}
