//! The rules between settings, and the assembly of the [`Config`].

use url::{Host, Url};

use super::{
    kinds::DocumentsMode,
    resolve::Reader,
    setting::Group as _,
    table::{
        Browsers, Codes, Database, Documents, Hashing, Http, KeySettings, Limits, Log, MailSettings, Passwords, Sends,
        Server, Tokens,
    },
    values::{Config, Mail},
};

/// Reads all groups and checks the rules between them. Records all errors in `reader`; `None` if a value is missing
/// because of one.
pub(super) fn assemble(reader: &mut Reader) -> Option<Config> {
    let server = Server::read(reader);
    let database = Database::read(reader);
    let mail = MailSettings::read(reader);
    let key = KeySettings::read(reader);
    let log = Log::read(reader);
    let codes = Codes::read(reader);
    let sends = Sends::read(reader);
    let passwords = Passwords::read(reader);
    let hashing = Hashing::read(reader);
    let tokens = Tokens::read(reader);
    let limits = Limits::read(reader);
    let documents = Documents::read(reader);
    let http = Http::read(reader);
    let browsers = Browsers::read(reader);

    check_mail(reader);
    check_secret_key(reader);
    if documents.as_ref().is_some_and(|documents| documents.mode.is_some_and(|mode| mode != DocumentsMode::Off)) {
        check_manifest(reader);
    }
    if let Some(hashing) = &hashing {
        check_argon2(reader, hashing);
    }

    let (server, mail, key) = (server?, mail?, key?);
    Some(Config {
        listen: server.listen,
        database: database?,
        smtp_url_file: mail.smtp_url_file.clone(),
        mail: assemble_mail(mail, server.public_url.as_deref()),
        public_url: server.public_url,
        reset_url: server.reset_url,
        app_url: server.app_url,
        secret_key: key.secret_key,
        secret_key_file: key.secret_key_file,
        trusted_proxies: server.trusted_proxies,
        log: log?,
        codes: codes?,
        sends: sends?,
        passwords: passwords?,
        hashing: hashing?,
        tokens: tokens?,
        limits: limits?,
        documents: documents?,
        http: http?,
        browsers: browsers?,
        warnings: reader.warnings(),
        in_force: std::mem::take(&mut reader.in_force),
    })
}

/// How mail is sent, if it is. The public address also provides the best name for EHLO.
fn assemble_mail(mail: MailSettings, public_url: Option<&str>) -> Option<Mail> {
    let host =
        || public_url.and_then(|url| Url::parse(url).ok()).and_then(|url| url.host().map(|host| plain_host(&host)));
    let helo_name = mail.smtp_helo_name.or_else(host).unwrap_or_else(|| "localhost".to_owned());
    mail.smtp_url.zip(mail.mail_from).map(|(server, from)| Mail { server, from, helo_name })
}

/// Without the brackets of an IPv6 address.
fn plain_host(host: &Host<&str>) -> String {
    match host {
        Host::Domain(name) => (*name).to_owned(),
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    }
}

/// Mail requires a sender, and its links require a base.
fn check_mail(reader: &mut Reader) {
    for (needed, variable, right) in [
        ("mail_from", "MAIL_FROM", "set it to an e-mail address, such as `Acme <noreply@example.com>`"),
        ("public_url", "USERPROFILE_PUBLIC_URL", "set it to the address under which people reach the server"),
    ] {
        if reader.is_missing(needed) {
            reader.refuse_if_given("smtp_url", &format!("it needs {variable}, which is not set"), right);
        }
    }
}

fn check_secret_key(reader: &mut Reader) {
    if reader.is_given("secret_key") {
        reader.refuse_if_given("secret_key_file", "the secret key itself is given too", "give only one of the two");
    }
}

/// Trusted documents require a manifest.
fn check_manifest(reader: &mut Reader) {
    if reader.is_missing("documents") {
        let wrong = "it needs USERPROFILE_DOCUMENTS, which is not set";
        reader.refuse_if_given("documents_mode", wrong, "name the manifest there, or set this to `off`");
    }
}

/// RFC 9106, section 3.1: at least 8 KiB for each lane.
fn check_argon2(reader: &mut Reader, hashing: &Hashing) {
    let least = 8 * hashing.argon2_parallelism;
    if hashing.argon2_memory / 1024 < least {
        let wrong = format!("{} lanes need at least {least}KiB of memory", hashing.argon2_parallelism);
        let right = "raise USERPROFILE_ARGON2_MEMORY or lower USERPROFILE_ARGON2_PARALLELISM";
        reader.refuse_if_given("argon2_memory", &wrong, right);
    }
}
