//! Packages: what a server needs besides PostgreSQL, and asking the system which it has and which it could have.

use super::machine::{Call, Server};
use super::repositories;
use super::step::{State, Step};
use super::system::Os;
use super::written::listed;
use anyhow::{Context, ensure};

/// The HAProxy that the gateway's configuration is written for.
const HAPROXY_LEAST: Release = (2, 6);
/// Each of these brings /usr/sbin/nginx.
const NGINX: [&str; 5] = ["nginx", "nginx-core", "nginx-light", "nginx-full", "nginx-extras"];

/// The first two numbers of a version.
pub(crate) type Release = (u32, u32);

/// The first two numbers of a package's version: `1:2.8.5-1ubuntu3` is 2.8, `15+248` is 15.0.
pub(crate) fn release(version: &str) -> Option<Release> {
    let upstream = version.split_once(':').map_or(version, |(_, upstream)| upstream);
    let mut numbers = upstream.split(|letter: char| !letter.is_ascii_digit());
    let major = numbers.next()?.parse().ok()?;
    let has_minor = upstream.trim_start_matches(|letter: char| letter.is_ascii_digit()).starts_with('.');
    let minor = if has_minor { numbers.next()?.parse().ok()? } else { 0 };
    Some((major, minor))
}

/// The version of a package that is installed.
pub(crate) fn installed(server: &Server<'_>, package: &str) -> anyhow::Result<Option<String>> {
    let answer = server.answer(&Call::new("dpkg-query", &["-W", "-f=${db:Status-Abbrev} ${Version}\n", package]))?;
    let found = answer.stdout.lines().find_map(|line| line.strip_prefix("ii"));
    Ok(found.map(|version| version.trim().to_owned()))
}

/// The version that would be installed.
pub(crate) fn candidate(server: &Server<'_>, package: &str) -> anyhow::Result<Option<String>> {
    let policy = server.ask("apt-cache", &["policy", package])?;
    let found = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"));
    Ok(found.map(str::trim).filter(|version| *version != "(none)").map(str::to_owned))
}

/// Reads the archives' lists anew.
pub(crate) fn update(server: &Server<'_>) -> anyhow::Result<()> {
    server.said_by(&Call::new("apt-get", &["update", "-q"]).long()).map(drop)
}

/// Installs packages and what they need. Configuration that is there stays.
pub(crate) fn install(server: &Server<'_>, packages: &[&str]) -> anyhow::Result<()> {
    ensure!(
        !server.args.no_apt,
        "nothing is installed with --no-apt; fix: sudo apt-get install {}",
        packages.join(" ")
    );
    let options = ["install", "-y", "-q", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"];
    server.said_by(&Call::new("apt-get", &[&options, packages].concat()).long()).map(drop)
}

/// What is missing is told with the command that brings it, where this may install nothing.
pub(crate) fn lacking(server: &Server<'_>, what: String, packages: &[&str]) -> State {
    if server.args.no_apt {
        return State::Stuck(what, format!("sudo apt-get install {}", packages.join(" ")));
    }
    State::Lacking(what)
}

/// HAProxy, nginx, and what goes with them.
pub(crate) struct Packages;

impl Packages {
    fn wanted(server: &Server<'_>) -> anyhow::Result<Vec<&'static str>> {
        let certificates: &[&str] =
            if server.deployment()?.is_production() { &["certbot", "python3-certbot-nginx"] } else { &[] };
        Ok([&["haproxy", "nginx", "sudo", "ca-certificates"], certificates].concat())
    }

    /// Those that are not there, or too old.
    fn missing(server: &Server<'_>) -> anyhow::Result<Vec<&'static str>> {
        let mut missing = Vec::new();
        for package in Self::wanted(server)? {
            let is_there = match package {
                "haproxy" => installed(server, package)?.as_deref().and_then(release) >= Some(HAPROXY_LEAST),
                "nginx" => has_nginx(server)?,
                _ => installed(server, package)?.is_some(),
            };
            if !is_there {
                missing.push(package);
            }
        }
        Ok(missing)
    }
}

fn has_nginx(server: &Server<'_>) -> anyhow::Result<bool> {
    for package in NGINX {
        if installed(server, package)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Step for Packages {
    fn name(&self) -> &'static str {
        "packages"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["deployment type"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let missing = Self::missing(server)?;
        if let Some(named) = listed(missing.iter().map(|&package| package.to_owned()).collect()) {
            return Ok(lacking(server, format!("{named} not installed, or too old"), &missing));
        }
        let haproxy = installed(server, "haproxy")?.as_deref().and_then(release).unwrap_or_default();
        let rest = Self::wanted(server)?[1..].join(", ");
        Ok(State::Fine(format!("HAProxy {}.{}, {rest}", haproxy.0, haproxy.1)))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        let missing = Self::missing(server)?;
        update(server)?;
        if missing.contains(&"haproxy") {
            see_to_haproxy(server)?;
        }
        install(server, &missing)
    }

    fn takes_long(&self) -> bool {
        true
    }
}

/// Where the distribution's HAProxy is too old, its maintainers' own repository has a newer one.
fn see_to_haproxy(server: &Server<'_>) -> anyhow::Result<()> {
    if candidate(server, "haproxy")?.as_deref().and_then(release) >= Some(HAPROXY_LEAST) {
        return Ok(());
    }
    let os = Os::of(server)?;
    let repository = repositories::haproxy(&os);
    let repository = repository.with_context(|| format!("{} has no HAProxy 2.6 or newer", os.name))?;
    ensure!(
        repository.is_reachable(server)?,
        "{} has no HAProxy 2.6 or newer, and {} cannot be reached; fix: let this machine reach it, or install one",
        os.name,
        repository.host()
    );
    repository.add(server)
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn the_first_numbers_of_a_version() {
        for (version, is) in [
            ("2.6.12-1+deb12u2", Some((2, 6))),
            ("1:2.8.5-1ubuntu3.2", Some((2, 8))),
            ("15+248", Some((15, 0))),
            ("14+238", Some((14, 0))),
            ("17.2-1.pgdg120+1", Some((17, 2))),
            ("2.19.3+dfsg-1+deb13u1", Some((2, 19))),
            ("2.17.2~debian12-1710", Some((2, 17))),
            ("", None),
            ("a.b", None),
        ] {
            assert_eq!(release(version), is, "{version}");
        }
    }
}
