//! Several meshes' processes in this one, over pairs of sockets.

use crate::generate::{books, epochs, input};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use proptest::prelude::*;
use std::os::unix::net::UnixStream;
use std::time::Duration;
use suiftly_dataflow::{Dataflow, DataflowError, EpochInput, Mesh, Seed};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::infra::{InfraSpanKey, InfraSums};
use suiftly_schema::partial::Partials;
use suiftly_schema::shard::{Shard, ShardSet};
use suiftly_schema::view::EpochDeltas;

/// How long a loss may take to be noticed here: far longer than it does.
const PATIENCE: Duration = Duration::from_secs(60);

/// The processes of one mesh.
fn meshes(processes: usize, threads: usize) -> Vec<Mesh> {
    let none = || (0..processes).map(|_| None).collect();
    let mut meshes: Vec<_> = (0..processes).map(|process| Mesh { process, threads, peers: none() }).collect();
    for one in 0..processes {
        for other in one + 1..processes {
            let (near, far) = UnixStream::pair().unwrap();
            meshes[one].peers[other] = Some(near);
            meshes[other].peers[one] = Some(far);
        }
    }
    meshes
}

fn start(meshes: Vec<Mesh>, seed: &Seed) -> (Vec<Dataflow>, Vec<Receiver<EpochDeltas>>) {
    meshes.into_iter().map(|mesh| Dataflow::start_on(mesh, seed.clone(), books()).unwrap()).unzip()
}

/// What one process has decoded of an epoch: of three, every third row. Changes are told to each.
fn decoded_by(process: usize, processes: usize, input: &EpochInput) -> EpochInput {
    fn some<T: Clone>(rows: &[T], process: usize, processes: usize) -> Vec<T> {
        rows.iter().skip(process).step_by(processes).cloned().collect()
    }
    let Partials { usage, infra, keys } = &input.partials;
    let partials = Partials {
        usage: some(usage, process, processes),
        infra: some(infra, process, processes),
        keys: some(keys, process, processes),
    };
    EpochInput { partials, ..input.clone() }
}

/// Each process's deltas.
pub(crate) fn run_meshed(
    processes: usize,
    threads: usize,
    seed: &Seed,
    epochs: &[EpochInput],
) -> Vec<Vec<EpochDeltas>> {
    let (mut dataflows, deltas) = start(meshes(processes, threads), seed);
    let takers: Vec<_> = deltas.into_iter().map(|deltas| std::thread::spawn(move || deltas.iter().collect())).collect();
    for epoch in epochs {
        for (process, dataflow) in dataflows.iter_mut().enumerate() {
            dataflow.send(decoded_by(process, processes, epoch)).unwrap();
        }
    }
    drop(dataflows);
    takers.into_iter().map(|taker| taker.join().unwrap()).collect()
}

/// Of an epoch's deltas, those of some shards.
pub(crate) fn only(deltas: &EpochDeltas, wants: impl Fn(Shard) -> bool) -> EpochDeltas {
    let mut only = deltas.clone();
    let of = |customer_id: CustomerId| wants(Shard::of_customer(Some(customer_id)));
    only.minutes.retain(|(key, _)| wants(Shard::of_customer(key.usage.customer_id)));
    only.hours.retain(|(key, _)| wants(Shard::of_customer(key.usage.customer_id)));
    only.rated.retain(|(key, _)| of(key.customer_id));
    let of_server = |row: &(InfraSpanKey, InfraSums)| wants(row.0.infra.server_id.map_or(Shard(0), Shard::of_server));
    only.infra_minutes.retain(of_server);
    only.infra_hours.retain(of_server);
    only.infra_days.retain(of_server);
    only.keys.retain(|(key, _)| of(key.customer_id));
    only.key_hours.retain(|(key, _)| of(key.key.customer_id));
    only.spend.retain(|(customer_id, _)| of(*customer_id));
    only.key_grants.retain(|(grant, _)| of(grant.customer_id));
    only.access_grants.retain(|(grant, _)| of(grant.customer_id));
    only
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Each process answers what one process by itself would, of its shards.
    #[test]
    fn so_many_processes_answer_what_one_does(epochs in epochs()) {
        let epochs: Vec<_> = epochs.iter().map(input).collect();
        let whole = run_meshed(1, 1, &Seed::default(), &epochs).remove(0);
        prop_assert_eq!(whole.len(), epochs.len());
        for (processes, threads) in [(1, 2), (2, 1), (2, 2), (3, 1), (3, 2)] {
            let parts = run_meshed(processes, threads, &Seed::default(), &epochs);
            for (process, part) in parts.into_iter().enumerate() {
                let shards = ShardSet::of_process(process, processes, threads);
                let ours: Vec<_> = whole.iter().map(|deltas| only(deltas, |shard| shards.contains(shard))).collect();
                prop_assert_eq!(part, ours, "process {} of {} with {} threads", process, processes, threads);
            }
        }
    }
}

fn empty(epoch: u64) -> EpochInput {
    EpochInput { epoch, ..EpochInput::default() }
}

/// Sends until it is told that there is no use.
fn refused(dataflow: &mut Dataflow, from: u64) -> String {
    match (from..from + 1_000).find_map(|epoch| dataflow.send(empty(epoch)).err()) {
        Some(DataflowError::Lost(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn assert_ends(deltas: &Receiver<EpochDeltas>) {
    assert_eq!(deltas.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn the_end_of_a_process_is_noticed_by_those_who_wait_for_an_epoch() {
    let meshes = meshes(3, 2);
    let cut: Vec<_> = meshes[2].peers.iter().flatten().map(|stream| stream.try_clone().unwrap()).collect();
    let (mut dataflows, deltas) = start(meshes, &Seed::default());
    for dataflow in &mut dataflows {
        dataflow.send(empty(1)).unwrap();
    }
    for deltas in &deltas {
        assert_eq!(deltas.recv_timeout(PATIENCE).unwrap().epoch, 1);
    }
    // Now all of them wait, and nothing is stepped.
    cut.iter().for_each(|stream| stream.shutdown(std::net::Shutdown::Both).unwrap());
    deltas.iter().for_each(assert_ends);
    for dataflow in &mut dataflows[..2] {
        let why = dataflow.watch().wait().unwrap();
        assert!(why.starts_with("process 2 of the dataflow is lost"), "{why}");
        assert_eq!(refused(dataflow, 2), why);
    }
}

#[test]
fn the_end_of_a_process_is_noticed_within_an_epoch_and_by_who_waits_for_room() {
    let meshes = meshes(2, 1);
    let cut = meshes[1].peers[0].as_ref().unwrap().try_clone().unwrap();
    let (mut dataflows, deltas) = start(meshes, &Seed::default());
    let mut ahead = dataflows.remove(0);
    let waiting = std::thread::spawn(move || refused(&mut ahead, 1));
    // It is given no epoch, so the other one completes none.
    assert_eq!(deltas[0].recv_timeout(Duration::from_millis(200)), Err(RecvTimeoutError::Timeout));
    cut.shutdown(std::net::Shutdown::Both).unwrap();
    deltas.iter().for_each(assert_ends);
    let why = waiting.join().unwrap();
    assert!(why.starts_with("process 1 of the dataflow is lost"), "{why}");
}

#[test]
fn a_worker_that_panics_ends_the_dataflow_and_says_so() {
    let (mut dataflow, deltas) = Dataflow::start(2, Seed::default(), books()).unwrap();
    dataflow.send(empty(5)).unwrap();
    assert_eq!(deltas.recv_timeout(PATIENCE).unwrap().epoch, 5);
    // There is no way back; whether both workers are still given it depends on how fast the first one falls.
    let _ = dataflow.send(empty(4));
    assert_ends(&deltas);
    let why = dataflow.watch().wait().unwrap();
    assert!(why.ends_with("has panicked"), "{why}");
    assert_eq!(refused(&mut dataflow, 6), why);
}

#[test]
fn what_has_ended_as_it_should_is_not_lost() {
    let (dataflows, deltas) = start(meshes(2, 2), &Seed::default());
    let watches: Vec<_> = dataflows.iter().map(Dataflow::watch).collect();
    drop(dataflows);
    deltas.iter().for_each(assert_ends);
    assert_eq!(watches.iter().map(|watch| watch.wait()).collect::<Vec<_>>(), [None, None]);
}

#[test]
fn no_epoch_is_complete_without_a_process_that_has_left() {
    let (mut dataflows, deltas) = start(meshes(2, 1), &Seed::default());
    for dataflow in &mut dataflows {
        dataflow.send(empty(1)).unwrap();
    }
    dataflows.pop().unwrap().leave();
    for deltas in &deltas {
        assert_eq!(deltas.recv_timeout(PATIENCE).unwrap().epoch, 1, "what it brought counts");
    }
    dataflows[0].send(empty(2)).unwrap();
    assert_eq!(deltas[0].recv_timeout(Duration::from_millis(200)), Err(RecvTimeoutError::Timeout));
}

#[test]
fn a_mesh_with_a_hole_is_refused() {
    let mut meshes = meshes(3, 1);
    meshes[1].peers[2] = None;
    meshes[2].process = 3;
    let refused = |mesh| Dataflow::start_on(mesh, Seed::default(), books()).err().unwrap().to_string();
    assert_eq!(refused(meshes.remove(2)), "process 3 of 3 has not a stream to each of the others");
    assert_eq!(refused(meshes.remove(1)), "process 1 of 3 has not a stream to each of the others");
}
