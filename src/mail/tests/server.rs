//! A mail server with scripted replies.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The replies that differ from the default, by the beginning of the command; `""` is the greeting, `"."` the end of
/// the message. An empty reply means that none is sent.
pub(super) type Answers = &'static [(&'static str, &'static str)];

pub(super) struct Server {
    pub port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let all = Arc::clone(&all);
                all.lock().unwrap().push("(connected)".to_owned());
                thread::spawn(move || talk(&stream, answers, &all));
            }
        });
        Self { port, heard }
    }

    /// The commands received so far, without the content of messages, and `(connected)` for each connection.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn talk(mut stream: &TcpStream, answers: Answers, heard: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let mut say = |to: &str, usual: &str| {
        let found = answers.iter().find(|(command, _)| to.starts_with(command) && command.is_empty() == to.is_empty());
        let answer = found.map_or(usual, |(_, answer)| answer);
        let whole = if answer.is_empty() { String::new() } else { format!("{answer}\r\n") };
        let _ = stream.write_all(whole.as_bytes());
        answer.starts_with('3')
    };
    say("", "220 ready");
    while let Some(line) = lines.next() {
        heard.lock().unwrap().push(line.clone());
        let usual = match line.get(..4).unwrap_or_default() {
            "EHLO" => "250-here\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
            "DATA" => "354 go on",
            "AUTH" => "235 welcome",
            _ => "250 ok",
        };
        if say(&line, usual) && line == "DATA" {
            lines.by_ref().take_while(|line| line != ".").for_each(drop);
            say(".", "250 taken");
        }
        if line == "QUIT" {
            return;
        }
    }
}
