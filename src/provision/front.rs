//! What stands before the server: HAProxy's files for the gateway, and nginx's for the dashboard. Both are placed for whoever
//! operates to look over and switch on; nothing that runs is changed.

use super::accounts::{EDGE, HAPROXY};
use super::files::Owned;
use super::machine::{Call, Server};
use super::places::HAPROXY_FILES;
use super::step::{State, Step};
use super::written::{Other, Written, drift_of};

const NGINX_SITE: &str = "/etc/nginx/sites-available/suiftly.conf";
/// What makes HAProxy's unit run the gateway, once it is put there.
pub(crate) const HAPROXY_UNIT: &str = "/etc/systemd/system/haproxy.service.d/suiftly.conf";
/// What the shipped site is for, unless a domain is said.
const EXAMPLE_DOMAIN: &str = "example.com";

fn placed(path: String, text: &str) -> Written {
    Written { owned: Owned::file(path, "root", "root", 0o644), text: text.to_owned(), other: Other::Stays }
}

/// HAProxy's files.
pub(crate) struct HaProxy;

impl HaProxy {
    fn files() -> Vec<Written> {
        let own = |name: &str, text: &str| placed(format!("{HAPROXY_FILES}/{name}"), text);
        let files = [
            own("conf.d/10-logs.cfg", include_str!("../../packaging/haproxy/logs-ring.cfg")),
            own("conf.d/20-gateway.cfg", include_str!("../../packaging/haproxy/haproxy.cfg")),
            own("conf.d/30-backends.cfg", include_str!("../../packaging/haproxy/backends.cfg")),
            own("service.conf", include_str!("../../packaging/provision/haproxy-service.conf")),
            own("README", include_str!("../../packaging/provision/haproxy-readme")),
        ];
        // It does not start without them, and the edge writes them only later.
        let maps = ["keys", "grants", "allow"].map(|name| Written {
            owned: Owned::file(format!("{HAPROXY_FILES}/maps/{name}.map"), EDGE, HAPROXY, 0o640),
            text: String::new(),
            other: Other::Stays,
        });
        files.into_iter().chain(maps).collect()
    }
}

impl Step for HaProxy {
    fn name(&self) -> &'static str {
        "HAProxy"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["packages", "directories"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        if let Some(drift) = drift_of(server, &Self::files())? {
            return Ok(State::Lacking(drift));
        }
        let conf = format!("{HAPROXY_FILES}/conf.d");
        let check = Call::new(
            "env",
            &["SUIFTLY_HAPROXY_USER=haproxy", "SUIFTLY_HAPROXY_GROUP=haproxy", "haproxy", "-c", "-q", "-f", &conf],
        );
        let answer = server.answer(&check)?;
        if !answer.is_success() {
            let wrong = format!("HAProxy cannot use {conf}: {}", answer.told());
            return Ok(State::Stuck(wrong, format!("correct it; `{}` says when it is right", check.line())));
        }
        if server.path(HAPROXY_UNIT).exists() {
            return Ok(State::Fine(format!("it runs {conf}")));
        }
        Ok(State::Fine(format!("{conf} is there; {HAPROXY_FILES}/README says how it is put to use")))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        super::files::put(server, &Owned::dir(format!("{HAPROXY_FILES}/conf.d"), "root", "root", 0o755))?;
        Self::files().iter().try_for_each(|file| match file.drift(server)? {
            Some(_) => file.put(server),
            None => Ok(()),
        })
    }
}

/// nginx's site.
pub(crate) struct Nginx;

impl Nginx {
    fn site(server: &Server<'_>) -> Written {
        let shipped = include_str!("../../packaging/nginx/suiftly.conf");
        let domain = server.args.domain.as_deref().map(|domain| domain.split(':').next().unwrap_or(domain));
        placed(NGINX_SITE.to_owned(), &shipped.replace(EXAMPLE_DOMAIN, domain.unwrap_or(EXAMPLE_DOMAIN)))
    }
}

impl Step for Nginx {
    fn name(&self) -> &'static str {
        "nginx"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["packages"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        if let Some(drift) = Self::site(server).drift(server)? {
            return Ok(State::Lacking(drift));
        }
        if server.path("/etc/nginx/sites-enabled/suiftly.conf").exists() {
            return Ok(State::Fine("the dashboard's site is switched on".to_owned()));
        }
        Ok(State::Fine(format!("{NGINX_SITE} is there; it says how it is switched on")))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        Self::site(server).put(server)
    }
}
