//! Tests of the request limits: each executes one request on a schema with them, with the stack size of the server.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use async_graphql::{Request, Response, ServerError, Value};

use self::schema::TestSchema;

mod attacks;
mod collect_fields;
mod costs;
mod documents;
mod escapes;
mod omitted_variables;
mod properties;
mod responses;
mod scan;
mod schema;
mod unique;
mod validation;
mod values;

/// The stack of the threads that the server runs on.
const STACK: usize = 2 * 1024 * 1024;

/// The longest time for which a thread may be blocked; without optimisation, twice that.
const LONGEST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 100 } else { 50 });

/// A response, and how it was built.
struct Answer {
    response: Response,
    /// The longest time that a thread was blocked.
    longest: Duration,
    pauses: usize,
}

/// Executes `request`, with the stack size of the server.
fn ask(schema: &TestSchema, request: impl Into<Request>) -> Answer {
    let (schema, request) = (schema.clone(), request.into());
    let thread = thread::Builder::new().stack_size(STACK).spawn(move || drive(&schema, request)).unwrap();
    thread.join().unwrap()
}

/// The processor time of this thread.
pub(super) fn work_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

fn drive(schema: &TestSchema, request: Request) -> Answer {
    let mut answer = pin!(schema.execute(request));
    let mut longest = Duration::ZERO;
    for pauses in 0.. {
        let begin = work_time();
        let polled = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        longest = longest.max(work_time().saturating_sub(begin));
        if let Poll::Ready(response) = polled {
            return Answer { response, longest, pauses };
        }
    }
    unreachable!("there is always another turn")
}

/// The code of the only error of `response`, and its limit, if it has one.
fn refusal(response: &Response) -> (String, Option<String>) {
    let [error] = response.errors.as_slice() else { panic!("one error is expected: {:?}", response.errors) };
    (extension(error, "code").unwrap(), extension(error, "limit"))
}

fn extension(error: &ServerError, name: &str) -> Option<String> {
    match error.extensions.as_ref()?.get(name)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Asserts that `document` exceeds the limit of that name.
#[track_caller]
fn assert_limited(document: &str, limit: &str) {
    let answer = ask(&schema::schema(), document);
    assert_eq!(refusal(&answer.response), ("LIMIT_EXCEEDED".to_owned(), Some(limit.to_owned())), "{}", start(document));
}

/// Asserts that `document` is refused with `code`, which is not that of a limit.
#[track_caller]
fn assert_refused(document: &str, code: &str) {
    let answer = ask(&schema::schema(), document);
    assert_eq!(refusal(&answer.response), (code.to_owned(), None), "{}", start(document));
}

/// Asserts that `document` has no errors, and returns its data.
#[track_caller]
fn assert_answered(document: &str) -> serde_json::Value {
    let answer = ask(&schema::schema(), document);
    assert_eq!(answer.response.errors, [], "{}", start(document));
    answer.response.data.into_json().unwrap()
}

/// `text`, repeated, with the number of the repetition in place of `#`.
fn many(count: usize, text: &str) -> String {
    (0..count).map(|number| text.replace('#', &number.to_string())).collect()
}

fn start(document: &str) -> String {
    document.chars().take(80).collect()
}
