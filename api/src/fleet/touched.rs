//! Which version changed a customer's service last, as long as some edge may not have it.

use super::Place;
use std::collections::HashMap;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::AccessId;

/// Customers' services that are remembered one by one. Beyond it all are taken to have been changed.
pub(super) const TOUCHED_MAX: usize = 500_000;

/// Versions by what they changed.
#[derive(Debug)]
pub(super) struct Touched {
    last: HashMap<AccessId, Place>,
    /// What is not among them was changed by this version at the latest.
    others: Place,
}

impl Default for Touched {
    fn default() -> Self {
        Self { last: HashMap::new(), others: (UnixMillis::MIN, 0) }
    }
}

impl Touched {
    pub(super) fn add(&mut self, ids: &[AccessId], place: Place) {
        if self.last.len() + ids.len() > TOUCHED_MAX {
            self.others = self.last.drain().map(|(_, place)| place).chain([self.others, place]).max().unwrap_or(place);
            return;
        }
        self.last.extend(ids.iter().map(|id| (*id, place)));
    }

    /// Every edge has this version.
    pub(super) fn forget_through(&mut self, place: Place) {
        if !self.last.is_empty() {
            self.last.retain(|_, last| *last > place);
        }
    }

    /// The version that changed it last, as far as some edge may not have it.
    pub(super) fn last(&self, id: AccessId) -> Option<Place> {
        self.last.get(&id).copied().max((self.others.1 > 0).then_some(self.others))
    }
}
