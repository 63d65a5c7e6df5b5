// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    codes (code_id) {
        code_id -> Text,
        owner_id -> Text,
        purpose -> Text,
        address -> Nullable<Text>,
        address_key -> Nullable<Text>,
        session_id -> Nullable<Text>,
        digest -> Nullable<Bytea>,
        token -> Nullable<Bytea>,
        otp_secret -> Nullable<Bytea>,
        tries -> Int4,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        passkey_state -> Nullable<Text>,
        account -> Nullable<Bytea>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    domains (domain_id) {
        domain_id -> Text,
        name -> Text,
        state -> Text,
        tags -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    installation (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    known_networks (network) {
        network -> Bytea,
        signed_in_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    outbox (job_id) {
        job_id -> Text,
        kind -> Text,
        payload -> Nullable<Bytea>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        due_at -> Timestamptz,
        tries -> Int4,
        leased_until -> Nullable<Timestamptz>,
        failed_at -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        owner_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    passkeys (passkey_id) {
        passkey_id -> Text,
        owner_id -> Text,
        user_handle -> Bytea,
        credential_id -> Bytea,
        credential -> Text,
        name -> Text,
        is_backed_up -> Bool,
        transports -> Text,
        created_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    password_attempts (counter) {
        counter -> Bytea,
        login -> Bytea,
        failures -> Int4,
        failed_at -> Timestamptz,
        blocked_until -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    recovery_codes (owner_id, digest) {
        owner_id -> Text,
        digest -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    role_bindings (role_binding_id) {
        role_binding_id -> Text,
        domain_id -> Text,
        user_id -> Text,
        user_id_key -> Text,
        role_id -> Text,
        role_type -> Text,
        resource_group -> Text,
        workspace_id -> Nullable<Text>,
        workspace_group_id -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    roles (domain_id, role_id) {
        domain_id -> Text,
        role_id -> Text,
        name -> Text,
        role_type -> Text,
        state -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    security_events (event_id) {
        event_id -> Text,
        owner_id -> Text,
        event_type -> Text,
        created_at -> Timestamptz,
        client_address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        actor -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    session_tokens (digest) {
        digest -> Bytea,
        session_id -> Text,
        purpose -> Text,
        expires_at -> Timestamptz,
        rotated_at -> Nullable<Timestamptz>,
        issued_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    sessions (session_id) {
        session_id -> Text,
        domain_id -> Text,
        owner_id -> Text,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        expires_at -> Timestamptz,
        authenticated_at -> Timestamptz,
        client_address -> Text,
        user_agent -> Nullable<Text>,
        written_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    tallies (tally_id) {
        tally_id -> Text,
        counter -> Bytea,
        counted_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    users (id) {
        id -> Text,
        domain_id -> Text,
        user_id -> Text,
        user_id_key -> Text,
        password_hash -> Nullable<Text>,
        name -> Nullable<Text>,
        state -> Text,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        email_verified -> Bool,
        pending_email -> Nullable<Text>,
        pending_email_key -> Nullable<Text>,
        auth_type -> Text,
        role_id -> Nullable<Text>,
        role_type -> Text,
        mfa_state -> Text,
        mfa_type -> Nullable<Text>,
        mfa_email -> Nullable<Text>,
        mfa_email_key -> Nullable<Text>,
        mfa_enforce -> Bool,
        otp_secret -> Nullable<Bytea>,
        language -> Text,
        timezone -> Text,
        required_actions -> Text,
        refresh_timeout -> Nullable<Int4>,
        tags -> Text,
        created_at -> Timestamptz,
        last_accessed_at -> Nullable<Timestamptz>,
        otp_last_step -> Nullable<Int8>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    workspace_group_users (workspace_group_id, user_id_key) {
        workspace_group_id -> Text,
        user_id_key -> Text,
        domain_id -> Text,
        user_id -> Text,
        role_id -> Nullable<Text>,
        role_type -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    workspace_groups (workspace_group_id) {
        workspace_group_id -> Text,
        domain_id -> Text,
        name -> Text,
        tags -> Text,
        created_by -> Nullable<Text>,
        updated_by -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp as Timestamptz;

    workspaces (workspace_id) {
        workspace_id -> Text,
        domain_id -> Text,
        name -> Text,
        name_key -> Text,
        state -> Text,
        tags -> Text,
        created_by -> Nullable<Text>,
        reference_id -> Nullable<Text>,
        is_managed -> Bool,
        is_dormant -> Bool,
        workspace_group_id -> Nullable<Text>,
        created_at -> Timestamptz,
        last_synced_at -> Nullable<Timestamptz>,
        dormant_updated_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(passkeys -> users (owner_id));
diesel::joinable!(role_bindings -> domains (domain_id));
diesel::joinable!(roles -> domains (domain_id));
diesel::joinable!(sessions -> domains (domain_id));
diesel::joinable!(users -> domains (domain_id));
diesel::joinable!(workspace_group_users -> domains (domain_id));
diesel::joinable!(workspace_groups -> domains (domain_id));
diesel::joinable!(workspaces -> domains (domain_id));

diesel::allow_tables_to_appear_in_same_query!(
    codes,
    domains,
    installation,
    known_networks,
    outbox,
    passkeys,
    password_attempts,
    recovery_codes,
    role_bindings,
    roles,
    security_events,
    session_tokens,
    sessions,
    tallies,
    users,
    workspace_group_users,
    workspace_groups,
    workspaces,
);
