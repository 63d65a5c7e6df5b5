// @generated from the migrations; a test holds it fresh: `UPDATE_GENERATED=1 cargo test generated` writes it anew.

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

    codes (code_id) {
        code_id -> Text,
        owner_id -> Text,
        purpose -> Text,
        address -> Nullable<Text>,
        address_key -> Nullable<Text>,
        session_id -> Nullable<Text>,
        digest -> Nullable<Binary>,
        token -> Nullable<Binary>,
        otp_secret -> Nullable<Binary>,
        tries -> Integer,
        created_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

    domains (domain_id) {
        domain_id -> Text,
        name -> Text,
        state -> Text,
        tags -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

    installation (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

    known_networks (network) {
        network -> Binary,
        signed_in_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

    outbox (job_id) {
        job_id -> Text,
        kind -> Text,
        payload -> Nullable<Binary>,
        created_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        due_at -> UtcTimestamp,
        tries -> Integer,
        leased_until -> Nullable<UtcTimestamp>,
        failed_at -> Nullable<UtcTimestamp>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

    password_attempts (counter) {
        counter -> Binary,
        login -> Binary,
        failures -> Integer,
        failed_at -> UtcTimestamp,
        blocked_until -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

    recovery_codes (owner_id, digest) {
        owner_id -> Text,
        digest -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

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
        created_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

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
    use crate::storage::types::UtcTimestamp;

    security_events (event_id) {
        event_id -> Text,
        owner_id -> Text,
        event_type -> Text,
        created_at -> UtcTimestamp,
        client_address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        actor -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

    session_tokens (digest) {
        digest -> Binary,
        session_id -> Text,
        purpose -> Text,
        expires_at -> UtcTimestamp,
        rotated_at -> Nullable<UtcTimestamp>,
        issued_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

    sessions (session_id) {
        session_id -> Text,
        domain_id -> Text,
        owner_id -> Text,
        created_at -> UtcTimestamp,
        last_used_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        authenticated_at -> UtcTimestamp,
        client_address -> Text,
        user_agent -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

    tallies (tally_id) {
        tally_id -> Text,
        counter -> Binary,
        counted_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

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
        otp_secret -> Nullable<Binary>,
        language -> Text,
        timezone -> Text,
        required_actions -> Text,
        refresh_timeout -> Nullable<Integer>,
        tags -> Text,
        created_at -> UtcTimestamp,
        last_accessed_at -> Nullable<UtcTimestamp>,
        otp_last_step -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

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
    use crate::storage::types::UtcTimestamp;

    workspace_groups (workspace_group_id) {
        workspace_group_id -> Text,
        domain_id -> Text,
        name -> Text,
        tags -> Text,
        created_by -> Nullable<Text>,
        updated_by -> Nullable<Text>,
        created_at -> UtcTimestamp,
        updated_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::storage::types::UtcTimestamp;

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
        created_at -> UtcTimestamp,
        last_synced_at -> Nullable<UtcTimestamp>,
        dormant_updated_at -> Nullable<UtcTimestamp>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(codes, domains, installation, known_networks, outbox, password_attempts, recovery_codes, role_bindings, roles, security_events, session_tokens, sessions, tallies, users, workspace_group_users, workspace_groups, workspaces);
