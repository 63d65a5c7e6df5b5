//! The table itself: names and defaults.

use std::path::PathBuf;

use super::given;
use crate::{config::settings, storage::db::Location};

/// `docs/configuration.md` shows the texts of all defaults, and is compared with the table.
#[test]
fn defaults_become_the_values_of_the_layers() {
    let config = given().config();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert!(matches!(&config.database, Location::Sqlite(path) if path == &PathBuf::from("userprofile.db")));
    assert_eq!(config.hashing.memory, 19 * 1024);
    assert!(config.hashing.concurrency >= 1);
    assert_eq!(config.http.body_limit, 1 << 20);
    assert!(config.smtp.is_none() && config.secret_key.is_none() && config.http.trusted_proxies.is_empty());
}

#[test]
fn every_setting_has_an_environment_variable_and_a_flag() {
    for setting in settings() {
        assert!(
            ["DATABASE_URL", "DATABASE_URL_FILE", "SMTP_URL", "SMTP_URL_FILE", "MAIL_FROM", "RUST_LOG"]
                .contains(&setting.environment.as_str())
                || setting.environment.starts_with("USERPROFILE_")
        );
        assert_eq!(setting.environment.trim_start_matches("USERPROFILE_").to_lowercase(), setting.name);
        assert_eq!(setting.flag, setting.name.replace('_', "-"));
        assert!(setting.meaning.ends_with('.') && !setting.meaning.contains('\n'), "{}", setting.name);
        assert_eq!(settings().iter().filter(|other| other.name == setting.name).count(), 1);
    }
    let config = given().config();
    let names: Vec<_> = config.settings.iter().map(|effective| effective.setting.name).collect();
    assert_eq!(names, settings().iter().map(|setting| setting.name).collect::<Vec<_>>());
}
