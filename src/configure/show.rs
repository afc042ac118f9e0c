//! `suiftly config show`: what is in force. As TOML it can be read back; passwords in addresses are not shown.

use super::{ShowArgs, print};
use crate::config::{Config, Layers, Origin, masked};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// One that is wrong is shown too, as far as it can be read: `config check` says what is wrong.
pub(super) fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let (read, problems) = Config::look_beside_layers(args.place.config.as_deref());
    let Some((layers, config)) = read else { return problems.none_or("cannot use the configuration") };
    let mut settings = serde_json::to_value(config)?;
    mask(&mut settings);
    let Value::Object(sections) = settings else { anyhow::bail!("a configuration has sections") };
    let origins = args.origin.then_some(&layers);
    let shown = if args.json { as_json(sections, origins) } else { as_toml(&sections, origins) };
    print(&shown)
}

fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(object) => object.values_mut().for_each(mask),
        _ => {}
    }
}

fn as_json(mut sections: Map<String, Value>, origins: Option<&Layers>) -> String {
    let beside = |path: &[&str], value: Value, layers: &Layers| json!({ "value": value, "origin": layers.origin(path).to_string() });
    if let Some(layers) = origins {
        for (section, of_section) in &mut sections {
            match of_section {
                Value::Object(keys) => {
                    for (key, value) in keys {
                        *value = beside(&[section, key], value.take(), layers);
                    }
                }
                list => *list = beside(&[section], list.take(), layers),
            }
        }
    }
    format!("{:#}\n", Value::Object(sections))
}

fn as_toml(sections: &Map<String, Value>, origins: Option<&Layers>) -> String {
    let mut text = String::new();
    let origin = |path: &[&str]| match origins.map(|layers| layers.origin(path)) {
        None => String::new(),
        Some(Origin::Default) => " # default".to_owned(),
        Some(origin) => format!(" # {origin}"),
    };
    let tables = sections.iter().filter_map(|(section, value)| Some((section, value.as_object()?)));
    for (section, keys) in tables {
        let _ = writeln!(text, "[{section}]");
        for (key, value) in keys {
            let from = origin(&[section, key]);
            let _ = match value {
                Value::Null => writeln!(text, "# {key} is not set"),
                value => writeln!(text, "{key} = {}{from}", inline(value)),
            };
        }
        text.push('\n');
    }
    let lists = sections.iter().filter_map(|(section, value)| Some((section, value.as_array()?)));
    for (section, entries) in lists {
        for entry in entries {
            let _ = writeln!(text, "[[{section}]]{}", origin(&[section]));
            let set = entry.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
            for (key, value) in set {
                let _ = writeln!(text, "{key} = {}", inline(value));
            }
            text.push('\n');
        }
    }
    text
}

/// A value on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let set = object.iter().filter(|(_, value)| !value.is_null());
            let pairs: Vec<_> = set.map(|(key, value)| format!("{} = {}", quoted(key), inline(value))).collect();
            if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
        }
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// JSON's strings are TOML's, but for one character.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Problems;

    fn layers(toml: &str) -> (Layers, Config, tempfile::NamedTempFile) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        let (layers, config) = Config::look_beside_layers(Some(file.path())).0.unwrap();
        (layers, config, file)
    }

    fn shown(config: &Config, origins: Option<&Layers>) -> String {
        let mut settings = serde_json::to_value(config).unwrap();
        mask(&mut settings);
        as_toml(settings.as_object().unwrap(), origins)
    }

    const ALL_KINDS: &str = "[api]\nname = \"Ex\\\"am\\u007fple\\n\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n\
        endpoints = { seal_mainnet = \"https://x\" }\n[ingest]\nunix = \"/run/a b\"\n[journal]\ncompress_level = 0\n\
        [[edge.haproxy]]\nserver_id = 17\nsocket = \"/a\"\ndoors = { \"seal/mainnet\" = \"http://127.0.0.1:1\" }\n\
        [[gateway]]\nname = \"a\"\nservers = [1, 2]\ntoken_sha256 = \"00\"\n\
        [[source]]\naddress = \"10.0.0.1\"\nservers = [1]\n[[source]]\nunix = \"/b\"\n\
        [[format]]\nname = \"f\"\nlog_format = \"%ci \\\"x\\\"\"\nattribution = { customer = { from = \"hr[1]\", map = \"/m\" }, traffic = \"=1\" }\n";

    #[test]
    fn what_is_shown_reads_back_as_it_was() {
        for toml in ["", ALL_KINDS] {
            let (read, config, _file) = layers(toml);
            for origins in [None, Some(&read)] {
                let shown = shown(&config, origins);
                let (_, again, _file) = layers(&shown);
                assert_eq!(again, config, "{shown}");
            }
        }
    }

    #[test]
    fn origins_stand_beside_and_passwords_do_not() {
        let (read, config, file) = layers(
            "[database]\nurl = \"postgres://me:hunter2@h/suiftly_dev\"\n[firehose]\nurl = \"http://a:hunter2@q:9000\"\n\
             [edge]\napi = \"http://me:hunter2@h:1\"\n",
        );
        let path = file.path().display();
        let toml = shown(&config, Some(&read));
        assert!(toml.contains(&format!("url = \"postgres://me:***@h/suiftly_dev\" # file {path}\n")), "{toml}");
        assert!(
            toml.contains("max_streams = 1000 # default\n") && toml.contains("# migrate_url is not set\n"),
            "{toml}"
        );
        let mut settings = serde_json::to_value(&config).unwrap();
        mask(&mut settings);
        let json = as_json(settings.as_object().unwrap().clone(), Some(&read));
        let parsed: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed["api"]["max_streams"], json!({ "value": 1_000, "origin": "default" }));
        assert_eq!(parsed["database"]["url"]["origin"], json!(format!("file {path}")));
        assert_eq!(parsed["source"], json!({ "value": [], "origin": "default" }));
        assert!(!toml.contains("hunter2") && !json.contains("hunter2"));
        let mut problems = Problems::default();
        assert_eq!(read.config(&mut problems).as_ref(), Some(&config));
    }
}
