//! Decoding in order: however the shards are split, wherever a process begins again, the batches add up to what a single
//! decoder makes of the same lines in the same order.

mod world;

use crate::samples::Random;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use suiftly_ingest::decode::{DecodeConfig, Decoder, OrderedDecoder, OrderedStart};
use suiftly_ingest::order::{OrderBlock, reference_before};
use suiftly_ingest::ship::{Part, Placement};
use suiftly_ingest::source::Source;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::loss::{LineCounts, WorkerWindow};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::shard::{SHARDS, Shard, ShardSet};
use world::{Sum, World, sf1};

const START: [Epoch; SHARDS] = [0; SHARDS];

/// A decoder of these shards that has seen nothing.
fn decoder(shards: ShardSet) -> OrderedDecoder {
    resumed(shards, (&START, &START), &[], (0, &[]))
}

fn resumed(
    shards: ShardSet,
    (restarts, watermarks): (&[Epoch; SHARDS], &[Epoch; SHARDS]),
    windows: &[WorkerWindow],
    (reference_seq, formats): (u64, &[PublishedFormat]),
) -> OrderedDecoder {
    let books = PriceBooks::v1();
    let start = OrderedStart { shards, restarts, watermarks, windows, streams: &[], reference_seq, books, formats };
    OrderedDecoder::start(DecodeConfig::CLUSTER, start).unwrap()
}

/// What a single decoder makes of the same, epoch by epoch.
fn single(world: &World) -> Vec<Sum> {
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    let batches = world.epochs.iter().map(|epoch| (epoch, decoder.decode(&epoch.in_one)));
    let sums = batches.map(|(epoch, batch)| {
        let mut sum = Sum::default();
        sum.add(&batch, |_, offset| epoch.places[&offset]);
        sum
    });
    sums.collect()
}

fn sum_of<'b>(batches: impl IntoIterator<Item = &'b Batch>) -> Sum {
    let mut sum = Sum::default();
    batches.into_iter().for_each(|batch| sum.add(batch, |no, offset| (no, offset)));
    sum
}

#[test]
fn however_the_shards_are_split_it_adds_up_to_one_decoder() {
    for seed in 1..8 {
        let world = World::new(seed, true);
        let expected = single(&world);
        for processes in 1..=3 {
            let shards: Vec<_> = (0..processes).map(|process| ShardSet::of_process(process, processes, 1)).collect();
            let mut decoders: Vec<_> = shards.iter().map(|shards| decoder(*shards)).collect();
            for (epoch, expected) in world.epochs.iter().zip(&expected) {
                let of = |(decoder, shards): (&mut OrderedDecoder, &ShardSet)| {
                    decoder.decode(&epoch.order, &world.parts(epoch, shards, false))
                };
                let batches: Vec<Batch> = decoders.iter_mut().zip(&shards).map(of).collect();
                for batch in &batches {
                    assert_eq!((batch.epoch, batch.cut_at), (epoch.order.epoch, epoch.order.cut_at));
                    assert_eq!(batch.journal_end, epoch.order.end);
                    let told: Vec<u64> = batch.reference.iter().map(|change| change.seq).collect();
                    assert_eq!(told, epoch.told, "everybody is told");
                }
                assert_eq!(sum_of(&batches), *expected, "seed {seed}, {processes} processes, {}", epoch.order.epoch);
            }
        }
        let mut counts = LineCounts::default();
        expected.iter().for_each(|sum| counts.add(&sum.counts));
        let reasons: Vec<&str> = counts.rejected.keys().map(String::as_str).collect();
        assert_eq!(reasons, ["conflict", "reference", "unknown_format"], "of everything something");
        assert!(counts.accepted > 100 && counts.second_home > 50 && counts.duplicates > 0 && counts.system > 0);
    }
}

/// Each shard by itself, undisturbed: its batches, and its windows after each epoch.
fn by_shard(world: &World) -> BTreeMap<Shard, Vec<(Batch, Vec<WorkerWindow>)>> {
    let of = |shard| {
        let shards: ShardSet = [shard].into_iter().collect();
        let mut decoder = decoder(shards);
        let epochs = world.epochs.iter().map(|epoch| {
            let batch = decoder.decode(&epoch.order, &world.parts(epoch, &shards, false));
            (batch, decoder.windows())
        });
        (shard, epochs.collect())
    };
    world.shards().iter().map(of).collect()
}

/// Restart epochs at an epoch or one after it, and watermarks of any epoch from there to the end.
fn any_start(random: &mut Random, least: Epoch, last: Epoch) -> ([Epoch; SHARDS], [Epoch; SHARDS]) {
    let restarts = std::array::from_fn(|_| least + random.below(2) as u64);
    let after = usize::try_from(last - least).unwrap();
    (restarts, std::array::from_fn(|_| least + 1 + random.below(after) as u64))
}

#[test]
fn a_restart_anywhere_gives_what_is_not_stored_and_nothing_else() {
    for seed in 1..4 {
        let world = World::new(seed, false);
        let (undisturbed, mut random) = (by_shard(&world), Random::new(seed));
        let last = world.epochs.len() as u64;
        for least in 0..last - 1 {
            let (restarts, watermarks) = any_start(&mut random, least, last);
            // Of epoch 0 nothing is stored.
            let stored = |(shard, epochs): (&Shard, &Vec<(Batch, Vec<WorkerWindow>)>)| {
                let restart = usize::try_from(restarts[shard.index()]).unwrap();
                restart.checked_sub(1).map_or_else(Vec::new, |at| epochs[at].1.clone())
            };
            let windows: Vec<_> = undisturbed.iter().flat_map(stored).collect();
            let (before, after) = world.epochs.split_at(usize::try_from(least).unwrap());
            let orders: Vec<&OrderBlock> = after.iter().map(|epoch| &epoch.order).collect();
            let (seq, formats) = reference_before(world.told_seq(), &world.formats(), orders);
            let shards: Vec<_> = (0..2).map(|process| ShardSet::of_process(process, 2, 1)).collect();
            let start = |of: &ShardSet| resumed(*of, (&restarts, &watermarks), &windows, (seq, &formats));
            let mut decoders: Vec<_> = shards.iter().map(start).collect();
            for (at, epoch) in after.iter().enumerate() {
                let of = |(decoder, shards): (&mut OrderedDecoder, &ShardSet)| {
                    let proof = if at == 0 { before } else { &before[..0] };
                    let proof = proof.iter().flat_map(|epoch| world.parts(epoch, shards, true));
                    let parts: Vec<(u16, Part)> = proof.chain(world.parts(epoch, shards, false)).collect();
                    decoder.decode(&epoch.order, &parts)
                };
                let batches: Vec<Batch> = decoders.iter_mut().zip(&shards).map(of).collect();
                let number = epoch.order.epoch;
                let expected = expected_at(&undisturbed, number, (&restarts, &watermarks));
                let found = Sum { oldest_received_at: expected.oldest_received_at, ..sum_of(&batches) };
                assert_eq!(found, expected, "seed {seed}, from {least} on, {number}");
            }
        }
    }
}

/// Windows and sums of whatever is after its restart epoch, all else of what is after its watermark.
fn expected_at(
    undisturbed: &BTreeMap<Shard, Vec<(Batch, Vec<WorkerWindow>)>>,
    epoch: Epoch,
    (restarts, watermarks): (&[Epoch; SHARDS], &[Epoch; SHARDS]),
) -> Sum {
    let at = usize::try_from(epoch - 1).unwrap();
    let batches = undisturbed.iter().filter(|(shard, _)| epoch > restarts[shard.index()]).map(|(shard, epochs)| {
        let batch = epochs[at].0.clone();
        if epoch > watermarks[shard.index()] {
            return batch;
        }
        Batch {
            records: vec![],
            record_journals: vec![],
            system: vec![],
            quarantined: vec![],
            requeued: vec![],
            counts: LineCounts::default(),
            ..batch
        }
    });
    sum_of(&batches.collect::<Vec<_>>())
}

/// An order of one epoch, which takes in one block of each journal.
fn one_epoch(frames: [&[(Source, String)]; 2]) -> World {
    World::of(frames.map(|frames| vec![frames.to_vec()]), || 1)
}

#[test]
fn two_homes_in_two_journals_are_billed_once() {
    // A gateway has the same address to both of its receivers.
    let gateway = Source::tcp(SocketAddr::from(([10, 0, 0, 17], 4_000)));
    let lines: Vec<_> = (1..=20).map(|seq| (gateway, sf1(17, seq, 100))).collect();
    let world = one_epoch([&lines[..15], &[&lines[5..], &lines[18..]].concat()]);
    let mut decoder = decoder(ShardSet::ALL);
    let batches: Vec<Batch> = world
        .epochs
        .iter()
        .map(|epoch| decoder.decode(&epoch.order, &world.parts(epoch, &ShardSet::ALL, false)))
        .collect();
    let counts = sum_of(&batches).counts;
    assert_eq!((counts.received, counts.accepted, counts.second_home, counts.duplicates), (32, 20, 10, 2));
    let records = batches.iter().flat_map(|batch| &batch.records);
    assert!(records.map(|record| record.line_id.unwrap().seq).eq(1..=20), "each once");
    let homes: Vec<_> = decoder.homes().into_iter().map(|of| (of.home, of.received)).collect();
    assert_eq!(homes, [("tcp 10.0.0.17 (1)".to_owned(), 15), ("tcp 10.0.0.17 (2)".to_owned(), 15)]);
}

#[test]
fn a_line_of_another_shards_server_is_refused() {
    let more = [("boot", "=1795298476993"), ("seq", "var(txn.n)"), ("server", "=17")];
    let more = more.map(|(name, from)| (name.to_owned(), from.to_owned()));
    let mut numbered = world::format();
    numbered.attribution.extend(more);
    let line = "NEW 1795298482000 200 10 7 3".to_owned();
    let source = |host| Source::udp(SocketAddr::from(([192, 0, 2, host], 514)));
    let is_apart = |source: &Source| Placement::default().of(source, line.as_bytes()) != Shard::of_server(17);
    let apart = (1..=9).map(source).find(is_apart).unwrap();
    let world = one_epoch([&[(apart, line.clone())], &[]]);
    let mut decoder = resumed(ShardSet::ALL, (&START, &START), &[], (0, &[numbered]));
    let decoded = |epoch: &world::AnEpoch| decoder.decode(&epoch.order, &world.parts(epoch, &ShardSet::ALL, false));
    let batches: Vec<Batch> = world.epochs.iter().map(decoded).collect();
    let sum = sum_of(&batches);
    assert_eq!(sum.counts.rejected, BTreeMap::from([("source".to_owned(), 1)]), "{sum:?}");
    assert_eq!((sum.records.len(), sum.windows.len(), sum.quarantined.len()), (0, 0, 1));
}

#[test]
fn what_stands_in_a_journal_but_is_the_orders_alone_changes_nothing() {
    let change = ReferenceChange { seq: 1, entity: Entity::LogFormat(world::format()) };
    let change = (Source::Outbox, serde_json::to_string(&change).unwrap());
    let cut = (Source::Cut { journal: world::ID[0], no: 1 }, "x".repeat(24));
    let world = one_epoch([&[change, cut], &[]]);
    let mut decoder = decoder(ShardSet::ALL);
    let decoded = |epoch: &world::AnEpoch| decoder.decode(&epoch.order, &world.parts(epoch, &ShardSet::ALL, false));
    let batches: Vec<Batch> = world.epochs.iter().map(decoded).collect();
    assert!(batches.iter().all(|batch| batch.reference.is_empty()));
    let expected = [("reference".to_owned(), 1), ("source".to_owned(), 1)];
    assert_eq!(sum_of(&batches).counts.rejected, BTreeMap::from(expected));
    assert_eq!(decoder.reference_seq(), 0);
}
