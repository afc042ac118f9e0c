//! What of Suiftly runs on a server, and in which order the parts of a cluster are done.

use super::server::run;
use anyhow::ensure;
use serde::{Deserialize, Serialize};
use std::process::Command;

const DATAFLOW: &str = "suiftly-dataflow@";

/// What is done at once on a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    /// An ingester.
    Ingest,
    /// Processes of the dataflow: of all servers together, since they are of one build.
    Dataflow,
    /// The API.
    Api,
    /// Every role in one process.
    #[default]
    Whole,
    /// An edge that has a server of its own; beside anything else its package restarts it.
    Edge,
}

impl Part {
    /// The order: a later ingester reads what an earlier dataflow asks for, and so on.
    const ORDER: [Self; 5] = [Self::Ingest, Self::Dataflow, Self::Api, Self::Whole, Self::Edge];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Dataflow => "dataflow",
            Self::Api => "api",
            Self::Whole => "all roles",
            Self::Edge => "edge",
        }
    }

    /// The one to leave out of a request, so that a version that knows no parts can read it.
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }

    /// Whether its processes belong to a cluster.
    pub(super) const fn is_of_cluster(self) -> bool {
        matches!(self, Self::Ingest | Self::Dataflow | Self::Api)
    }

    /// Whether it may migrate a database.
    pub(super) const fn has_database(self) -> bool {
        matches!(self, Self::Dataflow | Self::Api | Self::Whole)
    }

    fn of_unit(unit: &str) -> Option<Self> {
        match unit {
            "suiftly-ingest.service" => Some(Self::Ingest),
            "suiftly-api.service" => Some(Self::Api),
            "suiftly.service" => Some(Self::Whole),
            "suiftly-edge.service" => Some(Self::Edge),
            _ => unit.strip_prefix(DATAFLOW)?.strip_suffix(".service").map(|_| Self::Dataflow),
        }
    }
}

/// What is done before the next is begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) part: Part,
    /// The servers, by their places.
    pub(super) hosts: Vec<usize>,
}

/// The turns of servers that have these parts each: ingesters one after the other, so that a gateway of two homes has one
/// of them; the dataflow's servers together; then the others one after the other.
pub(super) fn turns(parts: &[Vec<Part>]) -> Vec<Turn> {
    let mut turns = Vec::new();
    for part in Part::ORDER {
        let hosts: Vec<usize> = (0..parts.len()).filter(|at| parts[*at].contains(&part)).collect();
        if part == Part::Dataflow && !hosts.is_empty() {
            turns.push(Turn { part, hosts });
        } else {
            turns.extend(hosts.into_iter().map(|host| Turn { part, hosts: vec![host] }));
        }
    }
    turns
}

/// The parts of this server by what runs, or fails to. Where nothing does, it is taken for one process with every role.
pub(super) fn parts() -> Vec<Part> {
    let units = listed().unwrap_or_default();
    let mut parts: Vec<Part> =
        Part::ORDER.into_iter().filter(|part| units.iter().any(|unit| Part::of_unit(unit) == Some(*part))).collect();
    if parts.len() > 1 {
        parts.retain(|part| *part != Part::Edge);
    }
    if parts.is_empty() { vec![Part::default()] } else { parts }
}

/// The units of a part on this server.
pub(super) fn units(part: Part) -> anyhow::Result<Vec<String>> {
    if part.is_whole() {
        return Ok(vec!["suiftly.service".to_owned()]);
    }
    let mut units = listed()?;
    units.retain(|unit| Part::of_unit(unit) == Some(part));
    ensure!(!units.is_empty(), "no unit of the part {} runs on this server", part.word());
    Ok(units)
}

/// Ours that run, are about to, or failed.
fn listed() -> anyhow::Result<Vec<String>> {
    let list = ["list-units", "--type=service", "--plain", "--no-legend", "--full", "suiftly*.service"];
    Ok(units_of(&run(Command::new("systemctl").args(list))?))
}

fn units_of(shown: &str) -> Vec<String> {
    shown.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_says_which_part_it_is() {
        let shown = "suiftly-api.service loaded active running Suiftly: the API\n\
                     suiftly-dataflow@0.service loaded activating auto-restart Suiftly: process 0\n\
                     suiftly-deploying.service loaded active running /usr/bin/suiftly deploy --here --work\n";
        let parts: Vec<_> = units_of(shown).iter().map(|unit| Part::of_unit(unit)).collect();
        assert_eq!(parts, [Some(Part::Api), Some(Part::Dataflow), None]);
        for (unit, part) in [
            ("suiftly.service", Some(Part::Whole)),
            ("suiftly-edge.service", Some(Part::Edge)),
            ("suiftly-ingest.service", Some(Part::Ingest)),
            ("suiftly-ingest.socket", None),
            ("suiftly-dataflow@7", None),
        ] {
            assert_eq!(Part::of_unit(unit), part, "{unit}");
        }
    }

    #[test]
    fn ingesters_go_one_by_one_the_dataflow_together_then_the_api_then_edges() {
        let [ingest, dataflow, api, edge] = [Part::Ingest, Part::Dataflow, Part::Api, Part::Edge];
        let parts = [vec![edge], vec![dataflow, api], vec![ingest, dataflow], vec![dataflow], vec![ingest]];
        let turn = |part, hosts: &[usize]| Turn { part, hosts: hosts.to_vec() };
        let expected =
            [turn(ingest, &[2]), turn(ingest, &[4]), turn(dataflow, &[1, 2, 3]), turn(api, &[1]), turn(edge, &[0])];
        assert_eq!(turns(&parts), expected);
        assert_eq!(turns(&[vec![Part::Whole], vec![Part::Whole]]), [turn(Part::Whole, &[0]), turn(Part::Whole, &[1])]);
    }

    #[test]
    fn a_server_without_parts_is_read_by_a_version_that_knows_none() {
        assert!(Part::default().is_whole() && !Part::Api.is_whole());
        assert_eq!(serde_json::to_string(&[Part::Dataflow]).unwrap(), "[\"dataflow\"]");
    }
}
