//! Reads a request's body, within limits.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::RequestError;

/// The most bytes allocated before the first byte of a body arrives: a length is only a promise.
const FIRST_ALLOCATION: usize = 16 * 1024;

/// How much of an unwanted body is read and discarded, and for how long. Most clients read the response only after they
/// have sent everything; without this they would only see a broken connection.
const DISCARDED_BYTES: usize = 32 * 1024 * 1024;
const DISCARDED_FOR: Duration = Duration::from_secs(5);

/// Reads the whole body, of at most `limit` bytes.
pub(super) async fn read(
    body: Body,
    headers: &HeaderMap,
    limit: usize,
    deadline: Instant,
) -> Result<Vec<u8>, RequestError> {
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > limit {
        discard(body, headers).await;
        return Err(RequestError::BodyTooLarge(limit));
    }
    let mut bytes = Vec::with_capacity(declared.min(FIRST_ALLOCATION));
    let mut chunks = body.into_data_stream();
    let is_complete = timeout_at(deadline, collect(&mut chunks, limit, &mut bytes))
        .await
        .map_err(|_| RequestError::BodyTooSlow)??;
    if !is_complete {
        drain(chunks).await;
        return Err(RequestError::BodyTooLarge(limit));
    }
    Ok(bytes)
}

/// Discards a body that is not used, so that the client reads the response.
pub(super) async fn discard(body: Body, headers: &HeaderMap) {
    // A client that sends `Expect` waits for the response before it sends the body.
    if !headers.contains_key(header::EXPECT) {
        drain(body.into_data_stream()).await;
    }
}

/// Collects the body; false if it exceeds the limit.
async fn collect(chunks: &mut BodyDataStream, limit: usize, bytes: &mut Vec<u8>) -> Result<bool, RequestError> {
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| RequestError::BodyBroken)?;
        if chunk.len() > limit - bytes.len() {
            return Ok(false);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(true)
}

async fn drain(mut chunks: BodyDataStream) {
    let all = async {
        let mut left = DISCARDED_BYTES;
        while let Some(Ok(chunk)) = chunks.next().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // Whether the body ended or the time limit was reached, the response is sent now.
    let _ = timeout(DISCARDED_FOR, all).await;
}
