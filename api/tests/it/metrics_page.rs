//! The reference of metrics in the book is what the server says of itself.

use crate::world::World;
use std::path::Path;
use suiftly_api::{
    BackupLive, BackupsLive, DiskLive, ManagerLive, MetricDescription, PipelineLive, SuiLive, SuiNodeLive,
    describe_metrics,
};
use suiftly_store::firehose::FirehoseState;
use suiftly_store::money::ShadowSummary;

const PAGE: &str = "../docs/book/src/reference/metrics.md";
const BEGIN: &str = "<!-- metrics of the server: made by a test of the API -->\n";
const END: &str = "<!-- end of the server's -->\n";

/// A world in which there is something to say of everything that need not be there.
fn described() -> Vec<MetricDescription> {
    let world = World::roomy();
    world.pipeline.change(|live| {
        *live = PipelineLive {
            firehose: Some(FirehoseState::default()),
            manager: Some(ManagerLive { shadow: Some(ShadowSummary::default()), ..ManagerLive::default() }),
            backups: Some(BackupsLive { items: vec![BackupLive::default()], ..BackupsLive::default() }),
            disks: vec![DiskLive::default()],
            database_bytes: Some(0),
            sui: Some(SuiLive {
                nodes: vec![SuiNodeLive { checkpoint: Some(1), ..SuiNodeLive::default() }],
                charges_left: Some(0),
                checkpoints_behind: Some(0),
            }),
            ..PipelineLive::default()
        };
    });
    let mut described = describe_metrics(world.config.clone(), world.parts());
    described.sort();
    described
}

fn table(described: &[MetricDescription]) -> String {
    let head = "| name | type | labels | what it says |\n|---|---|---|---|\n".to_owned();
    described.iter().fold(head, |table, of| {
        let labels: Vec<String> = of.labels.iter().map(|label| format!("`{label}`")).collect();
        table + &format!("| `{}` | {} | {} | {} |\n", of.name, of.kind, labels.join(", "), of.help)
    })
}

#[test]
fn the_golden_reference_of_metrics_is_what_the_server_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the server's beginning");
    let (found, after) = rest.split_once(END).expect("the page has the server's end");
    let table = table(&described());
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|set| set == "1") {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert!(
        found == table,
        "docs/book/src/reference/metrics.md is not what the server says. Renew it: UPDATE_GOLDEN=1 cargo nextest run -p \
         suiftly-api golden_reference"
    );
}

/// Prometheus' own rules for names: a unit at the end, `_total` for what only grows.
#[test]
fn metrics_are_named_as_prometheus_would() {
    for of in described() {
        let MetricDescription { name, kind, labels, help } = &of;
        assert!(name.starts_with("suiftly_"), "{of:?}");
        assert_eq!(*kind == "counter", name.ends_with("_total"), "{of:?}");
        assert!(!name.ends_with("_ms") && !name.ends_with("_us") && !name.contains("_mib"), "{of:?}");
        assert!(help.len() > 3 && !help.contains('|') && !help.contains('\n'), "{of:?}");
        assert!(labels.len() <= 3, "{of:?}");
    }
}
