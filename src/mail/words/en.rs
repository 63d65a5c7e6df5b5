//! English. In ASCII, so that the text is sent without an encoding.

use super::{Parts, Said, Span, Words, span};
use crate::domain::mfa::MfaType;
use crate::mail::message::{CodeReason, Notification};

pub(super) const WORDS: Words = Words {
    tag: "en",
    code,
    reset,
    notice,
    reset_button: "Set a new password",
    undo_button: "Restore this address",
    copy_link: "If the button does not work, copy this address into your browser:",
    when: "When",
    from: "From",
    device: "Device",
    unknown_device: "Unknown device",
    domain: "Domain",
    user_id: "User id",
    by_administrator: "an administrator, on the server",
    sent_by,
};

fn sent_by(product: &str) -> String {
    format!("{product} sent this message automatically. Please do not reply to it.")
}

fn code(reason: CodeReason, minutes: i64) -> Said {
    let (subject, lead) = match reason {
        CodeReason::VerifyEmail => ("Confirm your email address", "Use this code to confirm this email address:"),
        CodeReason::EnableMfa => {
            ("Code to turn on two-step sign-in", "Use this code to turn on two-step sign-in for your account:")
        }
        CodeReason::DisableMfa => {
            ("Code to turn off two-step sign-in", "Use this code to turn off two-step sign-in for your account:")
        }
        CodeReason::SignIn => ("Your sign-in code", "Use this code to sign in to your account:"),
        CodeReason::Reauthenticate => ("Code to confirm that it is you", "Use this code to confirm that it is you:"),
    };
    let unasked = match reason {
        CodeReason::VerifyEmail | CodeReason::EnableMfa => {
            "If you did not ask for this code, you can ignore this mail. Without the code, nothing changes."
        }
        CodeReason::DisableMfa => {
            "If you did not ask for this code, ignore this mail: two-step sign-in stays on. Somebody else may be signed \
             in to your account, so please change your password."
        }
        CodeReason::SignIn | CodeReason::Reauthenticate => {
            "If you did not ask for this code, ignore this mail. Somebody knows your password, so please change it as \
             soon as you can."
        }
    };
    Said {
        subject,
        lead: lead.into(),
        rest: vec![
            format!("The code is valid for {} and works only once.", lasting(minutes)),
            unasked.into(),
            "Never pass the code on to anyone. We will never ask you for it.".into(),
        ],
    }
}

fn reset(minutes: i64) -> Said {
    Said {
        subject: "Set a new password",
        lead: "Use this link to set a new password for your account:".into(),
        rest: vec![
            format!("The link is valid for {} and works only once.", lasting(minutes)),
            "If you did not ask for it, you can ignore this mail. Your password stays as it is.".into(),
            "Do not pass the link on to anyone.".into(),
        ],
    }
}

fn notice(notice: &Notification) -> Said {
    let (subject, lead, rest) = match notice {
        Notification::EmailChangedFrom { days, .. } => email_changed_from(*days),
        Notification::EmailChangedTo => (
            "Your account now uses this email address",
            "This is now the email address of your account.",
            vec![
                "If you did not make this change, set a new password and correct your email address. If you cannot, \
                 please ask your administrator for help."
                    .into(),
            ],
        ),
        Notification::EmailChangedBack => (
            "Your account uses its earlier email address again",
            "The email address of your account was changed back to an earlier one. This address is no longer used for it.",
            vec!["If you did not make this change, please ask your administrator for help.".into()],
        ),
        Notification::PasswordChanged => {
            ("Your password was changed", "The password of your account was changed.", vec![lost_password()])
        }
        Notification::PasswordReset => (
            "Your password was reset",
            "A new password was set for your account with a reset link, and every device was signed out.",
            vec![lost_password()],
        ),
        Notification::MfaEnabled { mfa_type } => (
            "Two-step sign-in was set up",
            match mfa_type {
                MfaType::Email => "Two-step sign-in was set up for your account. Codes now come by email.",
                MfaType::Otp => {
                    "Two-step sign-in was set up for your account. Codes now come from an authenticator app."
                }
            },
            vec![
                "If this was not you, somebody else may be signed in to your account. Change your password right away, \
                 then check your two-step sign-in."
                    .into(),
            ],
        ),
        Notification::MfaDisabled => (
            "Two-step sign-in was turned off",
            "Two-step sign-in was turned off for your account. Your password alone is now enough to sign in.",
            vec!["If this was not you, change your password right away, then turn two-step sign-in on again.".into()],
        ),
        Notification::RecoveryCodeUsed { left } => recovery_code_used(*left),
        Notification::RefreshTokenReused => (
            "A session was ended to keep you safe",
            "A sign-in token of your account was used a second time, so somebody may have a copy of it. To keep you \
             safe, the session was ended.",
            vec![
                "Please sign in again. If you do not recognise the details above, or get this mail again, change your \
                 password."
                    .into(),
            ],
        ),
        Notification::SignInCodesExhausted => (
            "Too many wrong sign-in codes",
            "Somebody entered the correct password of your account, but then too many wrong codes. The sign-in was \
             stopped.",
            vec![
                "If this was not you, somebody knows your password. Change it right away.".into(),
                "If it was you, please try again later.".into(),
            ],
        ),
        Notification::RecoveryCodesRegenerated => (
            "Your recovery codes were replaced",
            "New recovery codes were created for your account. The earlier ones no longer work.",
            vec![
                "If this was not you, somebody else may be signed in to your account. Change your password right away, \
                 then create new recovery codes."
                    .into(),
            ],
        ),
        Notification::PasswordSet => (
            "An administrator set your password",
            "An administrator set a new password for your account, and every device was signed out.",
            vec!["If you did not expect this, please ask your administrator for help.".into()],
        ),
        Notification::NewDevice => (
            "New sign-in to your account",
            "Your account was signed in to from a device that was not used for it before.",
            vec![
                "If this was you, there is nothing to do.".into(),
                "If this was not you, somebody knows your password. Change it right away, then sign out your other \
                 devices."
                    .into(),
            ],
        ),
    };
    Said { subject, lead: lead.into(), rest }
}

fn email_changed_from(days: i64) -> Parts {
    (
        "Your account no longer uses this email address",
        "The email address of your account was changed. This address is no longer used for it.",
        vec![
            "If you made this change, there is nothing to do.".into(),
            "If you did not, restore this address with the link below, then set a new password. Restoring it also \
             signs out every device."
                .into(),
            format!("The link is valid for {}. Do not pass it on to anyone.", count(days, "day")),
        ],
    )
}

fn recovery_code_used(left: u32) -> Parts {
    (
        "A recovery code was used",
        "A recovery code was used for your account in place of a two-step code.",
        vec![
            match left {
                0 => "You have no recovery codes left. Please make new ones.".into(),
                left => format!("You have {} left.", count(left.into(), "recovery code")),
            },
            "If this was not you, change your password right away, then create new recovery codes.".into(),
        ],
    )
}

fn lost_password() -> String {
    "If this was not you, reset your password from the sign-in page right away. If you cannot, please ask your \
     administrator for help."
        .into()
}

fn lasting(minutes: i64) -> String {
    match span(minutes) {
        Span::Minutes(minutes) => count(minutes, "minute"),
        Span::Hours(hours) => count(hours, "hour"),
    }
}

fn count(number: i64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
