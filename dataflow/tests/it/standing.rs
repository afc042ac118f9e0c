//! A cluster that starts again while its shards stand at different epochs.

use crate::generate::{GivenEpoch, epochs, input};
use crate::mesh::{only, run_meshed};
use crate::seed::seed_at;
use proptest::collection::vec;
use proptest::prelude::*;
use suiftly_dataflow::{EpochInput, Seed, Standing};
use suiftly_schema::shard::ShardSet;

/// The shards stand at so many of the epochs, in turns.
fn standing(epochs: &[GivenEpoch], stored: &[usize]) -> Standing {
    let epoch_of = |stored: usize| stored.min(epochs.len()).checked_sub(1).map_or(0, |last| epochs[last].0);
    Standing(std::array::from_fn(|shard| epoch_of(stored[shard % stored.len()])))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// All that no shard has is answered once more, as it would have been; nothing is that its shard has.
    #[test]
    fn a_restart_answers_what_each_shard_has_not(epochs in epochs(), stored in vec(0usize..12, 5)) {
        let inputs: Vec<_> = epochs.iter().map(input).collect();
        let whole = run_meshed(1, 1, &Seed::default(), &inputs).remove(0);
        let standing = standing(&epochs, &stored);
        let seed = seed_at(&epochs, &whole, standing.clone());
        let replayed: Vec<EpochInput> = inputs.into_iter().filter(|input| input.epoch > seed.epoch).collect();
        for (processes, threads) in [(1, 1), (3, 1), (2, 2)] {
            let parts = run_meshed(processes, threads, &seed, &replayed);
            for (process, part) in parts.into_iter().enumerate() {
                let shards = ShardSet::of_process(process, processes, threads);
                let news = whole.iter().filter(|deltas| deltas.epoch > seed.epoch).map(|deltas| {
                    only(deltas, |shard| shards.contains(shard) && !standing.has(shard, deltas.epoch))
                });
                prop_assert_eq!(part, news.collect::<Vec<_>>(), "process {} of {}", process, processes);
            }
        }
    }
}

#[test]
fn an_epoch_is_behind_until_a_shard_has_passed_it() {
    let mut standing = Standing::default();
    assert!(standing.is_behind(1));
    standing.0[255] = 7;
    assert_eq!([7, 8].map(|epoch| standing.is_behind(epoch)), [false, true]);
}
