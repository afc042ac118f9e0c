//! `suiftly-bench NAME`: runs a benchmark, prints its table and writes its JSON. `cargo xtask bench NAME` calls it.

use anyhow::bail;
use std::process::ExitCode;
use suiftly_bench::{replay, report, views};

const NAMES: [&str; 2] = ["replay", "views"];

fn main() -> ExitCode {
    match run(std::env::args().nth(1).as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("suiftly-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: Option<&str>) -> anyhow::Result<()> {
    let (name, rows) = match name {
        Some("replay") => ("replay", replay::run()?),
        Some("views") => ("views", views::run()?),
        _ => bail!("name a benchmark: {}; `cargo bench -p suiftly-bench` runs the criterion benches", NAMES.join(", ")),
    };
    print(&report::table(&rows));
    let path = report::write(name, &rows)?;
    print(&format!("written to {}\n", path.display()));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result goes to standard output")]
fn print(text: &str) {
    print!("{text}");
}
