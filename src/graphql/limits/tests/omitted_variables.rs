//! Omitted variables.

use async_graphql::{Request, Response, Value, Variables, value};

use super::{ask, refusal, schema};

fn asked(document: &str, variables: Value) -> Response {
    ask(&schema::schema(), Request::new(document).variables(Variables::from_value(variables))).response
}

#[test]
fn an_omitted_variable_leaves_the_default_of_the_argument() {
    let document = "query($n:Int){me{groups(first:2){nodes{users(first:$n){id}}}}}";
    let users = |variables| {
        let data = asked(document, variables).data.into_json().unwrap();
        data["me"]["groups"]["nodes"][0]["users"].as_array().map(Vec::len)
    };
    assert_eq!(users(value!({ "n": 3 })), Some(3));
    assert_eq!(users(value!({})), Some(50));
}

#[test]
fn an_omitted_variable_is_not_null() {
    let document =
        "query($a:String,$b:[String]){given(input:{name:$a,list:[$a,\"x\"]}) also:given(input:{name:null,list:$b})}";
    assert_eq!(
        asked(document, value!({})).data,
        value!({ "given": "name undefined, list [null, \"x\"]", "also": "name null, list undefined" })
    );
    assert_eq!(
        asked(document, value!({ "a": null, "b": null })).data,
        value!({ "given": "name null, list [null, \"x\"]", "also": "name null, list null" })
    );
}

#[test]
fn omitted_variables_in_fragments_are_removed_for_each_operation() {
    let document = "query A($a:String){...F} query B($a:String){...F} fragment F on Query{given(input:{name:$a})}";
    let request = Request::new(document).operation_name("A");
    assert_eq!(ask(&schema::schema(), request).response.data, value!({ "given": "name undefined, list undefined" }));
    // Also if another operation requires it.
    let document = "query A($a:String){...F} query B($a:String!){...F} fragment F on Query{given(input:{name:$a})}";
    let request = Request::new(document).operation_name("A");
    assert_eq!(ask(&schema::schema(), request).response.data, value!({ "given": "name undefined, list undefined" }));
}

#[test]
fn invalid_definitions_of_omitted_variables_are_reported() {
    for document in [
        "query($a:Int){me{id}}",
        "query($a:Nothing){me{groups(first:$a){nodes{id}}}}",
        "query($a:User){me{groups(first:$a){nodes{id}}}}",
        "query($a:ID){node(id:$a){id}}",
    ] {
        assert_eq!(refusal(&asked(document, value!({}))).0, "GRAPHQL_VALIDATION_FAILED", "{document}");
    }
}
