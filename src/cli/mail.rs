//! Makes of the settings how mails are sent, and where their links lead.

use super::error::CliError;
use crate::config::{Config, SmtpSecurity as Security};
use crate::mail::{Smtp, SmtpPassword, SmtpSecurity, SmtpSettings, Transport};
use crate::services::Links;

/// The server that mails are sent by, where one is set.
pub(super) fn transport(config: &Config) -> Result<Option<Transport>, CliError> {
    let Some(mail) = &config.mail else { return Ok(None) };
    let server = &mail.server;
    let settings = SmtpSettings {
        security: match server.security {
            Security::Plain => SmtpSecurity::Plain,
            Security::StartTls => SmtpSecurity::StartTls,
            Security::Tls => SmtpSecurity::Tls,
        },
        host: server.host.clone(),
        port: server.port,
        helo_name: mail.helo_name.clone(),
        credentials: server
            .credentials
            .as_ref()
            .map(|(user, password)| (user.clone(), SmtpPassword::new(password.expose()))),
        from_address: mail.from.address.clone(),
        from_name: mail.from.name.clone(),
    };
    let smtp = Smtp::new(&settings).map_err(|error| CliError::usage(format!("SMTP_URL, MAIL_FROM: {error}")))?;
    Ok(Some(Transport::Smtp(smtp)))
}

/// Where links lead: below the address that people reach the server under, or, where nobody said which that is, the
/// address it listens on.
pub(super) fn links(config: &Config) -> Links {
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    Links { reset_password: config.reset_page(&base), undo_email_change: format!("{base}/undo-email-change") }
}
