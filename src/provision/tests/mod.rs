//! The steps together, on a machine that is not there.

mod fake;

use super::ProvisionArgs;
use crate::config::Config;
use crate::place::Deployment;
use fake::{Fake, args};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

const TEST: Deployment = Deployment::Test;
const PRODUCTION: Deployment = Deployment::Production;

fn set_mode(fake: &Fake, path: &str, mode: u32) {
    fs::set_permissions(fake.path(path), Permissions::from_mode(mode)).unwrap();
}

fn mode(fake: &Fake, path: &str) -> u32 {
    fake.path(path).metadata().unwrap().permissions().mode() & 0o7777
}

/// The line of a step.
fn line<'a>(text: &'a str, step: &str) -> &'a str {
    let is_of = |line: &&str| line.split_once(' ').is_some_and(|(_, rest)| rest.starts_with(&format!("{step}:")));
    text.lines().rfind(is_of).unwrap_or_else(|| panic!("no {step} in {text}"))
}

#[test]
fn a_bare_machine_becomes_a_server_and_the_second_run_changes_nothing() {
    for deployment in [Deployment::Development, TEST, PRODUCTION] {
        let fake = Fake::bare();
        let (text, counts) = fake.make(&args(deployment));
        assert_eq!((counts.failed, counts.waiting), (0, 0), "{text}");
        assert!(counts.made > 10 && !fake.changes().is_empty(), "{text}");
        let files = fake.files();
        for (again, counts) in [fake.make(&args(deployment)), fake.check(&ProvisionArgs::default())] {
            assert_eq!((counts.fine, counts.amiss(), counts.made), (counts.all(), 0, 0), "{again}");
        }
        assert_eq!((fake.changes(), fake.files() == files), (Vec::new(), true));
    }
}

#[test]
fn it_says_what_it_fell_back_to() {
    let (text, _) = Fake::bare().make(&args(TEST));
    assert_eq!(line(&text, "PostgreSQL"), "+ PostgreSQL: PostgreSQL 15 of Debian 12");
    assert!(line(&text, "TimescaleDB").contains("hourly partitions are used instead"), "{text}");
}

#[test]
fn a_check_changes_nothing_on_a_bare_machine() {
    let fake = Fake::bare();
    let files = fake.files();
    let (text, counts) = fake.check(&args(PRODUCTION));
    assert!(counts.failed > 0 && counts.waiting > 0 && counts.made == 0, "{text}");
    assert!(line(&text, "packages").ends_with("fix: sudo suiftly provision"), "{text}");
    assert_eq!(line(&text, "schema"), "– schema: waits for database");
    assert_eq!((fake.changes(), fake.files() == files), (Vec::new(), true));
}

#[test]
fn secrets_are_for_their_owners_alone_and_stay_what_they_are() {
    let fake = Fake::provisioned(PRODUCTION);
    let names = ["api-key-secret", "at-rest-keys", "jwt-keys", "vault-keys", "vault-signing-keys", "operator-token"];
    let files = names.map(|name| format!("/etc/suiftly/secrets/{name}"));
    let held = || files.each_ref().map(|file| fake.text(file));
    let before = held();
    for (file, text) in files.iter().zip(&before) {
        assert!(mode(&fake, file) == 0o600 && text.trim().len() > 40, "{file}");
    }
    assert_eq!(mode(&fake, "/etc/suiftly/secrets"), 0o700);
    fs::remove_file(fake.path("/etc/suiftly/secrets/operator-token")).unwrap();
    let (text, _) = fake.make(&args(PRODUCTION));
    assert!(line(&text, "secrets").starts_with('+'), "{text}");
    assert_eq!((&held()[..5], held()[5] == before[5]), (&before[..5], false));
    assert!(before.iter().all(|secret| !text.contains(secret.trim())));
}

#[test]
fn what_is_lost_after_it_was_used_is_not_made_again_in_production() {
    let lose = |fake: &Fake| fs::remove_file(fake.path("/etc/suiftly/secrets/api-key-secret")).unwrap();
    for (is_used, why) in [
        (true, (|fake: &Fake| fake.has.borrow_mut().has_customers = true) as fn(&Fake)),
        (true, |fake| fs::write(fake.path("/var/lib/suiftly/journal/segment"), "").unwrap()),
        (false, |_| ()),
    ] {
        let fake = Fake::provisioned(PRODUCTION);
        why(&fake);
        lose(&fake);
        let (text, _) = fake.make(&args(PRODUCTION));
        let line = line(&text, "secrets");
        assert_eq!(line.starts_with("✗") && line.contains("fix: restore it from a backup"), is_used, "{line}");
        assert_eq!(fake.path("/etc/suiftly/secrets/api-key-secret").exists(), !is_used);
    }
    let fake = Fake::provisioned(TEST);
    fake.has.borrow_mut().has_customers = true;
    lose(&fake);
    assert_eq!(fake.make(&args(TEST)).1.amiss(), 0);
}

/// What broke, the step that sees it, and what it says.
type Broken = (fn(&Fake), &'static str, &'static str);

const REPAIRED: [Broken; 15] = [
    (|fake| set_mode(fake, "/etc/suiftly/secrets/jwt-keys", 0o644), "secrets", "jwt-keys has mode 0644, not 0600"),
    (|fake| set_mode(fake, "/etc/suiftly/secrets", 0o755), "directories", "/etc/suiftly/secrets has mode 0755"),
    (
        |fake| fs::remove_dir(fake.path("/var/backups/suiftly")).unwrap(),
        "directories",
        "there is no /var/backups/suiftly",
    ),
    (|fake| set_mode(fake, "/var/lib/suiftly/journal", 0o777), "directories", "journal has mode 0777, not 0750"),
    (
        |fake| set_mode(fake, "/etc/suiftly/suiftly.toml", 0o644),
        "configuration",
        "suiftly.toml has mode 0644, not 0640",
    ),
    (|fake| drop(fake.has.borrow_mut().roles.remove("suiftly")), "roles", "there is no role suiftly"),
    (
        |fake| drop(fake.has.borrow_mut().roles.insert("suiftly".to_owned(), "LOGIN SUPERUSER".to_owned())),
        "roles",
        "role suiftly has other rights",
    ),
    (|fake| fake.has.borrow_mut().cluster = Some((15, false)), "cluster", "does not run"),
    (|fake| drop(fake.has.borrow_mut().users.remove("suiftly-edge")), "accounts", "no user suiftly-edge"),
    (|fake| drop(fake.has.borrow_mut().packages.remove("nginx")), "packages", "nginx not installed"),
    (
        |fake| drop(fake.has.borrow_mut().packages.insert("haproxy".to_owned(), "2.4.30-0".to_owned())),
        "packages",
        "haproxy not installed, or too old",
    ),
    (|fake| fake.has.borrow_mut().schema = Some((1, false)), "schema", "has version 1, not"),
    (
        |fake| fs::write(fake.path("/etc/postgresql/15/main/pg_hba.conf"), "local all all peer\n").unwrap(),
        "access",
        "pg_hba.conf does not let the server in",
    ),
    (
        |fake| fs::write(fake.path("/proc/sys/net/core/rmem_max"), "1\n").unwrap(),
        "kernel",
        "net.core.rmem_max is 1, not",
    ),
    (
        |fake| {
            set_mode(fake, "/etc/sudoers.d/suiftly-deploy", 0o640);
            fs::write(fake.path("/etc/sudoers.d/suiftly-deploy"), "suiftly-deploy ALL=NOPASSWD: ALL\n").unwrap();
            set_mode(fake, "/etc/sudoers.d/suiftly-deploy", 0o440);
        },
        "deploying",
        "suiftly-deploy is not as it should be",
    ),
];

#[test]
fn what_broke_is_told_and_repaired() {
    for (breaks, step, says) in REPAIRED {
        let fake = Fake::provisioned(TEST);
        breaks(&fake);
        let (text, counts) = fake.check(&args(TEST));
        let told = line(&text, step);
        assert!(counts.failed == 1 && told.starts_with("✗") && told.contains(says), "{says}: {text}");
        let (text, counts) = fake.make(&args(TEST));
        assert!(counts.amiss() == 0 && counts.made >= 1 && line(&text, step).starts_with('+'), "{says}: {text}");
    }
}

const STUCK: [Broken; 12] = [
    (|fake| fake.is_root.set(false), "root", "fix: sudo suiftly provision"),
    (
        |fake| {
            fs::write(fake.path("/etc/os-release"), "ID=debian\nVERSION_ID=\"11\"\nPRETTY_NAME=\"Debian 11\"\n")
                .unwrap();
        },
        "system",
        "this is Debian 11; fix: use Debian 12 or 13, or Ubuntu 22.04 or 24.04",
    ),
    (
        |fake| fs::write(fake.path("/etc/suiftly/system.conf"), "DEPLOYMENT_TYPE=production\n").unwrap(),
        "deployment type",
        "this server is production by /etc/suiftly/system.conf, not test",
    ),
    (
        |fake| fs::write(fake.path("/etc/suiftly/system.conf"), "DEPLOYMENT_TYPE=prod\n").unwrap(),
        "deployment type",
        "development, test or production",
    ),
    (
        |fake| {
            fs::rename(fake.path("/etc/suiftly/secrets/jwt-keys"), fake.path("/tmp/keys")).unwrap();
            symlink("/etc/shadow", fake.path("/etc/suiftly/secrets/jwt-keys")).unwrap();
        },
        "secrets",
        "jwt-keys is no file; fix: move it away",
    ),
    (
        |fake| fs::hard_link(fake.path("/etc/suiftly/secrets/jwt-keys"), fake.path("/tmp/keys")).unwrap(),
        "secrets",
        "has a second name somewhere",
    ),
    (
        |fake| fake.has.borrow_mut().users.get_mut("suiftly").unwrap().0 = "/bin/bash".to_owned(),
        "accounts",
        "can log in with /bin/bash; fix: sudo usermod --shell /usr/sbin/nologin suiftly",
    ),
    (
        |fake| drop(fake.has.borrow_mut().databases.insert("suiftly_test".to_owned(), "ada".to_owned())),
        "database",
        "belongs to ada; fix: sudo -u postgres psql",
    ),
    (|fake| fake.has.borrow_mut().schema = Some((9_999, false)), "schema", "fix: install the newer suiftly"),
    (
        |fake| fake.has.borrow_mut().complaint = Some("✗ no such key\n✗ no domain\n! a remark\n✗ not fine\n"),
        "rules",
        "✗ rules: no such key; no domain; fix: sudoedit /etc/suiftly/suiftly.toml",
    ),
    (|fake| fs::write(fake.path("/etc/suiftly/suiftly.toml"), "[ingets]\n").unwrap(), "rules", "ingets"),
    (
        |fake| {
            drop(
                fake.has.borrow_mut().packages.insert("postgresql-15-timescaledb".to_owned(), "2.19.3+dfsg".to_owned()),
            );
        },
        "TimescaleDB",
        "fix: sudo apt-get remove postgresql-15-timescaledb",
    ),
];

#[test]
fn what_is_somebodys_to_decide_is_told_and_left_alone() {
    for (breaks, step, says) in STUCK {
        let fake = Fake::provisioned(TEST);
        breaks(&fake);
        let files = fake.files();
        fake.changes();
        let (text, counts) = fake.make(&args(TEST));
        let told = line(&text, step);
        assert!(counts.failed == 1 && told.starts_with("✗") && told.contains(says), "{says}: {text}");
        assert_eq!((fake.changes(), fake.files() == files), (Vec::new(), true), "{text}");
    }
}

#[test]
fn what_somebody_wrote_stays() {
    let fake = Fake::provisioned(TEST);
    let own = "[database]\nurl = \"host=/var/run/postgresql port=5432 user=suiftly dbname=suiftly_test\"\n";
    for file in ["/etc/suiftly/suiftly.toml", "/etc/haproxy/suiftly/conf.d/30-backends.cfg", "/etc/suiftly/edge.toml"] {
        fs::write(fake.path(file), own).unwrap();
    }
    let (text, counts) = fake.make(&args(TEST));
    assert_eq!((counts.made, counts.amiss()), (0, 0), "{text}");
    assert_eq!(fake.text("/etc/suiftly/suiftly.toml"), own);
    // As a package brings it, it is nobody's.
    fs::write(fake.path("/etc/suiftly/suiftly.toml"), include_str!("../../../packaging/suiftly.toml")).unwrap();
    let (text, _) = fake.make(&args(TEST));
    assert!(line(&text, "configuration").starts_with('+'), "{text}");
    assert!(fake.text("/etc/suiftly/suiftly.toml").contains("billing.example.org"));
}

#[test]
fn the_configuration_that_is_written_can_be_used_and_is_of_this_server() {
    for (deployment, database) in [(TEST, "suiftly_test"), (PRODUCTION, "suiftly_prod")] {
        let fake = Fake::provisioned(deployment);
        let config = Config::read(Some(&fake.path("/etc/suiftly/suiftly.toml"))).unwrap();
        let url = |role: &str| format!("host=/var/run/postgresql port=5432 user={role} dbname={database}");
        assert_eq!(config.database.url, Some(url("suiftly")));
        assert_eq!(config.database.migrate_url, Some(url("suiftly_owner")));
        assert_eq!(config.secrets.dir.as_deref(), Some("/etc/suiftly/secrets".as_ref()));
        assert_eq!(
            (config.api.domain.as_str(), config.gateway.len(), config.source.len()),
            ("billing.example.org", 1, 1)
        );
        let token = fake.text("/etc/suiftly/edge-token");
        assert_eq!(config.gateway[0].token_sha256, suiftly_api::operator_token_sha256(token.trim()));
        let edge = Config::read(Some(&fake.path("/etc/suiftly/edge.toml"))).unwrap();
        assert_eq!(edge.edge.token_file.as_deref(), Some("/etc/suiftly/edge-token".as_ref()));
        assert_eq!(edge.edge.haproxy.len(), 1);
    }
}

#[test]
fn what_only_whoever_operates_knows_is_left_to_them() {
    let fake = Fake::bare();
    fake.make(&ProvisionArgs { domain: None, ..args(PRODUCTION) });
    let config = Config::read(Some(&fake.path("/etc/suiftly/suiftly.toml"))).unwrap();
    assert_eq!((config.api.domain, config.api.support_email), (Config::default().api.domain, None));
    let text = fake.text("/etc/suiftly/suiftly.toml");
    for left in ["# domain = ", "# support_email = ", "# embedded_in_production = true", "# recipients = "] {
        assert!(text.contains(left), "{left}");
    }
}

#[test]
fn a_server_that_nobody_says_the_type_of_is_not_made() {
    let fake = Fake::bare();
    let (text, counts) = fake.make(&ProvisionArgs { deployment_type: None, ..args(TEST) });
    assert_eq!((counts.failed, counts.made), (1, 0), "{text}");
    assert!(line(&text, "deployment type").ends_with("fix: say --deployment-type production, test or development"));
}

#[test]
fn without_apt_it_says_what_to_install() {
    let fake = Fake::bare();
    let (text, _) = fake.make(&ProvisionArgs { no_apt: true, ..args(TEST) });
    assert!(
        line(&text, "packages").ends_with("fix: sudo apt-get install haproxy nginx sudo ca-certificates"),
        "{text}"
    );
    assert!(fake.changes().is_empty());
}

#[test]
fn certbot_is_for_production_alone() {
    for (deployment, has_certbot) in [(TEST, false), (PRODUCTION, true)] {
        assert_eq!(Fake::provisioned(deployment).has.borrow().packages.contains_key("certbot"), has_certbot);
    }
}

const OF_POSTGRESQL: &str = "B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8";

/// A Debian whose neighbours answer, and serve this key.
fn connected(hosts: &[&'static str], serves_key: &'static str) -> Fake {
    let fake = Fake::bare();
    let mut has = fake.has.borrow_mut();
    has.reachable = hosts.iter().copied().collect();
    has.serves_key = serves_key;
    for (name, version) in [
        ("postgresql-17", "17.2-1.pgdg120+1"),
        ("postgresql-client-17", "17.2-1.pgdg120+1"),
        ("timescaledb-2-postgresql-17", "2.17.2~debian12-1710"),
    ] {
        has.offered.insert(name.to_owned(), version.to_owned());
    }
    drop(has);
    fake
}

#[test]
fn where_its_own_repository_answers_postgresql_17_is_taken_from_there() {
    let fake = connected(&["apt.postgresql.org", "www.postgresql.org"], OF_POSTGRESQL);
    let (text, counts) = fake.make(&args(TEST));
    assert_eq!(counts.amiss(), 0, "{text}");
    assert_eq!(line(&text, "PostgreSQL"), "+ PostgreSQL: PostgreSQL 17 of its own repository");
    let sources = fake.text("/etc/apt/sources.list.d/suiftly-postgresql.sources");
    assert!(
        sources.contains("Suites: bookworm-pgdg") && sources.contains("Signed-By: /etc/apt/keyrings/"),
        "{sources}"
    );
    assert_eq!(fake.text("/etc/apt/keyrings/suiftly-postgresql.gpg"), OF_POSTGRESQL);
}

#[test]
fn a_repository_with_another_key_is_not_believed() {
    let fake = connected(&["apt.postgresql.org", "www.postgresql.org"], "0000000000000000000000000000000000000000");
    let (text, _) = fake.make(&args(TEST));
    let told = line(&text, "PostgreSQL");
    assert!(told.starts_with("✗") && told.contains("serves another key than B97B0AFC"), "{told}");
    assert!(!fake.path("/etc/apt/sources.list.d/suiftly-postgresql.sources").exists());
    assert!(!fake.path("/etc/apt/keyrings/suiftly-postgresql.gpg").exists());
}

#[test]
fn timescaledb_is_installed_loaded_and_switched_on_where_it_can_be_had() {
    let fake = connected(&["packagecloud.io"], "1005FB68604CE9B8F6879CF759F18EDF47F24417");
    fake.has.borrow_mut().offered.insert("postgresql".to_owned(), "17+278".to_owned());
    fake.has.borrow_mut().preloaded = "pg_stat_statements".to_owned();
    let (text, counts) = fake.make(&args(TEST));
    assert_eq!(counts.amiss(), 0, "{text}");
    assert_eq!(line(&text, "TimescaleDB"), "+ TimescaleDB: TimescaleDB 2.17");
    assert_eq!(fake.has.borrow().preloaded, "timescaledb, pg_stat_statements");
    assert!(line(&text, "schema").ends_with("with TimescaleDB"), "{text}");
    let (again, counts) = fake.make(&args(TEST));
    assert_eq!((counts.made, counts.amiss()), (0, 0), "{again}");
}

#[test]
fn a_release_without_a_postgresql_that_will_do_needs_its_repository() {
    let fake = Fake::bare();
    let jammy = "ID=ubuntu\nVERSION_ID=\"22.04\"\nVERSION_CODENAME=jammy\n";
    fs::write(fake.path("/etc/os-release"), jammy).unwrap();
    fake.has.borrow_mut().offered.insert("postgresql".to_owned(), "14+238".to_owned());
    let (text, _) = fake.make(&args(TEST));
    let told = line(&text, "PostgreSQL");
    assert!(
        told.contains("Ubuntu 22.04 has PostgreSQL 14") && told.contains("apt.postgresql.org cannot be reached"),
        "{told}"
    );
    let fake = Fake::bare();
    fs::write(fake.path("/etc/os-release"), jammy).unwrap();
    fake.has.borrow_mut().offered.insert("haproxy".to_owned(), "2.4.30-0ubuntu0.22.04.1".to_owned());
    let (text, _) = fake.make(&args(TEST));
    assert!(line(&text, "packages").contains("ppa.launchpadcontent.net cannot be reached"), "{text}");
}

#[test]
fn units_are_switched_on_where_systemd_runs() {
    let fake = Fake::bare();
    fs::create_dir_all(fake.path("/run/systemd/system")).unwrap();
    let (text, _) = fake.make(&args(TEST));
    assert!(
        line(&text, "units").starts_with("+ units: suiftly.socket, suiftly-udp.socket, suiftly.service enabled"),
        "{text}"
    );
    assert!(!fake.has.borrow().units.contains("suiftly-edge.service"));
    fs::create_dir_all(fake.path("/etc/systemd/system/haproxy.service.d")).unwrap();
    fs::write(fake.path("/etc/systemd/system/haproxy.service.d/suiftly.conf"), "").unwrap();
    let (text, counts) = fake.make(&args(TEST));
    assert!(counts.made == 1 && fake.has.borrow().units.contains("suiftly-edge.service"), "{text}");
}

#[test]
fn what_goes_into_a_configuration_is_what_it_says() {
    for (text, is_one) in [
        ("billing.example.org", true),
        ("localhost:3000", true),
        ("Billing.Example.org", true),
        ("a b.org", false),
        ("x\"\n[api]", false),
        ("-a.org", false),
        ("a..org", false),
        ("a.org:99999", false),
        ("", false),
    ] {
        assert_eq!(super::domain(text).is_ok(), is_one, "{text:?}");
    }
    for (text, is_one) in
        [("help@example.org", true), ("a@b", true), ("help", false), ("a\"@b.c", false), ("@b.c", false)]
    {
        assert_eq!(super::email(text).is_ok(), is_one, "{text:?}");
    }
}
