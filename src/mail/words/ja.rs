//! Japanese.

use super::{Parts, Said, Span, Words, span};
use crate::domain::mfa::MfaType;
use crate::mail::message::{CodeReason, Notification};

pub(super) const WORDS: Words = Words {
    tag: "ja",
    code,
    reset,
    notice,
    reset_button: "新しいパスワードを設定",
    undo_button: "このアドレスに戻す",
    copy_link: "ボタンが開かない場合は、次のアドレスをコピーしてブラウザーに貼り付けてください。",
    when: "日時",
    from: "接続元",
    device: "端末",
    unknown_device: "不明な端末",
    domain: "ドメイン",
    user_id: "ユーザーID",
    by_administrator: "サーバー上での管理者の操作",
    sent_by,
};

fn sent_by(product: &str) -> String {
    format!("このメールは{product}から自動的に送信されました。返信はなさらないでください。")
}

fn code(reason: CodeReason, minutes: i64) -> Said {
    let (subject, lead) = match reason {
        CodeReason::VerifyEmail => {
            ("メールアドレスの確認", "次のコードを入力して、このメールアドレスを確認してください。")
        }
        CodeReason::EnableMfa => {
            ("2段階認証を有効にするコード", "2段階認証を有効にするには、次のコードを入力してください。")
        }
        CodeReason::DisableMfa => {
            ("2段階認証を無効にするコード", "2段階認証を無効にするには、次のコードを入力してください。")
        }
        CodeReason::SignIn => ("ログイン用コード", "ログインするには、次のコードを入力してください。"),
        CodeReason::Reauthenticate => {
            ("本人確認用コード", "ご本人であることを確認するため、次のコードを入力してください。")
        }
    };
    let unasked = match reason {
        CodeReason::VerifyEmail | CodeReason::EnableMfa => {
            "お心当たりがない場合は、このメールを無視してください。コードが入力されないかぎり、何も変わりません。"
        }
        CodeReason::DisableMfa => {
            "お心当たりがない場合は、このメールを無視してください。2段階認証は有効のままです。ほかの人がアカウントに\
             ログインしているおそれがありますので、パスワードを変更してください。"
        }
        CodeReason::SignIn | CodeReason::Reauthenticate => {
            "お心当たりがない場合は、このメールを無視してください。誰かにパスワードを知られていますので、できるだけ早く\
             パスワードを変更してください。"
        }
    };
    Said {
        subject,
        lead: lead.into(),
        rest: vec![
            format!("コードの有効期間は{}で、一度だけ使えます。", lasting(minutes)),
            unasked.into(),
            "このコードは誰にも教えないでください。こちらからコードをお尋ねすることはありません。".into(),
        ],
    }
}

fn reset(minutes: i64) -> Said {
    Said {
        subject: "パスワードの再設定",
        lead: "次のリンクから、アカウントの新しいパスワードを設定してください。".into(),
        rest: vec![
            format!("リンクの有効期間は{}で、一度だけ使えます。", lasting(minutes)),
            "お心当たりがない場合は、このメールを無視してください。パスワードは変わりません。".into(),
            "このリンクは誰にも渡さないでください。".into(),
        ],
    }
}

fn notice(notice: &Notification) -> Said {
    let (subject, lead, rest) = match notice {
        Notification::EmailChangedFrom { days, .. } => email_changed_from(*days),
        Notification::EmailChangedTo => (
            "このアドレスがアカウントに登録されました",
            "アカウントのメールアドレスが、このアドレスに変更されました。",
            vec![
                "お心当たりがない場合は、新しいパスワードを設定し、メールアドレスを正しいものに直してください。できない\
                 場合は、管理者にお問い合わせください。"
                    .into(),
            ],
        ),
        Notification::EmailChangedBack => (
            "アカウントのメールアドレスが以前のものに戻りました",
            "アカウントのメールアドレスが以前のアドレスに戻され、このアドレスは使われなくなりました。",
            vec!["お心当たりがない場合は、管理者にお問い合わせください。".into()],
        ),
        Notification::PasswordChanged => {
            ("パスワードが変更されました", "アカウントのパスワードが変更されました。", vec![lost_password()])
        }
        Notification::PasswordReset => (
            "パスワードが再設定されました",
            "再設定用のリンクからアカウントの新しいパスワードが設定され、すべての端末からログアウトされました。",
            vec![lost_password()],
        ),
        Notification::MfaEnabled { mfa_type } => (
            "2段階認証が設定されました",
            match mfa_type {
                MfaType::Email => "アカウントに2段階認証が設定されました。今後、認証コードはメールで届きます。",
                MfaType::Otp => "アカウントに2段階認証が設定されました。今後、認証コードは認証アプリに表示されます。",
            },
            vec![
                "お心当たりがない場合は、ほかの人がアカウントにログインしているおそれがあります。すぐにパスワードを変更し、\
                 2段階認証の設定を確認してください。"
                    .into(),
            ],
        ),
        Notification::MfaDisabled => (
            "2段階認証が無効になりました",
            "アカウントの2段階認証が無効になりました。今後は、パスワードだけでログインできます。",
            vec![
                "お心当たりがない場合は、すぐにパスワードを変更し、2段階認証をもう一度有効にしてください。".into(),
            ],
        ),
        Notification::RecoveryCodeUsed { left } => recovery_code_used(*left),
        Notification::RefreshTokenReused => (
            "安全のためセッションを終了しました",
            "アカウントの使用済みのログイン用トークンが、もう一度使われました。誰かが複製を持っているおそれがあるため、\
             安全のためセッションを終了しました。",
            vec![
                "もう一度ログインしてください。上の情報にお心当たりがない場合や、このメールがまた届いた場合は、パスワードを\
                 変更してください。"
                    .into(),
            ],
        ),
        Notification::SignInCodesExhausted => (
            "ログイン用コードが何度も間違って入力されました",
            "アカウントの正しいパスワードのあとに、間違ったコードが何度も入力されたため、ログインを中止しました。",
            vec![
                "ご本人でない場合は、誰かにパスワードを知られています。すぐにパスワードを変更してください。".into(),
                "ご本人の場合は、時間をおいてもう一度お試しください。".into(),
            ],
        ),
        Notification::RecoveryCodesRegenerated => (
            "リカバリーコードが再発行されました",
            "アカウントのリカバリーコードが新しく発行されました。以前のコードは使えなくなりました。",
            vec![
                "お心当たりがない場合は、ほかの人がアカウントにログインしているおそれがあります。すぐにパスワードを変更し、\
                 リカバリーコードを作り直してください。"
                    .into(),
            ],
        ),
        Notification::PasswordSet => (
            "管理者がパスワードを設定しました",
            "管理者がアカウントの新しいパスワードを設定し、すべての端末からログアウトされました。",
            vec!["お心当たりがない場合は、管理者にお問い合わせください。".into()],
        ),
        Notification::NewDevice => (
            "新しい端末からログインがありました",
            "これまで使われたことのない端末から、アカウントへのログインがありました。",
            vec![
                "ご本人の場合は、何もする必要はありません。".into(),
                "お心当たりがない場合は、誰かにパスワードを知られています。すぐにパスワードを変更し、ほかの端末からログアウト\
                 してください。"
                    .into(),
            ],
        ),
    };
    Said { subject, lead: lead.into(), rest }
}

fn email_changed_from(days: i64) -> Parts {
    (
        "このアドレスはアカウントで使われなくなりました",
        "アカウントのメールアドレスが変更され、このアドレスは使われなくなりました。",
        vec![
            "ご自身で変更された場合は、何もする必要はありません。".into(),
            "お心当たりがない場合は、下のリンクでこのアドレスに戻してから、新しいパスワードを設定してください。戻すと、\
             すべての端末からログアウトされます。"
                .into(),
            format!("リンクの有効期間は{days}日です。誰にも渡さないでください。"),
        ],
    )
}

fn recovery_code_used(left: u32) -> Parts {
    (
        "リカバリーコードが使われました",
        "アカウントで、認証コードの代わりにリカバリーコードが使われました。",
        vec![
            match left {
                0 => "リカバリーコードは残っていません。新しく作成してください。".into(),
                left => format!("リカバリーコードの残りは{left}個です。"),
            },
            "お心当たりがない場合は、すぐにパスワードを変更し、リカバリーコードを作り直してください。".into(),
        ],
    )
}

fn lost_password() -> String {
    "お心当たりがない場合は、すぐにログイン画面からパスワードを再設定してください。できない場合は、管理者に\
     お問い合わせください。"
        .into()
}

fn lasting(minutes: i64) -> String {
    match span(minutes) {
        Span::Minutes(minutes) => format!("{minutes}分間"),
        Span::Hours(hours) => format!("{hours}時間"),
    }
}
