//! Valid and invalid documents.

use async_graphql::{Request, Value, Variables, value};

use super::{super::Limits, ask, assert_answered, assert_limited, assert_refused, extension, many, refusal, schema};

#[test]
fn ordinary_documents_are_answered() {
    let document = r#"
        # Who am I?
        query Me($first: Int = 2) @include(if: true) {
            me { ...Person groups(first: $first, filter: { nameContains: "a", states: [ENABLED] }) { nodes { ...Group } } }
            node(id: "user-1") { __typename id ... on User { name } }
        }
        fragment Person on User { id fullName: name tags }
        fragment Group on Group { id users(first: 1) { ...Person } }
    "#;
    // The schema has no directives on operations.
    let answer = assert_answered(&document.replace("@include(if: true)", ""));
    assert_eq!(answer["me"]["groups"]["nodes"][1]["users"][0]["fullName"], "Wonny");
    assert_eq!(answer["node"]["__typename"], "User");
}

#[test]
fn the_standard_introspection_is_answered() {
    for document in [include_str!("introspection.graphql"), include_str!("introspection_full.graphql")] {
        let answer = assert_answered(document);
        assert!(answer["__schema"]["types"].as_array().unwrap().len() > 20);
    }
    assert_answered("{ __type(name: \"User\") { fields { type { ofType { fields { name } } } } } }");
}

#[test]
fn text_that_is_no_document_is_a_syntax_error() {
    for document in ["", "{", "}", "{}", "{me", "{me{id}} x", "query", "fragment A on User{id}", "{me(", "$"] {
        assert_refused(document, "GRAPHQL_PARSE_FAILED");
    }
    let response = ask(&schema::schema(), "{\n  me { name( }\n}").response;
    assert_eq!(response.errors[0].message, "Syntax error: unexpected \"}\"");
    assert_eq!((response.errors[0].locations[0].line, response.errors[0].locations[0].column), (2, 14));
}

#[test]
fn a_syntax_error_does_not_repeat_text_of_the_document() {
    let document = r#"{echo(text:"my secret password" x)}"#;
    let response = ask(&schema::schema(), document).response;
    assert_eq!(refusal(&response).0, "GRAPHQL_PARSE_FAILED");
    assert!(!response.errors[0].message.contains("secret"), "{}", response.errors[0].message);
}

#[test]
fn validation_errors_have_codes() {
    assert_refused("{me{nothing}}", "GRAPHQL_VALIDATION_FAILED");
    assert_refused("{me}", "GRAPHQL_VALIDATION_FAILED");
    assert_refused("{me{...A}}", "GRAPHQL_VALIDATION_FAILED");
    assert_refused("subscription{me{id}}", "GRAPHQL_VALIDATION_FAILED");
    assert_refused("query($a:Int){me{id}}", "GRAPHQL_VALIDATION_FAILED");
    assert_refused("{me{groups(first:\"a\"){nodes{id}}}}", "BAD_USER_INPUT");
    let request = Request::new("query($a:Int){me{groups(first:$a){nodes{id}}}}");
    let request = request.variables(Variables::from_value(value!({ "a": "b" })));
    assert_eq!(refusal(&ask(&schema::schema(), request).response).0, "BAD_USER_INPUT");
}

#[test]
fn the_number_and_length_of_errors_are_limited() {
    let unknown: String = (0..100).map(|number| format!("nothing{number} ")).collect();
    let document = format!("{{me{{{unknown}}}}}");
    assert_eq!(ask(&schema::schema(), document.as_str()).response.errors.len(), 20);
    let limits = Limits { errors: 3, ..Limits::default() };
    assert_eq!(ask(&schema::schema_with(limits), document.as_str()).response.errors.len(), 3);

    let request = Request::new("query($a:[State!]){me{groups(filter:{states:$a}){nodes{id}}}}");
    let request = request.variables(Variables::from_value(value!({ "a": ["x".repeat(100_000)] })));
    let response = ask(&schema::schema(), request).response;
    assert_eq!(refusal(&response).0, "BAD_USER_INPUT");
    assert!(response.errors[0].message.len() < 1000);
}

#[test]
fn the_operation_must_be_unambiguous() {
    let schema = schema::schema();
    let named = |name: &str| {
        let request = Request::new("query A{me{id}} query B{me{name}}").operation_name(name);
        ask(&schema, request).response
    };
    assert_eq!(named("B").data, value!({ "me": { "name": "Wonny" } }));
    for response in [named("C"), named(""), ask(&schema, Request::new("{me{id}}").operation_name("A")).response] {
        assert_eq!(refusal(&response).0, "BAD_USER_INPUT");
    }
    assert_refused("query A{me{id}} query B{me{name}}", "BAD_USER_INPUT");
    assert_answered("query A{me{id}}");
    // Errors of the document are reported first.
    let response = ask(&schema, Request::new("query A{nothing}").operation_name("B")).response;
    assert_eq!(refusal(&response).0, "GRAPHQL_VALIDATION_FAILED");
}

#[test]
fn required_variables_must_be_given() {
    let schema = schema::schema();
    let given = |variables: Value| {
        let request = Request::new("query($ids:[ID!]!){nodes(ids:$ids){id}}");
        ask(&schema, request.variables(Variables::from_value(variables))).response
    };
    assert_eq!(given(value!({ "ids": ["a"] })).data, value!({ "nodes": [{ "id": "user-1" }] }));
    for response in [given(value!({})), given(value!({ "id": ["a"] }))] {
        assert_eq!(refusal(&response).0, "BAD_USER_INPUT");
        let message = "Variable \"$ids\" of type \"[ID!]!\" is required: give it a value in \"variables\"";
        assert_eq!(response.errors[0].message, message);
    }
    assert_eq!(refusal(&given(value!({ "ids": null }))).0, "BAD_USER_INPUT");
    assert_eq!(refusal(&given(value!({ "ids": [null] }))).0, "BAD_USER_INPUT");
}

#[test]
fn an_exceeded_limit_is_reported_with_both_numbers() {
    let response = ask(&schema::schema(), format!("{{{}}}", "me{id}".repeat(21))).response;
    assert_eq!(refusal(&response).1.as_deref(), Some("rootFields"));
    assert_eq!(extension(&response.errors[0], "allowed").as_deref(), Some("20"));
    assert_eq!(extension(&response.errors[0], "asked").as_deref(), Some("21"));
}

#[test]
fn limits_are_exact() {
    let depth = |fields: usize| {
        let rounds = (fields - 2) / 3;
        format!("{{me{}{}{}}}", "{groups(first:1){nodes{users(first:1)".repeat(rounds), "{id}", "}}}".repeat(rounds))
    };
    assert_answered(&depth(14));
    assert_limited(&depth(17), "depth");
    let aliases = |count: usize| format!("{{me{{{}}}}}", many(count, "a#:id "));
    assert_answered(&aliases(15));
    assert_limited(&aliases(16), "aliases");
    assert_answered(&format!("{{{}}}", "me{id}".repeat(20)));
    assert_limited(&format!("{{{}}}", "me{id}".repeat(21)), "rootFields");
    assert_answered(&format!("{{me{{{}}}}}", "id ".repeat(3995)));
    assert_limited(&format!("{{me{{{}}}}}", "id ".repeat(3996)), "tokens");
    let nesting = |levels: usize| format!("{{echo(json:{}{})}}", "[".repeat(levels - 2), "]".repeat(levels - 2));
    assert_answered(&nesting(64));
    assert_limited(&nesting(65), "nesting");
    assert_answered(&format!("{{{}:me{{id}}}}", "a".repeat(128)));
    assert_limited(&format!("{{{}:me{{id}}}}", "a".repeat(129)), "nameLength");
}

#[test]
fn limits_apply_to_operations_that_are_not_executed() {
    let aliases = many(16, "a#:id ");
    let request = Request::new(format!("query A{{me{{id}}}} query B{{me{{{aliases}}}}}")).operation_name("A");
    assert_eq!(refusal(&ask(&schema::schema(), request).response).1.as_deref(), Some("aliases"));
}
