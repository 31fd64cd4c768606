//! Reading a request's fields: each one judged by its published type, every objection kept, so that
//! the answer names them all at once.

use serde_json::{Map, Value};

use super::error::{invalid, objection};
use crate::sandbox::call::Call;
use crate::sandbox::ids::Id;
use crate::sandbox::problem::Refusal;

/// A type of field: the code and the words of an objection, and how a value is read.
pub(super) struct Kind<T> {
    code: &'static str,
    says: &'static str,
    read: fn(&Value) -> Option<T>,
}

/// Any text. A number is none: the service does not convert.
pub(super) const TEXT: &Kind<String> = &Kind {
    code: "string_type",
    says: "a text is needed",
    read: |value| value.as_str().map(str::to_owned),
};

/// A UUID.
pub(super) const ID: &Kind<Id> = &Kind {
    code: "uuid_parsing",
    says: "a UUID is needed",
    read: |value| value.as_str()?.parse().ok(),
};

/// True or false.
pub(super) const FLAG: &Kind<bool> = &Kind {
    code: "bool_type",
    says: "true or false is needed",
    read: Value::as_bool,
};

/// A JSON object.
pub(super) const OBJECT: &Kind<Value> = &Kind {
    code: "dict_type",
    says: "an object is needed",
    read: |value| value.is_object().then(|| value.clone()),
};

/// A list of texts.
pub(super) const TEXTS: &Kind<Vec<String>> = &Kind {
    code: "list_type",
    says: "a list of texts is needed",
    read: |value| {
        let read = |item: &Value| item.as_str().map(str::to_owned);
        value.as_array()?.iter().map(read).collect()
    },
};

/// How many items a page may have, written in a query.
pub(super) const LIMIT: &Kind<usize> = &Kind {
    code: "range",
    says: "a number from 1 to 100 is needed",
    read: |value| {
        let number = value.as_str()?.parse().ok()?;
        (1..=100).contains(&number).then_some(number)
    },
};

/// True or false, written in a query.
pub(super) const SWITCH: &Kind<bool> = &Kind {
    code: "bool_parsing",
    says: "true or false is needed",
    read: |value| value.as_str()?.parse().ok(),
};

/// The fields of one request and what is wrong with them.
pub(super) struct Form {
    fields: Map<String, Value>,
    objections: Vec<Value>,
}

impl Form {
    /// The body's fields.
    ///
    /// # Errors
    /// 422 when it is no JSON object.
    pub(super) fn body(call: &Call) -> Result<Self, Refusal> {
        let unreadable = |says, code| invalid(vec![objection("body", says, code)]);
        let Some(text) = call.json_text() else {
            return Err(unreadable("a JSON body is needed", "json_type"));
        };
        match serde_json::from_slice(text) {
            Ok(Value::Object(fields)) => Ok(Self::of(fields)),
            Ok(_) => Err(unreadable("an object is needed", "dict_type")),
            Err(_) => Err(unreadable("this is not JSON", "json_invalid")),
        }
    }

    /// The query's parameters, the first of each name.
    pub(super) fn query(call: &Call) -> Self {
        let mut fields = Map::new();
        for (name, value) in &call.query {
            fields
                .entry(name.as_str())
                .or_insert_with(|| Value::from(value.as_str()));
        }
        Self::of(fields)
    }

    fn of(fields: Map<String, Value>) -> Self {
        Self {
            fields,
            objections: Vec::new(),
        }
    }

    /// A field that must be there; something empty when it is not, which [`Form::end`] reports.
    pub(super) fn need<T: Default>(&mut self, name: &str, kind: &Kind<T>) -> T {
        let Some(value) = self.fields.get(name) else {
            let missing = objection(name, "this field is required", "missing");
            self.objections.push(missing);
            return T::default();
        };
        let read = (kind.read)(value);
        if read.is_none() {
            self.object(name, kind.says, kind.code);
        }
        read.unwrap_or_default()
    }

    /// A field that may be absent or null.
    pub(super) fn may<T>(&mut self, name: &str, kind: &Kind<T>) -> Option<T> {
        let value = self.fields.get(name).filter(|value| !value.is_null())?;
        let read = (kind.read)(value);
        if read.is_none() {
            self.object(name, kind.says, kind.code);
        }
        read
    }

    /// A field that is one of a few words, when it is there and not null.
    pub(super) fn word(&mut self, name: &str, words: &[&'static str]) -> Option<&'static str> {
        let value = self.fields.get(name).filter(|value| !value.is_null())?;
        let found = words
            .iter()
            .find(|word| Some(**word) == value.as_str())
            .copied();
        if found.is_none() {
            let says = format!("one of {} is needed", words.join(", "));
            self.object(name, &says, "enum");
        }
        found
    }

    fn object(&mut self, name: &str, says: &str, code: &str) {
        self.objections.push(objection(name, says, code));
    }

    /// The end of reading.
    ///
    /// # Errors
    /// 422 with every objection, if there was one.
    pub(super) fn end(self) -> Result<(), Refusal> {
        if self.objections.is_empty() {
            Ok(())
        } else {
            Err(invalid(self.objections))
        }
    }
}
