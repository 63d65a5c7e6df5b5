//! The enums of the schema: the domain's, each value under the same name.

use async_graphql::Enum;

/// Makes a GraphQL enum of a domain's, value by value.
macro_rules! remote_enum {
    ($(#[$meta:meta])* $name:ident of $remote:literal { $($(#[$value_meta:meta])* $value:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
        #[graphql(remote = $remote)]
        pub enum $name { $($(#[$value_meta])* $value),+ }
    };
}

remote_enum! {
    /// Where a user stands.
    UserState of "crate::domain::user::UserState" {
        /// May sign in.
        Enabled,
        /// May not sign in.
        Disabled,
        /// Was invited and has not signed in yet. The first sign-in makes the user ENABLED.
        Pending,
    }
}

remote_enum! {
    /// Where a user proves who they are.
    AuthType of "crate::domain::user::AuthType" {
        /// Here, with a password.
        Local,
        /// At an identity provider elsewhere. Password and second factor are not managed here.
        External,
    }
}

remote_enum! {
    /// What a user is within the domain.
    UserRoleType of "crate::domain::user::UserRoleType" {
        /// Sees every workspace and every group of the domain.
        DomainAdmin,
        /// Sees the workspaces and groups that role bindings tie them to.
        User,
    }
}

remote_enum! {
    /// Something a user has to do before anything else.
    RequiredAction of "crate::domain::user::RequiredAction" {
        /// Choose a new password.
        UpdatePassword,
        /// Switch a second factor on.
        EnforceMfa,
    }
}

remote_enum! {
    /// Whether a second factor is asked for at sign-in.
    MfaState of "crate::domain::mfa::MfaState" {
        /// It is.
        Enabled,
        /// It is not.
        Disabled,
    }
}

remote_enum! {
    /// The kinds of second factor.
    MfaType of "crate::domain::mfa::MfaType" {
        /// A code sent by e-mail.
        Email,
        /// A one-time password from an authenticator app (RFC 6238).
        Otp,
    }
}

remote_enum! {
    /// Where a workspace stands. Only ENABLED workspaces are ever shown.
    WorkspaceState of "crate::domain::workspace::WorkspaceState" {
        /// In use.
        Enabled,
        /// Switched off.
        Disabled,
        /// Gone.
        Deleted,
    }
}

remote_enum! {
    /// What a role binding makes of a user.
    RoleType of "crate::domain::workspace::RoleType" {
        /// An administrator of the domain.
        DomainAdmin,
        /// Owns the workspace.
        WorkspaceOwner,
        /// Works in the workspace.
        WorkspaceMember,
    }
}

remote_enum! {
    /// What a role binding reaches.
    ResourceGroup of "crate::domain::workspace::ResourceGroup" {
        /// The domain.
        Domain,
        /// One workspace.
        Workspace,
    }
}

remote_enum! {
    /// What happened to an account.
    SecurityEventType of "crate::domain::event::SecurityEventType" {
        /// Somebody signed in.
        SignedIn,
        /// The user signed out.
        SignedOut,
        /// One or more sessions were ended from another session, or by an administrator.
        SessionsRevoked,
        /// A refresh token was shown that had been exchanged before: somebody may have a copy. Its session was ended.
        RefreshTokenReused,
        /// An administrator set a password.
        PasswordSet,
        /// Too many wrong codes were tried at sign-in, after a right password: somebody may know it.
        SignInCodesExhausted,
        /// The user proved again who they are.
        Reauthenticated,
        /// The user proved to read the address they had.
        EmailVerified,
        /// The user has another e-mail address, which they proved to read.
        EmailChanged,
        /// Whoever reads the old address put it back. All sessions were ended.
        EmailChangeUndone,
        /// The user changed the password. All other sessions were ended.
        PasswordChanged,
        /// A link for a new password was asked for, and mailed.
        PasswordResetRequested,
        /// An administrator made a link for a new password.
        PasswordResetIssued,
        /// A new password was set by such a link. All sessions were ended.
        PasswordReset,
        /// A second factor was switched on, or replaced.
        MfaEnabled,
        /// The second factor was switched off.
        MfaDisabled,
        /// An administrator took the second factor away.
        MfaReset,
        /// An administrator decided whether a second factor must be on.
        MfaEnforced,
        /// A recovery code was used in place of the second factor.
        RecoveryCodeUsed,
        /// New recovery codes were made. The old ones are void.
        RecoveryCodesRegenerated,
        /// An administrator required something of the user, or requires it no longer.
        ActionRequired,
        /// An administrator enabled the account.
        UserEnabled,
        /// An administrator disabled the account.
        UserDisabled,
        /// A sign-in failed because the password was wrong, or because the account may not sign in.
        SignInFailed,
        /// Too many wrong passwords. Further attempts are refused until a delay has passed.
        SignInLocked,
        /// A sign-in failed after a correct password because the code was wrong. Somebody may know the password.
        SignInCodeFailed,
        /// A wrong current password or a wrong code was submitted in a session.
        ReauthenticationFailed,
        /// A password reset was refused: the account may not request one, or its link was no longer valid.
        PasswordResetRefused,
        /// An operator invalidated all links that undo a change of the email address.
        UndoLinksInvalidated,
        /// An operator created the account.
        UserCreated,
        /// An operator changed the account by an import.
        UserUpdated,
        /// An operator deleted the account.
        UserDeleted,
    }
}

remote_enum! {
    /// Who caused a security event.
    SecurityEventActor of "crate::domain::event::SecurityEventActor" {
        /// The user, or somebody who claims to be the user, such as in a failed sign-in.
        User,
        /// An operator of the server, by the command line or an import.
        Operator,
        /// The server, by a rule: it ended a session or refused further attempts.
        System,
    }
}
