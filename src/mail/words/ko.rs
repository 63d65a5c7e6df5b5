//! Korean.

use super::{Parts, Said, Span, Words, span};
use crate::domain::mfa::MfaType;
use crate::mail::message::{CodeReason, Notification};

pub(super) const WORDS: Words = Words {
    tag: "ko",
    code,
    reset,
    notice,
    reset_button: "새 비밀번호 설정",
    undo_button: "이 주소로 되돌리기",
    copy_link: "버튼이 열리지 않으면 아래 주소를 복사해 브라우저에 붙여 넣어 주세요.",
    when: "일시",
    from: "접속 주소",
    device: "기기",
    unknown_device: "알 수 없는 기기",
    domain: "도메인",
    user_id: "사용자 ID",
    by_administrator: "서버에서 관리자가 직접 처리",
    sent_by,
};

fn sent_by(product: &str) -> String {
    format!("{product}에서 자동으로 보낸 메일입니다. 회신하지 말아 주세요.")
}

fn code(reason: CodeReason, minutes: i64) -> Said {
    let (subject, lead) = match reason {
        CodeReason::VerifyEmail => ("이메일 주소를 확인해 주세요", "아래 코드로 이 이메일 주소를 확인해 주세요."),
        CodeReason::EnableMfa => ("2단계 인증을 켜는 코드", "2단계 인증을 켜려면 아래 코드를 입력해 주세요."),
        CodeReason::DisableMfa => ("2단계 인증을 끄는 코드", "2단계 인증을 끄려면 아래 코드를 입력해 주세요."),
        CodeReason::SignIn => ("로그인 코드", "로그인하려면 아래 코드를 입력해 주세요."),
        CodeReason::Reauthenticate => ("본인 확인 코드", "아래 코드로 본인임을 확인해 주세요."),
    };
    let unasked = match reason {
        CodeReason::VerifyEmail | CodeReason::EnableMfa => {
            "직접 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다. 코드를 입력하지 않으면 아무것도 바뀌지 않습니다."
        }
        CodeReason::DisableMfa => {
            "직접 요청하지 않으셨다면 이 메일을 무시해 주세요. 2단계 인증은 그대로 유지됩니다. 다른 사람이 계정에 \
             로그인했을 수 있으니 비밀번호를 변경해 주세요."
        }
        CodeReason::SignIn | CodeReason::Reauthenticate => {
            "직접 요청하지 않으셨다면 이 메일을 무시해 주세요. 누군가 비밀번호를 알고 있으니 되도록 빨리 비밀번호를 \
             변경해 주세요."
        }
    };
    Said {
        subject,
        lead: lead.into(),
        rest: vec![
            format!("이 코드는 {} 동안 유효하며 한 번만 사용할 수 있습니다.", lasting(minutes)),
            unasked.into(),
            "이 코드를 누구에게도 알려 주지 마세요. 저희는 코드를 묻지 않습니다.".into(),
        ],
    }
}

fn reset(minutes: i64) -> Said {
    Said {
        subject: "비밀번호 재설정",
        lead: "아래 링크에서 계정의 새 비밀번호를 설정해 주세요.".into(),
        rest: vec![
            format!("이 링크는 {} 동안 유효하며 한 번만 사용할 수 있습니다.", lasting(minutes)),
            "직접 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다. 비밀번호는 바뀌지 않습니다.".into(),
            "이 링크를 누구에게도 전달하지 마세요.".into(),
        ],
    }
}

fn notice(notice: &Notification) -> Said {
    let (subject, lead, rest) = match notice {
        Notification::EmailChangedFrom { days, .. } => email_changed_from(*days),
        Notification::EmailChangedTo => (
            "이 주소가 계정의 이메일 주소로 등록되었습니다",
            "이제 이 주소가 계정의 이메일 주소입니다.",
            vec![
                "직접 변경하지 않으셨다면 새 비밀번호를 설정하고 이메일 주소를 바로잡아 주세요. 어려우시면 관리자에게 \
                 문의해 주세요."
                    .into(),
            ],
        ),
        Notification::EmailChangedBack => (
            "계정에서 이전 이메일 주소를 다시 사용합니다",
            "계정의 이메일 주소가 이전 주소로 되돌려져, 이 주소는 더 이상 계정에 사용되지 않습니다.",
            vec!["직접 변경하지 않으셨다면 관리자에게 문의해 주세요.".into()],
        ),
        Notification::PasswordChanged => {
            ("비밀번호가 변경되었습니다", "계정의 비밀번호가 변경되었습니다.", vec![lost_password()])
        }
        Notification::PasswordReset => (
            "비밀번호가 재설정되었습니다",
            "재설정 링크로 계정의 새 비밀번호가 설정되었고, 모든 기기에서 로그아웃되었습니다.",
            vec![lost_password()],
        ),
        Notification::MfaEnabled { mfa_type } => (
            "2단계 인증이 설정되었습니다",
            match mfa_type {
                MfaType::Email => "계정에 2단계 인증이 설정되었습니다. 이제 인증 코드는 이메일로 전송됩니다.",
                MfaType::Otp => "계정에 2단계 인증이 설정되었습니다. 이제 인증 코드는 인증 앱에 표시됩니다.",
            },
            vec![
                "직접 설정하지 않으셨다면 다른 사람이 계정에 로그인했을 수 있습니다. 지금 바로 비밀번호를 변경하고 2단계 \
                 인증 설정을 확인해 주세요."
                    .into(),
            ],
        ),
        Notification::MfaDisabled => (
            "2단계 인증이 꺼졌습니다",
            "계정의 2단계 인증이 꺼졌습니다. 이제 비밀번호만으로 로그인할 수 있습니다.",
            vec!["직접 끄지 않으셨다면 지금 바로 비밀번호를 변경하고 2단계 인증을 다시 켜 주세요.".into()],
        ),
        Notification::RecoveryCodeUsed { left } => recovery_code_used(*left),
        Notification::RefreshTokenReused => (
            "안전을 위해 세션을 종료했습니다",
            "이미 사용된 계정의 로그인 토큰이 다시 사용되었습니다. 누군가 복사본을 가지고 있을 수 있어, 안전을 위해 해당 \
             세션을 종료했습니다.",
            vec![
                "다시 로그인해 주세요. 위의 접속 정보가 낯설거나 이 메일을 또 받으신다면 비밀번호를 변경해 주세요.".into(),
            ],
        ),
        Notification::SignInCodesExhausted => (
            "로그인 코드가 여러 번 잘못 입력되었습니다",
            "계정의 올바른 비밀번호가 입력된 뒤 코드가 너무 여러 번 잘못 입력되어 로그인을 중단했습니다.",
            vec![
                "본인이 아니라면 누군가 비밀번호를 알고 있는 것입니다. 지금 바로 비밀번호를 변경해 주세요.".into(),
                "본인이라면 나중에 다시 시도해 주세요.".into(),
            ],
        ),
        Notification::RecoveryCodesRegenerated => (
            "복구 코드가 새로 발급되었습니다",
            "계정의 복구 코드가 새로 발급되었습니다. 이전 복구 코드는 더 이상 사용할 수 없습니다.",
            vec![
                "직접 하지 않으셨다면 다른 사람이 계정에 로그인했을 수 있습니다. 바로 비밀번호를 변경한 다음 복구 코드를 다시 \
                 발급해 주세요."
                    .into(),
            ],
        ),
        Notification::PasswordSet => (
            "관리자가 비밀번호를 설정했습니다",
            "관리자가 계정의 새 비밀번호를 설정했고, 모든 기기에서 로그아웃되었습니다.",
            vec!["예상하지 못한 변경이라면 관리자에게 문의해 주세요.".into()],
        ),
        Notification::NewDevice => (
            "새 기기에서 로그인했습니다",
            "지금까지 사용한 적이 없는 기기에서 계정에 로그인했습니다.",
            vec![
                "직접 로그인하셨다면 아무것도 하지 않으셔도 됩니다.".into(),
                "직접 로그인하지 않으셨다면 누군가 비밀번호를 알고 있습니다. 바로 비밀번호를 변경한 다음 다른 기기에서 \
                 로그아웃해 주세요."
                    .into(),
            ],
        ),
    };
    Said { subject, lead: lead.into(), rest }
}

fn email_changed_from(days: i64) -> Parts {
    (
        "이 주소는 더 이상 계정에 사용되지 않습니다",
        "계정의 이메일 주소가 변경되어, 이 주소는 더 이상 계정에 사용되지 않습니다.",
        vec![
            "직접 변경하셨다면 아무것도 하지 않으셔도 됩니다.".into(),
            "직접 변경하지 않으셨다면 아래 링크로 이 주소를 되돌린 다음 새 비밀번호를 설정해 주세요. 주소를 되돌리면 \
             모든 기기에서 로그아웃됩니다."
                .into(),
            format!("이 링크는 {days}일 동안 유효합니다. 누구에게도 전달하지 마세요."),
        ],
    )
}

fn recovery_code_used(left: u32) -> Parts {
    (
        "복구 코드가 사용되었습니다",
        "계정에서 인증 코드 대신 복구 코드가 사용되었습니다.",
        vec![
            match left {
                0 => "남은 복구 코드가 없습니다. 복구 코드를 새로 만들어 주세요.".into(),
                left => format!("남은 복구 코드는 {left}개입니다."),
            },
            "직접 사용하지 않으셨다면 지금 바로 비밀번호를 변경하고 복구 코드를 새로 만들어 주세요.".into(),
        ],
    )
}

fn lost_password() -> String {
    "직접 변경하지 않으셨다면 지금 바로 로그인 화면에서 비밀번호를 재설정해 주세요. 어려우시면 관리자에게 문의해 주세요."
        .into()
}

fn lasting(minutes: i64) -> String {
    match span(minutes) {
        Span::Minutes(minutes) => format!("{minutes}분"),
        Span::Hours(hours) => format!("{hours}시간"),
    }
}
