//! Each guard: a configuration that it refuses, and the same without what is wrong, which it lets pass. All of them start from
//! one server that is in order.

use super::*;
use crate::secrets::{self, Secrets};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use suiftly_sui::Key;
use tempfile::TempDir;

/// A production configuration that is in order. `DIR` stands for the server's directory, `RECIPIENT` for whom
/// backups are for.
const IN_ORDER: &str = "[database]\nurl = \"postgres:///suiftly_prod?host=/run/postgresql&user=suiftly\"\n\
    migrate_url = \"postgres:///suiftly_prod?host=/run/postgresql&user=suiftly_owner\"\n\
    [api]\ndomain = \"dash.example.com\"\nweb_dir = \"DIR/web\"\ntrusted_proxies = [\"127.0.0.1\"]\n\
    [billing]\nembedded_in_production = true\n\
    [backup]\nrecipients = [\"RECIPIENT\"]\n[secrets]\ndir = \"DIR/secrets\"\n\
    [[gateway]]\nname = \"fra-1\"\nservers = [17]\n\
    token_sha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"\n\
    [[source]]\naddress = \"10.1.0.0/16\"\nservers = [17]\n";

/// A server's files, in a directory of their own.
struct House {
    dir: TempDir,
    deployment: Deployment,
}

impl House {
    fn new() -> Self {
        let house = Self { dir: tempfile::tempdir().unwrap(), deployment: Deployment::Production };
        for (dir, mode) in [("data", 0o750), ("secrets", 0o700), ("web", 0o755)] {
            std::fs::create_dir(house.path(dir)).unwrap();
            house.mode(dir, mode);
        }
        std::fs::write(house.path("web/index.html"), "").unwrap();
        std::fs::write(house.path("system.conf"), "DEPLOYMENT_TYPE=production\n").unwrap();
        house.mode("system.conf", 0o644);
        make_secrets(&house.path("secrets"));
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    /// Writes the configuration and holds it against everything.
    fn look(&self, toml: &str) -> Verdict {
        self.hold(toml, look)
    }

    /// The same as one part of a cluster.
    fn look_as(&self, role: &str, toml: &str) -> Problems {
        self.hold(toml, |ground| cluster::look(ground, &role.parse().unwrap())).refused
    }

    fn hold(&self, toml: &str, look: impl FnOnce(&Ground<'_>) -> Verdict) -> Verdict {
        let file = self.path("suiftly.toml");
        // A mode that a case has given it stays.
        let toml = toml.replace("DIR", &self.dir.path().display().to_string());
        let recipient = age::x25519::Identity::generate().to_public().to_string();
        std::fs::write(&file, toml.replace("RECIPIENT", &recipient)).unwrap();
        let (config, problems) = Config::look(Some(&file));
        assert!(problems.is_empty(), "{problems}");
        let (data_dir, system_conf) = (self.path("data"), self.path("system.conf"));
        let deployment = self.deployment;
        look(&Ground { config: &config, deployment, file: Some(&file), data_dir: &data_dir, system_conf: &system_conf })
    }
}

fn make_secrets(dir: &Path) {
    let made = Secrets::made_in(dir);
    made.api_key_secret().unwrap();
    made.operator_token().unwrap();
    made.vault_signing_keys().unwrap();
    for ring in [made.at_rest(), made.jwt(), made.vault_keys()] {
        ring.unwrap();
    }
}

/// Another configuration: a line instead of one, or added to its section.
fn with(section: &str, line: &str) -> String {
    let key = line.split(" = ").next().unwrap();
    let heading = format!("[{section}]\n");
    let mut text = String::new();
    let mut is_there = false;
    for old in IN_ORDER.lines() {
        let is_replaced = is_there && old.starts_with(&format!("{key} = "));
        is_there = if old.starts_with('[') { old == heading.trim() } else { is_there };
        if !is_replaced {
            text.push_str(&format!("{old}\n"));
        }
        if old == heading.trim() {
            text.push_str(&format!("{line}\n"));
        }
    }
    if IN_ORDER.contains(&heading) { text } else { format!("{heading}{line}\n{text}") }
}

/// The escrow on Sui, with what else is said of it.
fn on_sui(change: (&str, &str)) -> String {
    const SUI: &str = "[billing]\nescrow = \"sui\"\n[billing.sui]\nnodes = [\"https://one.example.com\", \
        \"https://other.example.org\"]\nchain = \"4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S\"\nnetwork = \"mainnet\"\n\
        package = \"0x1\"\nhouse = \"0x2\"\nhouse_version = 7\ncoin = \"0xc01::usdc::USDC\"\nkey_file = \"DIR/operator\"\n";
    assert!(SUI.contains(change.0), "{}", change.0);
    IN_ORDER.replace("[billing]\nembedded_in_production = true\n", &SUI.replace(change.0, change.1))
}

/// As [`on_sui`] names the chain.
const MAINNET: &str = "chain = \"4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S\"\nnetwork = \"mainnet\"";

fn without(part: &str) -> String {
    assert!(IN_ORDER.contains(part), "{part}");
    IN_ORDER.replace(part, "")
}

#[test]
fn a_server_that_is_in_order_is_fine() {
    let verdict = House::new().look(IN_ORDER);
    assert!(verdict.refused.is_empty() && verdict.noted.is_empty(), "{verdict:?}");
}

#[test]
fn each_setting_that_production_refuses() {
    let cases = [
        (with("api", "mock_auth = true"), "api.mock_auth takes any signature"),
        (with("billing", "mock_escrow = \"refuse=0.1\""), "billing.mock_escrow makes"),
        (with("notify", "allow_local_webhooks = true"), "notify.allow_local_webhooks lets"),
        (with("ingest", "listen = \"0.0.0.0:5514\""), "say ingest.plain_text = true"),
        (with("ingest", "listen = \"10.1.2.3:5514\""), "ingest.listen is 10.1.2.3:5514"),
        (with("api", "listen = \"[::]:3000\""), "say api.plain_text = true"),
        (with("edge", "metrics = \"0.0.0.0:9470\""), "say edge.plain_text = true"),
        (
            with("edge", "repair_to = [\"tcp://logs.example.com:5514\"]"),
            "edge.repair_to has tcp://logs.example.com:5514",
        ),
        (with("api", "domain = \"localhost:3000\""), "api.domain is \"localhost:3000\""),
        (with("billing", "embedded_in_production = false"), "say billing.embedded_in_production = true"),
        (without("[[source]]\naddress = \"10.1.0.0/16\"\nservers = [17]\n"), "there is no [[source]]"),
        (without(&IN_ORDER[..IN_ORDER.find("[api]").unwrap()]), "database.url is not set"),
        (
            IN_ORDER.replace("suiftly_prod", "suiftly_dev"),
            "the database is suiftly_dev, and production uses suiftly_prod",
        ),
        (IN_ORDER.replace("suiftly_owner", "suiftly"), "of one role, suiftly"),
    ];
    let house = House::new();
    for (toml, says) in &cases {
        let said = house.look(toml).refused.to_string();
        assert!(said.contains(says), "{toml}: {said}");
    }
    // What is wrong is one thing each, or the same thing of two addresses.
    for (toml, says) in cases.iter().filter(|(toml, _)| !toml.contains("suiftly_dev")) {
        assert_eq!(house.look(toml).refused.iter().len(), 1, "{says}: {}", house.look(toml).refused);
    }
}

#[test]
fn on_sui_production_asks_two_hosts_by_tls_and_no_chain_of_its_own() {
    let house = House::new();
    Key::new([7; 32]).write(&house.path("operator")).unwrap();
    let verdict = house.look(&on_sui(("", "")));
    assert!(verdict.refused.is_empty() && verdict.noted.is_empty(), "{verdict:?}");
    let cases = [
        ("https://other.example.org", "http://other.example.org", "a node is asked in plain text"),
        ("https://other.example.org", "https://ONE.example.com:8443/rpc", "are of one host"),
        (
            MAINNET,
            "chain = \"8vFBjUAHVQTNHR1vEe7eALBWtjmCXs5RMPDwJ8WsNUST\"\nnetwork = \"localnet\"",
            "names a local chain",
        ),
        (
            MAINNET,
            "chain = \"69WiPg3DAQiwdxfncX6wYQ2siKwAe6L9BZthQea3JNMD\"\nnetwork = \"testnet\"",
            "production is on mainnet",
        ),
        (
            MAINNET,
            "chain = \"8vFBjUAHVQTNHR1vEe7eALBWtjmCXs5RMPDwJ8WsNUST\"\nnetwork = \"devnet\"",
            "production is on mainnet",
        ),
        ("https://other.example.org", "https://127.0.0.1:9124", "names a local chain"),
        ("https://other.example.org", "https://[::1]", "names a local chain"),
        ("https://other.example.org", "https://localhost", "names a local chain"),
        ("DIR/operator", "DIR/nowhere", "cannot use the key file"),
    ];
    for (from, to, says) in cases {
        let refused = house.look(&on_sui((from, to))).refused;
        assert!(refused.to_string().contains(says), "{to}: {refused}");
        assert_eq!(refused.iter().len(), 1, "{to}: {refused}");
    }
    house.mode("operator", 0o640);
    let refused = house.look(&on_sui(("", ""))).refused.to_string();
    assert!(refused.contains("it should have 600") && !refused.contains("suiprivkey1"), "{refused}");
}

#[test]
fn an_explicit_yes_is_one_and_development_may_what_production_may_not() {
    let mut house = House::new();
    for yes in [
        with("ingest", "listen = \"0.0.0.0:5514\"\nplain_text = true"),
        with("api", "listen = \"0.0.0.0:3000\"\nplain_text = true"),
        with("edge", "metrics = \"0.0.0.0:9470\"\nplain_text = true"),
        with("admin", "listen = \"0.0.0.0:3001\"\nplain_text = true"),
    ] {
        let verdict = house.look(&yes);
        assert!(verdict.refused.is_empty(), "{}", verdict.refused);
    }
    house.mode("data", 0o777);
    let mocks = "[api]\nmock_auth = true\nlisten = \"0.0.0.0:0\"\n[billing]\nmock_escrow = \"refuse=0.1\"\n";
    for deployment in [Deployment::Development, Deployment::Test] {
        house.deployment = deployment;
        assert!(house.look(mocks).refused.is_empty());
        assert!(house.look("[database]\nurl = \"postgres://me@h/somebody_elses\"\n").refused.is_empty());
        let said = house.look("[database]\nurl = \"postgres://me@h/suiftly_prod\"\n").refused.to_string();
        assert!(said.starts_with("database.url: the database is suiftly_prod, and"), "{said}");
    }
}

#[test]
fn operators_in_plain_text_are_refused_by_the_guard_itself() {
    let admin = crate::config::Admin { listen: "0.0.0.0:3001".parse().unwrap(), ..crate::config::Admin::default() };
    let mut verdict = Verdict::default();
    settings::look(&Config { admin, ..Config::default() }, &mut verdict);
    assert!(verdict.refused.to_string().contains("admin.listen is 0.0.0.0:3001"), "{verdict:?}");
}

#[test]
fn files_that_others_can_read_or_change_are_refused_until_they_cannot() {
    let password = IN_ORDER.replace("&user=suiftly\"", "&user=suiftly&password=hunter2\"");
    let cases = [
        ("data", 0o755, 0o750, IN_ORDER, "data is open to everybody"),
        ("suiftly.toml", 0o664, 0o640, IN_ORDER, "suiftly.toml can be changed by others"),
        ("suiftly.toml", 0o644, 0o640, &password, "holds a database's password, and everybody can read it"),
        ("system.conf", 0o666, 0o644, IN_ORDER, "system.conf can be changed by others"),
        ("secrets", 0o750, 0o700, IN_ORDER, "secrets is open to others"),
        ("secrets/jwt-keys", 0o640, 0o600, IN_ORDER, "jwt-keys can be read by others: chmod 600 it"),
        (".", 0o777, 0o755, IN_ORDER, "can be changed by everybody, and so"),
    ];
    for (name, open, closed, toml, says) in cases {
        let house = House::new();
        assert!(house.look(toml).refused.iter().all(|said| said.contains("password")), "{says}");
        house.mode(name, open);
        let said = house.look(toml).refused.to_string();
        assert!(said.contains(says) && !said.contains("hunter2"), "{name}: {said}");
        house.mode(name, closed);
        assert!(house.look(toml).refused.is_empty(), "{name}");
    }
}

#[test]
fn secrets_are_there_and_made_by_chance_and_each_its_own() {
    let stepped: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
    let published = "8776c4c0e84428c6e86fca4647abe16459649aa78fe4c72e7643dc3a14343337";
    let ring = |hex: &str| format!("1 {hex}\n");
    let cases = [
        ("api-key-secret", Some("0".repeat(64)), "api-key-secret holds a secret that was not made by chance"),
        ("api-key-secret", Some(published.to_owned()), "stands in Suiftly's documents"),
        ("api-key-secret", Some("c0ffee".to_owned()), "does not hold 64 hexadecimal digits"),
        ("api-key-secret", None, "never anew at a start"),
        ("at-rest-keys", Some(ring(&stepped)), "at-rest-keys holds a secret that was not made by chance"),
        ("at-rest-keys", Some(ring("hunter2hunter2")), "cannot read the keys in"),
        ("at-rest-keys", None, "never anew at a start"),
        ("jwt-keys", Some(ring(&"0123456789abcdef".repeat(4))), "jwt-keys holds a secret that was not made by chance"),
        ("jwt-keys", None, "never anew at a start"),
        ("vault-keys", Some(ring(&"ab".repeat(32))), "vault-keys holds a secret that was not made by chance"),
        ("vault-keys", None, "never anew at a start"),
        (
            "vault-signing-keys",
            Some(ring(&"07".repeat(32))),
            "vault-signing-keys holds a secret that was not made by chance",
        ),
        ("vault-signing-keys", None, "never anew at a start"),
        ("operator-token", Some("sop_c2hvcnQ".to_owned()), "operator-token holds a secret shorter than 32 bytes"),
        ("operator-token", None, "never anew at a start"),
    ];
    for (name, content, says) in cases {
        let house = House::new();
        let path = house.path("secrets").join(name);
        match &content {
            Some(content) => secrets::write_private(&path, content.as_bytes()).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let refused = house.look(IN_ORDER).refused;
        assert!(refused.to_string().contains(says), "{name}: {refused}");
        assert_eq!(refused.iter().len(), 1, "{name}: {refused}");
        // The secret itself is told to nobody.
        let word = content.as_deref().and_then(|content| content.split_whitespace().last());
        assert!(word.is_none_or(|word| !refused.to_string().contains(word)), "{name}: {refused}");
    }
    let house = House::new();
    std::fs::copy(house.path("secrets/jwt-keys"), house.path("secrets/at-rest-keys")).unwrap();
    let said = house.look(IN_ORDER).refused.to_string();
    assert!(said.contains("hold the same key: each needs its own"), "{said}");
}

#[test]
fn files_that_are_named_are_there_and_hold_what_they_should() {
    let house = House::new();
    std::fs::write(house.path("empty"), "").unwrap();
    house.mode("empty", 0o600);
    secrets::write_private(&house.path("password"), b"hunter2\n").unwrap();
    std::fs::write(house.path("open"), "hunter2\n").unwrap();
    let mail = |file: &str| {
        let line = format!(
            "smtp_host = \"mail\"\nfrom = \"a@example.com\"\nsmtp_user = \"me\"\nsmtp_password_file = \"DIR/{file}\""
        );
        with("notify", &line)
    };
    let token = |file: &str| with("firehose", &format!("url = \"http://q:9000\"\ntoken_file = \"DIR/{file}\""));
    let cases = [
        (mail("password"), ""),
        (mail("missing"), "notify.smtp_password_file: cannot read"),
        (mail("open"), "notify.smtp_password_file: "),
        (mail("password").replace("a@example.com", "nobody"), "as the sender of e-mail"),
        (token("password"), ""),
        (token("empty"), "empty is empty"),
        (with("edge", "vault_keys = \"DIR/password\""), "edge.vault_keys: cannot read the public keys"),
        (
            with("ingest", "tls_certificate = \"DIR/empty\"\ntls_key = \"DIR/password\""),
            "there is no certificate in it",
        ),
        (with("ingest", "format = \"mine\""), "cannot use ingest.format"),
        (
            format!(
                "{IN_ORDER}[[format]]\nname = \"f\"\nlog_format = \"httplog\"\nattribution = {{ customer = {{ from = \"hr[1]\", map = \"DIR/none\" }} }}\n"
            ),
            "cannot read the map",
        ),
    ];
    for (toml, says) in cases {
        let said = house.look(&toml).refused.to_string();
        assert!(said.contains(says) && said.is_empty() == says.is_empty(), "{toml}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_may_be_so_and_seldom_should_is_noted() {
    let gateway = &IN_ORDER[IN_ORDER.find("[[gateway]]").unwrap()..IN_ORDER.find("[[source]]").unwrap()];
    let cases = [
        (without(gateway), "there is no [[gateway]]"),
        (without("trusted_proxies = [\"127.0.0.1\"]\n"), "api.trusted_proxies is empty"),
        (with("backup", "every_hours = 0"), "no backup is made of itself"),
        (with("cluster", "id = \"00112233445566778899aabbccddeeff\""), "no backup of a cluster is made of itself"),
        (with("api", "rate_limit_customer = 0"), "nobody is slowed down"),
        (with("api", "web_dir = \"DIR/nowhere\""), "no dashboard is served"),
    ];
    let house = House::new();
    for (toml, says) in cases {
        let Verdict { refused, noted } = house.look(&toml);
        assert!(
            refused.is_empty() && noted.iter().len() == 1 && noted.to_string().contains(says),
            "{toml}: {refused} {noted}"
        );
    }
}

#[test]
fn a_part_of_a_cluster_needs_what_it_uses_and_certificates_of_its_own() {
    let house = House::new();
    std::fs::create_dir(house.path("tls")).unwrap();
    for role in ["ingest-a", "dataflow-0"] {
        let made = rcgen::generate_simple_self_signed([role.to_owned()]).unwrap();
        secrets::write_private(
            &house.path(&format!("tls/{role}-key.pem")),
            made.signing_key.serialize_pem().as_bytes(),
        )
        .unwrap();
        for name in [role, "ca"] {
            std::fs::write(house.path(&format!("tls/{name}.pem")), made.cert.pem()).unwrap();
            house.mode(&format!("tls/{name}.pem"), 0o644);
        }
    }
    let with_tls = |toml: &str| format!("[cluster]\ntls_dir = \"DIR/tls\"\n{toml}");
    let source = "[[source]]\naddress = \"10.1.0.0/16\"\nservers = [17]\n";
    let in_order = with_tls(IN_ORDER);
    for (role, toml) in [("dataflow-0", &in_order), ("ingest-a", &in_order), ("ingest-a", &with_tls(source))] {
        let said = house.look_as(role, toml);
        assert!(said.is_empty(), "{role}: {said}");
    }
    for (role, toml, says) in [
        ("dataflow-0", IN_ORDER, "cluster.tls_dir is not set"),
        ("dataflow-0", with_tls(source).as_str(), "database.url is not set"),
        ("dataflow-1", in_order.as_str(), "dataflow-1.pem: cannot read it"),
        ("ingest-a", with_tls("[api]\ndomain = \"localhost\"\n").as_str(), "there is no [[source]]"),
        (
            "ingest-a",
            with_tls(&format!("[ingest]\nlisten = \"0.0.0.0:5514\"\n{source}")).as_str(),
            "say ingest.plain_text",
        ),
    ] {
        let said = house.look_as(role, toml).to_string();
        assert!(said.contains(says), "{role} {toml}: {said}");
    }
    for (name, open, closed, says) in [
        ("tls/ingest-a-key.pem", 0o644, 0o600, "everybody can read"),
        ("tls/ca.pem", 0o666, 0o644, "ca.pem can be changed by others"),
        ("data", 0o755, 0o750, "data is open to everybody"),
    ] {
        house.mode(name, open);
        let said = house.look_as("ingest-a", &in_order);
        assert!(said.to_string().contains(says) && said.iter().len() == 1, "{name}: {said}");
        house.mode(name, closed);
        assert!(house.look_as("ingest-a", &in_order).is_empty(), "{name}");
    }
}

#[test]
fn all_that_is_wrong_is_told_together() {
    let house = House::new();
    house.mode("secrets", 0o755);
    house.mode("data", 0o777);
    let toml =
        with("api", "mock_auth = true").replace("embedded_in_production = true", "embedded_in_production = false");
    assert_eq!(house.look(&toml).refused.iter().len(), 4, "{}", house.look(&toml).refused);
}

#[test]
fn made_up_traffic_and_customers_are_no_production() {
    assert!(
        not_in(Some(Deployment::Production), "`suiftly seed`").unwrap_err().to_string().contains("a production server")
    );
    for server in [None, Some(Deployment::Test), Some(Deployment::Development)] {
        assert!(not_in(server, "`suiftly seed`").is_ok());
    }
}
