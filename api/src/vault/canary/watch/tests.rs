use super::*;
use suiftly_schema::fleet::GatewayReport;
use suiftly_schema::usage::{MinuteKey, Usage, UsageKey, UsageSums};
use suiftly_schema::vault::canary_customer;

const SERVER: i16 = 17;
const T0: i64 = 1_800_000_000_000;

/// An edge that asks its gateway, and a second's work of everybody.
struct Scene {
    watch: CanaryWatch,
    second: i64,
    every_s: i64,
    canary: CanaryReport,
    incidents: Vec<(i64, Alarm, bool)>,
}

/// What works.
#[derive(Clone, Copy)]
struct Works {
    edge: bool,
    gateway: bool,
    metering: bool,
    recovering: bool,
}

const ALL: Works = Works { edge: true, gateway: true, metering: true, recovering: false };

impl Scene {
    fn new(every_s: i64) -> Self {
        let canary = CanaryReport::default();
        Self { watch: CanaryWatch::new([SERVER]), second: 0, every_s, canary, incidents: Vec::new() }
    }

    fn now(&self) -> UnixMillis {
        UnixMillis(T0 + self.second * 1_000)
    }

    fn run(&mut self, seconds: i64, works: Works) -> &mut Self {
        for _ in 0..seconds {
            self.second += 1;
            if works.edge && self.second % self.every_s == 0 {
                self.canary.sent += 1;
                self.canary.served += u64::from(works.gateway);
                if works.gateway && works.metering {
                    self.watch.metered(&deltas(SERVER, 1, 0), self.now().plus_ms(300));
                }
            }
            if works.edge && self.second % 2 == 0 {
                self.watch.reported(&[SERVER], &report(Some(self.canary.clone())), self.now().plus_ms(500));
            }
            let incidents = self.watch.look(self.now().plus_ms(900), works.recovering);
            self.incidents.extend(incidents.iter().map(|of| (self.second, of.alarm, of.ended_at.is_none())));
        }
        self
    }
}

fn report(canary: Option<CanaryReport>) -> EdgeReport {
    let gateway = GatewayReport { server_id: SERVER, canary, ..GatewayReport::default() };
    EdgeReport { gateways: vec![gateway], ..EdgeReport::default() }
}

fn deltas(server: i16, guaranteed: i64, rejected: i64) -> EpochDeltas {
    let usage = UsageKey { customer_id: canary_customer(server), service: None, network: None };
    let sums = UsageSums { guaranteed, rejected, ..UsageSums::default() };
    let minutes = vec![(MinuteKey { usage, minute: UnixMillis(T0) }, Usage { sums, ..Usage::default() })];
    EpochDeltas { minutes, ..EpochDeltas::default() }
}

#[test]
fn nothing_is_wrong_while_all_works_however_seldom_the_edge_asks() {
    for every_s in [1, 2, 5, 10, 30, 60] {
        let mut scene = Scene::new(every_s);
        scene.run(600, ALL);
        assert_eq!(scene.incidents, [], "each {every_s} s");
        let stand = scene.watch.stands(scene.now()).remove(0);
        assert_eq!(stand.alarm, None);
        assert!(stand.age_ms.is_some_and(|age| age < every_s * 1_000), "{stand:?}");
    }
}

#[test]
fn usage_that_stops_is_told_once_and_its_end_too() {
    let mut scene = Scene::new(2);
    scene.run(60, ALL).run(120, Works { metering: false, ..ALL });
    let [(at, Alarm::Unmetered, true)] = scene.incidents[..] else { panic!("{:?}", scene.incidents) };
    assert!((75..=80).contains(&at), "at {at} s, and it stopped at 60 s");
    let stand = scene.watch.stands(scene.now()).remove(0);
    assert_eq!((stand.alarm, stand.alarm_since.is_some()), (Some(Alarm::Unmetered), true));
    scene.run(10, ALL);
    let [_, (end, Alarm::Unmetered, false)] = scene.incidents[..] else { panic!("{:?}", scene.incidents) };
    assert!((180..=186).contains(&end), "{end}");
}

#[test]
fn answers_that_stop_are_told_while_the_edge_reports() {
    let mut scene = Scene::new(2);
    scene.run(60, ALL).run(60, Works { gateway: false, ..ALL }).run(10, ALL);
    let [(at, Alarm::Unserved, true), (end, Alarm::Unserved, false)] = scene.incidents[..] else {
        panic!("{:?}", scene.incidents)
    };
    assert!((74..=80).contains(&at) && (120..=126).contains(&end), "{:?}", scene.incidents);
}

#[test]
fn who_is_silent_says_nothing_of_gateways() {
    let silent = Works { edge: false, ..ALL };
    // An edge that ends and comes back: the fleet tells that, not the canary. It counts from 0 then.
    let mut scene = Scene::new(2);
    scene.run(61, ALL).run(120, silent);
    scene.canary = CanaryReport::default();
    scene.run(120, ALL);
    assert_eq!(scene.incidents, []);
    // One that has none (`canary_ms = 0`) ends what was wrong.
    scene.run(60, Works { metering: false, ..ALL });
    assert_eq!(scene.incidents.len(), 1);
    scene.watch.reported(&[SERVER], &report(None), scene.now());
    assert_eq!(scene.watch.look(scene.now(), false).len(), 1);
}

#[test]
fn an_edge_that_sends_nothing_is_told() {
    let mut scene = Scene::new(2);
    scene.run(60, ALL);
    scene.every_s = i64::MAX;
    scene.run(170, ALL);
    assert!(matches!(scene.incidents[..], [(_, Alarm::Unserved, true)]), "{:?}", scene.incidents);
}

#[test]
fn nothing_is_judged_while_the_journal_is_replayed() {
    let mut scene = Scene::new(2);
    scene.run(120, Works { metering: false, recovering: true, ..ALL });
    scene.run(10, Works { metering: false, ..ALL });
    assert_eq!(scene.incidents, [], "what is replayed may take as long again as it took");
    scene.run(120, ALL);
    assert_eq!(scene.incidents, []);
}

#[test]
fn what_is_refused_or_of_others_is_no_answer() {
    let mut watch = CanaryWatch::new([SERVER]);
    watch.metered(&deltas(SERVER, 0, 5), UnixMillis(T0));
    watch.metered(&deltas(18, 5, 0), UnixMillis(T0));
    assert_eq!(watch.stands(UnixMillis(T0))[0].metered_at, None);
    watch.metered(&deltas(SERVER, 5, 0), UnixMillis(T0));
    watch.metered(&deltas(SERVER, 5, 0), UnixMillis(T0 - 9));
    assert_eq!(watch.stands(UnixMillis(T0 + 7))[0].age_ms, Some(7), "never back");
}
