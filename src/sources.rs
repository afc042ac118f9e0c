//! `[[source]]` and `[[format]]`: who may send lines for which servers, and what the lines are. What the file says is
//! checked here, once, and becomes ingest's [`DecodeConfig`]. Formats are compiled and maps are read at the start, for
//! the life of the process.

use crate::config::Config;
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use suiftly_ingest::binding::{Sender, SourceRule, SourceRules};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::haproxy::Format;
use suiftly_ingest::haproxy::log_format::{
    Attribute, Attribution, LogFormat, MAX_MAP_BYTES, RecordFormat, TextMap, by_word,
};

/// More formats are refused: each is compiled and kept.
pub(crate) const MAX_FORMATS: usize = 64;

/// `[[source]]`: exactly one of address, Unix path and certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SourceEntry {
    /// An address or a prefix, by UDP, TCP, or TLS without a client certificate.
    pub(crate) address: Option<String>,
    /// The path of the Unix socket that lines come in by.
    pub(crate) unix: Option<PathBuf>,
    /// The client certificate's SHA-256, in hexadecimal.
    pub(crate) certificate: Option<String>,
    /// The servers that may speak from there; none named is any.
    pub(crate) servers: Vec<i16>,
    /// What its lines are, if other than `ingest.format`.
    pub(crate) format: Option<String>,
}

/// `[[format]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormatEntry {
    /// What sources and `ingest.format` call it.
    pub(crate) name: String,
    /// The string as it stands in haproxy.cfg, or `httplog`, `httpslog`, `tcplog` for the stock ones.
    pub(crate) log_format: String,
    /// Which field says what, by what `suiftly log-format check` explains: customer, service, network, traffic and others.
    #[serde(default)]
    pub(crate) attribution: BTreeMap<String, AttributeEntry>,
}

/// Where a value is taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a field's name, or { from = \"a field's name\", map = \"a file\" }")]
pub(crate) enum AttributeEntry {
    /// `"hr[1]"`
    Plain(String),
    /// `{ from = "hr[1]", map = "/etc/suiftly/customers.map" }`
    Mapped(MappedEntry),
}

/// A field that is looked up in a map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MappedEntry {
    /// The field.
    from: String,
    /// The map's file, as HAProxy's maps are.
    map: PathBuf,
}

/// How live lines are read and bound, by the configuration.
pub(crate) fn decode_config(config: &Config) -> anyhow::Result<DecodeConfig> {
    let formats = Formats::compile(&config.format)?;
    let format = formats.find(&config.ingest.format).context("cannot use ingest.format")?;
    let rule = |(at, entry): (usize, &SourceEntry)| {
        source_rule(entry, &formats).with_context(|| format!("cannot use source {}", at + 1))
    };
    let rules = config.source.iter().enumerate().map(rule).collect::<anyhow::Result<Vec<_>>>()?;
    let sources = if rules.is_empty() { None } else { Some(Arc::new(SourceRules::new(rules)?)) };
    Ok(DecodeConfig { format, sources, ..DecodeConfig::LIVE })
}

/// What the lines of a configuration are, and who may send them, in 32 bytes: processes that read the same lines hold it
/// against each other's. What maps hold belongs to it.
pub(crate) fn fingerprint(config: &Config) -> anyhow::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    digest.update(serde_json::to_vec(&(&config.ingest.format, &config.source, &config.format))?);
    for entry in config.format.iter().flat_map(|format| format.attribution.values()) {
        if let AttributeEntry::Mapped(MappedEntry { map, .. }) = entry {
            let content = std::fs::read(map).with_context(|| format!("cannot read the map {}", map.display()))?;
            digest.update(Sha256::digest(content));
        }
    }
    Ok(digest.finalize().into())
}

fn source_rule(entry: &SourceEntry, formats: &Formats<'_>) -> anyhow::Result<SourceRule> {
    let from = match (&entry.address, &entry.unix, &entry.certificate) {
        (Some(address), None, None) => Sender::Address(address.parse().map_err(anyhow::Error::msg)?),
        (None, Some(path), None) => Sender::unix(path),
        (None, None, Some(sha256)) => Sender::certificate(sha256).map_err(anyhow::Error::msg)?,
        _ => anyhow::bail!("it needs one of address, unix and certificate"),
    };
    let format = entry.format.as_deref().map(|word| formats.find(word)).transpose()?;
    Ok(SourceRule { from, servers: entry.servers.clone(), format })
}

/// The formats by name.
struct Formats<'c>(BTreeMap<&'c str, Format>);

impl<'c> Formats<'c> {
    fn compile(entries: &'c [FormatEntry]) -> anyhow::Result<Self> {
        anyhow::ensure!(
            entries.len() <= MAX_FORMATS,
            "{} formats are too many, there may be {MAX_FORMATS}",
            entries.len()
        );
        let mut formats = BTreeMap::new();
        for entry in entries {
            let cannot = || format!("cannot use format {:?}", entry.name);
            let format = compile(entry).with_context(cannot)?;
            let is_free =
                entry.name.parse::<Format>().is_err() && formats.insert(entry.name.as_str(), format).is_none();
            anyhow::ensure!(is_free, "cannot use format {:?}: there is one of that name", entry.name);
        }
        Ok(Self(formats))
    }

    fn find(&self, word: &str) -> anyhow::Result<Format> {
        let unknown = |error| {
            let names: Vec<_> = self.0.keys().copied().collect();
            let ours =
                if names.is_empty() { String::new() } else { format!(", and by [[format]] {}", names.join(", ")) };
            anyhow::anyhow!("{error}{ours}")
        };
        self.0.get(word).copied().map_or_else(|| word.parse().map_err(unknown), Ok)
    }
}

fn compile(entry: &FormatEntry) -> anyhow::Result<Format> {
    let text = by_word(&entry.log_format).unwrap_or(&entry.log_format);
    let mut attribution = Attribution::default();
    for (name, attribute) in &entry.attribution {
        let unknown = || format!("attribution has no {name:?}; there are {}", Attribution::NAMES.join(", "));
        let slot = attribution.entry(name).with_context(unknown)?;
        *slot = Some(self::attribute(attribute).with_context(|| format!("attribution.{name}"))?);
    }
    let format = LogFormat::compile(text)?;
    for warning in format.warnings() {
        tracing::warn!(format = entry.name, position = warning.position, "{}", warning.text);
    }
    compiled(format, &attribution)
}

/// A format for the life of the process.
pub(crate) fn compiled(format: LogFormat, attribution: &Attribution) -> anyhow::Result<Format> {
    let format = RecordFormat::new(format, attribution)?;
    Ok(Format::Compiled(Box::leak(Box::new(format))))
}

fn attribute(entry: &AttributeEntry) -> anyhow::Result<Attribute> {
    let (from, map) = match entry {
        AttributeEntry::Plain(from) => (from, None),
        AttributeEntry::Mapped(MappedEntry { from, map }) => (from, Some(map)),
    };
    let map = map.map(|path| read_map(path)).transpose()?;
    Ok(Attribute { from: from.parse().map_err(anyhow::Error::msg)?, map: map.map(Arc::new) })
}

fn read_map(path: &Path) -> anyhow::Result<TextMap> {
    let cannot = || format!("cannot read the map {}", path.display());
    let mut content = Vec::new();
    // One byte more than there may be, so that a longer one is noticed.
    let bound = MAX_MAP_BYTES as u64 + 1;
    File::open(path).and_then(|file| file.take(bound).read_to_end(&mut content)).with_context(cannot)?;
    TextMap::parse(&content).with_context(cannot)
}

#[cfg(test)]
mod tests;
