//! A mail server on a socket that records the messages it receives.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use super::log;
use mail_parser::MessageParser;
use mailin::{Action, Handler, Response, SessionBuilder, response};
use userprofile::mail::{Smtp, SmtpSecurity, SmtpSettings, Transport};

/// A received message.
#[derive(Clone)]
pub struct Message {
    /// The recipients of the envelope.
    pub recipients: Vec<String>,
    /// The message with all headers and parts, as received.
    pub raw: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Message {
    /// The verification code: the only run of six digits in the text.
    #[track_caller]
    pub fn code(&self) -> String {
        let runs: Vec<&str> = self.text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 6).collect();
        assert_eq!(runs.len(), 1, "{}", self.text);
        log::record_secret(runs[0]);
        runs[0].to_owned()
    }

    /// The token in the fragment of the only link.
    #[track_caller]
    pub fn token(&self) -> String {
        let (_, rest) = self.text.split_once("#token=").unwrap_or_else(|| panic!("no link: {}", self.text));
        let token = rest.split_whitespace().next().unwrap();
        log::record_secret(token);
        token.to_owned()
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "to {:?}: {}", self.recipients, self.subject)
    }
}

/// How the server responds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behavior {
    /// Accepts every message.
    Normal,
    /// Rejects every recipient with this code.
    RejectRecipients(u16),
    /// Replies to this command (`MAIL`, `RCPT`, or `.` for the message) with a code and a text.
    Reply(&'static str, u16, &'static str),
    /// Waits this long before it accepts a message.
    Slow(Duration),
}

/// A mail server on a port of its own.
#[derive(Clone)]
pub struct MailServer {
    port: u16,
    behavior: Arc<Mutex<Behavior>>,
    /// The received messages by sender.
    received: Arc<Mutex<HashMap<String, Vec<Message>>>>,
}

impl MailServer {
    /// The server that most tests share. Each test has its own sender address.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<MailServer> = OnceLock::new();
        SHARED.get_or_init(|| Self::on(TcpListener::bind("127.0.0.1:0").unwrap()))
    }

    /// Starts a server on a socket.
    pub fn on(listener: TcpListener) -> Self {
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            behavior: Arc::new(Mutex::new(Behavior::Normal)),
            received: Arc::default(),
        };
        let accepting = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (server, stream) = (accepting.clone(), stream.unwrap());
                // A client may disconnect at any time; that is not an error of the test.
                std::thread::spawn(move || server.converse(&stream).unwrap_or_default());
            }
        });
        server
    }

    fn converse(&self, stream: &TcpStream) -> io::Result<()> {
        let session = Session { server: self.clone(), from: String::new(), to: vec![], data: vec![] };
        let mut session = SessionBuilder::new("mail.test").build(stream.peer_addr()?.ip(), session);
        let (mut reader, mut writer) = (BufReader::new(stream), stream);
        let mut response = session.greeting();
        loop {
            if !matches!(response.action, Action::NoReply) {
                let mut written = Vec::new();
                response.write_to(&mut written)?;
                writer.write_all(&written)?;
            }
            let mut line = Vec::new();
            if matches!(response.action, Action::Close) || reader.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            response = session.process(&line);
        }
    }

    /// Changes how the server responds from now on.
    pub fn set_behavior(&self, behavior: Behavior) {
        *self.behavior.lock().unwrap() = behavior;
    }

    fn reply_to(&self, command: &str) -> Option<Response> {
        match *self.behavior.lock().unwrap() {
            Behavior::Reply(to, code, text) if to == command => Some(Response::custom(code, text.to_owned())),
            _ => None,
        }
    }

    /// A transport to this server, and its unique sender address.
    pub fn transport(&self) -> (Transport, String) {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let sender = format!("noreply-{}@userprofile.test", NUMBER.fetch_add(1, Ordering::Relaxed));
        (transport(self.port, &sender), sender)
    }

    /// All messages from this sender, in order.
    pub fn received(&self, sender: &str) -> Vec<Message> {
        self.received.lock().unwrap().get(sender).cloned().unwrap_or_default()
    }
}

/// A transport to a server on this port of this machine.
pub fn transport(port: u16, sender: &str) -> Transport {
    let settings = SmtpSettings {
        security: SmtpSecurity::Plain,
        host: "127.0.0.1".to_owned(),
        port,
        helo_name: "id.test".to_owned(),
        credentials: None,
        from_address: sender.to_owned(),
        from_name: Some("UserProfile".to_owned()),
    };
    Transport::Smtp(Smtp::new(&settings).unwrap())
}

#[derive(Clone)]
struct Session {
    server: MailServer,
    from: String,
    to: Vec<String>,
    data: Vec<u8>,
}

impl Handler for Session {
    fn mail(&mut self, _ip: IpAddr, _domain: &str, from: &str) -> Response {
        if let Some(response) = self.server.reply_to("MAIL") {
            return response;
        }
        from.trim_matches(['<', '>']).clone_into(&mut self.from);
        self.to.clear();
        self.data.clear();
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        if let Some(response) = self.server.reply_to("RCPT") {
            return response;
        }
        if let Behavior::RejectRecipients(code) = *self.server.behavior.lock().unwrap() {
            return Response::custom(code, "not here".to_owned());
        }
        self.to.push(to.trim_matches(['<', '>']).to_owned());
        response::OK
    }

    fn data(&mut self, buffer: &[u8]) -> io::Result<()> {
        self.data.extend_from_slice(buffer);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        if let Some(response) = self.server.reply_to(".") {
            return response;
        }
        let behavior = *self.server.behavior.lock().unwrap();
        if let Behavior::Slow(delay) = behavior {
            std::thread::sleep(delay);
        }
        let parsed = MessageParser::default().parse(&self.data).unwrap();
        let message = Message {
            recipients: self.to.clone(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            text: parsed.body_text(0).unwrap_or_default().into_owned(),
            html: parsed.body_html(0).unwrap_or_default().into_owned(),
            raw: String::from_utf8_lossy(&self.data).into_owned(),
        };
        message.text.lines().filter(|line| line.len() > 20).for_each(log::record_secret);
        self.server.received.lock().unwrap().entry(self.from.clone()).or_default().push(message);
        response::OK
    }
}
