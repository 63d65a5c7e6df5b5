use super::*;
use crate::domain::user::{AuthType, RequiredAction, UserRoleType, UserState};

const RULES: Rules = Rules { now: Timestamp::UNIX_EPOCH, password_min_length: 8 };

fn put(line: &str) -> Record {
    match parse(line, &RULES) {
        Ok(Line::Put(record)) => record,
        other => panic!("{other:?}"),
    }
}

fn user(rest: &str) -> UserRecord {
    match put(&format!(r#"{{"kind":"user","domain_id":"domain-1","user_id":"Wonny@x.org"{rest}}}"#)) {
        Record::User(user) => *user,
        other => panic!("{other:?}"),
    }
}

fn faults(line: &str) -> Vec<String> {
    parse(line, &RULES).unwrap_err().faults
}

/// The only error of a user's line that contains `rest`.
fn user_fault(rest: &str) -> String {
    let faults = faults(&format!(r#"{{"kind":"user","domain_id":"domain-1","user_id":"wonny@x.org"{rest}}}"#));
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].clone()
}

#[test]
fn what_a_line_leaves_out_has_its_default_and_null_is_left_out() {
    for rest in [
        "",
        r#","name":null,"mfa":null,"tags":null,"state":null,"password":null,"required_actions":null,"delete":null"#,
    ] {
        let user = user(rest);
        assert_eq!((user.login.as_str(), user.login.key()), ("Wonny@x.org", "wonny@x.org"));
        assert_eq!(
            (user.state, user.auth_type, user.role_type),
            (UserState::Enabled, AuthType::Local, UserRoleType::User)
        );
        assert_eq!((user.language.as_str(), user.timezone.as_str(), user.tags.as_str()), ("en", "UTC", "{}"));
        assert_eq!((user.id, user.password, user.created_at, user.email_verified), (None, None, None, false));
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
fn every_fault_of_a_line_is_told() {
    let line = r#"{"kind":"user","domain_id":"acme","name":7,"email":"x","state":"GONE","tags":[],"refresh_timeout":1799,"emial":1}"#;
    let mut told: Vec<String> =
        faults(line).iter().filter_map(|fault| fault.split('`').nth(1).map(str::to_owned)).collect();
    told.sort();
    assert_eq!(told, ["domain_id", "email", "emial", "name", "refresh_timeout", "state", "tags", "user_id"]);
    assert_eq!(parse(line, &RULES).unwrap_err().key, None);
}

#[test]
fn a_faulty_line_still_says_what_it_is_about() {
    let bad = parse(r#"{"kind":"domain","domain_id":"domain-1","name":""}"#, &RULES).unwrap_err();
    assert_eq!(bad.key.unwrap().parts(), ("domain-1", ""));
}

#[test]
fn kind_must_be_known_wherever_it_stands() {
    assert!(parse(r#"{"domain_id":"domain-1","kind":"domain","name":"x"}"#, &RULES).is_ok());
    for line in ["{}", r#"{"kind":"project"}"#, r#"{"kind":7}"#, r#"{"kind":null}"#] {
        assert!(faults(line)[0].starts_with("`kind`: this must be one of domain, role, user"), "{line}");
    }
}

#[test]
fn a_password_is_checked_and_never_repeated() {
    assert!(matches!(user(r#","password":"correct horse""#).password, Some(NewPassword::Plain(_))));
    let hash = bcrypt::hash("x", 4).unwrap();
    assert!(matches!(user(&format!(r#","password_hash":"{hash}""#)).password, Some(NewPassword::Hash(_))));
    for (rest, told) in [
        (r#","password":"hunter2""#, "at least 8"),
        (r#","password":"password123""#, "too common"),
        (r#","password":"xx-Wonny-hunter2""#, "must not contain"),
        (r#","password_hash":"hunter2""#, "no hash of a supported kind"),
        (r#","name":"Hunter Two","password":"hunter two!!""#, "must not contain"),
    ] {
        let fault = user_fault(rest);
        assert!(fault.contains(told) && !fault.contains("hunter"), "{fault}");
    }
    assert!(user_fault(&format!(r#","password":"correct horse","password_hash":"{hash}""#)).contains("both"));
}

#[test]
fn a_second_factor_that_is_on_has_what_it_needs() {
    let with_mfa = |mfa: &str| user(&format!(r#","email":"a@x.org","email_verified":true,"mfa":{mfa}"#));
    let email = with_mfa(r#"{"state":"ENABLED","mfa_type":"EMAIL"}"#);
    assert_eq!(email.mfa.email.unwrap().as_str(), "a@x.org");
    let other = with_mfa(r#"{"state":"ENABLED","mfa_type":"EMAIL","options":{"email":"b@x.org","enforce":true}}"#);
    assert_eq!((other.mfa.email.unwrap().as_str(), other.mfa.enforce), ("b@x.org", true));
    let otp = with_mfa(r#"{"state":"ENABLED","mfa_type":"OTP","otp_secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}"#);
    assert!(otp.needs_otp_secret() && otp.otp_secret.is_some());
    for (mfa, told) in [
        (r#"{"state":"ENABLED"}"#, "`mfa.mfa_type`"),
        (r#"{"state":"ENABLED","mfa_type":"EMAIL"}"#, "`mfa.options.email`"),
        (r#"{"options":{"enforced":true}}"#, "`enforced`"),
        (r#"{"otp_secret":"GEZDGNBV"}"#, "`mfa.otp_secret`"),
        (r"[]", "`mfa`"),
    ] {
        let fault = user_fault(&format!(r#","mfa":{mfa}"#));
        assert!(fault.contains(told), "{fault}");
    }
}

#[test]
fn other_values_of_a_user_are_those_of_the_domain() {
    let actions = user(r#","required_actions":["UPDATE_PASSWORD","ENFORCE_MFA","UPDATE_PASSWORD"]"#).required_actions;
    assert_eq!(actions, [RequiredAction::EnforceMfa, RequiredAction::UpdatePassword]);
    assert_eq!(user(r#","refresh_timeout":1800"#).refresh_timeout, Some(1800));
    for rest in [
        r#","required_actions":["SMILE"]"#,
        r#","required_actions":"UPDATE_PASSWORD""#,
        r#","refresh_timeout":2592001"#,
        r#","refresh_timeout":1800.5"#,
        r#","email_verified":true"#,
        r#","email_verified":"yes""#,
        r#","id":"domain-1""#,
        r#","created_at":"yesterday""#,
        r#","timezone":"Mars/Olympus""#,
        r#","tags":{"a":"\u0000"}"#,
    ] {
        user_fault(rest);
    }
}

#[test]
fn a_group_has_no_user_twice_and_not_too_many() {
    let group = |users: &str| {
        format!(
            r#"{{"kind":"workspace_group","domain_id":"domain-1","workspace_group_id":"wg-1","name":"g","users":{users}}}"#
        )
    };
    let twice = faults(&group(r#"[{"user_id":"José"},{"user_id":"JOSE\u0301","role_type":"WORKSPACE_OWNER"}]"#));
    assert_eq!(twice, ["`users[1].user_id`: this user stands in the list before"]);
    let many = |number| (0..number).map(|n| format!(r#"{{"user_id":"u{n}"}}"#)).collect::<Vec<_>>().join(",");
    assert!(parse(&group(&format!("[{}]", many(10_000))), &RULES).is_ok());
    assert_eq!(faults(&group(&format!("[{}]", many(10_001)))).len(), 1);
    assert_eq!(faults(&group(r#"[7,{"role_type":"USER","name":"x"}]"#)).len(), 4);
}

#[test]
fn a_binding_to_a_workspace_names_it() {
    let binding = |rest: &str| {
        let fields = r#""user_id":"u","role_id":"r","role_type":"WORKSPACE_MEMBER""#;
        format!(r#"{{"kind":"role_binding","domain_id":"domain-1","role_binding_id":"rb-1",{fields}{rest}}}"#)
    };
    assert!(parse(&binding(r#","resource_group":"DOMAIN""#), &RULES).is_ok());
    assert!(parse(&binding(r#","resource_group":"WORKSPACE","workspace_id":"workspace-1""#), &RULES).is_ok());
    // Such a binding grants access to no workspace.
    assert!(parse(&binding(r#","resource_group":"WORKSPACE""#), &RULES).is_ok());
    assert_eq!(faults(&binding(r#","resource_group":"WORKSPACE","workspace_id":"*""#)).len(), 1);
    assert!(faults(&binding(""))[0].contains("missing"));
}

#[test]
fn a_deletion_needs_its_key_and_of_the_rest_only_the_names_matter() {
    let line = r#"{"kind":"workspace","workspace_id":"workspace-1","domain_id":"domain-1","delete":true}"#;
    let Ok(Line::Delete(deletion)) = parse(line, &RULES) else { unreachable!() };
    assert_eq!((deletion.key.kind(), deletion.domain_id.unwrap().as_str()), (Kind::Workspace, "domain-1"));
    assert!(parse(r#"{"kind":"workspace","workspace_id":"workspace-1","delete":true}"#, &RULES).is_ok());
    assert!(parse(r#"{"kind":"user","domain_id":"domain-1","user_id":"U","delete":true}"#, &RULES).is_ok());
    assert!(faults(r#"{"kind":"user","user_id":"U","delete":true}"#)[0].contains("`domain_id`"));
    assert!(parse(r#"{"kind":"domain","domain_id":"domain-1","name":7,"delete":true}"#, &RULES).is_ok());
    let unknown = faults(r#"{"kind":"domain","domain_id":"domain-1","nmae":"x","delete":true}"#);
    assert_eq!(unknown, ["`nmae`: there is no such field; there are kind, delete, domain_id, name, state, tags"]);
    assert!(faults(r#"{"kind":"domain","domain_id":"domain-1","delete":"yes"}"#)[0].contains("`delete`"));
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let group = r#"{"kind":"workspace_group","domain_id":"domain-1","workspace_group_id":"wg-1","name":"g","users":[{"user_id":"A"},{"user_id":"b","role_id":"r","role_type":"WORKSPACE_OWNER"}],"tags":{"a":1},"created_at":"2026-01-31T09:30:00Z"}"#;
    let Record::WorkspaceGroup(Dated { entity: record, has_created_at: true }) = put(group) else { unreachable!() };
    let mut written = Vec::new();
    write_group(&mut written, &record).unwrap();
    assert_eq!(String::from_utf8(written).unwrap().trim_end(), group);

    let line = r#"{"kind":"user","domain_id":"domain-1","user_id":"Wonny@x.org","id":"user-1","password_hash":"$2b$04$","name":"W","state":"PENDING","email":"a@x.org","email_verified":true,"auth_type":"EXTERNAL","role_id":"r","role_type":"DOMAIN_ADMIN","mfa":{"state":"ENABLED","mfa_type":"OTP","options":{"enforce":true},"otp_secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},"language":"pt-BR","timezone":"Asia/Seoul","required_actions":["ENFORCE_MFA"],"refresh_timeout":1800,"tags":{"a":"\n"},"created_at":"2026-01-31T09:30:00Z","last_accessed_at":"2026-01-31T09:30:00.000001Z"}"#;
    let hash = bcrypt::hash("x", 4).unwrap();
    let line = line.replace("$2b$04$", &hash);
    let Record::User(user) = put(&line) else { unreachable!() };
    let secrets = Secrets { password_hash: Some(hash), otp_secret: user.otp_secret.clone() };
    let id = user.id.clone().unwrap();
    let user = user.into_user(id, RULES.now, None);
    let mut written = Vec::new();
    write_user(&mut written, &user, &secrets).unwrap();
    assert_eq!(String::from_utf8(written).unwrap().trim_end(), line);
}
