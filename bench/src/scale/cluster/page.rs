//! What was seen of the cluster: `docs/proof/cluster.md`, as `cargo xtask cluster bench` writes it. Pure but for reading.

use anyhow::{Context, ensure};
use std::fs;
use std::path::Path;

const FILE: &str = "docs/proof/cluster.md";
const WHOLE: &str = "|  | lines/s | least | most | CPU-s per million lines | PostgreSQL's of these |";
const BY_PROCESS: &str = "|  | process | CPU-s |";

/// How it was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Single,
    HomeEach,
    TwoHomes,
}

impl Way {
    const ALL: [Self; 3] = [Self::Single, Self::HomeEach, Self::TwoHomes];

    /// As the page has it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Single => "one process",
            Self::HomeEach => "cluster, a home each",
            Self::TwoHomes => "cluster, two homes",
        }
    }

    /// Whose CPU the model foretells, as their processes' names begin. The API is in none: it is left out of the model.
    pub(super) const fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Single => &["server", "PostgreSQL"],
            Self::HomeEach | Self::TwoHomes => &["ingest", "dataflow", "PostgreSQL"],
        }
    }
}

/// What one way came to. CPU is seconds per million lines.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) way: Way,
    pub(super) lines_s: f64,
    /// Of all processes.
    pub(super) cpu: f64,
    pub(super) processes: Vec<(String, f64)>,
}

impl Seen {
    /// Of all processes of a role.
    pub(super) fn of(&self, role: &str) -> f64 {
        self.processes.iter().filter(|(name, _)| name.starts_with(role)).map(|(_, cpu)| cpu).sum()
    }
}

/// All that the model is held against.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Page {
    /// Of the machine.
    pub(super) cores: f64,
    pub(super) seen: Vec<Seen>,
}

pub(super) fn read() -> anyhow::Result<Page> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FILE);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("cannot read {FILE}: `cargo xtask cluster bench` writes it"))?;
    parse(&text).with_context(|| format!("{FILE} has another shape than `cargo xtask cluster bench` gave it"))
}

fn parse(text: &str) -> anyhow::Result<Page> {
    let (whole, by_process) = (table(text, WHOLE)?, table(text, BY_PROCESS)?);
    let seen = Way::ALL.map(|way| seen(way, &whole, &by_process)).into_iter().collect::<anyhow::Result<_>>()?;
    Ok(Page { cores: cores(text)?, seen })
}

fn seen(way: Way, whole: &[Vec<&str>], by_process: &[Vec<&str>]) -> anyhow::Result<Seen> {
    let words = way.words();
    let is_it = |cells: &&Vec<&str>| cells.first() == Some(&words);
    let cells = whole.iter().find(is_it).with_context(|| format!("it has no row `{words}`"))?;
    let processes = by_process
        .iter()
        .filter(is_it)
        .map(|cells| anyhow::Ok((cells.get(1).copied().unwrap_or_default().to_owned(), number(cells, 2)?)))
        .collect::<anyhow::Result<_>>()?;
    let seen = Seen { way, lines_s: number(cells, 1)?, cpu: number(cells, 4)?, processes };
    for role in way.roles() {
        ensure!(seen.of(role) > 0.0, "it has no CPU of {role} of `{words}`");
    }
    Ok(seen)
}

/// The rows of the table with this head.
fn table<'a>(text: &'a str, head: &str) -> anyhow::Result<Vec<Vec<&'a str>>> {
    let mut lines = text.lines().skip_while(|line| *line != head);
    ensure!(lines.next().is_some(), "it has no table `{head}`");
    // The line below the head is its rule.
    Ok(lines.skip(1).map_while(cells).collect())
}

fn cells(line: &str) -> Option<Vec<&str>> {
    Some(line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect())
}

fn number(cells: &[&str], at: usize) -> anyhow::Result<f64> {
    let number =
        cells.get(at).and_then(|cell| cell.parse().ok()).filter(|value: &f64| value.is_finite() && *value >= 0.0);
    number.with_context(|| format!("there is no number in column {at} of `{}`", cells.join(" | ")))
}

/// `| CPU | AMD EPYC, 2 cores |`
fn cores(text: &str) -> anyhow::Result<f64> {
    let machine = text.lines().find_map(|line| line.strip_prefix("| CPU | ")).context("it does not say its CPU")?;
    let cores = machine.rsplit(", ").next().and_then(|words| words.split(' ').next()?.parse().ok());
    cores.filter(|cores: &f64| *cores >= 1.0).with_context(|| format!("no number of cores is in `{machine}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A cluster beside one process

1,000,000 lines a run.

|  | lines/s | least | most | CPU-s per million lines | PostgreSQL's of these |
|---|---:|---:|---:|---:|---:|
| one process | 200000 | 190000 | 210000 | 4.00 | 2.50 |
| cluster, a home each | 100000 | 90000 | 110000 | 5.50 | 2.60 |
| cluster, two homes | 90000 | 80000 | 100000 | 8.50 | 3.00 |

## CPU of each process, s per million lines

|  | process | CPU-s |
|---|---:|---:|
| one process | server | 1.50 |
| one process | PostgreSQL | 2.50 |
| cluster, a home each | dataflow-0 | 0.75 |
| cluster, a home each | dataflow-1 | 1.00 |
| cluster, a home each | ingest-a | 1.05 |
| cluster, a home each | api | 0.10 |
| cluster, a home each | PostgreSQL | 2.60 |
| cluster, two homes | dataflow-0 | 3.00 |
| cluster, two homes | ingest-a | 2.50 |
| cluster, two homes | PostgreSQL | 3.00 |

## Where

| | |
|---|---|
| CPU | AMD EPYC, 2 cores |
| memory | 23.5 GiB |
";

    #[test]
    fn a_page_is_read() {
        let page = parse(TEXT).unwrap();
        assert_eq!((page.cores, page.seen.len()), (2.0, 3));
        let seen = &page.seen[1];
        assert_eq!((seen.way, seen.lines_s, seen.cpu, seen.processes.len()), (Way::HomeEach, 100_000.0, 5.5, 5));
        assert_eq!(["dataflow", "ingest", "api", "PostgreSQL"].map(|role| seen.of(role)), [1.75, 1.05, 0.1, 2.6]);
        assert_eq!(page.seen[0].of("server"), 1.5);
    }

    #[test]
    fn a_page_of_another_shape_is_refused_and_why_is_said() {
        for (from, to, why) in [
            ("| lines/s |", "| lines a second |", "it has no table `|  | lines/s |"),
            ("|  | process | CPU-s |", "", "it has no table `|  | process |"),
            ("| one process | 200000 |", "| a process | 200000 |", "it has no row `one process`"),
            ("| 4.00 |", "| much |", "there is no number in column 4"),
            ("| server |", "| all |", "it has no CPU of server of `one process`"),
            ("| ingest-a | 2.50 |", "| ingest-a | 0.00 |", "it has no CPU of ingest of `cluster, two homes`"),
            ("| CPU |", "| processor |", "it does not say its CPU"),
            (", 2 cores", "", "no number of cores is in `AMD EPYC |`"),
        ] {
            assert!(TEXT.contains(from), "{from}");
            let error = parse(&TEXT.replace(from, to)).unwrap_err().to_string();
            assert!(error.starts_with(why), "{error}");
        }
    }
}
