//! Judging a configuration by a connector's schema, in the words of the platform's validator, with
//! the place of each objection; and what of a schema is left to ask.
//!
//! The part of JSON Schema that the connectors here use: types, required, enum, const, bounds,
//! pattern by format, and `oneOf` chosen by a constant.

use std::fmt;

use serde_json::{Map, Value, json};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct Objection {
    /// `credentials.api_key`; empty for the whole.
    pub(in crate::sandbox) place: String,
    pub(in crate::sandbox) says: String,
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.place.is_empty() { "" } else { "." };
        write!(f, "${dot}{}: {}", self.place, self.says)
    }
}

/// How much of a configuration there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Extent {
    Whole,
    /// What is missing will come from somebody else.
    Part,
}

/// Everything that is wrong with a configuration.
pub(in crate::sandbox) fn check(schema: &Value, given: &Value, extent: Extent) -> Vec<Objection> {
    let mut judge = Judge {
        extent,
        objections: Vec::new(),
    };
    judge.value(schema, given, "");
    judge.objections
}

struct Judge {
    extent: Extent,
    objections: Vec<Objection>,
}

impl Judge {
    fn object(&mut self, place: &str, says: impl Into<String>) {
        self.objections.push(Objection {
            place: place.to_owned(),
            says: says.into(),
        });
    }

    fn value(&mut self, schema: &Value, given: &Value, place: &str) {
        let kind = schema.get("type").and_then(Value::as_str).unwrap_or("any");
        if !is(given, kind) {
            self.object(place, format!("{kind} expected"));
            return;
        }
        if schema.get("const").is_some_and(|only| only != given) {
            self.object(place, "must be the constant value");
        }
        let words = schema.get("enum").and_then(Value::as_array);
        if words.is_some_and(|words| !words.contains(given)) {
            self.object(place, "does not have a value in the enumeration");
        }
        self.bounds(schema, given, place);
        self.format(schema, given, place);
        if let Some(items) = given.as_array() {
            for (at, item) in items.iter().enumerate() {
                let inner = schema.get("items").unwrap_or(&Value::Null);
                self.value(inner, item, &format!("{place}[{at}]"));
            }
        }
        if let Some(fields) = given.as_object() {
            self.fields(schema, fields, place);
            self.option(schema, given, place);
        }
    }

    fn bounds(&mut self, schema: &Value, given: &Value, place: &str) {
        let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
        if let (Some(number), Some(least)) = (given.as_i64(), bound("minimum"))
            && number < least
        {
            self.object(place, format!("must have a minimum value of {least}"));
        }
        if let (Some(number), Some(most)) = (given.as_i64(), bound("maximum"))
            && number > most
        {
            self.object(place, format!("must have a maximum value of {most}"));
        }
        let least = bound("minItems").and_then(|least| usize::try_from(least).ok());
        if let (Some(items), Some(least)) = (given.as_array(), least)
            && items.len() < least
        {
            self.object(
                place,
                format!("there must be a minimum of {least} items in the array"),
            );
        }
    }

    fn format(&mut self, schema: &Value, given: &Value, place: &str) {
        let Some(text) = given.as_str().filter(|text| !text.is_empty()) else {
            return;
        };
        let fits = match schema.get("format").and_then(Value::as_str) {
            Some("date") => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
            Some("date-time") => text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(),
            _ => true,
        };
        if !fits {
            let pattern = schema.get("pattern").and_then(Value::as_str);
            let pattern = pattern.unwrap_or_default();
            self.object(place, format!("does not match the regex pattern {pattern}"));
        }
    }

    fn fields(&mut self, schema: &Value, given: &Map<String, Value>, place: &str) {
        for name in required(schema) {
            // An empty text is what a form sends for a field that nobody filled in.
            let there = given.get(name).is_some_and(|value| value != "");
            if !there && self.extent == Extent::Whole {
                self.object(&below(place, name), "is missing but it is required");
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, field) in properties.into_iter().flatten() {
            if let Some(value) = given.get(name) {
                self.value(field, value, &below(place, name));
            }
        }
    }

    /// Of several ways, the one whose constants the value has.
    fn option(&mut self, schema: &Value, given: &Value, place: &str) {
        let Some(ways) = schema.get("oneOf").and_then(Value::as_array) else {
            return;
        };
        match ways.iter().find(|way| is_meant(way, given)) {
            Some(way) => self.value(way, given, place),
            None if self.extent == Extent::Part => {}
            None => self.object(place, "should be valid to one and only one schema"),
        }
    }
}

/// Whether a value has all the constants of one way.
fn is_meant(way: &Value, given: &Value) -> bool {
    let properties = way.get("properties").and_then(Value::as_object);
    let mut constants = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, field)| Some((name, field.get("const")?)));
    constants.all(|(name, only)| given.get(name) == Some(only))
}

fn is(given: &Value, kind: &str) -> bool {
    match kind {
        "object" => given.is_object(),
        "array" => given.is_array(),
        "string" => given.is_string(),
        "integer" => given.is_i64() || given.is_u64(),
        "number" => given.is_number(),
        "boolean" => given.is_boolean(),
        _ => true,
    }
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
}

fn below(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

/// The schema of what the platform asks a customer for when a template does not say: the required
/// properties that have no value yet.
pub(in crate::sandbox) fn left_to_ask(schema: &Value, filled_in: &Value) -> Value {
    let wanted: Vec<&str> = required(schema)
        .filter(|name| filled_in.get(name).is_none())
        .collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties: Map<String, Value> = properties
        .into_iter()
        .flatten()
        .filter(|(name, _)| wanted.contains(&name.as_str()))
        .map(|(name, field)| (name.clone(), field.clone()))
        .collect();
    json!({
        "type": "object",
        "title": schema.get("title"),
        "required": wanted,
        "properties": properties,
    })
}

/// One configuration laid over another, at any depth.
pub(in crate::sandbox) fn laid_over(under: &Value, over: &Value) -> Value {
    let (Some(lower), Some(upper)) = (under.as_object(), over.as_object()) else {
        return over.clone();
    };
    let mut merged = lower.clone();
    for (name, value) in upper {
        let both = lower.get(name).map(|below| laid_over(below, value));
        merged.insert(name.clone(), both.unwrap_or_else(|| value.clone()));
    }
    Value::Object(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({"type": "object", "title": "T", "required": ["host", "port", "way"], "properties": {
            "host": {"type": "string"},
            "port": {"type": "integer", "minimum": 1, "maximum": 9},
            "since": {"type": "string", "format": "date-time", "pattern": "P"},
            "colour": {"type": "string", "enum": ["red", "blue"]},
            "names": {"type": "array", "minItems": 1, "items": {"type": "string"}},
            "way": {"type": "object", "oneOf": [
                {"required": ["how", "key"], "properties": {"how": {"const": "key"}, "key": {"type": "string"}}},
                {"required": ["how"], "properties": {"how": {"const": "none"}}}]},
        }})
    }

    fn said(given: &Value) -> Vec<String> {
        let found = check(&schema(), given, Extent::Whole);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_configuration_that_fits_is_not_objected_to() {
        let good = json!({"host": "h", "port": 9, "way": {"how": "key", "key": "k"},
            "since": "2025-01-01T00:00:00Z", "colour": "red", "names": ["a"], "other": 1});
        assert_eq!(said(&good), [""; 0]);
        let other = json!({"host": "h", "port": 1, "way": {"how": "none"}});
        assert_eq!(said(&other), [""; 0]);
    }

    #[test]
    fn everything_wrong_is_named_with_its_place() {
        assert_eq!(
            said(
                &json!({"host": "", "port": 10, "since": "today", "colour": "green",
                "names": [], "way": {"how": "key"}})
            ),
            [
                "$.host: is missing but it is required",
                "$.port: must have a maximum value of 9",
                "$.since: does not match the regex pattern P",
                "$.colour: does not have a value in the enumeration",
                "$.names: there must be a minimum of 1 items in the array",
                "$.way.key: is missing but it is required",
            ]
        );
        assert_eq!(
            said(&json!({"host": 1, "port": 0, "names": [1], "way": {"how": "x"}})),
            [
                "$.host: string expected",
                "$.port: must have a minimum value of 1",
                "$.names[0]: string expected",
                "$.way: should be valid to one and only one schema",
            ]
        );
        assert_eq!(said(&json!(7)), ["$: object expected"]);
    }

    #[test]
    fn a_part_may_miss_anything_and_must_fit_for_the_rest() {
        let part = |given: &Value| check(&schema(), given, Extent::Part).len();
        assert_eq!(part(&json!({})), 0);
        assert_eq!(part(&json!({"way": {"how": "key"}})), 0);
        assert_eq!(part(&json!({"port": "five"})), 1);
    }

    #[test]
    fn what_is_asked_is_what_is_required_and_not_there() {
        let left = left_to_ask(&schema(), &json!({"host": "h"}));
        assert_eq!(left["required"], json!(["port", "way"]));
        let names: Vec<_> = left["properties"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["port", "way"]);
    }

    #[test]
    fn what_the_customer_says_lies_over_what_was_filled_in() {
        assert_eq!(
            laid_over(
                &json!({"a": 1, "b": {"c": 2, "d": 3}}),
                &json!({"b": {"d": 4}, "e": [5]})
            ),
            json!({"a": 1, "b": {"c": 2, "d": 4}, "e": [5]})
        );
    }
}
