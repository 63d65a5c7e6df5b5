//! Answers that are larger than their documents.

use std::sync::atomic::Ordering::Relaxed;

use async_graphql::Request;

use super::{Answer, ask, refusal, schema};
use crate::low_priority::LongOperation;

fn asked(document: &str) -> Answer {
    ask(&schema::schema(), Request::new(document))
}

#[track_caller]
fn assert_given_up(document: &str, limit: &str) {
    let answer = asked(document);
    assert_eq!(refusal(&answer.response), ("LIMIT_EXCEEDED".to_owned(), Some(limit.to_owned())));
    assert!(answer.response.data.into_json().unwrap().is_null());
}

#[test]
fn a_large_answer_leaves_others_their_turn() {
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
fn an_answer_has_an_end() {
    // Items that wait for what stands in them are many at the same time, before all of them are too many.
    for users in ["users(first:1000){id}", "users(first:500){groups(first:500){nodes{id}}}"] {
        let answer = asked(&format!("{{me{{groups(first:500){{nodes{{{users}}}}}}}}}"));
        let (code, limit) = refusal(&answer.response);
        assert_eq!(code, "LIMIT_EXCEEDED");
        assert!(matches!(limit.as_deref(), Some("responseFields" | "pendingFields")), "{limit:?}");
        assert!(answer.response.data.into_json().unwrap().is_null());
    }
    let aliases: String = (0..15).map(|number| format!("a{number}:name ")).collect();
    assert_given_up(&format!("{{me{{groups(first:500){{nodes{{users{{{aliases}}}}}}}}}}}"), "responseFields");
    // Long keys are written as often as there are fields.
    let key = "a".repeat(128);
    assert_given_up(
        &format!("{{me{{groups(first:500){{nodes{{users(first:70){{{key}:name}}}}}}}}}}"),
        "responseFields",
    );
    // What nothing is selected of counts by its size.
    assert_given_up("{me{groups(first:100){nodes{users(first:100){largeTags}}}}}", "responseFields");
}

#[test]
fn not_everything_is_made_at_the_same_time() {
    let document = "{me{groups(first:500){nodes{users(first:4){groups(first:50){nodes{waits}}}}}}}";
    assert_given_up(document, "pendingFields");
}

#[test]
fn large_arguments_count() {
    let text = "x".repeat(100_000);
    let document = "{me{groups(first:500){nodes{users(first:1){groups(after:\"#\"){nodes{id}}}}}}}".replace('#', &text);
    assert_given_up(&document, "responseFields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_from_other_tasks_is_waited_for() {
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
async fn the_loaders_of_a_page_are_asked_once() {
    let batches = schema::Batches::default();
    // More than is done in one turn.
    let fields: String = (0..10).map(|number| format!("a{number}:id ")).collect();
    let document = format!("{{me{{groups(first:500){{nodes{{{fields} isLoaded users(first:2){{id}}}}}}}}}}");
    let response = schema::schema().execute(Request::new(document).data(schema::Loader::of(&batches))).await;
    assert_eq!(response.errors, []);
    assert_eq!(batches.0.load(Relaxed), 1);
}

#[test]
fn a_batch_is_paced_too() {
    let document = "{me{groups(first:3){nodes{users(first:10000){id name}}}}}";
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let requests = async_graphql::BatchRequest::Batch(vec![Request::new(document), Request::new(document)]);
    assert!(runtime.block_on(schema::schema().execute_batch(requests)).is_ok());
}

#[test]
fn without_anyone_to_drive_it_nothing_waits() {
    use futures_util::StreamExt as _;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let document = "{me{groups(first:3){nodes{users(first:10000){id name}}}}}";
    let responses: Vec<_> = runtime.block_on(schema::schema().execute_stream(document).collect());
    assert_eq!(responses.len(), 1);
    assert!(responses[0].is_ok());
}
