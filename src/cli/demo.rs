//! `serve --demo`: a made-up company to explore.

use std::io::Cursor;

use super::error::CliError;
use crate::config::Config;
use crate::http::SampleUsers;
use crate::services::Services;
use crate::services::transfer::import::ImportOptions;
use crate::storage::db::Location;

/// The company, in the form that `import` reads.
const COMPANY: &str = include_str!("../../demo/company.jsonl");

/// The users to sign in as. Their password is public, so a demo is only served to this machine.
const SAMPLE_USERS: &str = include_str!("../../demo/sample-users.json");

/// Checks that the demo is served to this machine only, and from SQLite.
pub(super) fn check_place(config: &Config) -> Result<(), CliError> {
    if !config.listen.ip().is_loopback() {
        let message = format!(
            "--demo cannot listen on {}, because its passwords are public; set USERPROFILE_LISTEN to 127.0.0.1:8080 or \
             [::1]:8080",
            config.listen
        );
        return Err(CliError::usage(message));
    }
    if !matches!(config.database, Location::Sqlite(_)) {
        return Err(CliError::usage("--demo needs a SQLite file of its own; set DATABASE_URL to sqlite:FILE"));
    }
    Ok(())
}

/// Fills an empty database with the company, unless that was done before, and returns the users to sign in as. Refuses a
/// database that contains anything else.
pub(super) async fn fill(services: &Services) -> Result<SampleUsers, CliError> {
    if !services.claim_for_demo().await? {
        return Err(CliError::failed(
            "--demo needs an empty database, but this one contains other data; set DATABASE_URL to sqlite: and another \
             file",
        ));
    }
    if !services.has_domains().await? {
        let company = Cursor::new(COMPANY.as_bytes());
        services.import(company, ImportOptions::default(), |_| {}).await?;
    }
    serde_json::from_str(SAMPLE_USERS)
        .map_err(|error| CliError::failed(format!("the list of sample users in this program is malformed: {error}")))
}

/// The text for a terminal that says which users to sign in as.
pub(super) fn guide(sample: &SampleUsers) -> String {
    let line = |domain_id: &str, user_id: &str, about: &str| format!("  {domain_id:<16}  {user_id:<24}  {about}\n");
    let users: String = sample.users.iter().map(|user| line(&user.domain_id, &user.user_id, &user.about)).collect();
    format!(
        "Sign in above the editor. The password of every sample user is {}. Some of the users:\n\n{}{users}\n\
         demo/README.md lists all 32 users, and what each one shows. Ctrl-C stops the server.",
        sample.password,
        line("domain id", "user id", "").trim_end().to_owned() + "\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_users_are_users_of_the_company() {
        let sample: SampleUsers = serde_json::from_str(SAMPLE_USERS).unwrap();
        for user in &sample.users {
            let key = format!(r#""domain_id":"{}","user_id":"{}""#, user.domain_id, user.user_id);
            let line = COMPANY.lines().find(|line| line.contains(&key)).unwrap_or_else(|| panic!("{key}"));
            assert!(line.contains(&format!(r#""password":"{}""#, sample.password)), "{line}");
        }
        assert!(guide(&sample).contains("  domain-bluebell   mei@bluebell.example      uses MFA"));
    }
}
