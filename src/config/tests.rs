use super::Config;
use std::io::Write;

fn read(toml: &str) -> anyhow::Result<Config> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(toml.as_bytes())?;
    Config::read(Some(file.path()))
}

#[test]
fn a_file_overrides_the_defaults() {
    let config = read("[ingest]\nlisten = \"127.0.0.1:0\"\n[dataflow]\nworkers = 2\n").unwrap();
    assert_eq!((config.ingest.listen.port(), config.dataflow.workers, config.api.listen.port()), (0, 2, 3000));
}

#[test]
fn the_documented_file_names_every_key_with_its_default() {
    let documented = include_str!("../../packaging/suiftly.toml");
    assert_eq!(read(documented).unwrap(), Config::default());
    let all = serde_json::to_value(Config::default()).unwrap();
    for (section, keys) in all.as_object().unwrap() {
        assert_section(documented, section, keys);
    }
}

/// Lists are shown by example, and a section within it has a heading of its own.
fn assert_section(documented: &str, section: &str, keys: &serde_json::Value) {
    let (_, text) = documented.split_once(&format!("[{section}]")).unwrap_or_else(|| panic!("there is no [{section}]"));
    for (key, value) in keys.as_object().into_iter().flatten() {
        if documented.contains(&format!("[{section}.{key}]")) {
            assert_section(documented, &format!("{section}.{key}"), value);
        } else {
            assert!(text.contains(&format!("{key} = ")), "{section}.{key}");
        }
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let cases = [
        ("[ingest]\nlisten = \"nowhere\"", "listen"),
        ("[ingest]\nlisen = \"127.0.0.1:1\"", "lisen"),
        ("[ingets]\n", "ingets"),
        ("[journal]\ncut_ms = 0", "cut_ms"),
        ("[cluster]\nid = \"7\"", "cluster.id must be 32 hexadecimal digits"),
        ("[cluster]\nname = \"Fra\"", "cluster.name must be"),
        ("[cluster]\nlisten = \"5515\"", "cluster.listen"),
        ("[cluster.hosts]\ndataflow-1 = \"h:5515\"", "cluster.hosts: processes of the dataflow are numbered"),
        ("[cluster]\nhosts = { ingest = \"h:5515\" }", "is no role"),
        ("[journal]\ncompress_level = 20", "compress_level"),
        ("[journal]\nspare_segments = 9", "spare_segments"),
        ("[ingest]\nudp_shards = 0", "udp_shards must be 1 to 16"),
        ("[ingest]\nudp_shards = 17", "udp_shards must be 1 to 16"),
        ("[ingest]\nmax_connections_per_peer = 0", "max_connections_per_peer"),
        ("[ingest]\ntls_key = \"key.pem\"", "must both be set"),
        ("[ingest]\ntls_client_required = true", "tls_client_required needs"),
        ("[ingest]\ntls_client_ca = \"ca.pem\"", "tls_client_ca needs"),
        ("[admin]\ntls_key = \"key.pem\"", "tls_certificate and admin.tls_key"),
        ("[admin]\nlisten = \"0.0.0.0:3001\"", "admin.plain_text = true"),
        ("[database]\nmigrate_url = \"postgres://o@h/d\"", "migrate_url needs"),
        ("[firehose]\nurl = \"http://q:9000\"\nuser = \"me\"", "must both be set"),
        ("[firehose]\nurl = \"http://q:9000\"\nuser = \"me\"\npassword_file = \"p\"\ntoken_file = \"t\"", "exclude"),
        ("[firehose]\ntoken_file = \"t\"", "need firehose.url"),
        ("[billing]\nescrow = \"bank\"", "bank"),
        ("[billing]\nescrow = \"sui\"", "billing.sui.package is not set; billing.sui.chain is not set"),
        ("[billing.sui]\nhuose = \"0x1\"", "huose"),
        ("[notify]\nsmtp_host = \"mail\"", "notify.from must both be set"),
        ("[notify]\nsmtp_user = \"me\"", "smtp_password_file must both be set"),
        ("[notify]\nsmtp_user = \"me\"\nsmtp_password_file = \"p\"", "needs notify.smtp_host"),
        (
            "[notify]\nsmtp_host = \"mail\"\nfrom = \"a@b.c\"\nsmtp_tls = \"none\"\nsmtp_user = \"me\"\nsmtp_password_file = \"p\"",
            "in plain text",
        ),
        ("[notify]\nsmtp_tls = \"maybe\"", "maybe"),
        ("[vault]\ncoalesce_ms = 0", "coalesce_ms"),
        ("[vault]\nwrite_ms = 9", "write_ms"),
        ("[[gateway]]\nname = \"a\"\nservers = [1]\ntoken_sha256 = \"\"", "64 hexadecimal"),
        ("[api]\nmax_streams = 0", "max_streams"),
        ("[api]\ntrusted_proxies = [\"10.0.0.0/33\"]", "10.0.0.0/33"),
        ("[api]\ntrusted_proxies = [\"proxy\"]", "no address and no prefix"),
        ("[api]\ncors_origins = [\"https://app.example.org/\"]", "without a path"),
        ("[api]\ncors_origins = [\"*\"]", "is no origin"),
        ("[api]\nendpoints = { moon_mainnet = \"https://x\" }", "moon_mainnet"),
        ("[api.endpoints]\nseal_devnet = \"https://x\"", "seal_devnet"),
        ("[api.endpoints]\nseal_mainnet = \"https://x/\"", "no slash"),
        ("[api.endpoints]\nseal_mainnet = \"x\"", "endpoints.seal_mainnet"),
        ("[api]\nexplorer_tx_url = \"https://x/tx\"", "must have {digest}"),
        ("[api]\nexplorer_tx_url = \"javascript:{digest}\"", "is no address"),
        ("[api]\nsupport_email = \"me\"", "support_email"),
        ("[api]\nsupport_url = \"mailto:me@x.y\"", "support_url"),
        ("[api]\nname = \"\"", "api.name must have"),
        ("[api]\nrate_limit_address_burst = 0", "rate_limit_address_burst must be at least 1"),
        ("no toml", "TOML"),
    ];
    for (toml, named) in cases {
        let error = format!("{:#}", read(toml).unwrap_err());
        assert!(error.contains(named), "{toml}: {error}");
    }
    let error = Config::read(Some("/nonexistent.toml".as_ref())).unwrap_err().to_string();
    assert_eq!(error, "cannot use the configuration: cannot read the configuration /nonexistent.toml: no such file");
}
