//! English. In ASCII, so that the text is sent without an encoding.

use super::{Said, Words};
use crate::domain::mfa::MfaType;
use crate::mail::message::{CodeReason, Notification};

pub(super) const WORDS: Words = Words {
    tag: "en",
    code,
    code_valid: "The code is valid for {} and works only once.",
    keep_code: "Never pass the code on to anyone. We will never ask you for it.",
    reset: (
        "Set a new password",
        "Use this link to set a new password for your account:",
        &[
            "The link is valid for {} and works only once.",
            "If you did not ask for it, you can ignore this mail. Your password stays as it is.",
            "Do not pass the link on to anyone.",
        ],
    ),
    notice,
    minutes: ["{} minute", "{} minutes"],
    hours: ["{} hour", "{} hours"],
    days: ["{} day", "{} days"],
    reset_button: "Set a new password",
    undo_button: "Restore this address",
    cancel_button: "Keep my account",
    copy_link: "If the button does not work, copy this address into your browser:",
    when: "When",
    from: "From",
    device: "Device",
    unknown_device: "Unknown device",
    domain: "Domain",
    user_id: "User id",
    passkey: "Passkey",
    by_administrator: "an administrator, on the server",
    sent_by: "{} sent this message automatically. Please do not reply to it.",
};

const HARMLESS: &str = "If you did not ask for this code, you can ignore this mail. Without the code, nothing changes.";
const STAYS_ON: &str = "If you did not ask for this code, ignore this mail: two-step sign-in stays on. Somebody else may \
    be signed in to your account, so please change your password.";
const STAYS: &str = "If you did not ask for this code, ignore this mail: your account is not deleted. Somebody else may be \
    signed in to it, so please change your password.";
const KNOWS_PASSWORD: &str = "If you did not ask for this code, ignore this mail. Somebody knows your password, so please \
    change it as soon as you can.";

fn code(reason: CodeReason) -> [&'static str; 3] {
    match reason {
        CodeReason::VerifyEmail => {
            ["Confirm your email address", "Use this code to confirm this email address:", HARMLESS]
        }
        CodeReason::EnableMfa => [
            "Code to turn on two-step sign-in",
            "Use this code to turn on two-step sign-in for your account:",
            HARMLESS,
        ],
        CodeReason::DisableMfa => [
            "Code to turn off two-step sign-in",
            "Use this code to turn off two-step sign-in for your account:",
            STAYS_ON,
        ],
        CodeReason::SignIn => ["Your sign-in code", "Use this code to sign in to your account:", KNOWS_PASSWORD],
        CodeReason::DeleteAccount => {
            ["Code to delete your account", "Use this code to confirm that your account is to be deleted:", STAYS]
        }
        CodeReason::Reauthenticate => {
            ["Code to confirm that it is you", "Use this code to confirm that it is you:", KNOWS_PASSWORD]
        }
    }
}

const LOST_PASSWORD: &str = "If this was not you, reset your password from the sign-in page right away. If you cannot, \
    please ask your administrator for help.";

#[expect(clippy::too_many_lines, reason = "one text after the other")]
fn notice(notice: &Notification) -> Said {
    match notice {
        Notification::EmailChangedFrom { .. } => (
            "Your account no longer uses this email address",
            "The email address of your account was changed. This address is no longer used for it.",
            &[
                "If you made this change, there is nothing to do.",
                "If you did not, restore this address with the link below, then set a new password, and remove passkeys that \
                 you do not know. Restoring it also signs out every device.",
                "The link is valid for {}. Do not pass it on to anyone.",
            ],
        ),
        Notification::EmailChangedTo => (
            "Your account now uses this email address",
            "This is now the email address of your account.",
            &["If you did not make this change, set a new password and correct your email address. If you cannot, \
               please ask your administrator for help."],
        ),
        Notification::EmailChangedBack => (
            "Your account uses its earlier email address again",
            "The email address of your account was changed back to an earlier one. This address is no longer used for it.",
            &["If you did not make this change, please ask your administrator for help."],
        ),
        Notification::PasswordChanged => {
            ("Your password was changed", "The password of your account was changed.", &[LOST_PASSWORD])
        }
        Notification::PasswordReset => (
            "Your password was reset",
            "A new password was set for your account with a reset link, and every device was signed out.",
            &[LOST_PASSWORD],
        ),
        Notification::MfaEnabled { mfa_type } => (
            "Two-step sign-in was set up",
            match mfa_type {
                MfaType::Email => "Two-step sign-in was set up for your account. Codes now come by email.",
                MfaType::Otp => {
                    "Two-step sign-in was set up for your account. Codes now come from an authenticator app."
                }
            },
            &["If this was not you, somebody else may be signed in to your account. Change your password right away, \
               then check your two-step sign-in."],
        ),
        Notification::MfaDisabled => (
            "Two-step sign-in was turned off",
            "Two-step sign-in was turned off for your account. Your password alone is now enough to sign in.",
            &["If this was not you, change your password right away, then turn two-step sign-in on again."],
        ),
        Notification::RecoveryCodeUsed { left } => (
            "A recovery code was used",
            "A recovery code was used for your account in place of a two-step code.",
            match left {
                0 => &["You have no recovery codes left. Please make new ones.", NEW_RECOVERY_CODES],
                1 => &["You have {} recovery code left.", NEW_RECOVERY_CODES],
                _ => &["You have {} recovery codes left.", NEW_RECOVERY_CODES],
            },
        ),
        Notification::RefreshTokenReused => (
            "A session was ended to keep you safe",
            "A sign-in token of your account was used a second time, so somebody may have a copy of it. To keep you \
             safe, the session was ended.",
            &["Please sign in again. If you do not recognise the details above, or get this mail again, change your \
               password."],
        ),
        Notification::SignInCodesExhausted => (
            "Too many wrong sign-in codes",
            "Somebody entered the correct password of your account, but then too many wrong codes. The sign-in was \
             stopped.",
            &[
                "If this was not you, somebody knows your password. Change it right away.",
                "If it was you, please try again later.",
            ],
        ),
        Notification::RecoveryCodesRegenerated => (
            "Your recovery codes were replaced",
            "New recovery codes were created for your account. The earlier ones no longer work.",
            &["If this was not you, somebody else may be signed in to your account. Change your password right away, \
               then create new recovery codes."],
        ),
        Notification::PasswordSet => (
            "An administrator set your password",
            "An administrator set a new password for your account, and every device was signed out.",
            &["If you did not expect this, please ask your administrator for help."],
        ),
        Notification::NewDevice => (
            "New sign-in to your account",
            "Your account was signed in to from a device that was not used for it before.",
            &[
                "If this was you, there is nothing to do.",
                "If this was not you, somebody knows your password. Change it right away, then sign out your other \
                 devices.",
            ],
        ),
        Notification::PasskeyAdded { .. } => (
            "A passkey was added",
            "A passkey was added to your account. It signs in without a password and without a code.",
            &[
                "If this was not you, somebody else may be signed in to your account. Remove the passkey and change your \
               password right away.",
            ],
        ),
        Notification::PasskeyRemoved { .. } => (
            "A passkey was removed",
            "A passkey was removed from your account. It can no longer be used to sign in.",
            &["If this was not you, somebody else may be signed in to your account. Change your password right away, \
               then check your passkeys."],
        ),
        Notification::PasskeyRefused { .. } => (
            "A passkey was refused to keep you safe",
            "A passkey of your account was refused, because somebody may have a copy of it.",
            &[
                "Please remove this passkey, and add a new one. If you do not recognise the details above, please ask your \
               administrator for help.",
            ],
        ),
        Notification::DataExported => (
            "Your data was exported",
            "A copy of all data about your account was downloaded.",
            &["If this was not you, somebody else may be signed in to your account. Change your password right away, \
               then sign out your other devices."],
        ),
        Notification::DeletionScheduled { .. } => (
            "Your account will be deleted",
            "The deletion of your account was requested and confirmed, and every device was signed out.",
            &[
                "Your account and all data about it will be deleted on {}. Until then, you can keep it: sign in, or use the \
                 link below. Do not pass the link on to anyone.",
                "If this was not you, keep your account with the link below, then set a new password.",
            ],
        ),
        Notification::DeletionCancelled => (
            "Your account will not be deleted",
            "The deletion of your account was cancelled. Your account stays as it was.",
            &["If this was not you, somebody else may be signed in to your account. Change your password right away, \
               then sign out your other devices."],
        ),
        Notification::AccountDeleted => (
            "Your account was deleted",
            "Your account was deleted, with all data about it, as you requested.",
            &["This is the last message about it."],
        ),
        Notification::Test => (
            "Test of the mail server",
            "An administrator sent this message to test the mail server. It has arrived.",
            &["There is nothing to do."],
        ),
    }
}

const NEW_RECOVERY_CODES: &str =
    "If this was not you, change your password right away, then create new recovery codes.";
