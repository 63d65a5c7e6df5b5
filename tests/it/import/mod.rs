//! Import and export, below the command line: errors, what a line replaces and what it keeps, and that export after
//! import is the same.

mod deleting;
mod errors;
mod memory;
mod plans;
mod replacing;
mod round_trip;
mod state;
mod users;

use std::io::{Cursor, Read, Seek};

use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::services::Error;
use userprofile::services::transfer::export::ExportOptions;
use userprofile::services::transfer::import::{ImportErrors, ImportOptions, ImportRefusal, ImportSummary};

use crate::support::TestApp;

impl TestApp {
    async fn try_import(&self, lines: &str) -> Result<ImportSummary, ImportErrors> {
        self.import_with(lines, ImportOptions::default()).await
    }

    async fn import_with(&self, lines: &str, options: ImportOptions) -> Result<ImportSummary, ImportErrors> {
        let source = Cursor::new(lines.to_owned().into_bytes());
        match self.services.import(source, options, |_| {}).await {
            Ok(summary) => Ok(summary),
            Err(Error::Refused(ImportRefusal::Invalid(faults))) => Err(faults),
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Everything, without secrets.
    async fn export(&self) -> String {
        self.export_with(ExportOptions::default()).await
    }

    /// Everything.
    async fn export_with_secrets(&self) -> String {
        self.export_with(ExportOptions { with_secrets: true }).await
    }

    async fn export_with(&self, options: ExportOptions) -> String {
        let mut file = tempfile::tempfile().unwrap();
        self.services.export(file.try_clone().unwrap(), options).await.unwrap();
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    }

    /// The line of one user, secrets included.
    async fn exported_user(&self, user: &str) -> serde_json::Value {
        let exported = self.export_with_secrets().await;
        let mut lines = exported.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.find(|line| line["kind"] == "user" && line["user_id"] == user).unwrap_or_else(|| panic!("{exported}"))
    }

    /// The line that `user show` prints.
    async fn shown(&self, domain: &str, user: &str) -> String {
        let (domain, login) = (DomainId::parse(domain).unwrap(), LoginId::parse(user).unwrap());
        self.services.show_user(&domain, &login).await.unwrap()
    }
}

/// Asserts that the lines are refused, for exactly these errors: a line's number and a part of the message.
#[track_caller]
fn assert_errors(result: Result<ImportSummary, ImportErrors>, expected: &[(u64, &str)]) {
    let errors = result.expect_err("it was not refused");
    let listed: Vec<u64> = errors.listed.iter().map(|error| error.line).collect();
    assert_eq!(listed, expected.iter().map(|(line, _)| *line).collect::<Vec<_>>(), "{errors}");
    for (error, (_, part)) in errors.listed.iter().zip(expected) {
        assert!(error.message.contains(part), "«{part}» is not in «{}»", error.message);
    }
}
