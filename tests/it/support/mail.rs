//! A mail server that takes mails over a socket, as any other does, and tells what it took.

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

/// A mail, as it was received.
#[derive(Clone)]
pub struct Mail {
    /// Whom the envelope names.
    pub recipients: Vec<String>,
    /// Its headers and parts, as they came.
    pub raw: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Mail {
    /// The only run of six digits in the text.
    #[track_caller]
    pub fn code(&self) -> String {
        let runs: Vec<&str> = self.text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 6).collect();
        assert_eq!(runs.len(), 1, "{}", self.text);
        log::note(runs[0]);
        runs[0].to_owned()
    }

    /// The token in the fragment of the only link.
    #[track_caller]
    pub fn token(&self) -> String {
        let (_, rest) = self.text.split_once("#token=").unwrap_or_else(|| panic!("no link: {}", self.text));
        let token = rest.split_whitespace().next().unwrap();
        log::note(token);
        token.to_owned()
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "to {:?}: {}", self.recipients, self.subject)
    }
}

/// How a server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Refuses every recipient with this code.
    Refusing(u16),
    /// Answers this command (`MAIL`, `RCPT`, or `.` for the message) with a code and a text.
    Answering(&'static str, u16, &'static str),
    /// Takes so long to take a mail.
    Slow(Duration),
}

/// A mail server on a port of its own.
#[derive(Clone)]
pub struct MailServer {
    port: u16,
    mood: Arc<Mutex<Mood>>,
    /// By sender.
    received: Arc<Mutex<HashMap<String, Vec<Mail>>>>,
}

impl MailServer {
    /// The one that most tests share; each has a sender of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<MailServer> = OnceLock::new();
        SHARED.get_or_init(|| Self::on(TcpListener::bind("127.0.0.1:0").unwrap()))
    }

    /// One on a socket.
    pub fn on(listener: TcpListener) -> Self {
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            mood: Arc::new(Mutex::new(Mood::Well)),
            received: Arc::default(),
        };
        let taking = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (server, stream) = (taking.clone(), stream.unwrap());
                // One that hangs up in the middle has what it deserves.
                std::thread::spawn(move || server.converse(&stream).unwrap_or_default());
            }
        });
        server
    }

    fn converse(&self, stream: &TcpStream) -> io::Result<()> {
        let session = Session { server: self.clone(), from: String::new(), to: vec![], data: vec![] };
        let mut session = SessionBuilder::new("mail.test").build(stream.peer_addr()?.ip(), session);
        let (mut reader, mut writer) = (BufReader::new(stream), stream);
        let mut answer = session.greeting();
        loop {
            if !matches!(answer.action, Action::NoReply) {
                let mut written = Vec::new();
                answer.write_to(&mut written)?;
                writer.write_all(&written)?;
            }
            let mut line = Vec::new();
            if matches!(answer.action, Action::Close) || reader.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            answer = session.process(&line);
        }
    }

    /// From now on it behaves so.
    pub fn set_mood(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn answer_to(&self, command: &str) -> Option<Response> {
        match *self.mood.lock().unwrap() {
            Mood::Answering(to, code, text) if to == command => Some(Response::custom(code, text.to_owned())),
            _ => None,
        }
    }

    /// A way to send to it, with a sender of its own, which is told too.
    pub fn transport(&self) -> (Transport, String) {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let sender = format!("noreply-{}@userprofile.test", NUMBER.fetch_add(1, Ordering::Relaxed));
        (transport(self.port, &sender), sender)
    }

    /// All that came from this sender, in order.
    pub fn received(&self, sender: &str) -> Vec<Mail> {
        self.received.lock().unwrap().get(sender).cloned().unwrap_or_default()
    }
}

/// A way to send to whoever listens on this port.
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
        if let Some(answer) = self.server.answer_to("MAIL") {
            return answer;
        }
        from.trim_matches(['<', '>']).clone_into(&mut self.from);
        self.to.clear();
        self.data.clear();
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        if let Some(answer) = self.server.answer_to("RCPT") {
            return answer;
        }
        if let Mood::Refusing(code) = *self.server.mood.lock().unwrap() {
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
        if let Some(answer) = self.server.answer_to(".") {
            return answer;
        }
        let mood = *self.server.mood.lock().unwrap();
        if let Mood::Slow(delay) = mood {
            std::thread::sleep(delay);
        }
        let parsed = MessageParser::default().parse(&self.data).unwrap();
        let mail = Mail {
            recipients: self.to.clone(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            text: parsed.body_text(0).unwrap_or_default().into_owned(),
            html: parsed.body_html(0).unwrap_or_default().into_owned(),
            raw: String::from_utf8_lossy(&self.data).into_owned(),
        };
        mail.text.lines().filter(|line| line.len() > 20).for_each(log::note);
        self.server.received.lock().unwrap().entry(self.from.clone()).or_default().push(mail);
        response::OK
    }
}
