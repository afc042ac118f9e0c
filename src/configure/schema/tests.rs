//! The schema is held against the documented file by a validator that knows the words that the schema uses, and no others.

use super::schema;
use crate::config::Config;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde_json::Value;
use std::collections::BTreeSet;

const DOCUMENTED: &str = include_str!("../../../packaging/suiftly.toml");

fn toml(text: &str) -> Value {
    Figment::from(Toml::string(text)).extract().unwrap()
}

/// The file with what is a setting behind a comment sign, unless the section has that key already.
fn with_examples() -> String {
    let mut keys = BTreeSet::new();
    let mut text = String::new();
    for line in DOCUMENTED.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let key = bare.split_once(" = ").map(|(key, _)| key).filter(|key| is_key(key));
        if bare.starts_with('[') {
            keys.clear();
        }
        let is_setting = key.is_some_and(|key| key != "haproxy" && keys.insert(key));
        if is_setting || bare.starts_with("[[") || line.starts_with('[') {
            text.push_str(&format!("{bare}\n"));
        }
    }
    text
}

fn is_key(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Why a value is not of a schema; none if it is.
fn refusal(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let Value::Object(words) = schema else {
        return (schema == &Value::Bool(false)).then(|| format!("{at} is not allowed"));
    };
    words.iter().find_map(|(word, said)| match (word.as_str(), value) {
        ("title" | "description" | "default" | "format" | "$schema", _) => None,
        ("type", value) => (!is_of(said.as_str().unwrap(), value)).then(|| format!("{at} is no {said}")),
        ("const", value) => (said != value).then(|| format!("{at} is not {said}")),
        ("minimum", value) => (value.as_f64() < said.as_f64()).then(|| format!("{at} is below {said}")),
        ("maximum", value) => (value.as_f64() > said.as_f64()).then(|| format!("{at} is above {said}")),
        ("enum", value) => (!said.as_array().unwrap().contains(value)).then(|| format!("{at} is none of {said}")),
        ("required", value) => {
            let missing = said.as_array().unwrap().iter().find(|key| value.get(key.as_str().unwrap()).is_none());
            missing.map(|key| format!("{at} has no {key}"))
        }
        ("items", Value::Array(items)) => items.iter().find_map(|item| refusal(said, item, at)),
        ("properties", Value::Object(object)) => {
            object.iter().find_map(|(key, value)| refusal(said.get(key)?, value, &format!("{at}.{key}")))
        }
        ("additionalProperties", Value::Object(object)) => {
            let known = |key: &str| words.get("properties").is_some_and(|known| known.get(key).is_some());
            let mut others = object.iter().filter(|(key, _)| !known(key));
            others.find_map(|(key, value)| refusal(said, value, &format!("{at}.{key}")))
        }
        ("oneOf" | "anyOf", value) => {
            let fits = said.as_array().unwrap().iter().any(|one| refusal(one, value, at).is_none());
            (!fits).then(|| format!("{at} is of no kind that it may be"))
        }
        ("items" | "properties" | "additionalProperties", _) => None,
        (other, _) => panic!("{at}: the validator does not know {other}"),
    })
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("no kind {other}"),
    }
}

#[test]
fn the_documented_file_is_of_the_schema_also_with_its_examples() {
    let schema = schema();
    assert_eq!(refusal(&schema, &toml(DOCUMENTED), ""), None);
    let all = toml(&with_examples());
    assert_eq!(refusal(&schema, &all, ""), None);
    assert!(all["format"][0]["attribution"]["customer"]["map"].is_string() && all["edge"]["haproxy"][0].is_object());
    assert!(all["gateway"][0].is_object() && all["source"].as_array().unwrap().len() == 3, "{all:#}");
}

#[test]
fn what_is_none_is_refused() {
    let schema = schema();
    for (text, says) in [
        ("[ingest]\nlisen = 1", ".ingest.lisen is not allowed"),
        ("[moon]", ".moon is not allowed"),
        ("[api]\nmock_auth = 1", ".api.mock_auth is no \"boolean\""),
        ("[api]\nmax_streams = -1", ".api.max_streams is below 0"),
        ("[api.endpoints]\nseal_mainnet = 1", ".api.endpoints.seal_mainnet is no \"string\""),
        ("[billing]\nescrow = \"bank\"", ".billing.escrow is"),
        ("[billing.sui]\nnodes = \"one\"", ".billing.sui.nodes is no \"array\""),
        ("[[gateway]]\nname = \"a\"", ".gateway has no \"servers\""),
        ("[[format]]\nname = \"a\"\nlog_format = \"b\"\nattribution = { key = 7 }", "is of no kind"),
    ] {
        let said = refusal(&schema, &toml(text), "").unwrap_or_default();
        assert!(said.contains(says), "{text}: {said}");
    }
}

#[test]
fn every_key_is_described_and_has_its_default() {
    let (schema, defaults) = (schema(), serde_json::to_value(Config::default()).unwrap());
    for (section, of_section) in schema["properties"].as_object().unwrap() {
        assert!(of_section["description"].is_string(), "{section}");
        assert_described(section, of_section, &defaults[section]);
    }
    let sections = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(sections(&schema["properties"]), sections(&defaults));
}

/// A section within a section has no default but those of its keys.
fn assert_described(section: &str, of_section: &Value, defaults: &Value) {
    let keys = of_section.get("properties").or_else(|| of_section["items"].get("properties"));
    for (key, of_key) in keys.unwrap().as_object().unwrap() {
        assert!(of_key["description"].as_str().is_some_and(|said| said.len() > 8), "{section}.{key}");
        if of_key.get("properties").is_some() {
            assert_described(&format!("{section}.{key}"), of_key, &defaults[key]);
        } else if let Some(defaults) = defaults.as_object() {
            assert_eq!(of_key.get("default").unwrap_or(&Value::Null), &defaults[key], "{section}.{key}");
        }
    }
}
