//! `[billing.sui]`: the escrow contract on Sui, the nodes that are asked, and who signs.

use super::Problems;
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use suiftly_settlement::escrow::{ACT_FOR, AT_ONCE, SuiSettings};
use suiftly_sui::{Address, Contract, Digest, Key, Node, Pair, SharedRef};

/// MIST: 0.05 SUI. What a charge costs is to be measured where the contract is published.
const GAS_BUDGET: u64 = 50_000_000;
/// Nothing costs less on Sui; and a mistake costs no more, in MIST: 5 SUI, the network's own bound is 50.
const GAS_BUDGETS: std::ops::RangeInclusive<u64> = 1_000_000..=5_000_000_000;
/// Transactions at once.
const IN_FLIGHT: std::ops::RangeInclusive<u32> = 1..=256;
/// USDC has six decimals.
const CENT: u64 = 10_000;
/// How many nodes have to say the same.
const NODES: usize = 2;
/// The chains whose beginnings are known, as nodes name them. A devnet begins anew now and then.
const CHAINS: [(SuiNetwork, &str); 2] = [
    (SuiNetwork::Mainnet, "4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S"),
    (SuiNetwork::Testnet, "69WiPg3DAQiwdxfncX6wYQ2siKwAe6L9BZthQea3JNMD"),
];

/// `[billing.sui]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sui {
    /// The two nodes that are asked, by gRPC: `https://…`, of different hosts. Only what both say is believed.
    pub(crate) nodes: Vec<String>,
    /// The chain that they must be of: the digest of its first checkpoint, as nodes name it.
    pub(crate) chain: Option<String>,
    /// What wallets call the chain: mainnet, testnet, devnet, or localnet for `suiftly chain`.
    pub(crate) network: SuiNetwork,
    /// The escrow package that is called: its newest version.
    pub(crate) package: Option<String>,
    /// The package's first version, which names its types and events; without it, `package`.
    pub(crate) origin: Option<String>,
    /// The house: the operator's side of the coin.
    pub(crate) house: Option<String>,
    /// The version that the house was shared at, as an explorer shows it.
    pub(crate) house_version: Option<u64>,
    /// The coin that the house takes, such as `0xdba3…::usdc::USDC`.
    pub(crate) coin: Option<String>,
    /// Units of the coin in a cent: 10,000 for USDC.
    pub(crate) cent: u64,
    /// The file with the operator's key, as `sui keytool export` writes it (suiprivkey…); only its owner may be able to read
    /// it. Its address pays gas out of its address balance.
    pub(crate) key_file: Option<PathBuf>,
    /// What a transaction may cost at first, in MIST; where that does not suffice it may cost more.
    pub(crate) gas_budget: u64,
    /// Transactions at once, 1 to 256.
    pub(crate) in_flight: u32,
    /// The checkpoint in which the house was opened, or one before: events are followed from there on.
    pub(crate) begins_at: u64,
}

/// `billing.sui.network`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SuiNetwork {
    /// Where USDC is worth something.
    Mainnet,
    /// Where nothing is.
    Testnet,
    /// The same, made anew now and then.
    Devnet,
    /// A chain on this machine.
    Localnet,
}

impl SuiNetwork {
    /// As wallets write it after `sui:`.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
            Self::Devnet => "devnet",
            Self::Localnet => "localnet",
        }
    }
}

impl Default for Sui {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            chain: None,
            network: SuiNetwork::Mainnet,
            package: None,
            origin: None,
            house: None,
            house_version: None,
            coin: None,
            cent: CENT,
            key_file: None,
            gas_budget: GAS_BUDGET,
            in_flight: u32::try_from(AT_ONCE).unwrap_or(u32::MAX),
            begins_at: 0,
        }
    }
}

impl Sui {
    /// The contract, as it stands on the chain.
    pub(crate) fn contract(&self) -> anyhow::Result<Contract> {
        let package = parsed("package", self.package.as_deref())?;
        let initial_version = self.house_version.context("billing.sui.house_version is not set")?;
        Ok(Contract {
            package,
            origin: self.origin.as_deref().map_or(Ok(package), |origin| parsed("origin", Some(origin)))?,
            house: SharedRef { id: parsed::<Address>("house", self.house.as_deref())?, initial_version },
            coin: parsed("coin", self.coin.as_deref())?,
            cent: self.cent,
        })
    }

    /// The nodes, each by itself. Nothing connects before it is asked; has to be called within a tokio runtime.
    pub(crate) fn each_node(&self) -> anyhow::Result<[Node; NODES]> {
        let chain = self.chain()?;
        let node = |url: &String| Node::new(url, chain).with_context(|| format!("billing.sui.nodes: {url:?}"));
        let nodes = self.nodes.iter().map(node).collect::<anyhow::Result<Vec<_>>>()?;
        nodes.try_into().map_err(|_| anyhow::anyhow!("billing.sui.nodes must name {NODES} nodes"))
    }

    fn chain(&self) -> anyhow::Result<Digest> {
        parsed("chain", self.chain.as_deref())
    }

    /// The two nodes, of which only what both say is believed.
    pub(crate) fn pair(&self) -> anyhow::Result<Pair> {
        let [one, other] = self.each_node()?;
        Ok(Pair::new(one, other))
    }

    /// The operator's key, out of its file.
    pub(crate) fn key(&self) -> anyhow::Result<Key> {
        let path = self.key_file.as_deref().context("billing.sui.key_file is not set")?;
        Key::read(path).context("billing.sui.key_file")
    }

    /// How the escrow goes about it.
    pub(crate) fn settings(&self) -> SuiSettings {
        SuiSettings {
            gas_budget: self.gas_budget,
            at_once: usize::try_from(self.in_flight).unwrap_or(AT_ONCE),
            act_for: ACT_FOR,
            begins_at: self.begins_at,
        }
    }

    /// The hosts of the nodes, without ports.
    pub(crate) fn hosts(&self) -> Vec<&str> {
        self.nodes.iter().map(|url| host_of(url)).collect()
    }

    /// Everything is said that the escrow on Sui needs.
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.note(self.contract());
        problems.note(self.chain().and_then(|chain| right_network(self.network, chain)));
        problems.unless(self.nodes.len() == NODES, format_args!("billing.sui.nodes must name {NODES} nodes"));
        let is_named = self.nodes.iter().all(|url| url.starts_with("https://") || url.starts_with("http://"));
        problems.unless(is_named, "billing.sui.nodes must be addresses such as https://node.example.com");
        problems.unless(self.key_file.is_some(), "billing.sui.key_file is not set");
        problems.unless(self.cent > 0, "billing.sui.cent must be at least 1");
        let (least, most) = (GAS_BUDGETS.start(), GAS_BUDGETS.end());
        let is_one = GAS_BUDGETS.contains(&self.gas_budget);
        problems.unless(is_one, format_args!("billing.sui.gas_budget must be {least} to {most} MIST"));
        let (least, most) = (IN_FLIGHT.start(), IN_FLIGHT.end());
        let is_bounded = IN_FLIGHT.contains(&self.in_flight);
        problems.unless(is_bounded, format_args!("billing.sui.in_flight must be {least} to {most}"));
    }
}

/// Wallets sign for the network that they are told, and nodes are of the chain: these are one.
fn right_network(network: SuiNetwork, chain: Digest) -> anyhow::Result<()> {
    let chain = chain.to_string();
    for (known, digest) in CHAINS {
        let (is_told, is_it) = (known == network, digest == chain);
        let (word, of) = (network.word(), known.word());
        anyhow::ensure!(is_it || !is_told, "billing.sui.network is {word}, whose chain is {digest}, not {chain}");
        anyhow::ensure!(is_told || !is_it, "billing.sui.network is {word}, and billing.sui.chain is that of {of}");
    }
    Ok(())
}

/// What stands between `//` and a port or a path.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("//").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    match rest.rsplit_once(':') {
        // An IPv6 address without a port ends with its bracket.
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => rest,
    }
}

fn parsed<T: FromStr<Err: Display>>(key: &str, text: Option<&str>) -> anyhow::Result<T> {
    let text = text.with_context(|| format!("billing.sui.{key} is not set"))?;
    text.parse().map_err(|error| anyhow::anyhow!("billing.sui.{key}: {text:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Billing, EscrowBackend};
    use std::os::unix::fs::PermissionsExt;

    /// One that says everything.
    fn whole() -> Sui {
        Sui {
            nodes: vec!["https://one.example.com".to_owned(), "https://other.example.org:443".to_owned()],
            chain: Some("4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S".to_owned()),
            package: Some("0x1".to_owned()),
            house: Some("0x2".to_owned()),
            house_version: Some(7),
            coin: Some("0xc01::usdc::USDC".to_owned()),
            key_file: Some("operator".into()),
            ..Sui::default()
        }
    }

    #[tokio::test]
    async fn pages_are_told_of_the_contract_and_owners_served_where_it_holds_the_funds() {
        let billing = Billing { escrow: EscrowBackend::Sui, sui: whole(), ..Billing::default() };
        let told = billing.sui_deployment().unwrap();
        let address = |last: &str| format!("0x{last:0>64}");
        assert_eq!((told.network, told.package, told.house), ("mainnet", address("1"), address("2")));
        assert_eq!((told.coin, told.units_per_cent), (format!("{}::usdc::USDC", address("c01")), 10_000));
        assert!(billing.owners().unwrap().is_some());
        let embedded = Billing { escrow: EscrowBackend::Embedded, ..billing };
        assert!(embedded.sui_deployment().is_none() && embedded.owners().unwrap().is_none());
    }

    fn told(sui: &Sui) -> Vec<String> {
        let mut problems = Problems::default();
        sui.check(&mut problems);
        problems.iter().map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn what_is_said_is_what_is_called() {
        let sui = whole();
        assert_eq!(told(&sui), Vec::<String>::new());
        let contract = sui.contract().unwrap();
        assert_eq!((contract.package, contract.house.initial_version, contract.cent), (contract.origin, 7, 10_000));
        let upgraded = Sui { package: Some("0x3".to_owned()), origin: Some("0x1".to_owned()), ..whole() };
        let upgraded = upgraded.contract().unwrap();
        assert_eq!(upgraded.entry_type(), contract.entry_type(), "types are named by the first version");
        assert_ne!(upgraded.package, contract.package);
        let nodes = sui.each_node().unwrap();
        assert_eq!(nodes.each_ref().map(Node::name), ["one.example.com", "other.example.org:443"]);
    }

    #[test]
    fn all_that_is_missing_or_wrong_is_told() {
        let nothing = told(&Sui::default());
        for key in ["package", "chain", "key_file"] {
            assert!(
                nothing.iter().any(|said| said.starts_with(&format!("billing.sui.{key} is not set"))),
                "{nothing:?}"
            );
        }
        let testnet = || Some("69WiPg3DAQiwdxfncX6wYQ2siKwAe6L9BZthQea3JNMD".to_owned());
        let local = || Some("8vFBjUAHVQTNHR1vEe7eALBWtjmCXs5RMPDwJ8WsNUST".to_owned());
        let cases: [(Sui, &str); 15] = [
            (Sui { chain: testnet(), ..whole() }, "network is mainnet, whose chain is 4bti"),
            (Sui { chain: local(), ..whole() }, "network is mainnet, whose chain is 4bti"),
            (Sui { network: SuiNetwork::Testnet, ..whole() }, "chain is that of mainnet"),
            (Sui { network: SuiNetwork::Devnet, chain: testnet(), ..whole() }, "chain is that of testnet"),
            (
                Sui { network: SuiNetwork::Localnet, ..whole() },
                "network is localnet, and billing.sui.chain is that of mainnet",
            ),
            (Sui { nodes: whole().nodes[..1].to_vec(), ..whole() }, "must name 2 nodes"),
            (Sui { nodes: vec!["one.example.com".to_owned(); 2], ..whole() }, "must be addresses such as"),
            (Sui { chain: Some("0".to_owned()), ..whole() }, "billing.sui.chain: \"0\": "),
            (Sui { house: Some("house".to_owned()), ..whole() }, "billing.sui.house: \"house\": "),
            (Sui { house_version: None, ..whole() }, "house_version is not set"),
            (Sui { coin: Some("USDC".to_owned()), ..whole() }, "billing.sui.coin: \"USDC\": "),
            (Sui { cent: 0, ..whole() }, "cent must be"),
            (Sui { gas_budget: 1, ..whole() }, "gas_budget must be"),
            (Sui { in_flight: 0, ..whole() }, "in_flight must be 1 to 256"),
            (Sui { origin: Some("0xg".to_owned()), ..whole() }, "billing.sui.origin"),
        ];
        for (sui, says) in cases {
            let told = told(&sui).join("; ");
            assert!(told.contains(says), "{says}: {told}");
        }
        for (network, chain) in [
            (SuiNetwork::Mainnet, whole().chain),
            (SuiNetwork::Testnet, testnet()),
            (SuiNetwork::Devnet, local()),
            (SuiNetwork::Localnet, local()),
        ] {
            assert_eq!(told(&Sui { network, chain, ..whole() }), Vec::<String>::new(), "{network:?}");
        }
    }

    #[test]
    fn hosts_are_what_stands_before_a_port() {
        for (url, host) in [
            ("https://node.example.com", "node.example.com"),
            ("https://node.example.com:443/path?x", "node.example.com"),
            ("http://127.0.0.1:9000", "127.0.0.1"),
            ("http://[::1]:9000", "[::1]"),
            ("http://[::1]", "[::1]"),
            ("https://me:secret@node.example.com:1", "node.example.com"),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }

    #[test]
    fn the_key_comes_out_of_a_file_that_others_cannot_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("operator");
        let sui = Sui { key_file: Some(path.clone()), ..whole() };
        assert!(format!("{:#}", sui.key().unwrap_err()).contains("cannot use the key file"));
        let key = Key::new([7; 32]);
        key.write(&path).unwrap();
        assert_eq!(sui.key().unwrap().address(), key.address());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = format!("{:#}", sui.key().unwrap_err());
        assert!(error.contains("it should have 600") && !error.contains("suiprivkey1"), "{error}");
    }
}
