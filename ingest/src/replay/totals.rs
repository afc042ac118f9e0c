//! Sums per customer, service, network and hour.

use super::ReplayError;
use rustc_hash::FxHashMap;
use suiftly_schema::{
    ids::{CustomerId, Network, Service},
    record::Record,
    time::UnixMillis,
    usage::UsageSums,
};

/// Captured texts are kept once each; all of them together are at most this long.
const MAX_TEXT_BYTES: usize = 256 << 20;

/// Whose a row is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Customer {
    /// Nobody's.
    None,
    /// By SF1.
    Id(CustomerId),
    /// By what a stock format captured.
    Text(String),
}

/// One row of the totals, in the order of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) customer: Customer,
    pub(super) service: Option<Service>,
    pub(super) network: Option<Network>,
    pub(super) hour: UnixMillis,
    pub(super) sums: UsageSums,
}

/// A bound is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Groups(usize),
    Text,
}

impl Full {
    pub(super) fn in_input(self, name: &str) -> ReplayError {
        let name = name.to_owned();
        match self {
            Self::Groups(max) => ReplayError::TooManyGroups { name, max },
            Self::Text => ReplayError::TooMuchText { name, max: MAX_TEXT_BYTES },
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    None,
    Id(CustomerId),
    /// An index into the texts.
    Text(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Group {
    who: Who,
    service: Option<Service>,
    network: Option<Network>,
    hour: UnixMillis,
}

pub(super) struct Totals {
    max_groups: usize,
    sums: FxHashMap<Group, UsageSums>,
    texts: FxHashMap<String, usize>,
    text_bytes: usize,
}

impl Totals {
    pub(super) fn new(max_groups: usize) -> Self {
        Self { max_groups, sums: FxHashMap::default(), texts: FxHashMap::default(), text_bytes: 0 }
    }

    /// Adds a record; `text` is whose it is, where its own customer is unset.
    pub(super) fn add(&mut self, record: &Record, text: Option<&[u8]>) -> Result<(), Full> {
        let who = match (record.customer_id, text) {
            (Some(id), _) => Who::Id(id),
            (None, Some(text)) => Who::Text(self.text_index(text)?),
            (None, None) => Who::None,
        };
        let group = Group { who, service: record.service, network: record.network, hour: record.timestamp.hour() };
        if let Some(sums) = self.sums.get_mut(&group) {
            *sums += &UsageSums::of(record);
            return Ok(());
        }
        if self.sums.len() >= self.max_groups {
            return Err(Full::Groups(self.max_groups));
        }
        self.sums.insert(group, UsageSums::of(record));
        Ok(())
    }

    /// All rows, sorted.
    pub(super) fn into_rows(self) -> Vec<Row> {
        let mut texts = vec![String::new(); self.texts.len()];
        for (text, at) in self.texts {
            texts[at] = text;
        }
        let row = |(group, sums): (Group, UsageSums)| {
            let customer = match group.who {
                Who::None => Customer::None,
                Who::Id(id) => Customer::Id(id),
                Who::Text(at) => Customer::Text(texts[at].clone()),
            };
            Row { customer, service: group.service, network: group.network, hour: group.hour, sums }
        };
        let mut rows: Vec<Row> = self.sums.into_iter().map(row).collect();
        rows.sort_unstable_by(|a, b| {
            let rest = |row: &Row| (row.service, row.network, row.hour);
            a.customer.cmp(&b.customer).then_with(|| rest(a).cmp(&rest(b)))
        });
        rows
    }

    fn text_index(&mut self, text: &[u8]) -> Result<usize, Full> {
        let text = String::from_utf8_lossy(text);
        if let Some(at) = self.texts.get(text.as_ref()) {
            return Ok(*at);
        }
        self.text_bytes += text.len();
        if self.text_bytes > MAX_TEXT_BYTES {
            return Err(Full::Text);
        }
        let at = self.texts.len();
        self.texts.insert(text.into_owned(), at);
        Ok(at)
    }
}
