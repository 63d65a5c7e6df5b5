//! Properties of every message, in every language, with every transport.

mod bytes;
mod delivery;
mod rendering;
mod server;

use chrono::TimeDelta;

use super::*;
use crate::clock::Timestamp;
use crate::domain::mfa::MfaType;

/// The code in [`code_letter`].
pub(super) const CODE: &str = "834201";
/// The token in [`reset_letter`] and in the undo link.
pub(super) const TOKEN: &str = "upt_s3cret";

pub(super) fn written_at() -> Timestamp {
    "2026-11-25T04:15:09.5Z".parse().unwrap()
}

fn mail(to: &str, message: Message) -> OutgoingMail {
    OutgoingMail { to: to.into(), language: "en".into(), account: account(), message }
}

pub(super) fn account() -> Account {
    Account {
        domain: "Bluebell Robotics".into(),
        user_id: "won.kim@bluebell.example".into(),
        timezone: "Asia/Seoul".into(),
    }
}

pub(super) fn code(reason: CodeReason) -> Message {
    Message::Code { reason, code: MailedSecret::new(CODE), minutes: 10 }
}

pub(super) fn code_letter(to: &str) -> OutgoingMail {
    mail(to, code(CodeReason::SignIn))
}

fn reset() -> Message {
    let link = format!("https://id.example.com/reset-password#token={TOKEN}");
    Message::ResetPassword { link: MailedSecret::new(link), minutes: 30 }
}

pub(super) fn notice(notice: Notification) -> Message {
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    notice_from(notice, Some("203.0.113.7"), Some(firefox))
}

fn notice_from(notice: Notification, address: Option<&str>, agent: Option<&str>) -> Message {
    let (client_address, user_agent) = (address.map(str::to_owned), agent.map(str::to_owned));
    Message::Notification { notice, circumstances: Circumstances { at: written_at(), client_address, user_agent } }
}

fn codes() -> Vec<Message> {
    let reasons = [
        CodeReason::VerifyEmail,
        CodeReason::EnableMfa,
        CodeReason::DisableMfa,
        CodeReason::SignIn,
        CodeReason::Reauthenticate,
        CodeReason::DeleteAccount,
    ];
    reasons.into_iter().map(code).collect()
}

fn undo_notice() -> Message {
    let link = format!("https://id.example.com/undo-email-change#token={TOKEN}");
    notice(Notification::EmailChangedFrom { undo_link: MailedSecret::new(link), days: 7 })
}

fn cancel_notice() -> Message {
    let link = format!("https://id.example.com/cancel-deletion#token={TOKEN}");
    notice(Notification::DeletionScheduled {
        cancel_link: MailedSecret::new(link),
        at: written_at() + TimeDelta::days(14),
    })
}

/// Every notification without a link, with different subjects.
fn notices() -> Vec<Message> {
    let notices = [
        Notification::EmailChangedTo,
        Notification::EmailChangedBack,
        Notification::PasswordChanged,
        Notification::PasswordReset,
        Notification::MfaEnabled { mfa_type: MfaType::Email },
        Notification::MfaDisabled,
        Notification::RecoveryCodeUsed { left: 9 },
        Notification::RefreshTokenReused,
        Notification::SignInCodesExhausted,
        Notification::RecoveryCodesRegenerated,
        Notification::PasswordSet,
        Notification::NewDevice,
        Notification::PasskeyAdded { name: "Phone".into() },
        Notification::PasskeyRemoved { name: "Phone".into() },
        Notification::PasskeyRefused { name: "Phone".into() },
        Notification::DataExported,
        Notification::DeletionCancelled,
        Notification::Test,
    ];
    notices.into_iter().map(notice).collect()
}

/// Every kind of message.
fn messages() -> Vec<Message> {
    let mut all = codes();
    all.extend([reset(), undo_notice(), cancel_notice(), notice_from(Notification::AccountDeleted, None, None)]);
    all.extend(notices());
    all
}

fn rendered(message: &Message, language: &str) -> Rendered {
    rendered_for(account(), message, language)
}

fn rendered_for(account: Account, message: &Message, language: &str) -> Rendered {
    let (to, language) = ("wonny@example.com".into(), language.into());
    render(&OutgoingMail { to, language, account, message: message.clone() })
}
