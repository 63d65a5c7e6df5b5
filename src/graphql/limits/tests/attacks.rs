//! Documents that are made to crash the process, or to block a thread.

use std::fmt::Write as _;

use async_graphql::{Request, Value, Variables};
use serde_json::json;

use super::{super::Limits, LONGEST, ask, assert_limited, assert_refused, many, refusal, schema, start};

const MIB: usize = 1 << 20;

/// Asserts that the request takes no longer than allowed, and returns the code of the error, if there is one.
#[track_caller]
fn assert_in_time(document: &str, variables: serde_json::Value) -> Option<String> {
    let variables = Variables::from_json(variables);
    let answer = ask(&schema::schema(), Request::new(document).variables(variables));
    assert!(answer.longest <= LONGEST, "{:?} for {}", answer.longest, start(document));
    (!answer.response.errors.is_empty()).then(|| super::extension(&answer.response.errors[0], "code").unwrap())
}

#[test]
fn unclosed_brackets_are_limited() {
    for document in ["{", "[", "(", "{a(b:[", "{a", "query($a:["] {
        assert_limited(&document.repeat(2000), "nesting");
        assert_limited(&document.repeat(MIB / document.len()), "nesting");
    }
}

#[test]
fn nested_values_are_limited() {
    assert_limited(&format!("{{f(x:{}{})}}", "[".repeat(2000), "]".repeat(2000)), "nesting");
    assert_limited(&format!("{{f(x:{}1{})}}", "{a:".repeat(2000), "}".repeat(2000)), "nesting");
    assert_limited(&format!("query($a:[Int]={}{}){{me{{id}}}}", "[".repeat(2000), "]".repeat(2000)), "nesting");
    assert_limited(&format!("query($a:{}Int{}){{me{{id}}}}", "[".repeat(2000), "]".repeat(2000)), "nesting");
    assert_limited(&format!("query($a:Int @b(c:{}{})){{me{{id}}}}", "[".repeat(2000), "]".repeat(2000)), "nesting");
    assert_limited(&format!("{{{}id{}}}", "...{".repeat(2000), "}".repeat(2000)), "nesting");
    assert_limited(&format!("{{{}id{}}}", "me{".repeat(2000), "}".repeat(2000)), "nesting");
}

#[test]
fn the_maximum_depth_does_not_overflow_the_stack() {
    let schema = schema::schema_with(Limits { depth: usize::MAX, nesting: usize::MAX, ..Limits::default() });
    for document in [
        format!("{{echo(json:{}{})}}", "[".repeat(198), "]".repeat(198)),
        format!("{{echo(json:{}1{})}}", "{a:".repeat(198), "}".repeat(198)),
        format!("{{{}me{{id}}{}}}", "...{".repeat(62), "}".repeat(62)),
        format!("{{me{{{}id{}}}}}", "groups(first:1){nodes{users(first:1){".repeat(10), "}}}".repeat(10)),
    ] {
        assert_eq!(ask(&schema, document.as_str()).response.errors, [], "{}", start(&document));
    }
    for document in [
        format!("query($a:{}Int{}!){{echo(json:$a)}}", "[".repeat(199), "]".repeat(199)),
        format!("{{{}me{{id}}{}}}", "...{".repeat(198), "}".repeat(198)),
        format!("{{me{{{}id{}}}}}", "groups(first:1){nodes{users(first:1){".repeat(20), "}}}".repeat(20)),
    ] {
        assert_eq!(ask(&schema, document.as_str()).response.errors.len(), 1, "{}", start(&document));
    }
}

#[test]
fn unterminated_strings_are_refused() {
    assert_refused(&"\"".repeat(MIB), "GRAPHQL_PARSE_FAILED");
    for document in [format!("{{echo(text:\"{}", "a".repeat(MIB)), format!("{{echo(text:\"\"\"{}", "\n".repeat(MIB))] {
        assert_refused(&document, "GRAPHQL_PARSE_FAILED");
    }
    // The parser would read the first two quotes as a string, and the brackets as brackets.
    assert_refused(&format!("{{echo(list:[\"\"\"  \"  {})}}", "[".repeat(2000)), "GRAPHQL_PARSE_FAILED");
}

#[test]
fn long_insignificant_text_is_read_in_time() {
    for text in ["#", " ", ",", "\n", "\r", "\u{feff}", "é", "\0", "#\n", "@", "$", "!"] {
        for (before, after) in [("", ""), ("{me{id", "\n}}"), ("query(", "\n){me{id}}"), ("{echo(json:[", "\n])}")] {
            for bytes in [250_000, MIB] {
                assert_in_time(&format!("{before}{}{after}", text.repeat(bytes / text.len())), json!({}));
            }
        }
    }
    assert_limited(&"#".repeat(MIB), "bytes");
}

#[test]
fn large_documents_are_refused_or_answered_in_time() {
    let long = "e".repeat(110);
    for document in [
        format!("{{me{{{}}}}}", many(3990, "f#eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee ")),
        format!("{{me{{groups({}){{nodes{{id}}}}}}}}", many(1300, &format!("f#{long}:1 "))),
        format!("{{me{{id({a})id({a})}}}}", a = many(650, "a#:1 ")),
        format!("query({}){{me{{id}}}}", many(900, &format!("$f#:T#{long} "))),
        format!("query({}){{echo(list:[{}])}}", many(490, "$v#:Int "), many(990, "$v489 ")),
        format!("query({}){{me{{id}}}}", many(990, "$v:Int ")),
        format!("{{me{{id{}}}}}", "@a".repeat(1990)),
        format!("query{}{{me{{id}}}}", "@a".repeat(1990)),
        format!("{{me{{id{}}}}}", "@skip(if:true)".repeat(560)),
        format!("{{me{}{{{}}}{}}}", "{...on User".repeat(59), "id ".repeat(3600), "}".repeat(59)),
        format!("{{echo(list:[{}])}}", "\"\" ".repeat(3900)),
        format!("{{echo(json:{{{}}})}}", many(1300, "a#:1 ")),
        format!("{{echo(json:\"{}\")}}", "\\u0041".repeat(41_000)),
        format!("{{echo(json:\"\"\"{}\"\"\")}}", " a\n".repeat(83_000)),
        format!("{{echo(json:{})}}", "1".repeat(250_000)),
        format!("{{{}}}", "__schema{types{name}}".repeat(20)),
        format!(
            "{}fragment F on Query{{echo(list:[{}])}}",
            many(12, &format!("query Q#{long}{{...F}}")),
            many(1300, "$v# ")
        ),
    ] {
        assert_in_time(&document, json!({}));
    }
}

#[test]
fn tokens_without_spaces_are_counted_as_the_parser_splits_them() {
    // The parser reads these as 64,000 values and more.
    assert_limited(&format!("{{echo(list:[{}])}}", format!("{} ", "true".repeat(31)).repeat(2000)), "tokens");
    assert_limited(&format!("{{echo(list:[{}])}}", "0".repeat(250_000)), "tokens");
    assert_limited(&format!("{{echo(list:[{}])}}", "-1".repeat(120_000)), "tokens");
}

#[test]
fn fragments_that_double_each_other_are_limited() {
    let mut document = "{...F0}".to_owned();
    for i in 0..30 {
        write!(document, "fragment F{i} on Query{{...F{0} ...F{0}}}", i + 1).unwrap();
    }
    document += "fragment F30 on Query{me{id}}";
    assert!(document.len() < 1100);
    assert_limited(&document, "rootFields");
    assert_limited(
        &document.replace("{...F0}", "{me{...F0}}").replace("Query", "User").replace("{me{id}}", "{id}"),
        "selections",
    );
    // No operation spreads the first of these; it counts all the same.
    assert_limited(&document.replace("{...F0}", "{me{id}}"), "selections");
}

/// They would be copied for each spread before their selections are counted.
#[test]
fn large_fragments_that_are_spread_often_are_limited() {
    let text = "x".repeat(240_000);
    for on in ["Query", "Nothing", "Mutation"] {
        let document = format!("{{{}}} fragment F on {on}{{me{{a(x:\"{text}\")}}}}", "...F ".repeat(1900));
        assert_in_time(&document, json!({}));
        assert_limited(&document, "rootFields");
        let inner = format!("{{me{{{}}}}} fragment F on {on}{{id(x:\"{text}\"){{id}}}}", "...F ".repeat(900));
        assert_in_time(&inner, json!({}));
        assert_limited(&inner, "values");
        let many = format!("{{{}}} fragment F on {on}{{me{{{}}}}}", "...F ".repeat(900), "f ".repeat(1900));
        assert_in_time(&many, json!({}));
        assert_limited(&many, "rootFields");
    }
}

#[test]
fn many_wrong_values_in_nested_lists_are_refused_in_time() {
    let document = format!("query($a:[{}Int{}!]){{me{{id}}}}", "[".repeat(59), "]".repeat(59));
    let errors = assert_in_time(&document, json!({ "a": vec![serde_json::Value::Null; 15_000] }));
    assert_eq!(errors.as_deref(), Some("GRAPHQL_VALIDATION_FAILED"));
    let used = document.replace("{me{id}}", "{echo(json:[$a])}");
    assert!(assert_in_time(&used, json!({ "a": vec![serde_json::Value::Null; 15_000] })).is_some());
}

#[test]
fn nested_fragments_are_limited() {
    let chain = |length: usize| {
        let mut document = "{...F0}".to_owned();
        for i in 0..length {
            write!(document, "fragment F{i} on Query{{...F{}}}", i + 1).unwrap();
        }
        document + &format!("fragment F{length} on Query{{me{{id}}}}")
    };
    super::assert_answered(&chain(60));
    assert_limited(&chain(64), "nesting");
    assert_limited(&chain(480), "nesting");
}

#[test]
fn fragment_cycles_are_refused() {
    for document in [
        "{...A}fragment A on Query{...A ...A ...A}",
        "{me{id}}fragment A on Query{...A}",
        "{...A}fragment A on Query{...B}fragment B on Query{me{id}...A}",
        "{...A}fragment A on Query{me{...B}}fragment B on User{groups{nodes{users{...B}}}}",
    ] {
        assert_refused(document, "GRAPHQL_VALIDATION_FAILED");
    }
}

#[test]
fn aliases_and_root_fields_in_fragments_are_counted() {
    let aliases = many(8, "a#:id ");
    assert_limited(&format!("{{me{{...A ...A}}}}fragment A on User{{{aliases}}}"), "aliases");
    assert_limited(&format!("{{me{{...{{{aliases}}}...on User{{{aliases}}}}}}}"), "aliases");
    assert_limited("{...A ...A ...A}fragment A on Query{me{id}me{id}me{id}me{id}me{id}me{id}me{id}}", "rootFields");
}

#[test]
fn nested_lists_of_the_introspection_are_limited() {
    assert_limited("{__schema{types{fields{type{fields{type{fields{name}}}}}}}}", "introspectionLists");
    assert_limited(
        "{__type(name:\"User\"){...A}}fragment A on __Type{fields{type{...B}}}fragment B on __Type{interfaces{possibleTypes{name}}}",
        "introspectionLists",
    );
}

#[test]
fn default_values_of_unknown_types_are_refused() {
    // The library's validation would panic over these.
    for document in ["query($a:[Nothing]=[1]){echo(json:$a)}", "query($a:[[Nothing!]!]=[[1]]){echo(json:$a)}"] {
        assert_refused(document, "GRAPHQL_VALIDATION_FAILED");
    }
}

#[test]
fn repeated_uses_of_large_variables_are_limited() {
    let used = |times: usize| format!("query($a:String!){{echo(list:[{}])}}", "$a ".repeat(times));
    let text = json!({ "a": "x".repeat(1_000_000) });
    assert_eq!(assert_in_time(&used(1), text.clone()), None);
    assert_eq!(assert_in_time(&used(1900), text.clone()).as_deref(), Some("LIMIT_EXCEEDED"));
    assert_eq!(assert_in_time(&used(1900), json!({ "a": "x" })), None);
    let aliased = |argument: &str| -> String {
        (0..15).map(|number| format!("a{number}:groups({argument}:$a){{nodes{{id}}}}")).collect()
    };
    let fields = format!("query($a:[Int]){{me{{{}}}}}", aliased("first"));
    assert_eq!(assert_in_time(&fields, json!({ "a": vec![1; 300_000] })).as_deref(), Some("LIMIT_EXCEEDED"));
    let default = format!("query($a:[Int]=[{}]){{me{{{}}}}}", "1 ".repeat(1100), aliased("first"));
    assert_eq!(assert_in_time(&default, json!({})).as_deref(), Some("LIMIT_EXCEEDED"));
    let fields = format!("query($a:String!){{me{{{}}}}}", aliased("after"));
    assert_eq!(assert_in_time(&fields, text.clone()).as_deref(), Some("LIMIT_EXCEEDED"));
    // A field that is spread several times is executed once, and counts once.
    let spread = "query($a:String!){me{...A ...A ...A}}fragment A on User{groups(after:$a){nodes{id}}}";
    assert_eq!(assert_in_time(spread, text), None);
}

#[test]
fn large_and_deep_variables_are_limited() {
    let document = "query($a:[ID!]!){nodes(ids:$a){id}}";
    assert_eq!(assert_in_time(document, json!({ "a": vec!["a"; 5_000] })), None);
    assert_eq!(assert_in_time(document, json!({ "a": vec!["a"; 300_000] })).as_deref(), Some("LIMIT_EXCEEDED"));
    // Unused, they cost nothing.
    assert_eq!(assert_in_time("{me{id}}", json!({ "a": vec!["a"; 300_000] })), None);

    let request = |depth: usize| {
        let text = format!(
            "{{\"query\":\"query($a:JSON){{echo(json:$a)}}\",\"variables\":{{\"a\":{}{}}}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        );
        serde_json::from_str::<Request>(&text)
    };
    assert!(request(127).is_err());
    assert!(request(100_000).is_err());
    let answer = ask(&schema::schema(), request(125).unwrap());
    assert_eq!(answer.response.data, Value::from_json(json!({ "echo": 1 })).unwrap());
}

#[test]
fn a_refused_document_is_dropped_in_time() {
    let document = "{me{id}}".to_owned() + &" ".repeat(MIB);
    let answer = ask(&schema::schema(), Request::new(document));
    assert_eq!(refusal(&answer.response).1.as_deref(), Some("bytes"));
    assert!(answer.longest <= LONGEST, "{:?}", answer.longest);
}
