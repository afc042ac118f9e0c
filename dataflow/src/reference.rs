//! Reference data as the dataflow knows it: turns changes, which carry what an entity is from now on, into differences,
//! which also say what it no longer is; and the clock into months.

use crate::customers::Notice;
use crate::place::Place;
use std::collections::HashMap;
use suiftly_schema::reference::{Entity, EntityId, KeyState, ReferenceChange, ServiceAccess};
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// What a worker is told of an epoch's reference changes.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) notices: Vec<Notice>,
    pub(crate) services: Vec<(ServiceAccess, isize)>,
    pub(crate) keys: Vec<(KeyState, isize)>,
}

/// Every service and key as it is, and the month that the clock is in.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    entities: HashMap<EntityId, Entity>,
    month: Option<BillingMonth>,
}

impl Reference {
    /// Takes changes at an epoch's clock, for this process's workers: of customers only what is their shards'. The first
    /// worker spreads what is spread by key; since it is this process's alone, no two processes say the same.
    pub(crate) fn take(&mut self, changes: Vec<ReferenceChange>, cut_at: UnixMillis, place: Place) -> Vec<Told> {
        let mut told: Vec<_> = (0..place.threads).map(|_| Told::default()).collect();
        let month = cut_at.month();
        // A clock that goes back does not bring a month back.
        if self.month.is_none_or(|before| before < month) {
            self.month = Some(month);
            for (worker, told) in (place.first()..).zip(&mut told) {
                told.notices.push(Notice::Month(worker, month, cut_at));
            }
        }
        for change in changes {
            self.take_one(change.entity, &mut told, place);
        }
        told
    }

    fn take_one(&mut self, entity: Entity, told: &mut [Told], place: Place) {
        let id = entity.id();
        match &entity {
            // The operator keeps accounts and books itself.
            Entity::Account(account) => return told[0].notices.push(Notice::Account(account.clone())),
            Entity::PriceBook(book) => {
                for (worker, told) in (place.first()..).zip(told) {
                    told.notices.push(Notice::PriceBook(worker, Box::new(book.clone())));
                }
                return;
            }
            // It says how lines are read, which is over before they come here.
            Entity::LogFormat(_) => return,
            Entity::Service(access) => told[0].services.push((access.clone(), 1)),
            Entity::Key(key) => told[0].keys.push((key.clone(), 1)),
        }
        match self.entities.insert(id, entity) {
            Some(Entity::Service(before)) => told[0].services.push((before, -1)),
            Some(Entity::Key(before)) => told[0].keys.push((before, -1)),
            _ => {}
        }
    }
}
