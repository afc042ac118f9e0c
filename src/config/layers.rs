//! Where settings come from: the defaults, the file over them, the environment over both. What is not of its kind or unknown
//! is told setting by setting, each with where it stands.

use super::{Config, Problems};
use figment::error::Kind;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Profile, Provider};
use std::fmt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "SUIFTLY_";
/// Between a section and its key.
const BETWEEN: &str = "__";
/// A word that differs by so many letters may have been meant.
const LETTERS_OFF_MAX: usize = 2;

/// What is set beside the defaults, layer by layer.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    path: PathBuf,
    file: Dict,
    environment: Dict,
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody has set it.
    Default,
    /// The configuration's file.
    File(PathBuf),
    /// This variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
        }
    }
}

/// `SUIFTLY_API__LISTEN` of `api`, `listen`.
pub(crate) fn environment_name(path: &[&str]) -> String {
    format!("{PREFIX}{}", path.join(BETWEEN).to_uppercase())
}

impl Layers {
    /// Reads the file, if one is named, and the environment. None if one of them cannot be read.
    pub(crate) fn read(file: Option<&Path>, problems: &mut Problems) -> Option<Self> {
        // Only names with a section are settings: SUIFTLY_URL and the like belong to other programs.
        let sectioned = Env::prefixed(PREFIX).filter(|key| key.as_str().contains(BETWEEN)).split(BETWEEN);
        let of_environment = data(&sectioned).map_err(|error| anyhow::anyhow!("cannot read the environment: {error}"));
        let of_file = file.map_or_else(|| Ok(Dict::new()), read_file);
        let (of_file, environment) = (problems.note(of_file), problems.note(of_environment));
        Some(Self { path: file.unwrap_or(Path::new("")).to_owned(), file: of_file?, environment: environment? })
    }

    /// What they come to. None if a setting is unknown or not of its kind.
    pub(crate) fn config(&self, problems: &mut Problems) -> Option<Config> {
        let whole = match config_of(&[&self.file, &self.environment]) {
            Ok(config) => return Some(config),
            Err(error) => error,
        };
        let mut found = Problems::default();
        for (layer, is_file) in [(&self.file, true), (&self.environment, false)] {
            for (path, alone) in each_alone(layer) {
                if let Err(error) = config_of(&[&alone]) {
                    let path: Vec<_> = path.iter().map(String::as_str).collect();
                    let origin = if is_file { Origin::File(self.path.clone()) } else { named(&path) };
                    found.add(format_args!("{} ({origin})", words(&path, &error)));
                }
            }
        }
        // Each is fine alone, and all of them together are not: that is told as it came.
        found.unless(!found.is_empty(), &whole);
        problems.append(found);
        None
    }

    /// Where the setting of this path comes from.
    pub(crate) fn origin(&self, path: &[&str]) -> Origin {
        match path {
            _ if holds(&self.environment, path) => named(path),
            _ if holds(&self.file, path) => Origin::File(self.path.clone()),
            _ => Origin::Default,
        }
    }
}

fn named(path: &[&str]) -> Origin {
    Origin::Environment(environment_name(path))
}

fn read_file(path: &Path) -> anyhow::Result<Dict> {
    let cannot = || format!("cannot read the configuration {}", path.display());
    anyhow::ensure!(path.is_file(), "{}: no such file", cannot());
    let text = std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("{}: {error}", cannot()))?;
    data(&Toml::string(&text))
        .map_err(|error| anyhow::anyhow!("{}: {}", cannot(), without_the_line(&error.to_string())))
}

/// What TOML says of a text that is none shows the line, in which a password may stand.
fn without_the_line(error: &str) -> String {
    let is_said = |line: &&str| !line.trim().is_empty() && !line.contains('|');
    error.lines().filter(is_said).map(str::trim).collect::<Vec<_>>().join(": ")
}

/// Figment's errors are large, and so kept apart.
type Read<T> = Result<T, Box<figment::Error>>;

fn data(provider: &impl Provider) -> Read<Dict> {
    Ok(provider.data()?.remove(&Profile::Default).unwrap_or_default())
}

/// The defaults with these over them, the last uppermost.
fn config_of(layers: &[&Dict]) -> Read<Config> {
    let defaults = Figment::from(Serialized::defaults(Config::default()));
    layers.iter().fold(defaults, |under, layer| under.merge(Serialized::defaults(layer))).extract().map_err(Box::new)
}

/// Each setting by itself; of a list each entry.
fn each_alone(layer: &Dict) -> Vec<(Vec<String>, Dict)> {
    let dict = |key: &str, value: Value| Dict::from([(key.to_owned(), value)]);
    let mut alone = Vec::new();
    for (section, value) in layer {
        match value {
            Value::Dict(_, keys) if !keys.is_empty() => alone.extend(keys.iter().map(|(key, value)| {
                let inner = Value::from(dict(key, value.clone()));
                (vec![section.clone(), key.clone()], dict(section, inner))
            })),
            Value::Array(tag, entries) => alone.extend(entries.iter().enumerate().map(|(at, entry)| {
                let one = Value::Array(*tag, vec![entry.clone()]);
                (vec![format!("[[{section}]] {}", at + 1)], dict(section, one))
            })),
            value => alone.push((vec![section.clone()], dict(section, value.clone()))),
        }
    }
    alone
}

fn holds(layer: &Dict, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    match layer.get(*first) {
        None => false,
        Some(Value::Dict(_, inner)) => holds(inner, rest),
        Some(_) => true,
    }
}

/// What is wrong with the setting of this path, in plain words.
fn words(path: &[&str], error: &figment::Error) -> String {
    let at = path.join(".");
    match &error.kind {
        Kind::UnknownField(found, known) => format!("{} is no key{}", unknown(path, found), meant(found, known)),
        Kind::UnknownVariant(found, known) => format!("{at} is {found:?}, and must be one of {}", known.join(", ")),
        Kind::MissingField(field) => format!("{at} has no {field}"),
        Kind::InvalidType(found, wanted) => format!("{at} is {found}, and must be {}", kind(wanted)),
        Kind::InvalidValue(found, wanted) => format!("{at} is {found}, and must be {}", kind(wanted)),
        other => format!("{at}: {other}"),
    }
}

/// The path of a key that is none; in a list's entry and in a table the path ends before it.
fn unknown(path: &[&str], found: &str) -> String {
    if path.last() == Some(&found) { path.join(".") } else { format!("{}: {found}", path.join(".")) }
}

/// Rust's words for kinds of values, as those who write TOML call them.
fn kind(wanted: &str) -> &str {
    match wanted {
        "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i16" | "i32" | "i64" => "a whole number",
        "path string" | "a string" => "a text in quotes",
        "socket address" => "an address and a port, such as \"127.0.0.1:3000\"",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        other if other.starts_with("struct ") => "a section with keys of its own",
        other => other,
    }
}

fn meant(found: &str, known: &[&str]) -> String {
    let near = known.iter().find(|word| letters_off(found, word) <= LETTERS_OFF_MAX);
    near.map_or_else(|| format!("; there are {}", known.join(", ")), |word| format!("; is {word} meant?"))
}

/// How many letters are to be put in, taken out or changed to make one word of the other.
fn letters_off(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(toml: &str) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        let (_, problems) = Config::look(Some(file.path()));
        problems.iter().map(|said| said.replace(&file.path().display().to_string(), "F")).collect()
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let told = told(
            "[ingest]\nlisen = 1\nudp_shards = \"two\"\n[api]\nlisten = \"nowhere\"\nmock_auth = 1\nname = 7\n\
             [moon]\n[billing]\nescrow = \"bank\"\n[[source]]\naddress = \"10.0.0.0/8\"\n[[source]]\nadress = \"10.0.0.1\"\n\
             [[gateway]]\nname = \"a\"\n[edge]\nhaproxy = 7\n",
        );
        for said in [
            "ingest.lisen is no key; is listen meant? (file F)",
            "ingest.udp_shards is string \"two\", and must be a whole number, 0 or more (file F)",
            "api.listen: invalid socket address syntax (file F)",
            "api.mock_auth is signed int `1`, and must be true or false (file F)",
            "api.name is signed int `7`, and must be a text in quotes (file F)",
            "moon is no key; there are log, ingest, ",
            "billing.escrow is \"bank\", and must be one of embedded, sui (file F)",
            "[[source]] 2: adress is no key; is address meant? (file F)",
            "[[gateway]] 1 has no servers (file F)",
            "edge.haproxy is signed int `7`, and must be a list (file F)",
        ] {
            assert!(told.iter().any(|one| one.starts_with(said)), "{said}: {told:#?}");
        }
        assert_eq!(told.len(), 10, "{told:#?}");
    }

    #[test]
    fn a_line_that_is_no_toml_is_not_shown() {
        let [said] = &told("[database]\nurl = postgres://me:hunter2@host/x\n")[..] else { panic!() };
        assert!(said.starts_with("cannot read the configuration F: ") && said.contains("line 2"), "{said}");
        assert!(!said.contains("hunter2") && !said.contains('\n'), "{said}");
    }

    #[test]
    fn rules_are_told_all_together_too() {
        let told = told("[journal]\ncut_ms = 0\nspare_segments = 9\n[vault]\nwrite_ms = 1\n");
        assert_eq!(told.len(), 3, "{told:#?}");
    }

    #[test]
    fn the_environment_wins_and_each_knows_where_it_comes_from() {
        let dict = |toml: &str| data(&Toml::string(toml)).unwrap();
        let layers = Layers {
            path: "/f.toml".into(),
            file: dict("[api]\nmax_streams = 3\nname = \"file\"\n[[source]]\naddress = \"10.0.0.1\""),
            environment: dict("[api]\nname = \"environment\"\nendpoints = { seal_mainnet = \"https://x\" }"),
        };
        let mut problems = Problems::default();
        let config = layers.config(&mut problems).unwrap();
        assert_eq!((config.api.name.as_deref(), config.api.max_streams), (Some("environment"), 3));
        let origin = |path: &[&str]| layers.origin(path).to_string();
        assert_eq!(origin(&["api", "name"]), "environment SUIFTLY_API__NAME");
        assert_eq!(origin(&["api", "max_streams"]), "file /f.toml");
        assert_eq!(origin(&["api", "domain"]), "default");
        assert_eq!(origin(&["source"]), "file /f.toml");
        assert_eq!(origin(&["api", "endpoints", "seal_mainnet"]), "environment SUIFTLY_API__ENDPOINTS__SEAL_MAINNET");
    }

    #[test]
    fn a_word_that_is_near() {
        for (from, to, off) in
            [("listen", "listen", 0), ("lisen", "listen", 1), ("", "abc", 3), ("kitten", "sitting", 3)]
        {
            assert_eq!((letters_off(from, to), letters_off(to, from)), (off, off), "{from} {to}");
        }
    }
}
