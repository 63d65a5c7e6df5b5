//! Fields that are selected several times are executed once, with the same response.

use async_graphql::{
    EmptySubscription, OutputType, Request, Schema,
    parser::{
        parse_query,
        types::{ExecutableDocument, Selection, SelectionSet},
    },
    registry::Registry,
};
use proptest::prelude::*;

use super::{
    super::{Limits, collect_fields::collect_fields},
    ask, assert_answered, drive, extension,
    schema::{self, Mutation, Query, TestSchema},
};

/// The text of `document` with collected fields, without white space.
fn merged(document: &str) -> String {
    let mut registry =
        Registry { query_type: "Query".into(), mutation_type: Some("Mutation".into()), ..Registry::default() };
    Query::create_type_info(&mut registry);
    Mutation::create_type_info(&mut registry);
    text(&collect_fields(parse_query(document).unwrap(), &registry))
}

fn text(document: &ExecutableDocument) -> String {
    fn of_set(set: &SelectionSet) -> String {
        let items: Vec<_> = set.items.iter().map(|item| of_selection(&item.node)).collect();
        if items.is_empty() { String::new() } else { format!("{{{}}}", items.join(" ")) }
    }
    fn of_selection(selection: &Selection) -> String {
        let directives: String =
            selection.directives().iter().map(|directive| format!("@{}", directive.node.name)).collect();
        match selection {
            Selection::Field(field) => {
                let alias = field.node.alias.as_ref().map_or_else(String::new, |alias| format!("{alias}:"));
                let arguments: Vec<_> =
                    field.node.arguments.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(",")) };
                format!("{alias}{}{arguments}{directives}{}", field.node.name, of_set(&field.node.selection_set.node))
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref();
                let on = on.map_or_else(String::new, |condition| format!("on {}", condition.node.on));
                format!("...{on}{directives}{}", of_set(&inline.node.selection_set.node))
            }
            Selection::FragmentSpread(spread) => format!("...{}{directives}", spread.node.fragment_name),
        }
    }
    let operations = document.operations.iter().map(|(_, operation)| of_set(&operation.node.selection_set.node));
    let fragments = document.fragments.keys().map(|name| format!(" fragment {name}"));
    operations.chain(fragments).collect()
}

#[test]
fn each_field_occurs_once_at_its_first_position() {
    for (document, expected) in [
        ("{me{id name id} me{id}}", "{me{id name}}"),
        ("{a:me{id} me{name} a:me{name}}", "{a:me{id name} me{name}}"),
        (
            "{me{groups(first:1 after:\"a\"){nodes{id}} groups(after:\"a\" first:1){nodes{name}}}}",
            "{me{groups(first:1,after:\"a\"){nodes{id name}}}}",
        ),
        (
            "{me{...A ...B}} fragment A on User{id ...B} fragment B on User{name groups{nodes{id}}}",
            "{me{id name groups{nodes{id}}}}",
        ),
        ("{me{... on User{id ...{name}} ...{id ... on User{name}}}}", "{me{id name}}"),
        // On an interface.
        (
            "{node(id:1){...A id ...A ...B id}} fragment A on User{name} fragment B on Group{name}",
            "{node(id:1){...on User{name} id ...on Group{name}}}",
        ),
        (
            "{node(id:1){... on User{... on Node{id} name ... on Node{... on User{name}}}}}",
            "{node(id:1){...on User{...on Node{id}} ...on User{name}}}",
        ),
        (
            "{node(id:1){... on Node{... on User{name}} ... on User{... on Node{id ... on Node{id}}}}}",
            "{node(id:1){...on User{name} ...on User{...on Node{id}}}}",
        ),
        // If the type is known, other conditions have no effect.
        ("{me{... on Node{id ... on User{name}} name}}", "{me{...on Node{id} name}}"),
        // Selections with directives stay where they are, and their own selections are merged.
        (
            "{me{id id@skip(if:true) id@skip(if:true) ...@include(if:true){name name}}}",
            "{me{id id@skip ...@include{name}}}",
        ),
        ("mutation{updateProfile(input:{}){id} updateProfile(input:{}){name}}", "{updateProfile(input:{}){id name}}"),
    ] {
        assert_eq!(merged(document), expected, "{document}");
    }
}

#[test]
fn the_order_of_fields_is_kept() {
    for (document, expected) in [
        // A conditional selection becomes part of an unconditional one.
        (
            "{me{groups{nodes{id}} groups@skip(if:false){nodes{name}} groups{nodes{id}}}}",
            "{me{groups{nodes{id} ...@skip{nodes{name}} nodes{id}}}}",
        ),
        ("{me@include(if:true){id} me@include(if:true){name} me{id}}", "{me@include{id name} me{id}}"),
        ("{me@skip(if:false){id} me@include(if:true){name}}", "{me@skip{id} me@include{name}}"),
        ("{me@skip(if:false){id} me{id} me@skip(if:false){name}}", "{me@skip{id} me{id ...@skip{name}}}"),
        ("{me{id} ...@include(if:true){me{name}} me{id}}", "{me{id} ...@include{me{name}} me{id}}"),
        // But mutations are executed once.
        (
            "mutation{updateProfile(input:{}){id} ...@include(if:true){x:updateProfile(input:{}){id}}
             updateProfile(input:{})@skip(if:false){name} updateProfile(input:{}){name}}",
            "{updateProfile(input:{}){id ...@skip{name} name} ...@include{x:updateProfile(input:{}){id}}}",
        ),
    ] {
        assert_eq!(merged(document), expected, "{document}");
    }
}

#[test]
fn an_error_is_reported_once() {
    let document = "{me{...A}} fragment A on User{id} fragment B on User{...A ...C} fragment C on User{id}";
    let errors = ask(&schema::schema(), document).response.errors;
    let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    assert!(matches!(messages.as_slice(), [one] if one.contains("\"B\" is never used")), "{messages:?}");
}

#[test]
fn invalid_selections_are_left_for_the_validation() {
    for document in [
        "{me{a:id a:name}}",
        "{me{a:id ... on User{a:name}}}",
        "{me{groups(first:1){nodes{id}} groups(first:2){nodes{id}}}}",
        "{me{groups{nodes{id}} groups}}",
        "{me{id ... on Group{name}}}",
        "{me{... on Nothing{id}}}",
        "{me{... on Node{name}}}",
        "{node(id:1){... on Node{name}}}",
        "{node(id:1){name ... on User{name}}}",
        "{me{...A}}",
        "{me{id}} fragment A on User{id}",
        "{me{...A}} fragment A on State{id}",
        "{me{...A}} fragment A on User @skip(if:true) {id}",
        "{me{id id{name}}}",
    ] {
        let errors = ask(&schema::schema(), document).response.errors;
        let codes: Vec<_> = errors.iter().map(|error| extension(error, "code").unwrap()).collect();
        assert!(
            !codes.is_empty() && codes.iter().all(|code| code == "GRAPHQL_VALIDATION_FAILED"),
            "{document}: {codes:?}"
        );
    }
}

#[test]
fn repeated_fields_are_executed_once() {
    // Each of these would be executed thousands of times.
    for document in [
        &format!("{{{}}}", "me{groups(first:500){nodes{id}}}".repeat(20)),
        &format!("{{me{{{}}}}}", "groups(first:500){nodes{users(first:50){id}}}".repeat(100)),
        &format!("{{me{{{}}}}} fragment A on User{{{}}}", "...A ".repeat(30), "tags ".repeat(100)),
    ] {
        assert_answered(document);
    }
}

/// Writes selection sets that are valid, by a sequence of choices; once it is used up, the shortest.
struct Writer(std::vec::IntoIter<u8>);

impl Writer {
    fn choose(&mut self, count: u8) -> u8 {
        self.0.next().unwrap_or_default() % count
    }

    fn set(&mut self, one: fn(&mut Self) -> String) -> String {
        let items: Vec<_> = (0..=self.choose(4)).map(|_| one(self)).collect();
        format!("{{{}}}", items.join(" "))
    }

    fn of_user(&mut self) -> String {
        match self.choose(13) {
            0 | 1 => "id".to_owned(),
            2 => "name".to_owned(),
            3 => "n:name".to_owned(),
            4 => "...A".to_owned(),
            5 => format!("groups(first:2){{nodes{}}}", self.set(Self::of_group)),
            6 => format!("g:groups(first:1){{nodes{}}}", self.set(Self::of_group)),
            7 => format!("...{}", self.set(Self::of_user)),
            8 => format!("...on User{}", self.set(Self::of_user)),
            9 => format!("...on Node{}", self.set(Self::of_node)),
            10 => format!("...@include(if:true){}", self.set(Self::of_user)),
            11 => format!("groups(first:2)@include(if:true){{nodes{}}}", self.set(Self::of_group)),
            _ => "__typename".to_owned(),
        }
    }

    fn of_group(&mut self) -> String {
        match self.choose(6) {
            0 | 1 => "id".to_owned(),
            2 => "name @skip(if:false)".to_owned(),
            3 => "...B".to_owned(),
            4 => format!("users(first:2){}", self.set(Self::of_user)),
            _ => format!("...on Node{}", self.set(Self::of_node)),
        }
    }

    fn of_node(&mut self) -> String {
        match self.choose(5) {
            0 | 1 => "id".to_owned(),
            2 => format!("...on User{}", self.set(Self::of_user)),
            3 => format!("...on Group{}", self.set(Self::of_group)),
            _ => format!("...on Node{}", self.set(Self::of_node)),
        }
    }

    fn of_query(&mut self) -> String {
        match self.choose(3) {
            0 => format!("me{}", self.set(Self::of_user)),
            1 => format!("node(id:1){}", self.set(Self::of_node)),
            _ => format!("nodes(ids:[1 2]){}", self.set(Self::of_node)),
        }
    }
}

/// A document whose fragments are used, and form no cycle.
fn document() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u8>(), 0..80).prop_map(|choices| {
        let query = Writer(choices.into_iter()).set(Writer::of_query);
        let fragments = "fragment A on User{name groups(first:2){nodes{name ...B}}} fragment B on Group{id name}";
        let used = "u:me{...A g:groups(first:1){nodes{...B}}}";
        format!("{{{used} {} {fragments}", query.trim_start_matches('{'))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// The library itself executes repeated fields again and merges their results: too often, but correctly.
    #[test]
    fn the_response_and_its_order_are_those_of_the_library(document in document()) {
        let limits = Limits { root_fields: 100, aliases: 1000, depth: 32, ..Limits::default() };
        let answer = |schema: &TestSchema| {
            let response = drive(schema, Request::new(&document)).response;
            (response.errors, serde_json::to_string(&response.data).unwrap())
        };
        let limited = answer(&schema::schema_with(limits));
        prop_assume!(!limited.0.iter().any(|error| error.message.contains("at most")));
        let bare = Schema::build(Query, Mutation, EmptySubscription).limit_recursive_depth(1000).finish();
        prop_assert_eq!(answer(&bare), limited, "{}", document);
    }
}
