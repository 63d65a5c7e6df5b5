//! Values of the wrong type, in documents and in variables. Many more are compared with graphql-js in
//! `tests/clients/coercion.test.mjs`.

use async_graphql::{Request, Response, Variables};
use serde_json::{Value, json};

use super::{ask, extension, refusal, schema};

fn asked(document: &str, variables: Value) -> Response {
    ask(&schema::schema(), Request::new(document).variables(Variables::from_json(variables))).response
}

/// The code and the message of the only error.
#[track_caller]
fn error(document: &str, variables: Value) -> (String, String) {
    let response = asked(document, variables);
    (refusal(&response).0, response.errors[0].message.clone())
}

#[track_caller]
fn assert_accepted(document: &str, variables: &Value) {
    assert_eq!(asked(document, variables.clone()).errors, [], "{document} {variables}");
}

#[track_caller]
fn assert_bad_input(document: &str, variables: Value, message: &str) {
    assert_eq!(error(document, variables), ("BAD_USER_INPUT".to_owned(), message.to_owned()), "{document}");
}

#[test]
fn an_error_names_the_path_of_the_argument_and_both_types() {
    let groups = |argument: &str| format!("{{me{{groups({argument}){{nodes{{id}}}}}}}}");
    for (argument, message) in [
        (
            "first:\"hunter2\"",
            "Argument \"first\" of the field \"groups\": a String was given; accepted is an Int, a whole number of 32 bits",
        ),
        (
            "first:2.0",
            "Argument \"first\" of the field \"groups\": a Float was given; accepted is an Int, a whole number of 32 bits",
        ),
        (
            "first:2147483648",
            "Argument \"first\" of the field \"groups\": an integer of more than 32 bits was given; accepted is an Int, a \
             whole number of 32 bits",
        ),
        ("after:1", "Argument \"after\" of the field \"groups\": an Int was given; accepted is a String"),
        (
            "after:hunter2",
            "Argument \"after\" of the field \"groups\": an enum value, or a String without quotes, was given; accepted is \
             a String",
        ),
        (
            "filter:{states:[ENABLED,\"DISABLED\"]}",
            "Argument \"filter.states.1\" of the field \"groups\": a String in quotes was given; accepted is one of \
             ENABLED, DISABLED (State)",
        ),
        (
            "filter:{states:HUNTER2}",
            "Argument \"filter.states\" of the field \"groups\": another enum value was given; accepted is one of ENABLED, \
             DISABLED (State)",
        ),
        (
            "filter:[]",
            "Argument \"filter\" of the field \"groups\": a list was given; accepted is an object of the type Filter",
        ),
        (
            "filter:{nameContains:{}}",
            "Argument \"filter.nameContains\" of the field \"groups\": an object was given; accepted is a String",
        ),
        (
            "filter:{nameContain:\"hunter2\"}",
            "Unknown input field \"nameContain\" of type \"Filter\". Argument \"filter.nameContain\" of the field \
             \"groups\": no such value is accepted. Did you mean \"nameContains\"?",
        ),
    ] {
        assert_bad_input(&groups(argument), json!({}), message);
    }
    let message = "Argument \"ids.1\" of the field \"nodes\": null was given; accepted is an ID, which is a String or an \
                   integer";
    assert_bad_input("{nodes(ids:[\"a\",null]){id}}", json!({}), message);
    let message =
        "Argument \"if\" of the directive \"@skip\": a String was given; accepted is a Boolean, true or false";
    assert_bad_input("{me{id @skip(if:\"true\") name}}", json!({}), message);
    let message = "Default value of \"$n\": a String was given; accepted is an Int, a whole number of 32 bits";
    assert_bad_input("query($n:Int=\"2\"){me{groups(first:$n){nodes{id}}}}", json!({}), message);
}

#[test]
fn an_error_names_the_path_in_the_variable() {
    let document = "query($f:Filter,$ids:[ID!]!){me{groups(filter:$f){nodes{id}}} nodes(ids:$ids){id}}";
    for (variables, message) in [
        (
            json!({ "ids": ["a"], "f": { "nameContains": 1 } }),
            "Variable \"$f.nameContains\": an Int was given; accepted is a String",
        ),
        (
            json!({ "ids": ["a"], "f": { "states": ["ENABLED", "hunter2"] } }),
            "Variable \"$f.states.1\": another String was given; accepted is one of ENABLED, DISABLED (State)",
        ),
        (
            json!({ "ids": ["a", true] }),
            "Variable \"$ids.1\": a Boolean was given; accepted is an ID, which is a String or an integer",
        ),
        (
            json!({ "ids": null }),
            "Variable \"$ids\": null was given; accepted is a list, of which each item is an ID, which is a String or an \
             integer",
        ),
        (
            json!({ "ids": [], "f": { "name": "hunter2" } }),
            "Unknown input field \"name\" of type \"Filter\". Variable \"$f.name\": no such value is accepted",
        ),
    ] {
        assert_bad_input(document, variables, message);
    }
    // All errors are reported.
    let wrong = asked(document, json!({ "f": { "nameContains": 1, "states": 1 }, "ids": [1.5] }));
    assert_eq!(wrong.errors.len(), 3, "{:?}", wrong.errors);
    // But no more than the limit.
    assert_eq!(asked(document, json!({ "ids": vec![1.5; 100] })).errors.len(), 20);
}

#[test]
fn numbers_are_coerced() {
    let users = |variables: Value| {
        let data = asked("query($n:Int){me{groups(first:$n){nodes{id}}}}", variables).data.into_json().unwrap();
        data["me"]["groups"]["nodes"].as_array().map(Vec::len)
    };
    assert_eq!((users(json!({ "n": 2.0 })), users(json!({ "n": 3 }))), (Some(2), Some(3)));
    for id in [json!(1), json!(1.0), json!(-1), json!(u64::MAX), json!("1")] {
        assert_accepted("query($i:ID!){node(id:$i){id}}", &json!({ "i": id }));
    }
    for id in [json!(1.5), json!(true), json!(["a"]), json!({})] {
        assert_eq!(error("query($i:ID!){node(id:$i){id}}", json!({ "i": id })).0, "BAD_USER_INPUT");
    }
}

#[test]
fn minus_zero_is_zero() {
    let users = |first: &str| {
        let response = asked(&format!("{{me{{groups(first:{first}){{nodes{{id}}}}}}}}"), json!({}));
        let data = response.data.into_json().unwrap();
        data["me"]["groups"]["nodes"].as_array().map(Vec::len)
    };
    assert_eq!((users("-0"), users("0"), users("-0.0")), (Some(0), Some(0), None));
    assert_accepted("query($n:Int!=-0){me{groups(first:$n){nodes{id}}}}", &json!({}));
    assert_accepted("query($n:Int!){me{groups(first:$n){nodes{id}}}}", &json!({ "n": -0.0 }));
    // Strings and comments are unchanged, and later positions, too.
    assert_eq!(asked("{echo(text:\"-0\") #-0\n}", json!({})).data.into_json().unwrap(), json!({ "echo": 2 }));
    let response = asked("{a:echo(json:-0) b:nothing}", json!({}));
    assert_eq!(response.errors[0].locations[0].column, 18);
}

#[test]
fn a_number_with_too_many_digits_is_reported_with_its_path() {
    let number = "12345678901234567890123";
    let with_number = |document: &str| document.replace('#', number);
    for (document, place) in [
        ("{a:echo(text:\"{[(\",json:{a:1,b:[1 {c:2} {d:[],e:#}]})}", "Argument \"json.b.2.e\" of the field \"echo\""),
        ("{me{id} echo(json:[[] [1 #]])}", "Argument \"json.1.1\" of the field \"echo\""),
        ("{echo(json:#)}", "Argument \"json\" of the field \"echo\""),
        ("{me{id @skip(if:#)}}", "Argument \"if\" of the directive \"@skip\""),
        ("query A($a:[Int!]=[$b 1 #] $c:Int){me{id}}", "Default value of \"$a.2\""),
        ("query A($c:Int @skip(if:{a:#})){me{id}}", "Argument \"if.a\" of the directive \"@skip\""),
    ] {
        let message = format!("{place}: a number with more digits than the server can keep; send it as a string");
        assert_bad_input(&with_number(document), json!({}), &message);
    }
}

#[test]
fn a_missing_argument_is_reported_with_its_field_and_type() {
    for (document, message) in [
        (
            "mutation{updateProfile{id}}",
            "Argument \"input\" of the field \"updateProfile\" is required, and is missing; accepted is an object of the \
             type UpdateProfileInput",
        ),
        (
            "{node{id}}",
            "Argument \"id\" of the field \"node\" is required, and is missing; accepted is an ID, which is a String or an \
             integer",
        ),
        (
            "{__type{name}}",
            "Argument \"name\" of the field \"__type\" is required, and is missing; accepted is a String",
        ),
    ] {
        assert_eq!(error(document, json!({})), ("GRAPHQL_VALIDATION_FAILED".to_owned(), message.to_owned()));
    }
}

#[test]
fn a_variable_is_accepted_only_in_positions_of_its_type() {
    for (document, message) in [
        (
            "query($a:String){me{groups(first:$a){nodes{id}}}}",
            "Variable \"$a\" of type \"String\" cannot be used as argument \"first\" of the field \"groups\", which is of \
             type \"Int!\"",
        ),
        (
            "query($a:ID!){nodes(ids:$a){id}}",
            "Variable \"$a\" of type \"ID!\" cannot be used as argument \"ids\" of the field \"nodes\", which is of type \
             \"[ID!]!\"",
        ),
        (
            "query($a:ID){nodes(ids:[$a]){id}}",
            "Variable \"$a\" of type \"ID\" cannot be used as argument \"ids.0\" of the field \"nodes\", which is of type \
             \"ID!\"",
        ),
        (
            "query($a:Int){...F} fragment F on Query{me{groups(filter:{nameContains:$a}){nodes{id}}}}",
            "Variable \"$a\" of type \"Int\" cannot be used as argument \"filter.nameContains\" of the field \"groups\", \
             which is of type \"String\"",
        ),
        (
            "query($a:Boolean){me{id @include(if:$a) name}}",
            "Variable \"$a\" of type \"Boolean\" cannot be used as argument \"if\" of the directive \"@include\", which is \
             of type \"Boolean!\"",
        ),
    ] {
        assert_eq!(
            error(document, json!({})),
            ("GRAPHQL_VALIDATION_FAILED".to_owned(), message.to_owned()),
            "{document}"
        );
        // With any value.
        assert_eq!(error(document, json!({ "a": null })).0, "GRAPHQL_VALIDATION_FAILED", "{document}");
    }
}

#[test]
fn a_variable_with_a_default_must_not_be_null_in_a_non_null_position() {
    let document = "query($a:ID=\"a\"){node(id:$a){id}}";
    for variables in [json!({}), json!({ "a": "b" })] {
        assert_accepted(document, &variables);
    }
    let message = "Variable \"$a\", used as argument \"id\" of the field \"node\": null was given; accepted is an ID, \
                   which is a String or an integer";
    assert_bad_input(document, json!({ "a": null }), message);
    // The other operation defines its own variable.
    let document = "query A($a:ID=\"a\"){node(id:$a){id}} query B($a:String){echo(text:$a)}";
    let request = Request::new(document).operation_name("B").variables(Variables::from_json(json!({ "a": null })));
    assert_eq!(ask(&schema::schema(), request).response.errors, []);
}

#[test]
fn directives_on_typename_are_validated_and_executed() {
    for (document, message) in [
        ("{me{__typename @unknown}}", "Unknown directive \"unknown\""),
        ("{me{__typename(a:1)}}", "Unknown argument \"a\" on field \"__typename\" of type \"User\"."),
        (
            "{me{__typename{id}}}",
            "Field \"__typename\" must not have a selection since type \"String!\" has no subfields",
        ),
        (
            "{__typename @skip}",
            "Argument \"if\" of the directive \"@skip\" is required, and is missing; accepted is a Boolean, true or false",
        ),
    ] {
        assert_eq!(error(document, json!({})), ("GRAPHQL_VALIDATION_FAILED".to_owned(), message.to_owned()));
    }
    let document = "query($a:Boolean!){me{id t:__typename @include(if:$a)}}";
    let data = |is_included: bool| asked(document, json!({ "a": is_included })).data.into_json().unwrap();
    assert_eq!(data(true), json!({ "me": { "id": "user-1", "t": "User" } }));
    assert_eq!(data(false), json!({ "me": { "id": "user-1" } }));
}

#[test]
fn fields_of_an_input_object_are_unique() {
    for document in [
        "{given(input:{name:\"a\",name:\"b\"})}",
        "query($a:Given={name:\"a\" name:\"a\"}){given(input:$a)}",
        "{given(input:{list:[\"x}\"],name # :\n:\"a\",list:[]})}",
    ] {
        let response = asked(document, json!({}));
        assert_eq!(refusal(&response).0, "GRAPHQL_VALIDATION_FAILED", "{document}");
        assert!(response.errors[0].message.starts_with("There can be only one input field named"), "{document}");
        assert_eq!(response.errors[0].locations.len(), 1);
    }
    // Neither a field of another object, nor a field of a selection set, is the same.
    assert_accepted("{echo(json:{a:{a:1},b:{a:[{a:1},{a:2}]}}) b:echo(json:{a:1})}", &json!({}));
    assert_accepted("{me{name:id name:id} b:echo(text:\"{a:1,a:2}\")}", &json!({}));
}

#[test]
fn errors_do_not_repeat_values() {
    for (document, variables) in [
        ("{me{groups(first:\"hunter2\"){nodes{id}}}}", json!({})),
        ("{me{groups(filter:{states:hunter2}){nodes{id}}}}", json!({})),
        ("{given(input:{name:[\"hunter2\"]})}", json!({})),
        ("query($a:Given!){given(input:$a)}", json!({ "a": { "name": ["hunter2"], "list": "hunter2" } })),
        ("query($a:Given!){given(input:$a)}", json!({ "a": "hunter2" })),
        ("query($a:Int){me{groups(first:$a){nodes{id}}}}", json!({ "a": "hunter2" })),
    ] {
        let response = asked(document, variables);
        assert!(!response.errors.is_empty(), "{document}");
        for error in &response.errors {
            assert!(!error.message.contains("hunter2"), "{}", error.message);
            assert!(extension(error, "code").is_some());
        }
    }
}
