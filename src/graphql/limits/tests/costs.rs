//! The cost of operations, and other limits that are checked before the execution.

use async_graphql::{Name, Request, Value, Variables};
use proptest::prelude::*;

use super::{
    super::{Limits, Settings},
    ask, extension, many, refusal,
    schema::{schema_of, schema_with},
};

/// The cost of `request`, as the response reports it.
fn cost(request: impl Into<Request>) -> u64 {
    let mut request = request.into();
    request.extensions.0.insert("cost".to_owned(), Value::Boolean(true));
    let response = ask(&schema_of(Settings::default()), request).response;
    assert_eq!(response.errors, []);
    match &response.extensions["cost"] {
        Value::Number(number) => number.as_u64().unwrap(),
        other => panic!("{other}"),
    }
}

fn with(document: &str, variables: serde_json::Value) -> Request {
    Request::new(document).variables(Variables::from_json(variables))
}

#[test]
fn the_cost_multiplies_fields_by_the_lengths_of_lists() {
    for (document, expected) in [
        ("{ me { name } }", 2),
        ("{ me { name tags state } }", 4),
        // A page: multiplied by its size, or by 50; its `nodes` are not another list.
        ("{ me { groups(first: 3) { nodes { id } } } }", 2 + 3 * 2),
        ("{ me { groups { nodes { id name } } } }", 2 + 50 * 3),
        ("{ me { groups(first: 0) { nodes { id } } } }", 2),
        // No page has more than 500; the list reports the error.
        ("{ me { groups(first: 500) { nodes { id } } } }", 2 + 500 * 2),
        ("{ me { groups(first: 501) { nodes { id } } } }", 2 + 500 * 2),
        ("{ me { groups(first: 2) { nodes { users(first: 5) { id } } } } }", 2 + 2 * (1 + 1 + 5)),
        // Any other list: multiplied by 10, or by the number of ids.
        ("{ nodes(ids: [\"a\"]) { id } }", 1 + 10),
        (&format!("{{ nodes(ids: [{}]) {{ id }} }}", many(30, "\"#\",")), 1 + 30),
        // In fragments, and with aliases; a repeated field counts once.
        ("{ me { ...A ...A } } fragment A on User { groups(first: 4) { nodes { id } } }", 1 + 1 + 4 * 2),
        ("{ me { name name } me { name id } }", 3),
        ("{ node(id: \"a\") { ... on User { groups(first: 4) { nodes { id } } } } }", 1 + 1 + 4 * 2),
        ("{ a: me { b: groups(first: 4) { c: nodes { d: id } } } }", 2 + 4 * 2),
        // Introspection is free.
        ("{ __typename me { __typename } __schema { types { name fields { name } } } }", 1),
    ] {
        assert_eq!(cost(document), expected, "{document}");
    }
}

#[test]
fn the_cost_depends_on_variables() {
    let document =
        "query($first: Int, $ids: [ID!]!) { me { groups(first: $first) { nodes { id } } } nodes(ids: $ids) { id } }";
    let ids: Vec<usize> = (0..25).collect();
    assert_eq!(cost(with(document, serde_json::json!({ "first": 7, "ids": ids }))), 2 + 7 * 2 + 1 + 25);
    assert_eq!(cost(with(document, serde_json::json!({ "ids": ["a"] }))), 2 + 50 * 2 + 1 + 10);
    // Each operation has its own defaults.
    let document = "query A($n: Int = 0) { me { groups(first: $n) { nodes { id } } } }
                    query B($n: Int = 9) { me { groups(first: $n) { nodes { id } } } }";
    assert_eq!(cost(Request::new(document).operation_name("B")), 2 + 9 * 2);
    assert_eq!(cost(Request::new(document).operation_name("A")), 2);
    let document = "query($ids: [ID!]! = [1 2 3 4 5 6 7 8 9 10 11 12]) { nodes(ids: $ids) { id } }";
    assert_eq!(cost(document), 1 + 12);
    let document = "query($first: Int = 6) { me { groups(first: $first) { nodes { id } } } }";
    assert_eq!(cost(document), 2 + 6 * 2);
    assert_eq!(cost(with(document, serde_json::json!({ "first": 1 }))), 2 + 2);
}

#[test]
fn an_operation_over_the_cost_limit_is_refused_with_both_numbers() {
    let limits = Limits { cost: 100, ..Limits::default() };
    let schema = schema_with(limits);
    let page = |first: usize| format!("{{ me {{ groups(first: {first}) {{ nodes {{ id }} }} }} }}");
    assert_eq!(ask(&schema, page(49)).response.errors, []);
    let response = ask(&schema, page(50)).response;
    assert_eq!(refusal(&response), ("LIMIT_EXCEEDED".to_owned(), Some("cost".to_owned())));
    let number = |name| extension(&response.errors[0], name).unwrap();
    assert_eq!((number("allowed"), number("asked")), ("100".to_owned(), "102".to_owned()));
    // Products do not overflow.
    let endless = "{ me { groups(first: 2147483647) { nodes { users(first: 2147483647) { groups(first: 2147483647) {
                     nodes { users(first: 2147483647) { id } } } } } } } }";
    assert_eq!(refusal(&ask(&schema, endless).response).1.as_deref(), Some("cost"));
}

#[test]
fn directives_and_list_items_are_limited() {
    let schema = schema_of(Settings::default());
    let limit = |document: String| refusal(&ask(&schema, document).response).1;
    let directed = |count: usize| format!("{{ me {{ {} }} }}", many(count, "... @include(if: true) { id } "));
    assert_eq!(ask(&schema, directed(50)).response.errors, []);
    assert_eq!(limit(directed(51)).as_deref(), Some("directives"));
    let spread = format!(
        "{{ me {{ {} }} }} fragment A on User {{ {} }}",
        many(6, "...A "),
        many(9, "... @skip(if: false) { id } ")
    );
    assert_eq!(limit(spread).as_deref(), Some("directives"));
    let listed = |count: usize| {
        with("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", serde_json::json!({ "ids": vec!["a"; count] }))
    };
    assert_eq!(ask(&schema, listed(1000)).response.errors, []);
    assert_eq!(refusal(&ask(&schema, listed(1001)).response).1.as_deref(), Some("listItems"));
    assert_eq!(limit(format!("{{ nodes(ids: [{}]) {{ id }} }}", many(1001, "1,"))).as_deref(), Some("listItems"));
}

#[test]
fn an_operation_with_several_attempts_is_refused() {
    let schema = schema_of(Settings::default());
    let named = "updateProfile(input: { name: \"a\" }) { id }";
    let unnamed = "updateProfile(input: { tags: {} }) { id }";
    let refused = |request: Request| {
        let response = ask(&schema, request).response;
        refusal(&response).1.unwrap_or_else(|| panic!("{:?}", response.errors))
    };
    for allowed in [
        format!("mutation {{ a: {named} b: {unnamed} c: {unnamed} }}"),
        format!("mutation {{ a: {unnamed} b: {unnamed} }}"),
        format!("mutation A {{ a: {named} }} mutation B {{ b: {named} }}"),
    ] {
        let request = Request::new(&allowed).operation_name("A");
        let request = if allowed.contains("mutation A") { request } else { Request::new(&allowed) };
        assert_eq!(ask(&schema, request).response.errors, [], "{allowed}");
    }
    for document in [
        format!("mutation {{ a: {named} b: {named} }}"),
        format!("mutation {{ a: {named} b: updateProfile(input: {{ name: null }}) {{ id }} }}"),
        format!("mutation {{ a: {named} ...B }} fragment B on Mutation {{ ... {{ b: {named} }} }}"),
        format!("mutation {{ a: {named} b: updateProfile(input: {{ name: \"b\" }}) @skip(if: true) {{ id }} }}"),
    ] {
        assert_eq!(refused(Request::new(document)), "attempts");
    }
    let document = "mutation($a: UpdateProfileInput!, $n: String) { a: updateProfile(input: $a) { id } b: updateProfile(input: { name: $n }) { id } }";
    let both = serde_json::json!({ "a": { "name": "a" }, "n": "b" });
    assert_eq!(refused(with(document, both)), "attempts");
    let defaults = "mutation($a: UpdateProfileInput! = { name: \"a\" }, $n: String = \"b\") {
        a: updateProfile(input: $a) { id } b: updateProfile(input: { name: $n }) { id } }";
    assert_eq!(refused(Request::new(defaults)), "attempts");
    // Null counts as given.
    assert_eq!(refused(with(defaults, serde_json::json!({ "n": null }))), "attempts");
    assert_eq!(refused(with(document, serde_json::json!({ "a": { "name": null }, "n": null }))), "attempts");
    for one in [serde_json::json!({ "a": { "tags": {} }, "n": "b" }), serde_json::json!({ "a": { "name": "a" } })] {
        assert_eq!(ask(&schema, with(document, one)).response.errors, []);
    }
}

/// A batch is not refused by the limits of a single request, which may hold only without the schema's types.
#[test]
fn attempts_of_a_batch_are_counted_whatever_else_it_exceeds() {
    let document = format!(
        "mutation($n: String!, $w: String!) {{ updateProfile(input: {{ name: $n }}) {{ {} }} }}
         fragment F on User {{ groups(after: $w) {{ nodes {{ id }} }} }}",
        "...F ".repeat(700)
    );
    let request = || with(&document, serde_json::json!({ "n": "a", "w": "x".repeat(3000) }));
    let limits = super::super::RequestLimits::new(Settings::default(), |name, _| name == "updateProfile");
    assert!(limits.check_attempts([request()].iter()).is_ok());
    let error = limits.check_attempts([request(), request()].iter()).unwrap_err();
    assert_eq!(extension(&error, "limit").as_deref(), Some("attempts"));
}

#[test]
fn introspection_can_be_turned_off() {
    let schema = schema_of(Settings { introspection: false, ..Settings::default() });
    for document in [
        "{ __schema { types { name } } }",
        "{ a: __type(name: \"User\") { name } }",
        "{ ...A } fragment A on Query { ... { __schema { queryType { name } } } }",
    ] {
        let response = ask(&schema, document).response;
        assert_eq!(refusal(&response).0, "GRAPHQL_VALIDATION_FAILED");
        assert!(response.errors[0].message.contains("USERPROFILE_INTROSPECTION"));
    }
    assert_eq!(ask(&schema, "{ __typename me { __typename } }").response.errors, []);
}

#[test]
fn similar_names_are_suggested_unless_turned_off() {
    let message = |document: &str, suggestions| {
        let schema = schema_of(Settings { suggestions, ..Settings::default() });
        ask(&schema, document).response.errors[0].message.clone()
    };
    for (document, hint) in [
        ("{ me { nmae } }", " Did you mean \"name\"?"),
        ("{ me { group(first: 1) { nodes { id } } } }", " Did you mean \"groups\"?"),
        ("{ nod(id: 1) { id } }", " Did you mean \"node\" or \"nodes\"?"),
        ("{ me { groups(frist: 1) { nodes { id } } } }", " Did you mean \"first\"?"),
        ("{ node(id: 1) { ... on Usre { id } } }", " Did you mean \"User\"?"),
        ("{ me { zebra } }", ""),
    ] {
        let plain = message(document, false);
        assert!(!plain.contains("Did you mean"), "{plain}");
        let stop = if plain.ends_with('.') || hint.is_empty() { "" } else { "." };
        assert_eq!(message(document, true), format!("{plain}{stop}{hint}"));
    }
}

#[test]
fn many_unknown_names_are_refused_in_time() {
    let schema = schema_of(Settings::default());
    let answer = ask(&schema, format!("{{ me {{ {} }} }}", many(1200, &format!("{}# ", "n".repeat(120)))));
    assert_eq!(answer.response.errors.len(), 20);
    assert!(answer.longest < super::LONGEST, "{:?}", answer.longest);
}

#[test]
fn skip_and_include_use_the_defaults_of_variables() {
    let document = "query($full: Boolean = true, $hide: Boolean! = true) {
        me { id name @include(if: $full) state @skip(if: $hide) } }";
    let data = |variables| ask(&schema_of(Settings::default()), with(document, variables)).response.data.to_string();
    assert_eq!(data(serde_json::json!({})), "{me: {id: \"user-1\", name: \"Wonny\"}}");
    assert_eq!(data(serde_json::json!({ "full": false, "hide": false })), "{me: {id: \"user-1\", state: ENABLED}}");
}

/// A cached document does not depend on the request that was first.
#[test]
fn operations_of_one_document_are_independent() {
    let document =
        "query A($x: ID!) { node(id: $x) { id } } query B($x: Int) { me { groups(first: $x) { nodes { id } } } }";
    let ask_for = |schema: &super::TestSchema, name: &str, x: serde_json::Value| {
        let request = with(document, serde_json::json!({ "x": x })).operation_name(name);
        ask(schema, request).response.errors
    };
    let schema = schema_of(Settings::default());
    for _ in 0..2 {
        assert_eq!(ask_for(&schema, "A", "workspace-1".into()), []);
        assert_eq!(ask_for(&schema, "B", 3.into()), []);
        let [error] = ask_for(&schema, "B", "three".into()).try_into().unwrap();
        assert_eq!(extension(&error, "code").unwrap(), "BAD_USER_INPUT");
    }
    // Errors in the other operations are reported, too.
    let wrong = "query A { me { id } } query B { me { nothing } }";
    let response = ask(&schema, Request::new(wrong).operation_name("A")).response;
    assert_eq!(refusal(&response).0, "GRAPHQL_VALIDATION_FAILED");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever variables are given, and in whatever order.
    #[test]
    fn a_cached_document_is_answered_like_a_new_one(
        given in prop::collection::vec((prop::option::of(-2_i64..3), prop::option::of(prop::bool::ANY), 0_usize..4), 1..12),
    ) {
        let document = "query($first: Int, $name: String = \"x\", $filter: Filter) {
            me { groups(first: $first, filter: $filter) { nodes { id } } } echo(text: $name) }";
        let kept = schema_of(Settings::default());
        for (first, name, kind) in given {
            let mut variables = Variables::default();
            if let Some(first) = first {
                variables.insert(Name::new("first"), if first == 2 { Value::from("two") } else { Value::from(first) });
            }
            if let Some(is_null) = name {
                variables.insert(Name::new("name"), if is_null { Value::Null } else { Value::from("y") });
            }
            let filter = match kind {
                0 => None,
                1 => Some(serde_json::json!({ "states": ["ENABLED"], "nameContains": null })),
                2 => Some(serde_json::json!({ "states": ["NEITHER"] })),
                _ => Some(serde_json::json!({ "unknown": 1 })),
            };
            if let Some(filter) = filter {
                variables.insert(Name::new("filter"), Value::from_json(filter).unwrap());
            }
            let request = || Request::new(document).variables(variables.clone());
            let [again, new] = [&kept, &schema_of(Settings::default())].map(|schema| ask(schema, request()).response);
            prop_assert_eq!(again.data, new.data);
            prop_assert_eq!(again.errors, new.errors);
        }
    }
}
