//! The table itself: names and defaults.

use std::path::PathBuf;

use super::given;
use crate::{config::settings, storage::db::Location};

#[test]
fn defaults_are_as_documented() {
    let config = given().config();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert!(matches!(&config.database, Location::Sqlite(path) if path == &PathBuf::from("userprofile.db")));
    assert_eq!(config.hashing.memory, 19 * 1024);
    assert!(config.hashing.concurrency >= 1);
    assert_eq!(config.http.body_limit, 1 << 20);
    assert!(config.smtp.is_none() && config.secret_key.is_none() && config.http.trusted_proxies.is_empty());
    let promised = "
        code_ttl_email 10m, code_ttl_mfa 5m, otp_enrolment_ttl 15m, reset_token_ttl 30m, code_tries 5,
        code_tries_per_day 20, sends_per_minute 1, sends_per_hour 5, sends_per_hour_per_user 20,
        sends_per_hour_per_client 30, password_free_tries 5, password_max_wait 15m, password_free_tries_per_user 50,
        password_max_wait_per_user 60s, password_min_length 8, argon2_memory 19MiB, argon2_iterations 2,
        argon2_parallelism 1, hash_wait 5s, access_ttl 15m, refresh_ttl 3h, refresh_max_age 30d, refresh_grace 10s,
        fresh_for 10m, body_limit 1MiB, limit_depth 15, limit_nesting 64, limit_aliases 15, limit_root_fields 20,
        limit_tokens 4000, limit_errors 20, batch_size 0, header_timeout 10s, request_timeout 30s,
        response_timeout 30s, keep_alive_timeout 75s, shutdown_delay 0s, rust_log info,
        database_connections 16, listen 127.0.0.1:8080, database_url sqlite:userprofile.db";
    for promise in promised.split(',') {
        let (name, value) = promise.trim().split_once(' ').unwrap();
        let setting = settings().iter().find(|setting| setting.name == name).expect(name);
        assert_eq!((setting.default.text.as_str(), setting.default.description), (value, None), "{name}");
    }
}

#[test]
fn every_setting_has_an_environment_variable_and_a_flag() {
    let unprefixed = [
        "DATABASE_URL",
        "DATABASE_URL_FILE",
        "DATABASE_REPLICA_URL",
        "DATABASE_REPLICA_URL_FILE",
        "SMTP_URL",
        "SMTP_URL_FILE",
        "MAIL_FROM",
        "RUST_LOG",
    ];
    for setting in settings() {
        assert!(unprefixed.contains(&setting.environment.as_str()) || setting.environment.starts_with("USERPROFILE_"));
        assert_eq!(setting.environment.trim_start_matches("USERPROFILE_").to_lowercase(), setting.name);
        assert_eq!(setting.flag, setting.name.replace('_', "-"));
        assert!(setting.meaning.ends_with('.') && !setting.meaning.contains('\n'), "{}", setting.name);
        assert_eq!(settings().iter().filter(|other| other.name == setting.name).count(), 1);
    }
    let config = given().config();
    let names: Vec<_> = config.settings.iter().map(|effective| effective.setting.name).collect();
    assert_eq!(names, settings().iter().map(|setting| setting.name).collect::<Vec<_>>());
}
