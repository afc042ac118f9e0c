//! The package's description, as dpkg reads it.

use std::fmt;

/// What changes from one package to the next.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    pub(crate) version: String,
    pub(crate) architecture: String,
    pub(crate) maintainer: &'static str,
    /// As dpkg-shlibdeps names them.
    pub(crate) libraries: String,
    pub(crate) installed_kib: u64,
    /// The version of the database's schema that the program brings: `suiftly deploy` holds it against the database's.
    pub(crate) schema: String,
}

/// Accounts are made by adduser; mail, webhooks and edges trust the system's certificates; the unit's reload needs kill.
const NEEDED: &str = "adduser, ca-certificates, init-system-helpers (>= 1.52), procps";
/// What `suiftly provision` installs where it is missing; each may be on another machine.
const RECOMMENDED: &str = "postgresql, haproxy (>= 2.4), nginx";

const DESCRIPTION: &str = "live, exact usage metering and billing out of HAProxy logs
 Suiftly takes the log lines of HAProxy gateways (UDP, TCP, TLS, Unix sockets),
 journals them, meters and rates what each customer uses while it happens, bills
 it, and tells the gateways who may do how much.
 .
 This package has the program with all its roles, the customers' dashboard,
 units of systemd, and examples for HAProxy and nginx. `suiftly provision` makes
 a server of a machine.";

impl Control {
    pub(crate) fn file_name(&self) -> String {
        format!("suiftly_{}_{}.deb", self.version, self.architecture)
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Package: suiftly")?;
        writeln!(f, "Version: {}", self.version)?;
        writeln!(f, "Architecture: {}", self.architecture)?;
        writeln!(f, "Maintainer: {}", self.maintainer)?;
        writeln!(f, "Installed-Size: {}", self.installed_kib)?;
        writeln!(f, "Depends: {}, {NEEDED}", self.libraries)?;
        writeln!(f, "Recommends: {RECOMMENDED}")?;
        writeln!(f, "Suggests: certbot, prometheus, grafana")?;
        writeln!(f, "Section: net")?;
        writeln!(f, "Priority: optional")?;
        writeln!(f, "Suiftly-Schema: {}", self.schema)?;
        writeln!(f, "Description: {DESCRIPTION}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_one_line_and_the_description_goes_on_by_one_blank() {
        let control = Control {
            version: "1.2.3-1".to_owned(),
            architecture: "amd64".to_owned(),
            maintainer: "A <a@b>",
            libraries: "libc6 (>= 2.34)".to_owned(),
            installed_kib: 7,
            schema: "17".to_owned(),
        };
        assert_eq!(control.file_name(), "suiftly_1.2.3-1_amd64.deb");
        let text = control.to_string();
        for (at, line) in text.lines().enumerate() {
            let is_field = line.split_once(": ").is_some_and(|(name, value)| !name.contains(' ') && !value.is_empty());
            assert!(is_field || line.starts_with(' '), "line {at}: {line}");
        }
        assert!(text.contains("\nDepends: libc6 (>= 2.34), adduser,") && text.ends_with("of a machine.\n"), "{text}");
    }
}
