//! The binary as a process, and its log.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

use super::server::TIMEOUT;

/// A running server, and the lines that it has logged so far, each a JSON object.
pub struct Logging {
    child: Child,
    pub lines: watch::Receiver<Vec<String>>,
}

impl Logging {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = watch::channel(Vec::new());
        std::thread::spawn(move || {
            for line in log.lines() {
                sender.send_modify(|lines| lines.push(line.unwrap()));
            }
        });
        Self { child, lines }
    }

    /// Waits for a matching entry.
    pub async fn entry(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let find = |lines: &Vec<String>| lines.iter().map(|line| parse(line)).find(|entry| wanted(entry));
        let found = timeout(TIMEOUT, self.lines.wait_for(|lines| find(lines).is_some())).await;
        let lines = found.expect("it is not logged").expect("the server ended");
        find(&lines).unwrap()
    }
}

impl Logging {
    /// Asks the server to stop.
    pub fn terminate(&self) {
        let process = rustix::process::Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// An entry of the log.
pub fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))
}
