//! Generated documents.

use async_graphql::{
    Request, Variables,
    parser::{
        parse_query,
        types::{ExecutableDocument, Selection, SelectionSet},
    },
    value,
};
use proptest::prelude::*;

use super::{super::text::scan::scan, LONGEST, ask, drive, schema};

/// Parts of documents: tokens that begin, end, or hide others, and words that the parser splits.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ":",
    "$",
    "@",
    "!",
    "=",
    "...",
    "\"",
    "\"\"\"",
    "\\",
    "\\\"",
    "\\\"\"\"",
    "#",
    "\n",
    "\r",
    " ",
    ",",
    "\u{feff}",
    "é",
    "query",
    "mutation",
    "subscription",
    "fragment",
    "on",
    "true",
    "false",
    "null",
    "0",
    "-1",
    "1.5e3",
    "00",
    "me",
    "id",
    "groups",
    "nodes",
    "first",
    "A",
    "B",
    "User",
    "Int",
    "__typename",
    "__schema",
    "types",
    "fields",
    "\"a\"",
    "\"\"",
    "skip",
    "if",
];

fn soup(longest: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..longest).prop_map(|pieces| pieces.concat())
}

/// Selection sets that may be valid, with fragments among them.
pub(super) fn selections() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "id",
        "name",
        "a:id",
        "__typename",
        "...A",
        "...B",
        "nothing",
        "id @skip(if:$c)",
        "id @include(if:true)",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(12, 120, 6, |inner| {
        let around = prop::sample::select(vec![
            "me",
            "groups",
            "groups(first:$a)",
            "nodes",
            "users(first:2)",
            "...",
            "... on User",
            "... on Group",
            "node(id:\"a\")",
            "groups(filter:{nameContains:$b,states:[ENABLED,null]})",
            "__schema",
            "types",
            "fields",
            "type",
        ]);
        (around, prop::collection::vec(inner, 1..6))
            .prop_map(|(around, inner)| format!("{around}{{{}}}", inner.join(" ")))
    })
}

fn document() -> impl Strategy<Value = String> {
    (selections(), selections(), selections(), any::<bool>()).prop_map(|(query, a, b, is_defined)| {
        let variables = if is_defined { "($a:Int=3,$b:String,$c:Boolean!)" } else { "" };
        format!("query Q{variables}{{{query}}} fragment A on User{{{a}}} fragment B on Group{{{b}}}")
    })
}

/// The number of nodes of a parsed document that take at least one token.
fn nodes(document: &ExecutableDocument) -> usize {
    fn in_set(set: &SelectionSet) -> usize {
        let in_selection = |selection: &Selection| match selection {
            Selection::Field(field) => in_set(&field.node.selection_set.node) + field.node.arguments.len(),
            Selection::InlineFragment(inline) => in_set(&inline.node.selection_set.node),
            Selection::FragmentSpread(_) => 0,
        };
        set.items.iter().map(|item| 1 + item.node.directives().len() + in_selection(&item.node)).sum()
    }
    let operations = document.operations.iter().map(|(_, operation)| in_set(&operation.node.selection_set.node));
    let fragments = document.fragments.values().map(|fragment| 1 + in_set(&fragment.node.selection_set.node));
    operations.sum::<usize>() + fragments.sum::<usize>()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_scanned(text in any::<String>()) {
        let _ = scan(&text);
    }

    #[test]
    fn any_sequence_of_tokens_can_be_scanned(text in soup(400)) {
        if let Ok(found) = scan(&text) {
            prop_assert!(found.tokens <= text.len());
            prop_assert!(found.nesting <= found.tokens);
            prop_assert!(found.name <= text.len());
        }
    }

    #[test]
    fn the_scan_counts_at_least_the_nodes_of_the_parser(text in prop_oneof![soup(30), document()]) {
        if let Ok(parsed) = parse_query(&text) {
            let found = scan(&text);
            prop_assert!(found.is_ok(), "{text}");
            prop_assert!(nodes(&parsed) <= found.unwrap().tokens, "{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_scan_counts_all_brackets_of_the_parser(before in soup(12), after in soup(12)) {
        // An overflow of the stack would end the tests; the parser overflows it at two thousand brackets.
        ask(&schema::schema(), format!("{before}{}{after}", "[".repeat(2000)));
    }

    #[test]
    fn any_document_is_answered_in_time(text in prop_oneof![soup(60), document()], has_variables in any::<bool>()) {
        let variables = if has_variables { value!({ "a": 2, "b": "x", "c": true }) } else { value!({}) };
        let request = Request::new(text.as_str()).variables(Variables::from_value(variables));
        let answer = drive(&schema::schema(), request);
        prop_assert!(answer.longest <= 5 * LONGEST, "{:?}", answer.longest);
        for error in &answer.response.errors {
            let has_code = error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some());
            prop_assert!(has_code || !error.path.is_empty(), "{text}: {error:?}");
        }
    }
}
