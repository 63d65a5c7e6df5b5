//! Names that must be unique in their place, whatever variables are given.

use async_graphql::{Request, Response, Variables};
use serde_json::{Value, json};

use super::{ask, refusal, schema};

fn asked(document: &str, variables: Value) -> Response {
    ask(&schema::schema(), Request::new(document).variables(Variables::from_json(variables))).response
}

#[track_caller]
fn assert_refused(document: &str, message: &str) {
    for variables in [json!({}), json!({ "a": null }), json!({ "a": 1 })] {
        let response = asked(document, variables.clone());
        assert_eq!(refusal(&response).0, "GRAPHQL_VALIDATION_FAILED", "{document} {variables}");
        assert_eq!(response.errors[0].message, message, "{document} {variables}");
        assert!(!response.errors[0].locations.is_empty(), "{document}");
    }
}

#[test]
fn variables_are_unique_in_an_operation() {
    let twice = "There can be only one variable named \"$a\"";
    assert_refused("query($a: Boolean, $a: Boolean) { given(input: { name: null }) echo(json: { a: $a }) }", twice);
    assert_refused("query($a: Int! = 1, $a: Int! = 2) { me { groups(first: $a) { nodes { id } } } }", twice);
    assert_refused("query($a: Int, $b: Int, $a: Int) { echo(json: [$a, $b]) }", twice);
    let each_has_one = Request::new("query A($a: JSON) { echo(json: $a) } query B($a: JSON) { echo(json: $a) }");
    assert_eq!(ask(&schema::schema(), each_has_one.operation_name("A")).response.errors, []);
}

#[test]
fn arguments_are_unique_in_a_field_and_in_a_directive() {
    let twice = |name: &str| format!("There can be only one argument named \"{name}\"");
    assert_refused("{ echo(text: \"a\", text: \"a\") }", &twice("text"));
    assert_refused("query($a: JSON) { echo(json: $a, json: $a) }", &twice("json"));
    assert_refused("query($a: JSON) { echo(json: $a) b: echo(json: $a, json: $a) }", &twice("json"));
    assert_refused("{ ...F } fragment F on Query { echo(text: \"a\", text: \"b\") }", &twice("text"));
    assert_refused("{ me { id @skip(if: false, if: true) } }", &twice("if"));
    assert_refused("{ me { __typename @skip(if: false, if: false) } }", &twice("if"));
    assert_refused("{ ... @include(if: true, if: true) { me { id } } }", &twice("if"));
    assert_eq!(asked("{ a: echo(text: \"a\") b: echo(text: \"a\") }", json!({})).errors, []);
}

#[test]
fn directives_are_unique_at_their_location() {
    let message = "Duplicate directive \"skip\"";
    for document in [
        "{ me { id @skip(if: false) @skip(if: true) name } }",
        "{ me { id @skip(if: false) @skip(if: false) id @skip(if: false) @skip(if: false) } }",
        "{ me { __typename @skip(if: false) @skip(if: false) } }",
        "{ ... @skip(if: false) @skip(if: false) { me { id } } }",
        "{ ...F @skip(if: false) @skip(if: false) } fragment F on Query { me { id } }",
    ] {
        assert_refused(document, message);
    }
    assert_eq!(asked("{ me { id @skip(if: false) @include(if: true) } }", json!({})).errors, []);
}

#[test]
fn operations_and_fragments_are_unique_in_a_document() {
    assert_refused("query A { me { id } } query A { me { name } }", "There can be only one operation named \"A\"");
    assert_refused("query A { me { id } } mutation A { me { name } }", "There can be only one operation named \"A\"");
    assert_refused(
        "{ me { ...F } } fragment F on User { id } fragment F on User { id }",
        "There can be only one fragment named \"F\"",
    );
    let alone = "An operation without a name must be the only one of the document";
    assert_refused("{ me { id } } query A { me { id } }", alone);
    assert_refused("query A { me { id } } { me { id } }", alone);
    assert_refused("{ me { id } } { me { id } }", alone);
}

#[test]
fn conflicting_fields_are_named_by_their_response_key() {
    let conflict = "Fields \"groups\" conflict because they have differing arguments. Use different aliases on the fields \
                    to fetch both if this was intentional.";
    assert_refused("{ me { groups(first: 1) { nodes { id } } groups(first: 2) { nodes { id } } } }", conflict);
    assert_refused(
        "{ me { groups(first: 1, after: \"a\") { nodes { id } } ...F } } fragment F on User { groups(first: 2, after: \"b\") { nodes { id } } }",
        conflict,
    );
    let aliased = conflict.replace("groups", "page");
    assert_refused("{ me { page: groups(first: 1) { nodes { id } } page: groups { nodes { id } } } }", &aliased);
}
