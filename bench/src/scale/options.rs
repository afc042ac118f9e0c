//! The command line.

use super::costs::Costs;
use super::events::{Fault, Part, SECOND_US};
use super::sizing::{Asked, HOMES_MAX, Plan, SHARDS, Size};
use anyhow::{bail, ensure};
use lexopt::prelude::*;
use std::ffi::OsString;

/// More gateways have no numbers.
const GATEWAYS_MAX: u64 = 32_767;
const SECONDS_MAX: u64 = 86_400;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Reckon and simulate.
    Reckon,
    /// Hold it against what was measured.
    Check,
    /// List the inputs.
    Inputs,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Options {
    pub(super) task: Task,
    pub(super) is_fast: bool,
    pub(super) size: Size,
    pub(super) costs: Costs,
}

impl Options {
    pub(super) fn parse(arguments: Vec<OsString>) -> anyhow::Result<Self> {
        let is_fast = arguments.iter().any(|argument| argument == "--fast");
        let size = if is_fast { fast() } else { Size::INTERNET };
        let mut options = Self { task: Task::Reckon, is_fast, size, costs: Costs::default() };
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            let Long(name) = argument else { return Err(argument.unexpected().into()) };
            let name = name.to_owned();
            options.take(&name, &mut parser)?;
        }
        options.check()?;
        Ok(options)
    }

    fn take(&mut self, name: &str, parser: &mut lexopt::Parser) -> anyhow::Result<()> {
        let size = &mut self.size;
        match name {
            "fast" => {}
            "check" => self.task = Task::Check,
            "inputs" => self.task = Task::Inputs,
            "gateways" => size.gateways = parser.value()?.parse()?,
            "rate" => size.rate = parser.value()?.parse()?,
            "customers" => size.customers = parser.value()?.parse()?,
            "zipf" => size.zipf = parser.value()?.parse()?,
            "regions" => size.regions = parser.value()?.parse()?,
            "homes" => size.homes = parser.value()?.parse()?,
            "ingesters" => size.ingesters = Some(parser.value()?.parse()?),
            "processes" => size.processes = Some(parser.value()?.parse()?),
            "workers" => size.workers = parser.value()?.parse()?,
            "without-raw" => size.keeps_raw = false,
            "add-up" => size.adds_up = true,
            "seconds" => size.seconds = parser.value()?.parse()?,
            "tick-us" => size.tick_us = parser.value()?.parse()?,
            "hour" => size.hour = parser.value()?.parse()?,
            "seed" => size.seed = parser.value()?.parse()?,
            "fault" => size.faults.push(parser.value()?.parse_with(Fault::parse)?),
            "set" => parser.value()?.parse_with(|text| self.costs.set(text))?,
            _ => bail!("there is no option --{name}"),
        }
        Ok(())
    }

    fn check(&self) -> anyhow::Result<()> {
        let size = &self.size;
        within("--gateways", size.gateways.into(), 1, GATEWAYS_MAX)?;
        within("--rate", size.rate, 1, 1_000_000_000)?;
        within("--customers", size.customers, 1, 1 << 31)?;
        within("--regions", size.regions.into(), 1, 16)?;
        within("--homes", size.homes.into(), 1, HOMES_MAX as u64)?;
        within("--ingesters", size.ingesters.unwrap_or(1).into(), 1, 1_000)?;
        within("--processes", size.processes.unwrap_or(1).into(), 1, SHARDS.into())?;
        within("--workers", size.workers.into(), 1, SHARDS.into())?;
        within("--seconds", size.seconds, 1, SECONDS_MAX)?;
        within("--tick-us", size.tick_us, 100, 1_000_000)?;
        ensure!((0.0..=3.0).contains(&size.zipf), "--zipf must be 0 to 3");
        ensure!((0.0..24.0).contains(&size.hour), "--hour must be 0 to 24");
        ensure!(size.gateways >= size.regions, "there must be a gateway in each region");
        ensure!(self.costs.day_swing <= 1.0, "day_swing must be 0 to 1");
        self.check_plan()
    }

    fn check_plan(&self) -> anyhow::Result<()> {
        let size = &self.size;
        let positive = [
            "ingester_lines_s",
            "cut_ms",
            "order_ms",
            "hub_ms",
            "aim_share",
            "full_share",
            "disk_mb_s",
            "database_disk_mb_s",
            "database_cores_max",
            "store_row_us",
            "line_bytes",
        ];
        for row in self.costs.rows() {
            ensure!(row.value > 0.0 || !positive.contains(&row.case.as_str()), "{} must be above 0", row.case);
        }
        let plan = Plan::of(&Asked::new(size.clone(), self.costs.clone()));
        let has_two = size.homes == 1 || size.regions > 1 || plan.ingesters > 1;
        ensure!(has_two, "two homes of one region are two ingesters: --ingesters 2");
        ensure!(plan.all_workers() <= SHARDS, "more than {SHARDS} workers have no shard");
        let ingesters = plan.ingesters as usize * size.regions as usize;
        for fault in &size.faults {
            ensure!(fault.at_us < size.seconds * SECOND_US, "{fault}: after the end");
            let (what, number, there_are) = match fault.part {
                Part::Region(number) => ("region", number, size.regions as usize),
                Part::Ingester(number) => ("ingester", number, ingesters),
                Part::Process | Part::Database => continue,
            };
            ensure!(number < there_are, "there is no {what} {number} of {there_are}");
        }
        Ok(())
    }
}

fn within(name: &str, value: u64, least: u64, most: u64) -> anyhow::Result<()> {
    ensure!((least..=most).contains(&value), "{name} must be {least} to {most}");
    Ok(())
}

/// Small, to show that it runs.
fn fast() -> Size {
    Size { gateways: 12, rate: 12_000, customers: 10_000, seconds: 2, ..Size::INTERNET }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> anyhow::Result<Options> {
        Options::parse(line.split_whitespace().map(OsString::from).collect())
    }

    #[test]
    fn options() {
        let plain = Options { task: Task::Reckon, is_fast: false, size: Size::INTERNET, costs: Costs::default() };
        assert_eq!(parsed("").unwrap(), plain);
        assert_eq!(parsed("--check").unwrap(), Options { task: Task::Check, ..plain });
        assert_eq!(parsed("--inputs").unwrap().task, Task::Inputs);
        let all = "--gateways 6 --rate 5000 --customers 900 --zipf 0.5 --regions 2 --homes 1 --ingesters 3 --processes 2 --workers 4 \
                   --without-raw --add-up --seconds 9 --tick-us 5000 --hour 3 --seed 7 --fault ingester:5@4+2 --fault process@3";
        let size = Size {
            gateways: 6,
            rate: 5_000,
            customers: 900,
            zipf: 0.5,
            regions: 2,
            homes: 1,
            ingesters: Some(3),
            processes: Some(2),
            workers: 4,
            keeps_raw: false,
            adds_up: true,
            is_alone: false,
            seconds: 9,
            tick_us: 5_000,
            hour: 3.0,
            seed: 7,
            faults: vec![
                Fault::new(Part::Ingester(5), 4_000_000, Some(2_000_000)),
                Fault::new(Part::Process, 3_000_000, None),
            ],
        };
        assert_eq!(parsed(all).unwrap().size, size);
        let set = parsed("--set far_ms=50 --set core_usd=1").unwrap();
        assert_eq!(set.costs, Costs { far_ms: 50.0, core_usd: 1.0, ..Costs::default() });
        assert!(parsed("--fast").unwrap().size.rate < 100_000);
        assert_eq!(parsed("--seconds 3 --fast").unwrap().size.seconds, 3, "what is said counts, wherever it stands");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for line in [
            "--rate 0",
            "--homes 3",
            "--regions 0",
            "--gateways 2 --regions 3",
            "--gateways 40000",
            "--hour 24",
            "--set cut_ms=0",
            "--set day_swing=2",
            "--set nothing=1",
            "--fault region:3@1",
            "--fault ingester:1000@1",
            "--fault process@60",
            "--processes 100 --workers 8",
            "--regions 1 --ingesters 1",
            "--else",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
