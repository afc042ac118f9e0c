//! A client of the stream as the contract describes it, driven at random: it always ends up with the recount.

use crate::sse::{Event, Events};
use crate::traffic::{Recount, Row, any_filter, any_row, noon, query_of};
use crate::usage::counts;
use crate::world::World;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use suiftly_api::rows::{Filter, TimeRange};
use suiftly_api::{Clock, HubBounds};
use suiftly_schema::time::UnixMillis;

/// What a client holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) epoch: u64,
    pub(crate) resets: Vec<String>,
    counts: BTreeMap<String, i64>,
    rated: i64,
    minutes: BTreeMap<UnixMillis, BTreeMap<String, i64>>,
}

impl Client {
    pub(crate) fn take(&mut self, event: &Event) {
        match event.name.as_str() {
            "reset" => self.resets.push(event.data["reason"].as_str().unwrap().to_owned()),
            "snapshot" => {
                *self = Self { resets: std::mem::take(&mut self.resets), ..Self::default() };
                self.add(event);
            }
            "delta" => {
                assert!(event.id.unwrap() >= self.epoch, "epochs do not go back");
                self.add(event);
            }
            other => assert_eq!(other, "pipeline"),
        }
    }

    fn add(&mut self, event: &Event) {
        assert_eq!(event.data["epoch"].as_u64(), event.id);
        self.epoch = event.id.unwrap();
        add(&mut self.counts, &event.data["counts"]);
        self.rated += event.data["rated_micro_usd"].as_i64().unwrap();
        for point in event.data["minutes"].as_array().unwrap() {
            let start = UnixMillis::parse_rfc3339(point["start"].as_str().unwrap()).unwrap();
            add(self.minutes.entry(start).or_default(), &point["counts"]);
        }
    }

    /// Holds it against the recount of the month and of the last 60 minutes.
    pub(crate) fn check(&self, world: &World, filter: &Filter) {
        let month = world.clock.now().month();
        let expected = Recount::of(world.all_rows(), filter, TimeRange::new(month.start(), month.end()));
        assert_eq!(self.epoch, world.latest);
        assert_eq!(self.counts, map(&counts(&expected.sums)));
        assert_eq!(self.rated, expected.rated);
        let from = world.clock.now().minute().plus_ms(-59 * 60_000);
        let expected = Recount::of(world.all_rows(), filter, TimeRange::new(from, UnixMillis::MAX));
        let kept = self.minutes.iter().filter(|(start, counts)| **start >= from && counts.values().any(|n| *n != 0));
        let expected = expected.minutes.iter().map(|(start, sums)| (*start, map(&counts(sums))));
        assert_eq!(
            kept.map(|(start, counts)| (*start, counts.clone())).collect::<BTreeMap<_, _>>(),
            expected.collect::<BTreeMap<_, _>>()
        );
    }
}

fn map(counts: &Value) -> BTreeMap<String, i64> {
    let mut map = BTreeMap::new();
    add(&mut map, counts);
    map
}

fn add(to: &mut BTreeMap<String, i64>, counts: &Value) {
    for (name, value) in counts.as_object().unwrap() {
        *to.entry(name.clone()).or_default() += value.as_i64().unwrap();
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Epochs go by.
    Publish(Vec<Vec<Row>>),
    /// The store commits so many more.
    Commit(u64),
    /// The client reads so many events.
    Read(usize),
    /// The client loses its connection and comes back with the last id it has.
    Reconnect,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(prop::collection::vec(any_row(), 0..4), 1..5).prop_map(Step::Publish),
        3 => (0u64..6).prop_map(Step::Commit),
        3 => (1usize..4).prop_map(Step::Read),
        2 => Just(Step::Reconnect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn snapshot_and_deltas_add_up_to_the_recount_over_lost_connections_and_falling_behind(
        steps in prop::collection::vec(any_step(), 1..24),
        ring in 3usize..30,
        filter in any_filter(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(drive(steps, ring, filter));
    }
}

async fn drive(steps: Vec<Step>, ring: usize, filter: Filter) {
    let mut world = World::new(100, HubBounds { epochs: ring, bytes: 1 << 20 });
    world.hub.resume_at(99, noon());
    let router = world.router_with_pulse();
    let query = query_of(&filter);
    let mut client = Client::default();
    let mut events = Events::open(&router, &query, None).await;
    for step in steps {
        match step {
            Step::Publish(epochs) => {
                for rows in epochs {
                    world.publish(&rows);
                }
                // A store too far behind is another test's matter.
                world.commit(world.latest.saturating_sub(u64::try_from(ring).unwrap()));
            }
            Step::Commit(more) => {
                let watermark = world.store.state.lock().unwrap().watermark;
                world.commit(watermark + more);
            }
            Step::Read(count) => {
                for _ in 0..count {
                    client.take(&events.next().await.unwrap());
                }
            }
            Step::Reconnect => {
                let id = client.epoch.to_string();
                drop(events);
                events = Events::open(&router, &query, Some(&id)).await;
            }
        }
    }
    // By the next pulse but one, everything is there.
    for event in events.within(std::time::Duration::from_millis(2_100)).await {
        client.take(&event);
    }
    client.check(&world, &filter);
}
