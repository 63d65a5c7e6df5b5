//! The validation, compared with that of the library.

use std::sync::Arc;

use async_graphql::{
    EmptySubscription, Request, Schema, ServerError, ValidationResult, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
};
use proptest::prelude::*;

use super::{
    super::{CheckOnly, Limits},
    drive, extension, properties,
    schema::{self, Mutation, Query, TestSchema},
};

/// Ends each request after the library's validation.
struct ValidateOnly;

impl ExtensionFactory for ValidateOnly {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for ValidateOnly {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        Err(next.run(ctx).await.err().unwrap_or_default())
    }
}

/// The messages of the library's validation.
fn library(document: &str) -> Vec<String> {
    let schema = Schema::build(Query, Mutation, EmptySubscription).limit_recursive_depth(1000).extension(ValidateOnly);
    messages(&schema.finish(), Request::new(document))
}

/// The messages of ours. `None` if the document exceeds a limit.
fn ours(document: &str) -> Option<Vec<String>> {
    let limits =
        Limits { root_fields: 1000, aliases: 1000, depth: 32, directives: 1000, errors: 1000, ..Limits::default() };
    let response = drive(&schema::schema_with(limits), Request::new(document).data(CheckOnly)).response;
    let is_limited = response.errors.iter().any(|error| extension(error, "code").as_deref() == Some("LIMIT_EXCEEDED"));
    (!is_limited).then(|| response.errors.into_iter().map(|error| error.message).collect())
}

fn messages(schema: &TestSchema, request: Request) -> Vec<String> {
    drive(schema, request).response.errors.into_iter().map(|error| error.message).collect()
}

/// Documents of which most are invalid.
fn document() -> impl Strategy<Value = String> {
    let variables = prop::sample::select(vec![
        "",
        "($a:Int=3,$b:String,$c:Boolean!)",
        "($a:Int!,$b:String,$c:Boolean!)",
        "($a:User,$b:[String],$c:Boolean)",
        "($a:Nothing,$c:Int!)",
    ]);
    let fragments = prop::sample::select(vec![
        "",
        "fragment A on User{id} fragment B on Group{id}",
        "fragment A on User{id ...B} fragment B on User{name}",
        "fragment A on State{id} fragment B on Nothing{id}",
        "fragment A on Node{id ...on User{name}} fragment B on User{...A}",
    ]);
    (properties::selections(), variables, fragments, "query|mutation|subscription").prop_map(
        |(selections, variables, fragments, operation)| format!("{operation} Q{variables}{{{selections}}} {fragments}"),
    )
}

/// Valid documents, and documents with one error.
#[test]
fn each_rule_agrees_with_that_of_the_library() {
    for (document, is_valid) in [
        ("{me{id}}", true),
        ("{me{nothing}}", false),
        ("{me}", false),
        ("{me{id{name}}}", false),
        ("{me{...A}}", false),
        ("{me{id}} fragment A on User{id}", false),
        ("{me{...on Group{id}}}", false),
        ("{me{...on State{id}}}", false),
        ("{me{...on Nothing{id}}}", false),
        ("{node(id:1){...on User{id} ...on Group{id}}}", true),
        ("{node(id:1){...on User{a:id} ...on Group{a:name}}}", true),
        ("{node(id:1){...on User{a:id} ...on User{a:name}}}", false),
        ("{me{a:id ...@include(if:true){a:name}}}", false),
        ("{me{groups(frist:1){nodes{id}}}}", false),
        ("{node{id}}", false),
        ("{me{id @nothing}}", false),
        ("{me{id @deprecated}}", false),
        ("{me{id @skip}}", false),
        ("{me{id @skip(if:true,unless:true)}}", false),
        ("query @skip(if:true){me{id}}", false),
        ("query($a:Int!){me{groups(first:$a){nodes{id}}}}", true),
        ("query($a:Int!){me{id}}", false),
        ("{me{groups(first:$a){nodes{id}}}}", false),
        ("query($a:User!){me{groups(first:$a){nodes{id}}}}", false),
        ("query A($a:Int!){...F} query B{...F} fragment F on Query{me{groups(first:$a){nodes{id}}}}", false),
        ("subscription{me{id}}", false),
    ] {
        assert_eq!(library(document).is_empty(), is_valid, "{document}: {:?}", library(document));
        assert_eq!(ours(document).unwrap().is_empty(), is_valid, "{document}: {:?}", ours(document));
    }
}

#[test]
fn rules_that_the_library_lacks_are_enforced() {
    for document in [
        "query($a:Int! @skip(if:true)){me{groups(first:$a){nodes{id}}}}",
        "{node(id:1){a:id ...on User{a:name}}}",
        "{me @include(if:true){a:id} me{a:name}}",
        "{me{groups{nodes{a:id}} ...@include(if:true){groups{nodes{a:name}}}}}",
        "{me{__typename{id}}}",
        "{me{__typename @nothing}}",
    ] {
        assert_eq!(library(document), Vec::<String>::new(), "{document}");
        assert_eq!(ours(document).unwrap().len(), 1, "{document}: {:?}", ours(document));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn the_validation_agrees_with_that_of_the_library(document in document()) {
        let Some(ours) = ours(&document) else { return Ok(()) };
        let library = library(&document);
        // Conflicts between a type and its interface, and the values that the library accepts against the specification.
        let is_stricter = |message: &String| message.contains("conflict because") || message.contains("cannot be used as");
        prop_assert!(library.is_empty() || !ours.is_empty(), "{}: {:?}", document, library);
        prop_assert!(ours.is_empty() || !library.is_empty() || ours.iter().all(is_stricter), "{}: {:?}", document, ours);
    }
}
