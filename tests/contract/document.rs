//! A published document, and what it has to say about one exchange.

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::sync::Once;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError};
use serde_json::{Map, Value, json};

/// The variable that names the documents' folder.
const VARIABLE: &str = "EMBEDCTL_SPEC";

/// The two APIs, in the order of their documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    V1,
    Agents,
}

impl Api {
    /// The API to which a path of the sandbox belongs.
    pub(super) fn of(path: &str) -> Self {
        if path.starts_with("/api/v1/") {
            Self::Agents
        } else {
            Self::V1
        }
    }
}

/// A difference between a document and what happened.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// `POST /v1/applications/token`
    pub(super) operation: String,
    /// `401`, `request`, `query` or `path`
    pub(super) at: String,
    pub(super) what: String,
}

impl Finding {
    pub(super) fn new(method: &str, path: &str, at: impl fmt::Display, what: String) -> Self {
        Self {
            operation: format!("{method} {path}"),
            at: at.to_string(),
            what,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] {}", self.operation, self.at, self.what)
    }
}

/// Both documents, by [`Api`]; none when no folder is named, and then that is said once.
///
/// # Panics
/// When a folder is named that does not hold them.
pub(super) fn documents() -> Option<[Document; 2]> {
    static SAID: Once = Once::new();
    let Some(folder) = std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty()) else {
        // Straight to standard error, since the test runner swallows what a passing test prints.
        SAID.call_once(|| {
            let _ = writeln!(
                std::io::stderr(),
                "contract: skipped, no published documents; run with {VARIABLE}=FOLDER, the folder of airbyte-v1-embedded.yaml and airbyte-ai-agent-api.json"
            );
        });
        return None;
    };
    let folder = Path::new(&folder);
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path)
            .unwrap_or_else(|why| panic!("{VARIABLE}: {} cannot be read: {why}", path.display()))
    };
    let yaml = read("airbyte-v1-embedded.yaml");
    let json = read("airbyte-ai-agent-api.json");
    Some([
        Document::new("/v1", serde_saphyr::from_str(&yaml).unwrap()),
        Document::new("", serde_json::from_str(&json).unwrap()),
    ])
}

/// An OpenAPI document.
pub(super) struct Document {
    /// What our paths have before the document's.
    prefix: &'static str,
    root: Value,
}

impl Document {
    pub(super) fn new(prefix: &'static str, root: Value) -> Self {
        assert!(root["paths"].is_object(), "an OpenAPI document has paths");
        let mut root = normal(root);
        let open = composed(&root);
        strict(&mut root, &open, "");
        Self { prefix, root }
    }

    /// The operation under this path of ours; names of path parameters do not matter.
    pub(super) fn operation(&self, method: &str, path: &str) -> Result<&Value, String> {
        let unnamed = |path: &str| -> String {
            path.split('/')
                .map(|part| if part.starts_with('{') { "/{}" } else { part })
                .collect::<Vec<_>>()
                .join("/")
        };
        let wanted = path.strip_prefix(self.prefix).unwrap_or(path);
        let mut paths = self.root["paths"].as_object().unwrap().iter();
        let (_, item) = paths
            .find(|(known, _)| unnamed(known) == unnamed(wanted))
            .ok_or("the document has no such path")?;
        item.get(method.to_ascii_lowercase())
            .ok_or_else(|| "the document has no such method on this path".to_owned())
    }

    /// What is wrong with a reply: its status, its media type, its body.
    pub(super) fn reply(&self, method: &str, path: &str, reply: &Reply) -> Vec<Finding> {
        let finding = |what| Finding::new(method, path, reply.status, what);
        let operation = match self.operation(method, path) {
            Ok(operation) => operation,
            Err(why) => return vec![finding(why)],
        };
        let mut found = self.problem(reply);
        let responses = &operation["responses"];
        match responses.get(reply.status.to_string()) {
            None => found.push("the document has no such status".to_owned()),
            Some(response) => found.extend(self.content(self.target(response), reply)),
        }
        found.into_iter().map(finding).collect()
    }

    fn content(&self, response: &Value, reply: &Reply) -> Vec<String> {
        let Some(content) = response.get("content") else {
            return Vec::new();
        };
        let media = reply.media_type.split(';').next().unwrap_or_default();
        let Some(schema) = content[media].get("schema") else {
            return vec![format!("the document has no {media} here")];
        };
        match serde_json::from_slice(&reply.body) {
            Ok(body) => self.judge(schema, &body),
            Err(why) => vec![format!("not JSON: {why}")],
        }
    }

    /// A problem document is judged by the schema of its own type, whether or not the operation
    /// names it.
    fn problem(&self, reply: &Reply) -> Vec<String> {
        let Ok(body) = serde_json::from_slice::<Value>(&reply.body) else {
            return Vec::new();
        };
        if body.get("type").is_none() || body.get("title").is_none() {
            return Vec::new();
        }
        let empty = Map::new();
        let schemas = self.root["components"]["schemas"].as_object();
        let fitting = schemas.unwrap_or(&empty).iter().find(|(_, schema)| {
            ["type", "title"]
                .iter()
                .all(|name| schema["allOf"][1]["properties"][name]["default"] == body[name])
        });
        match fitting {
            Some((_, schema)) => self.judge(schema, &body),
            None => vec![format!(
                "the document has no problem {} {}",
                body["type"], body["title"]
            )],
        }
    }

    /// What is wrong with a request: its body and its query. A body where there should be none is.
    pub(super) fn request(&self, method: &str, path: &str, request: &Request) -> Vec<Finding> {
        let operation = match self.operation(method, path) {
            Ok(operation) => operation,
            Err(why) => return vec![Finding::new(method, path, "path", why)],
        };
        let mut found = Vec::new();
        let mut add = |at: &str, whats: Vec<String>| {
            let finding = |what| Finding::new(method, path, at, what);
            found.extend(whats.into_iter().map(finding));
        };
        let published = operation.get("requestBody");
        match (published, &request.body) {
            (None, None) => {}
            (None, Some(_)) => add("request", vec!["the document has no body here".to_owned()]),
            (Some(_), None) => add("request", vec!["the body is missing".to_owned()]),
            (Some(published), Some(text)) => {
                let schema = &self.target(published)["content"]["application/json"]["schema"];
                let whats = serde_json::from_str(text).map_or_else(
                    |why| vec![format!("not JSON: {why}")],
                    |body| self.judge(schema, &body),
                );
                add("request", whats);
            }
        }
        let query = request.query.as_deref().unwrap_or_default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let parameters = operation["parameters"].as_array();
            let mut known = parameters.into_iter().flatten().map(|it| self.target(it));
            let whats = match known.find(|it| it["in"] == "query" && it["name"] == *name) {
                None => vec![format!("the document has no parameter {name}")],
                Some(parameter) => self.parameter(&parameter["schema"], &value),
            };
            add("query", whats);
        }
        found
    }

    /// A parameter has no type on the wire: it is right if one reading of it is.
    fn parameter(&self, schema: &Value, text: &str) -> Vec<String> {
        let scalar = serde_json::from_str(text).ok();
        let scalar = scalar.filter(|it: &Value| it.is_number() || it.is_boolean());
        let readings = [Some(json!(text)), scalar, Some(json!([text]))];
        let judged = readings
            .iter()
            .flatten()
            .map(|value| self.judge(schema, value));
        judged.min_by_key(Vec::len).unwrap_or_default()
    }

    /// What a schema of this document objects to.
    fn judge(&self, schema: &Value, instance: &Value) -> Vec<String> {
        let mut whole = self.target(schema).clone();
        let fields = whole.as_object_mut().unwrap();
        fields.insert("components".to_owned(), self.root["components"].clone());
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .offline()
            .build(&whole)
            .unwrap();
        validator
            .iter_errors(instance)
            .map(|error| told(&error))
            .collect()
    }

    /// What a reference within the document points at; anything else is itself.
    fn target<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').unwrap();
                let found = self.root.pointer(pointer);
                self.target(found.unwrap_or_else(|| panic!("nothing at {reference}")))
            }
            None => value,
        }
    }
}

/// An objection in one line. Of alternatives it says what the nearest one objects to, and never the
/// whole instance.
fn told(error: &ValidationError<'_>) -> String {
    let at = error.instance_path();
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) =
        error.kind()
    else {
        return format!("at `{at}`: {error}");
    };
    let nearest = context.iter().min_by_key(|errors| errors.len());
    let nearest: Vec<String> = nearest.into_iter().flatten().map(told).collect();
    format!("at `{at}`: no alternative fits: {}", nearest.join("; "))
}

/// One answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) media_type: String,
    pub(super) body: Vec<u8>,
}

/// What was sent.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) body: Option<String>,
    pub(super) query: Option<String>,
}

/// Schemas as JSON Schema understands them: `nullable` of OpenAPI 3.0 becomes a type of its own,
/// and formats are written as registered.
fn normal(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(fields) => {
            let mut fields: Map<String, Value> = fields
                .into_iter()
                .map(|(name, value)| (name, normal(value)))
                .collect();
            if fields.get("format").is_some_and(|it| *it == "UUID") {
                fields.insert("format".to_owned(), json!("uuid"));
            }
            if fields.shift_remove("nullable") == Some(json!(true)) {
                return json!({"anyOf": [Value::Object(fields), {"type": "null"}]});
            }
            Value::Object(fields)
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

/// The references that stand in an `allOf`: what they point at is a part, not a whole.
fn composed(root: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![root];
    while let Some(value) = left.pop() {
        if let Some(members) = value.get("allOf").and_then(Value::as_array) {
            let references = members.iter().filter_map(|it| it["$ref"].as_str());
            found.extend(references.map(str::to_owned));
        }
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(fields) => left.extend(fields.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// Closes every object whose properties are listed. The documents leave them open, so that a field
/// with a slip in its name would pass as an unknown one.
fn strict(value: &mut Value, open: &[String], at: &str) {
    match value {
        Value::Array(items) => {
            for item in items {
                strict(item, open, at);
            }
        }
        Value::Object(fields) => {
            let lists = fields.get("properties").is_some_and(Value::is_object);
            let whole = lists || fields.get("allOf").is_some_and(Value::is_array);
            let part = at.ends_with("/allOf") || open.contains(&format!("#{at}"));
            if whole && !part && !fields.contains_key("additionalProperties") {
                fields.insert("unevaluatedProperties".to_owned(), json!(false));
            }
            for (name, value) in fields {
                strict(value, open, &format!("{at}/{name}"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn quirks_of_openapi_become_json_schema() {
    let object = json!({"type": "object", "properties": {
        "id": {"type": "string", "format": "UUID"},
        "note": {"type": "string", "nullable": true},
        "whole": {"$ref": "#/components/schemas/Whole"},
    }});
    let document = Document::new(
        "/v9",
        json!({
            "paths": {"/things/{thingId}": {"get": {"responses": {
                "200": {"content": {"application/json": {"schema": object}}},
                "404": {"description": "no schema"},
            }}}},
            "components": {"schemas": {
                "Part": {"type": "object", "properties": {"a": {"type": "integer"}}},
                "Whole": {"allOf": [{"$ref": "#/components/schemas/Part"},
                    {"type": "object", "properties": {"b": {"type": "integer"}}}]},
            }},
        }),
    );
    let judged = |status: u16, body: Value| {
        let reply = Reply {
            status,
            media_type: "application/json; charset=utf-8".to_owned(),
            body: body.to_string().into_bytes(),
        };
        document.reply("GET", "/v9/things/{id}", &reply).len()
    };
    let id = "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa";
    assert_eq!(judged(200, json!({"id": id, "note": null})), 0);
    assert_eq!(judged(200, json!({"whole": {"a": 1, "b": 2}})), 0);
    assert_eq!(judged(404, json!("anything")), 0);
    for (status, broken) in [
        (200, json!({"id": "x"})),
        (200, json!({"id": null})),
        (200, json!({"note": 7})),
        (200, json!({"nota": "a slip"})),
        (200, json!({"whole": {"a": 1, "c": 2}})),
        (200, json!({"whole": {"a": "1"}})),
        (500, json!({})),
    ] {
        assert!(judged(status, broken.clone()) > 0, "{broken}");
    }
    assert!(document.operation("POST", "/v9/things/{id}").is_err());
    assert!(document.operation("GET", "/v9/things").is_err());
}
