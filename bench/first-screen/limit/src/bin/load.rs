//! A load generator that takes little processor time itself: it sends prepared requests over HTTP/1.1 and reads only
//! what it needs of the responses. Prints one line of JSON with times in microseconds.
//!
//! usage: load PORT PATH TOKENS BODY CONNECTIONS SECONDS|COUNTx
//!
//! TOKENS is a file with an access token on each line, over which the requests rotate, and BODY a file with the body
//! of each request. `COUNTx`, such as `200x`, sends this number of requests instead of for a time.

use std::error::Error;
use std::time::{Duration, Instant};
use std::{env, fs};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Failure = Box<dyn Error>;

#[derive(Clone, Copy)]
enum Until {
    Time(Instant),
    Count(usize),
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [port, path, tokens, body, connections, amount] = arguments.as_slice() else {
        return Err("usage: load PORT PATH TOKENS BODY CONNECTIONS SECONDS|COUNTx".into());
    };
    let (port, connections) = (port.parse()?, connections.parse::<usize>()?);
    let body = fs::read_to_string(body)?;
    let requests: Vec<Vec<u8>> = fs::read_to_string(tokens)?.lines().map(|token| request(path, token, &body)).collect();
    let requests: &'static [Vec<u8>] = requests.leak();
    let began = Instant::now();
    let until = match amount.strip_suffix('x') {
        Some(count) => Until::Count(count.parse::<usize>()? / connections),
        None => Until::Time(began + Duration::from_secs_f64(amount.parse()?)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut times = runtime.block_on(async {
        let clients: Vec<_> = (0..connections)
            .map(|number| {
                tokio::task::spawn(async move {
                    client(port, requests, number, until).await.map_err(|error| error.to_string())
                })
            })
            .collect();
        let mut times = Vec::new();
        for client in clients {
            times.extend(client.await??);
        }
        Ok::<_, Failure>(times)
    })?;
    let seconds = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let percentile = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        times.get(index.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_nanos() as f64 / 1000.0)
    };
    println!(
        r#"{{"requests":{},"seconds":{seconds:.6},"perSecond":{:.1},"p50":{:.1},"p99":{:.1}}}"#,
        times.len(),
        times.len() as f64 / seconds,
        percentile(0.5),
        percentile(0.99)
    );
    Ok(())
}

fn request(path: &str, token: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Sends one request after the other, and returns the time of each.
async fn client(port: u16, requests: &[Vec<u8>], number: usize, until: Until) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    for request in requests.iter().cycle().skip(number) {
        let sent = Instant::now();
        let ends = match until {
            Until::Time(end) => sent >= end,
            Until::Count(count) => times.len() == count,
        };
        if ends {
            break;
        }
        stream.write_all(request).await?;
        receive(&mut stream, &mut buffer).await?;
        times.push(sent.elapsed());
    }
    Ok(times)
}

/// Reads one response into the buffer. Anything but data is an error, so that no failure is measured as a fast
/// response.
async fn receive(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<(), Failure> {
    let mut filled = 0;
    let mut end = None;
    loop {
        let rest = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()).ok_or("the response is too large")?;
        let read = stream.read(rest).await?;
        if read == 0 {
            return Err("the server closed the connection".into());
        }
        filled += read;
        let received = &buffer[..filled];
        if end.is_none()
            && let Some(head) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")
        {
            end = Some(body_end(&received[..head], head + 4)?);
        }
        let complete = match end {
            Some(End::At(end)) => filled >= end,
            Some(End::Chunked) => received.ends_with(b"\r\n0\r\n\r\n"),
            None => false,
        };
        if complete {
            return if has_data(received) { Ok(()) } else { Err(String::from_utf8_lossy(received).into()) };
        }
    }
}

/// Whether the body begins with the data of a user; the length of a chunk may precede it.
fn has_data(response: &[u8]) -> bool {
    const DATA: &[u8] = br#"{"data":{"me":{"#;
    let start = response.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(0);
    let beginning = &response[start..response.len().min(start + 40)];
    beginning.windows(DATA.len()).any(|bytes| bytes == DATA)
}

enum End {
    At(usize),
    Chunked,
}

/// Where the body ends, from the head of the response.
fn body_end(head: &[u8], start: usize) -> Result<End, Failure> {
    let head = std::str::from_utf8(head)?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(head.into());
    }
    for line in head.lines() {
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            return Ok(End::At(start + value.trim().parse::<usize>()?));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Ok(End::Chunked);
        }
    }
    Err("the response has neither a length nor chunks".into())
}
