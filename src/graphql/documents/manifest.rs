//! Manifests: the documents of a front end, in the formats of the tools that extract them from its code.
//!
//! Two formats are supported. graphql-codegen (`persisted-documents.json`) and the Relay compiler (`persistConfig.file`) write
//! one object, from id to text. Apollo writes `{"format": "apollo-persisted-query-manifest", "version": 1, "operations":
//! [{"id", "body", …}]}`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use thiserror::Error;

const APOLLO: &str = "apollo-persisted-query-manifest";
const APOLLO_VERSION: u64 = 1;

/// The reason why a text is not a valid manifest.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// It is not JSON, or not an object.
    #[error("it is not a JSON object: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It names a format that is not supported.
    #[error(
        "its format {0} is not supported; use that of graphql-codegen and Relay (an object from id to text), or Apollo's \
         ({APOLLO}, version {APOLLO_VERSION})"
    )]
    UnknownFormat(String),
    /// A document has no text, or an invalid one.
    #[error("document {id:?}: {reason}")]
    Document {
        /// The id of the document.
        id: String,
        /// The reason why it is invalid.
        reason: String,
    },
}

#[derive(serde::Deserialize)]
struct Operation {
    id: String,
    body: String,
}

/// The fields of an object in order. A map would keep only the last of those with the same name.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

impl Entries {
    /// Removes and returns the field of that name.
    fn remove(&mut self, name: &str) -> Option<Value> {
        let index = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(index).1)
    }
}

/// The documents of a manifest, by their ids. The texts are not checked.
pub(super) fn parse(manifest: &str) -> Result<BTreeMap<String, String>, ManifestError> {
    let mut entries: Entries = serde_json::from_str(manifest)?;
    // The id of a document is never `format`: in the other formats, ids are digests.
    let documents = match entries.remove("format") {
        None => entries.0.into_iter().map(by_id).collect::<Result<_, _>>(),
        Some(Value::String(format)) if format == APOLLO => operations(&mut entries),
        Some(format) => Err(ManifestError::UnknownFormat(format.to_string())),
    }?;
    unique(documents)
}

fn by_id((id, text): (String, Value)) -> Result<(String, String), ManifestError> {
    match text {
        Value::String(text) => Ok((id, text)),
        _ => Err(ManifestError::Document { id, reason: "its value is not a string".to_owned() }),
    }
}

fn operations(entries: &mut Entries) -> Result<Vec<(String, String)>, ManifestError> {
    let version = entries.remove("version").unwrap_or_default();
    if version != APOLLO_VERSION {
        return Err(ManifestError::UnknownFormat(format!("{APOLLO}, version {version}")));
    }
    let operations: Vec<Operation> = serde_json::from_value(entries.remove("operations").unwrap_or_default())?;
    Ok(operations.into_iter().map(|Operation { id, body }| (id, body)).collect())
}

/// The documents by their ids. No id names two documents.
fn unique(documents: Vec<(String, String)>) -> Result<BTreeMap<String, String>, ManifestError> {
    let mut by_id = BTreeMap::new();
    for (id, text) in documents {
        if by_id.get(&id).is_some_and(|other| *other != text) {
            let reason = "it occurs twice, with different texts; give each its own id".to_owned();
            return Err(ManifestError::Document { id, reason });
        }
        by_id.insert(id, text);
    }
    Ok(by_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_of_all_tools_are_accepted() {
        let flat = r#"{ "1f2e": "query A { a }", "3c4d": "query B { b }" }"#;
        let apollo = r#"{ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [
            { "id": "1f2e", "name": "A", "type": "query", "body": "query A { a }" },
            { "id": "3c4d", "name": "B", "type": "query", "body": "query B { b }", "clientName": "web" } ] }"#;
        let expected = [("1f2e", "query A { a }"), ("3c4d", "query B { b }")];
        let expected = BTreeMap::from(expected.map(|(id, text)| (id.to_owned(), text.to_owned())));
        assert_eq!(parse(flat).unwrap(), expected);
        assert_eq!(parse(apollo).unwrap(), expected);
        assert_eq!(parse("{}").unwrap(), BTreeMap::new());
        // Merged manifests may contain the same document twice.
        assert_eq!(parse(r#"{ "a": "{ a }", "a": "{ a }" }"#).unwrap().len(), 1);
    }

    #[test]
    fn an_invalid_manifest_is_refused_with_the_reason() {
        for (manifest, wrong) in [
            ("", "not a JSON object"),
            ("[]", "not a JSON object"),
            ("{\"a\": ", "not a JSON object"),
            (r#"{ "a": 1 }"#, "document \"a\": its value is not a string"),
            (r#"{ "a": { "text": "{ a }" } }"#, "document \"a\": its value is not a string"),
            (r#"{ "format": "other", "operations": [] }"#, "its format \"other\" is not supported"),
            (r#"{ "format": "apollo-persisted-query-manifest", "version": 2 }"#, "version 2"),
            (r#"{ "format": "apollo-persisted-query-manifest", "version": 1 }"#, "not a JSON object"),
            (
                r#"{ "format": "apollo-persisted-query-manifest", "version": 1,
                     "operations": [{ "id": "a", "body": "{a}" }, { "id": "a", "body": "{b}" }] }"#,
                "document \"a\": it occurs twice",
            ),
            (r#"{ "a": "{a}", "b": "{b}", "a": "{b}" }"#, "document \"a\": it occurs twice"),
        ] {
            let error = parse(manifest).unwrap_err().to_string();
            assert!(error.contains(wrong), "{manifest}: {error}");
        }
    }
}
