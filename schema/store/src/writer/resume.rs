//! What a writer finds when it opens: where the journal stands in the database, to go on from there.

use super::{loss, reference, streams};
use crate::codec::{MonthDate, Timestamptz, from_bigint, known_customer, service_of};
use crate::{StoreError, vault};
use std::collections::BTreeMap;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::loss::{LineCounts, LossTotals, WorkerWindow};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::Entity;
use suiftly_schema::stream::OpenStream;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::{AccessGrant, KeyGrant, RatedKey, RatedSums};
use tokio_postgres::types::Json;
use tokio_postgres::{Client, GenericClient, Row};

/// The state of a journal in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// Whether the database knew the journal. If not, everything else here but what was rated is empty.
    pub journal_known: bool,
    /// The last epoch that is in; 0 before the first.
    pub epoch: Epoch,
    /// That epoch's clock.
    pub cut_at: UnixMillis,
    /// Where its block ends in the journal, in bytes: replay goes on here.
    pub journal_end: u64,
    /// What all lines up to it became.
    pub counts: LineCounts,
    /// Raw records written up to it.
    pub records: u64,
    /// The workers' windows as they are after that epoch, at most [`WORKERS_MAX`], by birth.
    ///
    /// [`WORKERS_MAX`]: suiftly_schema::loss::WORKERS_MAX
    pub windows: Vec<WorkerWindow>,
    /// What the workers add up to that are not told apart any more, by server.
    pub folded: Vec<(i16, LossTotals)>,
    /// The open streams as they are after that epoch, by id.
    pub streams: Vec<OpenStream>,
    /// All that has been rated, by whatever journal: rounding goes on from these totals.
    pub rated: Vec<(RatedKey, RatedSums)>,
    /// The same in all, by customer, ascending.
    pub rated_in_all: Vec<(CustomerId, MicroUsd)>,
    /// Every entity as the dataflow was told of it last, by whatever journal.
    pub reference: Vec<Entity>,
    /// The number of the last change among them.
    pub reference_seq: u64,
    /// The vault's keys after that epoch, by their hash.
    pub key_grants: Vec<KeyGrant>,
    /// What may be done with them, by customer and service.
    pub access_grants: Vec<AccessGrant>,
}

/// Makes the journal's row if there is none, and reads where it stands.
pub(super) async fn resume(client: &Client, journal_id: &str) -> Result<Resume, StoreError> {
    let journal_known = !begin(client, journal_id).await?;
    let mut resume = watermark(client, journal_id).await?.unwrap_or_default();
    resume.journal_known = journal_known;
    loss::fold_surplus(client, journal_id).await?;
    resume.windows = loss::windows(client, journal_id, true).await?;
    resume.folded = loss::folded(client, journal_id).await?;
    resume.streams = streams::read(client, journal_id, None).await?;
    resume.rated = rated(client, None).await?;
    resume.rated_in_all = rated_in_all(&resume.rated);
    (resume.reference, resume.reference_seq) = reference::read(client).await?;
    // Nobody writes but who holds the writer's lock: all of it is of one epoch.
    (resume.key_grants, resume.access_grants) = (vault::keys(client).await?, vault::access(client).await?);
    Ok(resume)
}

/// Makes the journal's row. Whether it is new.
pub(crate) async fn begin(client: &impl GenericClient, journal_id: &str) -> Result<bool, StoreError> {
    let insert = "INSERT INTO journal_watermarks \
        (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, rejected, records) \
        VALUES ($1, 0, $2, 0, 0, 0, 0, 0, '{}', 0) ON CONFLICT DO NOTHING";
    let made = client
        .execute(insert, &[&journal_id, &Timestamptz(UnixMillis::MIN)])
        .await
        .map_err(StoreError::database("enter the journal"))?;
    Ok(made == 1)
}

/// The journal's watermark and counts; `None` for a journal that never wrote.
pub(crate) async fn watermark(client: &impl GenericClient, journal_id: &str) -> Result<Option<Resume>, StoreError> {
    let select = "SELECT epoch, cut_at, journal_end, received, accepted, duplicates, system, rejected, records, second_home \
        FROM journal_watermarks WHERE journal_id = $1";
    let row = client.query_opt(select, &[&journal_id]).await.map_err(StoreError::database("read the watermark"))?;
    row.as_ref().map(watermark_of).transpose()
}

fn watermark_of(row: &Row) -> Result<Resume, StoreError> {
    let count = |at: usize| from_bigint("a watermark", row.get(at));
    Ok(Resume {
        journal_known: true,
        epoch: count(0)?,
        cut_at: row.get::<_, Timestamptz>(1).0,
        journal_end: count(2)?,
        counts: LineCounts {
            received: count(3)?,
            accepted: count(4)?,
            second_home: count(9)?,
            duplicates: count(5)?,
            system: count(6)?,
            rejected: rejected_of(row)?,
        },
        records: count(8)?,
        ..Resume::default()
    })
}

fn rejected_of(row: &Row) -> Result<BTreeMap<String, u64>, StoreError> {
    let json: Json<BTreeMap<String, u64>> =
        row.try_get(7).map_err(|error| StoreError::Row { what: "the rejected lines", cause: error.to_string() })?;
    Ok(json.0)
}

/// A row per customer, service, month and book: small beside what it stands for. All of them, since a late line may
/// fall into any month as long as months are not closed. In a cluster those of some shards.
pub(super) async fn rated(
    client: &impl GenericClient,
    shards: Option<&[i16]>,
) -> Result<Vec<(RatedKey, RatedSums)>, StoreError> {
    let select = "SELECT month, customer_id, service_type, price_book, billable_requests, billable_bytes, rated_micro_usd \
        FROM rated WHERE $1::smallint[] IS NULL OR (customer_id & 255)::smallint = ANY ($1) \
        ORDER BY month, customer_id, service_type, price_book";
    let rows = client.query(select, &[&shards]).await.map_err(StoreError::database("read what has been rated"))?;
    rows.iter().map(rated_of).collect()
}

pub(super) fn rated_in_all(rated: &[(RatedKey, RatedSums)]) -> Vec<(CustomerId, MicroUsd)> {
    let mut in_all = BTreeMap::<CustomerId, MicroUsd>::new();
    for (key, sums) in rated {
        *in_all.entry(key.customer_id).or_default() += sums.rated;
    }
    in_all.into_iter().collect()
}

fn rated_of(row: &Row) -> Result<(RatedKey, RatedSums), StoreError> {
    let key = RatedKey {
        month: row.get::<_, MonthDate>(0).0,
        customer_id: known_customer(row.get(1))?,
        service: service_of(row.get(2))?,
        price_book: row.get::<_, i32>(3).cast_unsigned(),
    };
    let sums = RatedSums { billable_requests: row.get(4), billable_bytes: row.get(5), rated: MicroUsd(row.get(6)) };
    Ok((key, sums))
}
