//! Where rows belong: each to a shard, each shard to one worker of the mesh. What is a customer's is on the worker of the
//! customer's shard, what is the machinery's on that of its server's. Nothing but ids decides, so what was stored of a
//! shard stays its own however many workers there are.

use suiftly_schema::activity::KeyHour;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::infra::InfraSpanKey;
use suiftly_schema::reference::Entity;
use suiftly_schema::shard::Shard;
use suiftly_schema::usage::MinuteKey;

/// A process's place in the mesh.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) process: usize,
    pub(crate) processes: usize,
    /// Of each process.
    pub(crate) threads: usize,
}

impl Place {
    /// The number of this process's first worker, among all of the mesh's.
    pub(crate) const fn first(self) -> usize {
        self.process * self.threads
    }

    pub(crate) const fn is_alone(self) -> bool {
        self.processes == 1
    }

    const fn worker_of(self, shard: Shard) -> usize {
        shard.worker_of(self.processes * self.threads)
    }

    /// A shard's worker as an exchange is told it: a number below the number of workers goes to the worker of that number.
    pub(crate) const fn route(self, shard: Shard) -> u64 {
        self.worker_of(shard) as u64
    }

    /// Which of this process's workers has a shard; `None` if another process does.
    pub(crate) fn thread_of(self, shard: Shard) -> Option<usize> {
        self.worker_of(shard).checked_sub(self.first()).filter(|thread| *thread < self.threads)
    }
}

pub(crate) fn of_customer(customer_id: CustomerId) -> Shard {
    Shard::of_customer(Some(customer_id))
}

pub(crate) fn of_usage(key: &MinuteKey) -> Shard {
    Shard::of_customer(key.usage.customer_id)
}

pub(crate) fn of_activity(of: &KeyHour) -> Shard {
    of_customer(of.key.customer_id)
}

/// Lines that name no gateway are shard 0's, as nobody's usage is. The least number is none in the tables: a line that says
/// it counts in the same row, and a row is of one shard.
pub(crate) fn of_infra(key: &InfraSpanKey) -> Shard {
    key.infra.server_id.filter(|id| *id != i16::MIN).map_or(Shard(0), Shard::of_server)
}

/// `None` for what every worker is told.
pub(crate) fn of_entity(entity: &Entity) -> Option<Shard> {
    match entity {
        Entity::Account(account) => Some(of_customer(account.customer_id)),
        Entity::Service(access) => Some(of_customer(access.customer_id)),
        Entity::Key(key) => Some(of_customer(key.customer_id)),
        Entity::PriceBook(_) | Entity::LogFormat(_) => None,
    }
}
