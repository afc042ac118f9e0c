//! `suiftly config schema`: the JSON Schema of the file, out of the types that it is read into and their comments.

use crate::config::Config;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The whole file. TOML has no null: a key that may be left out is left out.
pub(crate) fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Config>().to_value();
    without_null(&mut schema);
    schema["title"] = json!("Suiftly's configuration");
    schema
}

fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let is_section = object.contains_key("properties");
            if is_section || object.get("default").is_some_and(Value::is_null) {
                // A section's default is that of its keys.
                object.remove("default");
            }
            if let Some(Value::Array(kinds)) = object.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [only] = &kinds[..] {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(values) => values.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
