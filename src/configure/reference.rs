//! `suiftly config reference`: the reference of all keys as Markdown, out of the schema. The documentation's page is made of
//! it.

use super::schema;
use crate::config::environment_name;
use serde_json::{Map, Value};
use std::fmt::Write;

/// Lists of tables stand in the file alone: the environment has no names for their entries.
const FILE_ONLY: &str = "–";

pub(super) fn reference() -> String {
    let schema = schema::schema();
    let mut text = "# Configuration reference\n\n\
        Made by `suiftly config reference`. Every key stands in one TOML file, on a server `/etc/suiftly/suiftly.toml`, and \
        can also be set in the environment, which wins over the file. An unknown key is an error. `suiftly config check` \
        holds a configuration against all rules, `suiftly config show --origin` prints what is in force and where it comes \
        from.\n"
        .to_owned();
    for (name, section) in schema["properties"].as_object().into_iter().flatten() {
        match section["items"].get("properties") {
            Some(Value::Object(keys)) => {
                table(&mut text, &format!("[[{name}]]"), section, keys, &|_| FILE_ONLY.to_owned());
            }
            _ => of_section(&mut text, &[name.as_str()], section),
        }
    }
    text
}

/// A section, and behind it those that stand in it.
fn of_section(text: &mut String, path: &[&str], section: &Value) {
    let all = section["properties"].as_object().cloned().unwrap_or_default();
    let (sections, keys): (Map<String, Value>, Map<String, Value>) =
        all.into_iter().partition(|(_, of_key)| of_key.get("properties").is_some());
    let variable = |key: &str| match keys[key]["items"].get("properties") {
        Some(_) => FILE_ONLY.to_owned(),
        None => format!("`{}`", environment_name(&[path, &[key]].concat())),
    };
    table(text, &format!("[{}]", path.join(".")), section, &keys, &variable);
    for (name, section) in &sections {
        of_section(text, &[path, &[name.as_str()]].concat(), section);
    }
}

fn table(
    text: &mut String,
    heading: &str,
    section: &Value,
    keys: &Map<String, Value>,
    variable: &dyn Fn(&str) -> String,
) {
    let _ = write!(text, "\n## {heading}\n\n{}\n\n", words(section));
    text.push_str("| key | kind | default | in the environment | what |\n|---|---|---|---|---|\n");
    for (key, of_key) in keys {
        let (kind, default, what) = (kind(of_key), default(of_key), words(of_key));
        let _ = writeln!(text, "| `{key}` | {kind} | {default} | {} | {what} |", variable(key));
    }
    for (key, of_key) in keys {
        let entry = of_key["items"]["properties"].as_object();
        for (inner, of_inner) in entry.into_iter().flatten() {
            let (kind, default, what) = (kind(of_inner), default(of_inner), words(of_inner));
            let _ = writeln!(text, "| `{key}.{inner}` | {kind} | {default} | {FILE_ONLY} | {what} |");
        }
    }
}

/// What people who write TOML call it.
fn kind(schema: &Value) -> String {
    let one_of = schema.get("oneOf").or_else(|| schema.get("enum")).and_then(Value::as_array);
    if let Some(words) = one_of {
        let words = words.iter().filter_map(|word| word.get("const").unwrap_or(word).as_str());
        return words.map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", ");
    }
    match schema["type"].as_str() {
        Some("boolean") => "yes or no".to_owned(),
        Some("integer") => "number".to_owned(),
        Some("array") => "list".to_owned(),
        Some("object") => "table".to_owned(),
        _ => "text".to_owned(),
    }
}

fn default(schema: &Value) -> String {
    match schema.get("default") {
        None => "not set".to_owned(),
        Some(value) => format!("`{value}`"),
    }
}

/// A cell of a table holds neither a line's end nor a bar.
fn words(schema: &Value) -> String {
    let said = schema["description"].as_str().unwrap_or_default();
    said.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// How many keys a section has, each with a row.
    fn assert_rows(reference: &str, section: &str, keys: &Value) -> usize {
        let is_it = |part: &&str| part.contains(&format!("[{section}]")) && part.starts_with('[');
        let rows = reference.split("\n## ").find(is_it).unwrap();
        let keys = keys.as_object().unwrap();
        for key in keys.keys() {
            assert!(rows.contains(&format!("\n| `{key}` | ")), "{section}.{key}");
        }
        keys.len()
    }

    #[test]
    fn every_key_has_its_row() {
        let reference = reference();
        let schema = schema::schema();
        let mut rows = 0;
        for (name, section) in schema["properties"].as_object().unwrap() {
            let keys = section.get("properties").or_else(|| section["items"].get("properties")).unwrap();
            for (key, of_key) in keys.as_object().unwrap() {
                match of_key.get("properties") {
                    Some(keys) => rows += assert_rows(&reference, &format!("{name}.{key}"), keys),
                    None => rows += assert_rows(&reference, name, &json!({ key: {} })),
                }
            }
        }
        assert!(rows > 80, "{rows}");
        for line in reference.lines().filter(|line| line.starts_with('|')) {
            assert_eq!(line.replace("\\|", "").matches('|').count(), 6, "{line}");
        }
        for row in [
            "| `listen` | text | `\"127.0.0.1:3000\"` | `SUIFTLY_API__LISTEN` |",
            "| `escrow` | `\"embedded\"`, `\"sui\"` | `\"embedded\"` | `SUIFTLY_BILLING__ESCROW` |",
            "| `gas_budget` | number | `50000000` | `SUIFTLY_BILLING__SUI__GAS_BUDGET` |",
            "| `url` | text | not set | `SUIFTLY_DATABASE__URL` |",
            "| `haproxy.server_id` | number | not set | – |",
            "| `token_sha256` | text | not set | – |",
        ] {
            assert!(reference.contains(row), "{row}\n{reference}");
        }
    }
}
