//! The scenario format as JSON Schema (draft-07, which TOML language servers read), from the same
//! table of keys as the reference page.

use super::keys::{Key, SECTIONS, Section, Takes};
use super::schema::Verb;
use serde_json::{Map, Value, json};

/// The pattern of actors' and other names.
const NAME: &str = "^[a-z0-9-]{1,30}$";

/// The schema of a scenario file.
pub fn json_schema() -> Value {
    let definitions: Map<String, Value> = SECTIONS
        .iter()
        .map(|section| (slug(section.header), object(section)))
        .collect();
    let root = SECTIONS.first().map_or("", |file| file.header);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A scenario of Quittance",
        "$ref": reference(root),
        "definitions": definitions,
    })
}

fn object(section: &Section) -> Value {
    let keys: Map<String, Value> = section
        .keys()
        .map(|key| (key.name.to_owned(), of_key(key)))
        .collect();
    let needed = section.keys().filter(|key| key.usual.is_none());
    let needed: Vec<_> = needed.map(|key| key.name).collect();
    let mut object = json!({
        "type": "object",
        "description": section.about,
        "properties": keys,
        "required": needed,
        "additionalProperties": false,
    });
    if section.keys().any(|key| matches!(key.takes, Takes::ByVerb)) {
        object["allOf"] = Verb::ALL.iter().map(|verb| with_of(*verb)).collect();
    }
    object
}

/// What `with` is depends on what the step does.
fn with_of(verb: Verb) -> Value {
    let with = format!("`with` of {verb}");
    json!({
        "if": { "properties": { "does": { "const": verb.word() } } },
        "then": { "properties": { "with": { "$ref": reference(&with) } } },
    })
}

fn of_key(key: &Key) -> Value {
    let mut value = match key.takes {
        Takes::Text | Takes::Form("expression" | "link", _) => json!({ "type": "string" }),
        Takes::Form(_, examples) => json!({ "type": "string", "examples": examples }),
        Takes::Version => json!({ "const": 1 }),
        Takes::Name | Takes::Actor(_) => json!({ "type": "string", "pattern": NAME }),
        Takes::Names | Takes::Actors => {
            json!({ "type": "array", "items": { "type": "string", "pattern": NAME } })
        }
        Takes::Word(words) => json!({ "enum": words() }),
        Takes::Words(words) => json!({ "type": "array", "items": { "enum": words() } }),
        Takes::Count => json!({ "type": "integer", "minimum": 0 }),
        Takes::Bool => json!({ "type": "boolean" }),
        // Language servers hand TOML's date-times over as strings.
        Takes::Instant => json!({ "type": "string", "format": "date-time" }),
        Takes::Map(_) | Takes::ByVerb => json!({ "type": "object" }),
        Takes::Table(header) => json!({ "allOf": [{ "$ref": reference(header) }] }),
        Takes::Named(header) => {
            json!({ "type": "object", "additionalProperties": { "$ref": reference(header) } })
        }
        Takes::Listed(header) => {
            json!({ "type": "array", "items": { "$ref": reference(header) } })
        }
    };
    let usual = key.usual.filter(|usual| !usual.is_empty());
    let usual = usual.map(|usual| format!(" ({usual})")).unwrap_or_default();
    value["description"] = format!("{}{usual}", key.about).into();
    value
}

fn reference(header: &str) -> String {
    format!("#/definitions/{}", slug(header))
}

/// A header as a plain word: `[[step]]` is `step`.
fn slug(header: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { ' ' };
    let words: String = header.chars().map(plain).collect();
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_of_the_schema_leads_somewhere() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(map) => {
                    found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    map.values().for_each(|value| references(value, found));
                }
                Value::Array(list) => list.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let schema = json_schema();
        let mut found = Vec::new();
        references(&schema, &mut found);
        assert!(found.len() > 20);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(schema.pointer(pointer).is_some(), "{reference}");
        }
    }
}
