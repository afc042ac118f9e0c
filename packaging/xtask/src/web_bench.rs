//! `cargo xtask bench web`: how fast the dashboard is, in Debian's Chromium, on a running system with traffic and a past.
//! What is measured, and how, is in `console/web/bench`; it prints the table and writes the figures.

use crate::build::{self, npm};
use crate::end_to_end::clear;
use crate::install;
use crate::places::Places;
use crate::plan::Door;
use crate::ports::Ports;
use crate::process::run;
use crate::signals::Interrupt;
use crate::stack::{AS_OFTEN_AS_THEY_LIKE, Shape};
use crate::up::Session;
use anyhow::bail;
use std::ffi::OsString;

/// Requests per second: enough to see everything move, few enough to leave the machine to the browser.
const RATE: u32 = 200;

/// Whether it is the smoke run.
fn is_smoke(arguments: &[OsString]) -> anyhow::Result<bool> {
    match arguments {
        [] => Ok(false),
        [only] if only == "--fast" => Ok(true),
        _ => bail!("`cargo xtask bench web` knows `--fast` alone: few runs of the unoptimised build"),
    }
}

/// Builds, starts the system, measures, ends it.
pub(crate) fn web(places: &Places, arguments: &[OsString]) -> anyhow::Result<()> {
    let is_smoke = is_smoke(arguments)?;
    install::install(places, install::TO_RUN)?;
    install::install(places, install::TO_BROWSE)?;
    build::web(places)?;
    build::suiftly(places, !is_smoke)?;
    let (suiftly, data_dir) = (places.suiftly(!is_smoke), places.data_dir("suiftly-bench-web"));
    clear(&suiftly, &data_dir)?;
    let interrupt = Interrupt::catch()?;
    let ports = Ports::free()?;
    let shape = Shape { suiftly, data_dir, ports, udp: false, past: true, settings: &AS_OFTEN_AS_THEY_LIKE };
    let session = Session::start(places, &shape, RATE, &interrupt)?;
    let stack = &session.stack;
    let name = if is_smoke { "web-fast.json" } else { "web.json" };
    let out = places.target.join("bench").join(name);
    println!("measuring; it takes minutes");
    let mut measuring = npm(&places.console(), &["run", "bench", "--silent", "-w", "@suiftly/web"]);
    measuring
        .env("SUIFTLY_URL", stack.url())
        .env("SUIFTLY_WALLET", stack.first_wallet()?)
        .env("SUIFTLY_DOOR", format!("http://{}", ports.of_door(Door::Mseal)))
        .env("SUIFTLY_BENCH_OUT", &out)
        .env("SUIFTLY_BENCH_SMOKE", if is_smoke { "1" } else { "0" });
    run(&mut measuring)?;
    println!("written to {}", out.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_smoke;
    use std::ffi::OsString;

    #[test]
    fn it_has_one_option() {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(!is_smoke(&words(&[])).unwrap());
        assert!(is_smoke(&words(&["--fast"])).unwrap());
        assert!(is_smoke(&words(&["--slow"])).is_err());
    }
}
