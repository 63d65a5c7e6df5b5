//! The parameters of a GraphQL request: `query`, `operationName`, `variables`, `extensions`, and `documentId`, which
//! names a document instead of `query` (Relay's documentation calls it `doc_id`).
//!
//! Documents are not parsed here: the request limits must be checked before the engine's parser sees a document.

use async_graphql::{BatchRequest, Request, Value};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use url::form_urlencoded;

use super::error::RequestError;
use crate::domain::number::inexact_in;
use crate::graphql::documents::DocumentId;

/// Parses the body of a `POST`; `batch_size` is the maximum number of requests in it, 0 for no batches.
pub(super) fn from_body(body: &[u8], batch_size: usize) -> Result<BatchRequest, RequestError> {
    match body.trim_ascii_start().first() {
        Some(b'[') if batch_size == 0 => Err(RequestError::BatchesDisabled),
        Some(b'[') => batch(body, batch_size),
        Some(b'{') => Parameters::of_json(body)?.into_request().map(BatchRequest::Single),
        None => Err(malformed("The body is empty; send a JSON object with a \"query\"")),
        // Only an object is accepted, but a body that is not JSON gets that error first.
        Some(_) => Err(serde_json::from_slice::<&RawValue>(body).map_or_else(
            |error| not_json("The body", &error),
            |_| malformed("The body must be a JSON object with a \"query\""),
        )),
    }
}

/// Parses the query string of a `GET`. Empty parameters count as omitted.
pub(super) fn from_query_string(query: Option<&str>) -> Result<Request, RequestError> {
    let [mut document, mut document_id, mut operation_name, mut variables, mut extensions] = [const { None }; 5];
    let query = query.unwrap_or_default();
    if percent_decode_str(query).decode_utf8().is_err() {
        return Err(malformed("The query string is not UTF-8 after percent-decoding"));
    }
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let parameter = match &*name {
            "query" => &mut document,
            "documentId" | "doc_id" => &mut document_id,
            "operationName" => &mut operation_name,
            "variables" => &mut variables,
            "extensions" => &mut extensions,
            _ => continue,
        };
        if parameter.is_some() {
            return Err(malformed(format!("The parameter \"{name}\" occurs twice; send it once")));
        }
        *parameter = Some(value).filter(|value| !value.is_empty());
    }
    let parameters = Parameters {
        query: document.map(Into::into),
        document_id: document_id.map(Into::into),
        operation_name: operation_name.map(Into::into),
        variables: variables.map(|text| exact_variables(&text)).transpose()?,
        extensions: extensions.map(|text| object("extensions", &text)).transpose()?,
    };
    parameters.into_request()
}

/// All parameters, with their types.
struct Parameters {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<async_graphql::Variables>,
    extensions: Option<async_graphql::Extensions>,
}

/// A request in its JSON form. The values are parsed one by one, so that an error can name the parameter. Unknown keys
/// are ignored, as the specification requires; a duplicate key is an error.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    query: Option<&'a RawValue>,
    #[serde(borrow, alias = "doc_id")]
    document_id: Option<&'a RawValue>,
    #[serde(borrow)]
    operation_name: Option<&'a RawValue>,
    #[serde(borrow)]
    variables: Option<&'a RawValue>,
    #[serde(borrow)]
    extensions: Option<&'a RawValue>,
}

impl Parameters {
    fn of_json(json: &[u8]) -> Result<Self, RequestError> {
        let envelope: Envelope = serde_json::from_slice(json).map_err(|error| not_json("The body", &error))?;
        let text = |name, value: Option<&RawValue>| value.map(|value| typed(name, "a string", value.get())).transpose();
        Ok(Self {
            query: text("query", envelope.query)?,
            document_id: text("documentId", envelope.document_id)?,
            operation_name: text("operationName", envelope.operation_name)?,
            variables: envelope.variables.map(|value| exact_variables(value.get())).transpose()?,
            extensions: envelope.extensions.map(|value| object("extensions", value.get())).transpose()?,
        })
    }

    fn into_request(self) -> Result<Request, RequestError> {
        let extensions = self.extensions.unwrap_or_default();
        let is_persisted = matches!(extensions.get("persistedQuery"), Some(Value::Object(_)));
        let is_named = self.document_id.is_some() || is_persisted;
        let Some(query) = self.query.or_else(|| is_named.then(String::new)) else {
            return Err(malformed("\"query\" is missing; send the document to execute as a string"));
        };
        let mut request = Request::new(query).variables(self.variables.unwrap_or_default());
        request.operation_name = self.operation_name;
        if let Some(id) = self.document_id {
            request.data.insert(DocumentId(id));
        }
        request.extensions = extensions;
        Ok(request)
    }
}

fn batch(body: &[u8], batch_size: usize) -> Result<BatchRequest, RequestError> {
    let entries: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| not_json("The body", &error))?;
    if entries.is_empty() {
        return Err(malformed("The batch is empty; send at least one request"));
    }
    if entries.len() > batch_size {
        return Err(RequestError::BatchTooLong { allowed: batch_size, asked: entries.len() });
    }
    let request = |entry: &RawValue| match entry.get().as_bytes() {
        json @ [b'{', ..] => Parameters::of_json(json)?.into_request(),
        _ => Err(malformed("Every request of a batch must be a JSON object with a \"query\"")),
    };
    entries.into_iter().map(request).collect::<Result<_, _>>().map(BatchRequest::Batch)
}

/// Parses variables, and refuses numbers that would lose digits.
fn exact_variables(json: &str) -> Result<async_graphql::Variables, RequestError> {
    let variables: async_graphql::Variables = object("variables", json)?;
    if variables.values().any(has_double)
        && let Some(place) = serde_json::from_str(json).ok().and_then(|json| inexact_in(json, ""))
    {
        return Err(malformed(format!(
            "The variable \"{place}\" is a number with more digits than the server can keep; send it as a string"
        )));
    }
    Ok(variables)
}

fn has_double(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::List(items) => items.iter().any(has_double),
        Value::Object(fields) => fields.values().any(has_double),
        _ => false,
    }
}

/// A JSON object, or `null`.
fn object<T: DeserializeOwned>(name: &str, json: &str) -> Result<T, RequestError> {
    typed(name, "an object", json)
}

fn typed<T: DeserializeOwned>(name: &str, kind: &str, json: &str) -> Result<T, RequestError> {
    serde_json::from_str(json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => malformed(format!("\"{name}\" must be {kind}, or null")),
        _ => not_json(&format!("\"{name}\""), &error),
    })
}

/// The parser's message says where and what the error is; it repeats at most the name of a key.
fn not_json(what: &str, error: &serde_json::Error) -> RequestError {
    malformed(format!("{what} is not a GraphQL request in JSON: {error}"))
}

fn malformed(message: impl Into<String>) -> RequestError {
    RequestError::Malformed(message.into())
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    fn single(body: &[u8]) -> Request {
        from_body(body, 0).unwrap().into_single().unwrap()
    }

    fn error(body: &[u8]) -> String {
        from_body(body, 0).unwrap_err().to_string()
    }

    #[test]
    fn all_parameters_are_read() {
        let request = single(
            br#" {"query":"query Q{a}","operationName":"Q","variables":{"x":[1]},"extensions":{"y":null},"z":1} "#,
        );
        assert_eq!(request.query, "query Q{a}");
        assert_eq!(request.operation_name.as_deref(), Some("Q"));
        assert_eq!(request.variables.into_value(), value!({"x": [1]}));
        assert!(request.extensions.contains_key("y"));
    }

    #[test]
    fn null_counts_as_omitted() {
        let request = single(br#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#);
        assert_eq!((request.operation_name, request.variables.len(), request.extensions.len()), (None, 0, 0));
        assert!(error(br#"{"query":null}"#).contains("\"query\" is missing"));
    }

    #[test]
    fn a_persisted_query_needs_no_document() {
        let request = single(br#"{"extensions":{"persistedQuery":{"version":1}}}"#);
        assert_eq!(request.query, "");
        assert!(error(br#"{"extensions":{"other":1}}"#).contains("\"query\" is missing"));
    }

    #[test]
    fn a_parameter_of_the_wrong_type_is_named() {
        for (body, message) in [
            (r#"{"query":{}}"#, "\"query\" must be a string"),
            (r#"{"query":7}"#, "\"query\" must be a string"),
            (r#"{"query":"{a}","operationName":["a"]}"#, "\"operationName\" must be a string"),
            (r#"{"query":"{a}","variables":"{}"}"#, "\"variables\" must be an object"),
            (r#"{"query":"{a}","variables":[]}"#, "\"variables\" must be an object"),
            (r#"{"query":"{a}","extensions":false}"#, "\"extensions\" must be an object"),
            ("7", "must be a JSON object"),
            ("\"{a}\"", "must be a JSON object"),
            ("null", "must be a JSON object"),
            ("", "The body is empty"),
            ("[]", "Batches are disabled"),
        ] {
            assert!(error(body.as_bytes()).contains(message), "{body}: {}", error(body.as_bytes()));
        }
    }

    #[test]
    fn invalid_json_is_refused() {
        let deep = format!(r#"{{"query":"{{a}}","variables":{{"a":{}}}}}"#, "[".repeat(100_000));
        for body in [
            &br#"{"query"#[..],
            b"{} {}",
            b"\0",
            b"{\"query\":\"\0\"}",
            b"{\"query\":\"\xff\"}",
            b"{\"query\":\"a\",\"\xff\":1}",
            br#"{"query":"\ud800"}"#,
            br#"{"query":"{a}","query":"{b}"}"#,
            br#"{"query":"{a}","variables":{"a":1e999}}"#,
            b"\xef\xbb\xbf{}",
            deep.as_bytes(),
        ] {
            assert!(error(body).contains("is not a GraphQL request in JSON"), "{}", error(body));
        }
        let closed = format!(r#"{{"query":"{{a}}","variables":{{"a":{}{}}}}}"#, "[".repeat(500), "]".repeat(500));
        assert!(error(closed.as_bytes()).contains("recursion limit"));
    }

    #[test]
    fn numbers_that_would_lose_digits_are_named() {
        let body =
            |number: &str| format!(r#"{{"query":"{{a}}","variables":{{"x":0.5,"input":{{"n":[1,{number}]}}}}}}"#);
        let message = error(body("12345678901234567890123").as_bytes());
        assert!(message.contains("\"input.n[1]\"") && message.contains("as a string"), "{message}");
        assert!(from_body(body("1.5e3").as_bytes(), 0).is_ok());
        let query = "query=a&variables=%7B%22x%22%3A0.1234567890123456789%7D";
        assert!(from_query_string(Some(query)).unwrap_err().to_string().contains("\"x\""));
    }

    #[test]
    fn batches_are_limited() {
        let body = br#"[{"query":"{a}"},{"query":"{b}"}]"#;
        assert!(matches!(from_body(body, 2), Ok(BatchRequest::Batch(requests)) if requests.len() == 2));
        assert!(matches!(from_body(body, 1), Err(RequestError::BatchTooLong { allowed: 1, asked: 2 })));
        for wrong in ["[]", "[1]", "[[]]", "[null]", "[{}]", r#"[{"query":"{a}"}"#] {
            assert!(matches!(from_body(wrong.as_bytes(), 2), Err(RequestError::Malformed(_))), "{wrong}");
        }
    }

    #[test]
    fn a_query_string_is_decoded() {
        let request = from_query_string(Some(
            "query=%7Ba%7D&operationName=&variables=%7B%22x%22%3A%22%F0%9F%8F%83+1%22%7D&extensions=&other=1",
        ))
        .unwrap();
        assert_eq!((request.query.as_str(), request.operation_name), ("{a}", None));
        assert_eq!(request.variables.into_value(), value!({"x": "🏃 1"}));
        for wrong in [
            None,
            Some(""),
            Some("query="),
            Some("query=%7Ba%7D&variables=%7B%22x%22%3A%22%ff%22%7D"),
            Some("query=a&query=b"),
            Some("query=a&variables=[]"),
            Some("query=a&variables=x"),
        ] {
            assert!(from_query_string(wrong).is_err(), "{wrong:?}");
        }
    }
}
