use super::*;
use crate::domain::ids::UserId;
use crate::domain::user::{AuthType, RequiredAction, User, UserRoleType, UserState};

const RULES: Rules = Rules { now: Timestamp::UNIX_EPOCH, password_min_length: 8 };

fn put(line: &str) -> Record {
    match parse(line, &RULES) {
        Ok(Line { change: Change::Put(record), .. }) => record,
        other => panic!("{other:?}"),
    }
}

fn record(rest: &str) -> UserRecord {
    match put(&format!(r#"{{"kind":"user","domain_id":"domain-1","user_id":"Wonny@x.org"{rest}}}"#)) {
        Record::User(user) => *user,
        other => panic!("{other:?}"),
    }
}

fn user(rest: &str) -> User {
    record(rest).into_user(UserId::parse("user-generated").unwrap(), RULES.now, None)
}

fn errors(line: &str) -> Vec<String> {
    parse(line, &RULES).unwrap_err().errors
}

/// The only error of a user's line that contains `rest`.
fn user_error(rest: &str) -> String {
    let errors = errors(&format!(r#"{{"kind":"user","domain_id":"domain-1","user_id":"wonny@x.org"{rest}}}"#));
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors[0].clone()
}

#[test]
fn omitted_fields_and_null_have_their_defaults() {
    for rest in [
        "",
        r#","name":null,"mfa":null,"tags":null,"state":null,"password":null,"required_actions":null,"delete":null"#,
    ] {
        let record = record(rest);
        assert_eq!((record.id(), record.password()), (None, None));
        let user = user(rest);
        assert_eq!((user.login.as_str(), user.login.key()), ("Wonny@x.org", "wonny@x.org"));
        assert_eq!(
            (user.state, user.auth_type, user.role_type),
            (UserState::Enabled, AuthType::Local, UserRoleType::User)
        );
        assert_eq!((user.language.as_str(), user.timezone.as_str(), user.tags.as_str()), ("en", "UTC", "{}"));
        assert_eq!((user.id.as_str(), user.created_at, user.email_verified), ("user-generated", RULES.now, false));
    }
    let Record::Workspace(workspace) =
        put(r#"{"kind":"workspace","domain_id":"domain-1","workspace_id":"workspace-1","name":"w"}"#)
    else {
        unreachable!()
    };
    let Dated { entity, has_created_at } = *workspace;
    assert_eq!((entity.created_at, has_created_at, entity.is_managed), (RULES.now, false, false));
}

#[test]
fn all_errors_of_a_line_are_reported() {
    let line = r#"{"kind":"user","domain_id":"acme","name":7,"email":"x","state":"GONE","tags":[],"refresh_timeout":1799,"emial":1}"#;
    let mut fields: Vec<String> =
        errors(line).iter().filter_map(|error| error.split('`').nth(1).map(str::to_owned)).collect();
    fields.sort();
    assert_eq!(fields, ["domain_id", "email", "emial", "name", "refresh_timeout", "state", "tags", "user_id"]);
    assert_eq!(parse(line, &RULES).unwrap_err().entity, None);
}

#[test]
fn an_invalid_line_names_its_entity() {
    let invalid = parse(r#"{"kind":"domain","domain_id":"domain-1","name":""}"#, &RULES).unwrap_err();
    assert_eq!(invalid.entity.unwrap().key(), ("domain-1", ""));
}

#[test]
fn kind_must_be_known_and_may_be_anywhere() {
    assert!(parse(r#"{"domain_id":"domain-1","kind":"domain","name":"x"}"#, &RULES).is_ok());
    for line in ["{}", r#"{"kind":"project"}"#, r#"{"kind":7}"#, r#"{"kind":null}"#] {
        assert!(errors(line)[0].starts_with("`kind`: this must be one of domain, role, user"), "{line}");
    }
}

#[test]
fn other_text_than_an_object_is_refused_without_being_repeated() {
    for line in ["hunter2", "\"hunter2\"", "[\"hunter2\"]", "{\"password\":\"hunter2", "{\"a\":hunter2}", "{}hunter2"] {
        let errors = errors(line);
        assert!(errors.len() == 1 && !errors[0].contains("hunter2"), "{errors:?}");
    }
    assert_eq!(errors("{\n"), ["this is not JSON: the line ends before its object is complete"]);
    assert_eq!(errors(" {\"a\" 1}"), ["this is not JSON: expected `:` at column 7"]);
}

#[test]
fn a_key_that_occurs_twice_is_refused_wherever_it_is() {
    let twice = "this key occurs twice in one object";
    let domain = |rest: &str| errors(&format!(r#"{{"kind":"domain","domain_id":"domain-1","name":"x"{rest}}}"#));
    assert_eq!(domain(r#","name":"y""#), [format!("`name`: {twice}")]);
    assert_eq!(domain(r#","tags":{"a":{"b":1,"b":2}}"#), [format!("`tags.a.b`: {twice}")]);
    assert_eq!(domain(r#","tags":{"a":1,"a":1},"delete":true"#), [format!("`tags.a`: {twice}")]);
    assert_eq!(
        user_error(r#","mfa":{"options":{"enforce":true,"enforce":true}}"#),
        format!("`mfa.options.enforce`: {twice}")
    );
}

#[test]
fn a_password_is_checked_and_never_repeated() {
    let plain = record(r#","password":"correct horse""#);
    assert!(plain.password().is_some() && plain.password_hash().is_none());
    let hash = bcrypt::hash("x", 4).unwrap();
    let hashed = record(&format!(r#","password_hash":"{hash}""#));
    assert!(hashed.password().is_none() && hashed.password_hash() == Some(&hash));
    for (rest, part) in [
        (r#","password":"hunter2""#, "at least 8"),
        (r#","password":"password123""#, "too common"),
        (r#","password":"xx-Wonny-hunter2""#, "must not contain"),
        (r#","password_hash":"hunter2""#, "no hash of a supported kind"),
        (r#","name":"Hunter Two","password":"hunter two!!""#, "must not contain"),
    ] {
        let error = user_error(rest);
        assert!(error.contains(part) && !error.contains("hunter"), "{error}");
    }
    assert!(user_error(&format!(r#","password":"correct horse","password_hash":"{hash}""#)).contains("both"));
    assert!(!format!("{plain:?}{hashed:?}").contains("horse") && !format!("{hashed:?}").contains(&hash));
}

#[test]
fn enabled_mfa_has_a_type_and_an_address_for_codes() {
    let with_mfa = |mfa: &str| record(&format!(r#","email":"a@x.org","email_verified":true,"mfa":{mfa}"#));
    let email = with_mfa(r#"{"state":"ENABLED","mfa_type":"EMAIL"}"#);
    assert_eq!(email.mfa.email.unwrap().as_str(), "a@x.org");
    let other = with_mfa(r#"{"state":"ENABLED","mfa_type":"EMAIL","options":{"email":"b@x.org","enforce":true}}"#);
    assert_eq!((other.mfa.email.unwrap().as_str(), other.mfa.enforce), ("b@x.org", true));
    let otp = with_mfa(r#"{"state":"ENABLED","mfa_type":"OTP","otp_secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}"#);
    assert!(otp.needs_otp_secret() && otp.otp_secret.is_some());
    for (mfa, part) in [
        (r#"{"state":"ENABLED"}"#, "`mfa.mfa_type`"),
        (r#"{"state":"ENABLED","mfa_type":"EMAIL"}"#, "`mfa.options.email`"),
        (r#"{"options":{"enforced":true}}"#, "`mfa.options.enforced`: unknown field; the fields are email, enforce"),
        (r#"{"otp_secret":"GEZDGNBV"}"#, "`mfa.otp_secret`"),
        (r"[]", "`mfa`"),
    ] {
        let error = user_error(&format!(r#","mfa":{mfa}"#));
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn other_values_of_a_user_follow_the_rules_of_the_domain_model() {
    let actions = user(r#","required_actions":["UPDATE_PASSWORD","ENFORCE_MFA","UPDATE_PASSWORD"]"#).required_actions;
    assert_eq!(actions, [RequiredAction::EnforceMfa, RequiredAction::UpdatePassword]);
    assert_eq!(user(r#","refresh_timeout":1800"#).refresh_timeout, Some(1800));
    for rest in [
        r#","required_actions":["SMILE"]"#,
        r#","required_actions":[null]"#,
        r#","required_actions":"UPDATE_PASSWORD""#,
        r#","refresh_timeout":2592001"#,
        r#","refresh_timeout":1800.5"#,
        r#","refresh_timeout":"1800""#,
        r#","email_verified":true"#,
        r#","email_verified":"yes""#,
        r#","id":"domain-1""#,
        r#","created_at":"yesterday""#,
        r#","timezone":"Mars/Olympus""#,
        r#","tags":{"a":"\u0000"}"#,
        r#","tags":{"a":1e400}"#,
        r#","name":"\ud800""#,
    ] {
        user_error(rest);
    }
}

#[test]
fn a_group_has_each_user_once_and_not_too_many() {
    let group = |users: &str| {
        format!(
            r#"{{"kind":"workspace_group","domain_id":"domain-1","workspace_group_id":"wg-1","name":"g","users":{users}}}"#
        )
    };
    let twice = errors(&group(r#"[{"user_id":"José"},{"user_id":"JOSE\u0301","role_type":"WORKSPACE_OWNER"}]"#));
    assert_eq!(twice, ["`users[1].user_id`: the list contains this user already"]);
    let many = |number| (0..number).map(|n| format!(r#"{{"user_id":"u{n}"}}"#)).collect::<Vec<_>>().join(",");
    assert!(parse(&group(&format!("[{}]", many(10_000))), &RULES).is_ok());
    assert_eq!(errors(&group(&format!("[{}]", many(10_001)))).len(), 1);
    assert_eq!(errors(&group(r#"[7,{"role_type":"USER","name":"x"}]"#)).len(), 4);
}

#[test]
fn a_binding_may_name_a_workspace() {
    let binding = |rest: &str| {
        let fields = r#""user_id":"u","role_id":"r","role_type":"WORKSPACE_MEMBER""#;
        format!(r#"{{"kind":"role_binding","domain_id":"domain-1","role_binding_id":"rb-1",{fields}{rest}}}"#)
    };
    assert!(parse(&binding(r#","resource_group":"DOMAIN""#), &RULES).is_ok());
    assert!(parse(&binding(r#","resource_group":"WORKSPACE","workspace_id":"workspace-1""#), &RULES).is_ok());
    // Such a binding grants access to no workspace.
    assert!(parse(&binding(r#","resource_group":"WORKSPACE""#), &RULES).is_ok());
    assert_eq!(errors(&binding(r#","resource_group":"WORKSPACE","workspace_id":"*""#)).len(), 1);
    assert!(errors(&binding(""))[0].contains("missing"));
}

#[test]
fn a_deletion_needs_its_key_and_ignores_the_values_of_other_fields() {
    let line = r#"{"kind":"workspace","workspace_id":"workspace-1","domain_id":"domain-1","delete":true}"#;
    let Ok(Line { entity, change: Change::Delete }) = parse(line, &RULES) else { unreachable!() };
    assert_eq!((entity.kind, entity.domain_id.unwrap().as_str()), (EntityKind::Workspace, "domain-1"));
    assert!(parse(r#"{"kind":"workspace","workspace_id":"workspace-1","delete":true}"#, &RULES).is_ok());
    assert!(parse(r#"{"kind":"user","domain_id":"domain-1","user_id":"U","delete":true}"#, &RULES).is_ok());
    assert!(errors(r#"{"kind":"user","user_id":"U","delete":true}"#)[0].contains("`domain_id`"));
    assert!(parse(r#"{"kind":"domain","domain_id":"domain-1","name":7,"delete":true}"#, &RULES).is_ok());
    let unknown = errors(r#"{"kind":"domain","domain_id":"domain-1","nmae":"x","delete":true}"#);
    assert_eq!(unknown, ["`nmae`: unknown field; the fields are kind, delete, domain_id, name, state, tags"]);
    assert!(errors(r#"{"kind":"domain","domain_id":"domain-1","delete":"yes"}"#)[0].contains("`delete`"));
}

#[test]
fn a_written_line_is_parsed_as_the_same_entity() {
    let line = r#"{"kind":"workspace_group","domain_id":"domain-1","workspace_group_id":"wg-1","name":"g","users":[{"user_id":"A"},{"user_id":"b","role_id":"r","role_type":"WORKSPACE_OWNER"}],"tags":{"a":1},"created_at":"2026-01-31T09:30:00Z"}"#;
    let Record::WorkspaceGroup(Dated { entity: group, has_created_at: true }) = put(line) else { unreachable!() };
    assert_eq!(serde_json::to_string(&GroupLine::from(group)).unwrap(), line);

    let line = r#"{"kind":"user","domain_id":"domain-1","user_id":"Wonny@x.org","id":"user-1","password_hash":"$2b$04$","name":"W","state":"PENDING","email":"a@x.org","email_verified":true,"auth_type":"EXTERNAL","role_id":"r","role_type":"DOMAIN_ADMIN","mfa":{"state":"ENABLED","mfa_type":"OTP","options":{"enforce":true},"otp_secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},"language":"pt-BR","timezone":"Asia/Seoul","required_actions":["ENFORCE_MFA"],"refresh_timeout":1800,"tags":{"a":"\n"},"created_at":"2026-01-31T09:30:00Z","last_accessed_at":"2026-01-31T09:30:00.000001Z"}"#;
    let hash = bcrypt::hash("x", 4).unwrap();
    let line = line.replace("$2b$04$", &hash);
    let Record::User(user) = put(&line) else { unreachable!() };
    let (id, otp_secret) = (user.id().unwrap().clone(), user.otp_secret.clone());
    let user = user.into_user(id, RULES.now, None);
    assert_eq!(serde_json::to_string(&UserLine::new(user, Some(hash), otp_secret)).unwrap(), line);
}
