//! What must hold of every run, whatever breaks: nothing comes from nowhere and nothing goes unaccounted for, nobody is
//! busier than can be, and what is on the way is what comes times how long it takes.

use super::costs::Costs;
use super::events::{Fault, Part, SECOND_US};
use super::model::simulate;
use super::sizing::{Asked, Size};
use super::tally::{Loss, Outcome};
use proptest::prelude::*;

/// Fast to simulate: a few gateways, and whatever takes long in life takes a second.
fn small() -> Asked {
    let size = Size {
        gateways: 6,
        rate: 6_000,
        customers: 2_000,
        regions: 2,
        ingesters: Some(2),
        processes: Some(2),
        workers: 2,
        seconds: 8,
        ..Size::INTERNET
    };
    Asked::new(size, Costs { promote_s: 1.0, move_s: 1.0, stall_share: 0.001, ..Costs::default() })
}

fn with(fault: Fault) -> Asked {
    let mut asked = small();
    asked.size.faults = vec![fault];
    asked
}

fn at(part: Part, at_s: u64, lasts_s: Option<u64>) -> Fault {
    Fault::new(part, at_s * SECOND_US, lasts_s.map(|seconds| seconds * SECOND_US))
}

/// Just after gateways have written: that is on its way.
fn just_after(part: Part, at_s: u64, lasts_s: Option<u64>) -> Fault {
    let fault = at(part, at_s, lasts_s);
    Fault { at_us: fault.at_us + 200, ..fault }
}

/// Each line is in one place.
fn adds_up(outcome: &Outcome) -> bool {
    let Outcome { made, stored, not_stored, not_counted, parked, .. } = outcome;
    *made == stored + not_stored + not_counted + parked + outcome.all_lost()
}

fn fault() -> impl Strategy<Value = Fault> {
    let part = prop_oneof![
        (0_usize..2).prop_map(Part::Region),
        (0_usize..2).prop_map(Part::Ingester),
        Just(Part::Process),
        Just(Part::Database),
    ];
    (part, 0_u64..5_000_000, proptest::option::of(1_000_u64..7_000_000))
        .prop_map(|(part, at_us, lasts_us)| Fault::new(part, at_us, lasts_us))
}

fn sizes() -> impl Strategy<Value = Size> {
    let counts = (2_u32..10, 2_u32..4, 1_u32..3, 1_u32..3, 1_u32..4, 1_u32..5);
    let others = (100_u64..40_000, 1_u64..5_000, any::<bool>(), any::<bool>(), any::<u64>(), 2_u64..6);
    let faults = proptest::collection::vec(fault(), 0..4);
    (counts, others, faults).prop_map(|(counts, others, faults)| {
        let (more, regions, homes, ingesters, processes, workers) = counts;
        let (rate, customers, keeps_raw, adds_up, seed, seconds) = others;
        Size {
            gateways: regions + more,
            rate,
            customers,
            regions,
            homes,
            ingesters: Some(ingesters),
            processes: Some(processes),
            workers,
            keeps_raw,
            adds_up,
            seconds,
            seed,
            faults,
            ..Size::INTERNET
        }
    })
}

/// Some of them too small for what comes.
fn costs() -> impl Strategy<Value = Costs> {
    (1.0..50_000.0_f64, 500.0..1e6_f64, 0.0..64.0_f64, 0.0..0.1_f64).prop_map(
        |(ring_lines, ingester_lines_s, waiting_mib, stall_share)| Costs {
            ring_lines,
            ingester_lines_s,
            waiting_mib,
            stall_share,
            promote_s: 1.0,
            move_s: 0.5,
            ..Costs::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_breaks_each_line_is_in_one_place_and_nobody_is_busier_than_can_be(size in sizes(), costs in costs()) {
        let outcome = simulate(&Asked::new(size.clone(), costs));
        prop_assert!(adds_up(&outcome), "{outcome:?}");
        let struck = |is_it: fn(&Part) -> bool| size.faults.iter().any(|fault| is_it(&fault.part));
        prop_assert!(outcome.lost[Loss::Region as usize] == 0 || struck(|part| matches!(part, Part::Region(_))));
        prop_assert!(outcome.lost[Loss::Ingester as usize] == 0 || struck(|part| matches!(part, Part::Ingester(_))));
        let busy = outcome.busy;
        for share in [busy.ingester, busy.worker, busy.workers, busy.database, busy.database_disk] {
            prop_assert!((0.0..=1.0 + 1e-6).contains(&share), "{busy:?}");
        }
    }
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_not() {
    let asked = with(at(Part::Region(0), 2, None));
    let outcome = simulate(&asked);
    assert_eq!(simulate(&asked), outcome);
    let mut other = asked;
    other.size.seed = 2;
    assert_ne!(simulate(&other), outcome);
}

#[test]
fn what_is_on_the_way_is_what_comes_times_how_long_it_takes() {
    for (homes, gateways) in [(1, 3), (2, 6), (2, 40)] {
        let mut asked = small();
        (asked.size.homes, asked.size.gateways, asked.size.seconds) = (homes, gateways, 30);
        let outcome = simulate(&asked);
        // A line is on its way from the end of its tick on; how long it takes is counted from the middle.
        let takes_s = (outcome.counted.mean_us() - asked.size.tick_us as f64 / 2.0) / 1e6;
        let comes = outcome.counted.lines() as f64 / outcome.seconds;
        let expected = comes * takes_s;
        assert!(
            (outcome.mean_on_the_way / expected - 1.0).abs() < 0.02,
            "{} is not {expected}",
            outcome.mean_on_the_way
        );
    }
}

#[test]
fn undisturbed_nothing_is_lost_and_all_but_the_last_is_stored() {
    let outcome = simulate(&small());
    assert!(adds_up(&outcome) && outcome.all_lost() == 0 && outcome.parked == 0, "{outcome:?}");
    assert!((outcome.made as f64 / 48_000.0 - 1.0).abs() < 0.02, "{} lines of 6,000 a second", outcome.made);
    assert!(outcome.not_counted < 4_000 && outcome.stored > outcome.made / 2, "{outcome:?}");
    assert!(outcome.counted.quantile(99) < 500.0, "{}", outcome.counted.quantile(99));
    assert!(outcome.shown.quantile(50) > outcome.counted.quantile(50), "a screen is told ten times a second");
}

#[test]
fn an_ingester_that_dies_costs_lines_only_where_there_is_no_other_home() {
    let mut asked = with(just_after(Part::Ingester(0), 2, Some(3)));
    let outcome = simulate(&asked);
    assert!(adds_up(&outcome) && outcome.all_lost() == 0, "{:?}", outcome.lost);
    asked.size.homes = 1;
    let outcome = simulate(&asked);
    assert!(adds_up(&outcome) && outcome.lost[Loss::Ingester as usize] > 0, "{:?}", outcome.lost);
    assert!(outcome.recoveries[0].1.is_some_and(|seconds| (2.0..5.0).contains(&seconds)), "{:?}", outcome.recoveries);
    asked.costs.ring_lines = 100.0;
    assert!(simulate(&asked).lost[Loss::Ring as usize] > 0, "a ring of 100 lines is full in a tenth of a second");
}

#[test]
fn a_killed_process_costs_seconds_and_no_line() {
    let outcome = simulate(&with(at(Part::Process, 3, None)));
    assert!(adds_up(&outcome) && outcome.all_lost() == 0, "{:?}", outcome.lost);
    let seconds = outcome.recoveries[0].1.unwrap();
    assert!((0.5..4.0).contains(&seconds), "its unit starts it after a second: {seconds}");
    let silent = simulate(&with(at(Part::Process, 1, Some(5)))).recoveries[0].1.unwrap();
    assert!(silent > 5.0, "{silent}");
}

#[test]
fn a_database_that_is_away_holds_up_what_is_stored_and_not_what_is_counted() {
    let outcome = simulate(&with(at(Part::Database, 2, Some(3))));
    assert!(adds_up(&outcome) && outcome.all_lost() == 0, "{:?}", outcome.lost);
    assert_eq!(outcome.recoveries[0].1, Some(0.0), "no line was late");
    assert!(outcome.most_not_stored >= 15_000, "{}", outcome.most_not_stored);
    let mut asked = with(at(Part::Database, 2, Some(3)));
    asked.costs.waiting_mib = 0.5;
    let outcome = simulate(&asked);
    assert!(outcome.passed_by > 0 && outcome.recoveries[0].1 > Some(3.0), "all start again: {:?}", outcome.recoveries);
    assert!(adds_up(&outcome) && outcome.stored > 30_000, "{}", outcome.stored);
}

#[test]
fn a_lost_region_costs_seconds_and_lines_only_where_there_is_no_home_in_another() {
    let mut asked = with(just_after(Part::Region(0), 3, None));
    let outcome = simulate(&asked);
    assert!(adds_up(&outcome) && outcome.all_lost() == 0, "the other home has them, or will: {:?}", outcome.lost);
    let seconds = outcome.recoveries[0].1.unwrap();
    assert!((1.5..5.0).contains(&seconds), "promoted after a second, started after another: {seconds}");
    asked.size.homes = 1;
    let outcome = simulate(&asked);
    assert!(adds_up(&outcome) && outcome.lost[Loss::Region as usize] > 0, "{:?}", outcome.lost);
    asked.size.regions = 1;
    let outcome = simulate(&asked);
    assert!(adds_up(&outcome) && outcome.recoveries[0].1.is_none(), "there is no other: {:?}", outcome.recoveries);
}

#[test]
fn what_is_on_the_disks_of_a_lost_region_is_parked_until_it_is_back() {
    let mut asked = with(just_after(Part::Region(1), 3, None));
    asked.size.homes = 1;
    // Half a second passes before anything of it reaches the dataflow.
    asked.costs.far_ms = 500.0;
    let outcome = simulate(&asked);
    assert!(adds_up(&outcome) && outcome.parked > 300, "{outcome:?}");
    asked.size.faults[0].lasts_us = Some(2 * SECOND_US);
    let outcome = simulate(&asked);
    assert!(adds_up(&outcome) && outcome.parked == 0, "{outcome:?}");
}

#[test]
fn too_many_lines_pile_up_at_what_is_too_slow() {
    let mut asked = small();
    asked.costs.ingester_lines_s = 1_000.0;
    asked.size.homes = 1;
    let outcome = simulate(&asked);
    assert!(adds_up(&outcome) && outcome.busy.ingester > 0.95, "{:?}", outcome.busy);
    assert!(outcome.not_counted > 10_000, "{}", outcome.not_counted);
    let mut asked = small();
    asked.costs.store_record_us = 1_000.0;
    let outcome = simulate(&asked);
    assert!(adds_up(&outcome) && outcome.not_stored > 20_000, "{}", outcome.not_stored);
    assert!(outcome.counted.quantile(99) < 500.0, "nobody waits for the database");
}

#[test]
fn a_brief_run_tells_of_all_that_is_asked() {
    let (name, rows) = super::run(vec!["--fast".into()]).unwrap();
    assert_eq!(name, "scale-fast");
    for part in [
        "as built, machines: ",
        "as built, carries: raw records",
        "as built: until counted, p99",
        "changed, bytes: archive",
        "changed, dollars: all of it",
        "changed, ingester 0 away for 10 s: made",
        "changed, a process killed: ",
        "changed, the database away for 30 s: ",
        "changed, region 0 lost: until ",
    ] {
        assert!(rows.iter().any(|row| row.case.starts_with(part)), "{part}");
    }
    let named = "--fast --fault process@0.5 --fault database@1+0.5".split(' ').map(Into::into).collect();
    let (_, rows) = super::run(named).unwrap();
    assert!(rows.iter().any(|row| row.case.contains("a process killed and the database away for 0.5 s: made")));
}
