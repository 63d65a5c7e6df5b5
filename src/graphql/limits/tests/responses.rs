//! Responses that are larger than their documents.

use std::sync::atomic::Ordering::Relaxed;

use async_graphql::Request;

use super::{Answer, ask, refusal, schema};
use crate::low_priority::LongOperation;

fn asked(document: &str) -> Answer {
    ask(&schema::schema(), Request::new(document))
}

#[track_caller]
fn assert_aborted(document: &str, limit: &str) {
    let answer = asked(document);
    assert_eq!(refusal(&answer.response), ("LIMIT_EXCEEDED".to_owned(), Some(limit.to_owned())));
    assert!(answer.response.data.into_json().unwrap().is_null());
}

#[test]
fn a_large_response_is_built_in_turns() {
    let answer = asked("{me{groups(first:2){nodes{users(first:10000){id name state tags}}}}}");
    assert_eq!(answer.response.errors, []);
    assert!(answer.pauses >= 2 * 10_000 * 5 / 2_048, "{} pauses", answer.pauses);
    let data = answer.response.data.into_json().unwrap();
    let groups = data["me"]["groups"]["nodes"].as_array().unwrap();
    assert!(groups.iter().all(|group| group["users"].as_array().unwrap().len() == 10_000));
    assert!(groups.iter().all(|group| group["users"][9999]["state"] == "ENABLED"));
}

#[test]
fn an_operation_is_long_when_it_takes_more_than_one_turn() {
    let is_long = |document: &str| {
        let long = LongOperation::default();
        let answer = ask(&schema::schema(), Request::new(document).data(long.clone()));
        assert_eq!(answer.response.errors, []);
        long.is_marked()
    };
    assert!(!is_long("{me{groups(first:2){nodes{users(first:50){id name}}}}}"));
    assert!(is_long("{me{groups(first:2){nodes{users(first:2000){id name}}}}}"));
}

#[test]
fn the_size_of_a_response_is_limited() {
    // Items that wait for their fields exceed the limit for pending fields first.
    for users in ["users(first:1000){id}", "users(first:500){groups(first:500){nodes{id}}}"] {
        let answer = asked(&format!("{{me{{groups(first:500){{nodes{{{users}}}}}}}}}"));
        let (code, limit) = refusal(&answer.response);
        assert_eq!(code, "LIMIT_EXCEEDED");
        assert!(matches!(limit.as_deref(), Some("responseFields" | "pendingFields")), "{limit:?}");
        assert!(answer.response.data.into_json().unwrap().is_null());
    }
    let aliases: String = (0..15).map(|number| format!("a{number}:name ")).collect();
    assert_aborted(&format!("{{me{{groups(first:500){{nodes{{users{{{aliases}}}}}}}}}}}"), "responseFields");
    // Long response keys are written once for each field.
    let key = "a".repeat(128);
    assert_aborted(&format!("{{me{{groups(first:500){{nodes{{users(first:70){{{key}:name}}}}}}}}}}"), "responseFields");
    // A value without selections counts by its size.
    assert_aborted("{me{groups(first:100){nodes{users(first:100){largeTags}}}}}", "responseFields");
}

#[test]
fn pending_fields_are_limited() {
    let document = "{me{groups(first:500){nodes{users(first:4){groups(first:50){nodes{waits}}}}}}}";
    assert_aborted(document, "pendingFields");
}

#[test]
fn large_arguments_count_as_fields() {
    let text = "x".repeat(100_000);
    let document = "{me{groups(first:500){nodes{users(first:1){groups(after:\"#\"){nodes{id}}}}}}}".replace('#', &text);
    assert_aborted(&document, "responseFields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_may_wait_for_other_tasks() {
    let document = "{me{groups(first:500){nodes{id comesLater users(first:20){id name}}}}}";
    let schema = schema::schema();
    let answers: Vec<_> = (0..4)
        .map(|_| {
            tokio::spawn({
                let schema = schema.clone();
                async move { schema.execute(document).await }
            })
        })
        .collect();
    for answer in answers {
        let data = answer.await.unwrap().data.into_json().unwrap();
        let groups = data["me"]["groups"]["nodes"].as_array().unwrap();
        assert!(groups.len() == 500 && groups.iter().all(|group| group["comesLater"] == true));
    }
}

#[tokio::test]
async fn a_page_is_loaded_in_one_batch() {
    let batches = schema::Batches::default();
    // More than one turn.
    let fields: String = (0..10).map(|number| format!("a{number}:id ")).collect();
    let document = format!("{{me{{groups(first:500){{nodes{{{fields} isLoaded users(first:2){{id}}}}}}}}}}");
    let response = schema::schema().execute(Request::new(document).data(schema::Loader::of(&batches))).await;
    assert_eq!(response.errors, []);
    assert_eq!(batches.0.load(Relaxed), 1);
}

#[test]
fn responses_of_a_batch_are_built_in_turns() {
    let document = "{me{groups(first:3){nodes{users(first:10000){id name}}}}}";
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let requests = async_graphql::BatchRequest::Batch(vec![Request::new(document), Request::new(document)]);
    assert!(runtime.block_on(schema::schema().execute_batch(requests)).is_ok());
}

#[test]
fn a_response_that_is_not_driven_is_built_at_once() {
    use futures_util::StreamExt as _;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let document = "{me{groups(first:3){nodes{users(first:10000){id name}}}}}";
    let responses: Vec<_> = runtime.block_on(schema::schema().execute_stream(document).collect());
    assert_eq!(responses.len(), 1);
    assert!(responses[0].is_ok());
}
