use super::*;
use std::io::Write;
use suiftly_ingest::binding::Bound;
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::decode::Decoder;
use suiftly_ingest::source::Source;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::time::UnixMillis;

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

fn read(toml: &str) -> anyhow::Result<DecodeConfig> {
    decode_config(&Config::read(Some(file(toml).path()))?)
}

#[test]
fn nothing_said_is_everybody_for_everybody() {
    assert_eq!(read("").unwrap(), DecodeConfig::LIVE);
    assert_eq!(read("[ingest]\nformat = \"sf1\"").unwrap().format, Format::Sf1);
}

/// What the documented file shows by way of example works as it stands, and says every key.
#[test]
fn the_documented_examples_can_be_used() {
    let documented = include_str!("../../packaging/suiftly.toml");
    let at = documented.find("# [[source]]").unwrap();
    let examples: String = documented[at..]
        .lines()
        .take_while(|line| line.starts_with('#'))
        .fold(String::new(), |text, line| text + line.trim_start_matches("# ").trim_start_matches("#: ") + "\n");
    let customers = file("key-of-acme 17\n");
    let examples = examples.replace("/etc/suiftly/customers.map", customers.path().to_str().unwrap());
    let config = Config::read(Some(file(&examples).path())).unwrap();
    assert_eq!((config.source.len(), config.format.len()), (3, 1), "{examples}");
    for key in ["address", "unix", "certificate", "servers", "format", "name", "log_format", "attribution", "map"] {
        assert!(examples.contains(&format!("{key} = ")), "{key}");
    }
    for name in Attribution::NAMES {
        assert!(documented.contains(name), "{name}");
    }
    assert_eq!(decode_config(&config).unwrap().sources.unwrap().rules().len(), 3);
}

#[test]
fn lines_are_bound_and_read_as_configured() {
    const NOW: UnixMillis = UnixMillis(1_795_298_482_000);
    let map = file("# customers\nacme 17\n");
    let toml = format!(
        r#"
        [ingest]
        format = "httplog"
        [[format]]
        name = "edge"
        log_format = '"%[date(0,ms)] %ST %B %[req.hdr(x-customer)]"'
        attribution = {{ customer = {{ from = "req.hdr(x-customer)", map = "{0}" }}, traffic = "=1", service = "=seal" }}
        [[format]]
        name = "stock"
        log_format = "httplog"
        [format.attribution]
        customer = {{ from = "hr[1]", map = "{0}" }}
        network = "=mainnet"
        [[source]]
        address = "10.1.2.3"
        servers = [17]
        format = "edge"
        [[source]]
        address = "10.1.0.0/16"
        format = "stock"
        [[source]]
        certificate = "{1}"
        "#,
        map.path().display(),
        "ab:".repeat(31) + "AB",
    );
    let config = read(&toml).unwrap();
    let udp = |ip: [u8; 4]| Source::udp((ip, 514).into());
    let http = "10.0.0.9:1 [21/Nov/2026:22:01:21.969] fe be/app1 0/1/2/5/8 200 89 - - ---- 1/1/1/1/0 0/0 {acme} \"GET / HTTP/1.1\"";
    let mut builder = BlockBuilder::default();
    for (source, line) in [
        (udp([10, 1, 2, 3]), "1795298482000 200 7 acme"),
        (udp([10, 1, 2, 3]), "1795298482000 200 7 nobody's"),
        (udp([10, 1, 9, 9]), http),
        (udp([10, 2, 9, 9]), http),
    ] {
        builder.push(&source, NOW, line.as_bytes()).unwrap();
    }
    let batch = Decoder::new(config.clone()).decode(&builder.seal(1, NOW, 0));
    assert_eq!(batch.counts.rejected, [("source".to_owned(), 1)].into());
    let said: Vec<_> = batch
        .records
        .iter()
        .map(|record| (record.customer_id.map(|id| id.get()), record.service, record.network, record.server_id))
        .collect();
    let expected = [
        (Some(17), Some(Service::Seal), None, Some(17)),
        (None, Some(Service::Seal), None, Some(17)),
        (Some(17), None, Some(Network::Mainnet), None),
    ];
    assert_eq!(said, expected);
    let client = Source::TlsClient(suiftly_ingest::source::Fingerprint([0xab; 16]));
    assert!(matches!(config.sources.unwrap().find(&client), Bound::By(_)));
}

#[test]
fn what_cannot_be_used_says_why() {
    let customers = file("acme 17\nother\n");
    let named = file("acme 17\nother zero\n");
    let format = |attribution: &str| {
        format!("[[format]]\nname = \"x\"\nlog_format = \"httplog\"\n[format.attribution]\n{attribution}")
    };
    let mapped = |path: &Path| format(&format!("customer = {{ from = \"hr[1]\", map = \"{}\" }}", path.display()));
    let cases = [
        ("[ingest]\nformat = \"htplog\"".to_owned(), "no format is called \"htplog\""),
        ("[[source]]\nservers = [1]".to_owned(), "source 1: it needs one of address, unix and certificate"),
        ("[[source]]\naddress = \"10.0.0.1\"\nunix = \"/x\"".to_owned(), "it needs one of"),
        ("[[source]]\naddress = \"10.0.0.1/8\"".to_owned(), "has bits set behind its first 8"),
        ("[[source]]\ncertificate = \"abc\"".to_owned(), "is no SHA-256"),
        ("[[source]]\naddress = \"::/0\"\nformat = \"edge\"".to_owned(), "no format is called \"edge\""),
        ("[[source]]\naddress = \"::/0\"\nserver = 1".to_owned(), "server"),
        ("[[source]]\naddress = \"::/0\"\n[[source]]\naddress = \"::/0\"".to_owned(), "source 2 never counts"),
        ("[[format]]\nname = \"x\"\nlog_format = \"%zz\"".to_owned(), "format \"x\": at character 1"),
        ("[[format]]\nname = \"sf1\"\nlog_format = \"%ci\"".to_owned(), "there is one of that name"),
        (format("custmer = \"hr[1]\""), "attribution has no \"custmer\"; there are customer, key"),
        (format("customer = \"hr[0]\""), "attribution.customer: \"0\" is no capture's number"),
        (format("customer = \"var(x)\""), "the format has no \"var(x)\""),
        (format("customer = 17"), "a field's name, or { from"),
        (mapped("/no/such.map".as_ref()), "cannot read the map /no/such.map: No such file"),
        (mapped(customers.path()), "line 2: a value is missing"),
        (mapped(named.path()), "line 2 of the map is no customer"),
    ];
    for (toml, says) in cases {
        let error = format!("{:#}", read(&toml).unwrap_err());
        assert!(error.contains(says), "{toml}: {error}");
    }
    let many: String =
        (0..=MAX_FORMATS).map(|n| format!("[[format]]\nname = \"f{n}\"\nlog_format = \"%ci\"\n")).collect();
    assert_eq!(read(&many).unwrap_err().to_string(), "65 formats are too many, there may be 64");
}

#[test]
fn processes_that_read_the_same_lines_have_the_same_fingerprint() {
    let customers = file("key-of-acme 17\n");
    let toml = |servers: &str| {
        format!(
            "[[source]]\naddress = \"10.0.0.1\"\nservers = {servers}\n[[format]]\nname = \"f\"\n\
             log_format = \"httplog\"\nattribution = {{ customer = {{ from = \"hr[1]\", map = \"{}\" }} }}\n",
            customers.path().display()
        )
    };
    let of = |toml: &str| fingerprint(&Config::read(Some(file(toml).path())).unwrap()).unwrap();
    let one = of(&toml("[1]"));
    assert_eq!(of(&format!("[api]\nmax_streams = 7\n{}", toml("[1]"))), one);
    for other in [&toml("[2]"), "", "[ingest]\nformat = \"sf1\""] {
        assert_ne!(of(other), one, "{other}");
    }
    std::fs::write(customers.path(), "key-of-acme 18\n").unwrap();
    assert_ne!(of(&toml("[1]")), one, "the map says something else");
}
