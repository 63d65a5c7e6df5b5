//! Builds the mail transport and the links of messages from the settings.

use secrecy::SecretString;

use super::error::CliError;
use crate::config::{Config, SmtpSecurity as Security};
use crate::mail::{Smtp, SmtpSecurity, SmtpSettings, Transport};
use crate::services::Links;

/// The mail server, if one is set.
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
            .map(|(user, password)| (user.clone(), SecretString::from(password.expose()))),
        from_address: mail.from.address.clone(),
        from_name: mail.from.name.clone(),
    };
    let smtp = Smtp::new(&settings).map_err(|error| CliError::usage(format!("SMTP_URL, MAIL_FROM: {error}")))?;
    Ok(Some(Transport::Smtp(smtp)))
}

/// The base of links: the public address, or the listen address if no public address is set.
pub(super) fn links(config: &Config) -> Links {
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    Links { reset_password: config.reset_page(&base), undo_email_change: format!("{base}/undo-email-change") }
}
