// The texts of the pages in each language, and the choice of the user's language. The English texts in the HTML files
// are repeated here; tests/clients/plain-pages.test.mjs compares them.
//
// `endings` are for codes that end the page, `refusals` for codes after which the user can submit again. A text that
// contains a number is built from the server's error.

const en = {
  noToken: {
    title: 'Please open the link again',
    text:
      'For your safety, this page reads the link only once and does not keep it. If you reloaded the page, please ' +
      'open the link in the email again. If you copied the link, check that you copied all of it.',
  },
  refusals: {
    RATE_LIMITED: ({ retryAfter }) => `The server is busy. Please try again in ${wait(retryAfter, 'a moment')}.`,
    UNREACHABLE: 'The server cannot be reached. Check your connection, then try again.',
    FAILED: 'Something went wrong. Please try again in a moment.',
  },
  resetPassword: {
    title: 'Set a new password',
    lead: 'Choose a new password for your account. Setting it signs out every device.',
    newPassword: 'New password',
    rule: 'Use 8 to 128 characters.',
    hint:
      'A few unrelated words are strong and easy to remember. Common passwords, and passwords that contain your ' +
      'name, user id, or email address, are not accepted.',
    app: 'Sign in',
    repeated: 'Repeat new password',
    show: 'Show',
    hide: 'Hide',
    showPasswords: 'Show passwords',
    hidePasswords: 'Hide passwords',
    submit: 'Set password',
    busy: 'Setting your password…',
    endings: {
      OK: {
        title: 'Your password is set',
        text: 'All your sessions were signed out. Please sign in with your new password.',
      },
      INVALID_TOKEN: {
        title: 'This link no longer works',
        text:
          'It has expired, has already been used, or was replaced by a newer link. Please request a new link from the ' +
          'sign-in page.',
      },
    },
    refusals: {
      REQUIRED: 'Please enter a new password.',
      DIFFERENT: 'The passwords do not match. Please enter the same password twice.',
      PASSWORD_TOO_SHORT: ({ message }) => {
        const least = numberIn(message);
        const advice = least ? `use at least ${least} characters` : 'choose a longer one';
        return `This password is too short. Please ${advice}.`;
      },
      PASSWORD_TOO_LONG: 'This password is too long. Please use at most 128 characters.',
      PASSWORD_TOO_COMMON: 'Many people use this password, so it is easy to guess. Please choose a different one.',
      PASSWORD_PERSONAL: 'This password contains your name, user id, or email address. Please choose a different one.',
      PASSWORD_UNCHANGED: 'This is already your password. Please choose a different one.',
    },
  },
  undoEmailChange: {
    title: 'Restore your email address',
    lead:
      'The email address of your account was changed. If you did not change it, you can restore the old address here:',
    address: 'The address that received this link becomes the email address of your account again.',
    sessions: 'Every device is signed out.',
    wanted: 'If you made this change yourself, you do not need to do anything. Just close this page.',
    app: 'Sign in',
    submit: 'Restore my address',
    busy: 'Restoring your address…',
    endings: {
      OK: {
        title: 'Your address is restored',
        text:
          'All your sessions were signed out. If you did not change the address yourself, somebody else may have ' +
          'signed in to your account. Please reset your password from the sign-in page right away.',
      },
      INVALID_TOKEN: {
        title: 'This link no longer works',
        text:
          'It has expired or has already been used. If the email address of your account is still wrong, please ask ' +
          'your administrator for help.',
      },
      EMAIL_TAKEN: {
        title: 'This address cannot be restored',
        text: 'Another account uses it now. Please ask your administrator for help.',
      },
    },
  },
  cancelDeletion: {
    title: 'Keep your account',
    lead: 'The deletion of your account was requested. You can keep the account here:',
    stays: 'Your account and its data stay as they are.',
    signIn: 'You can sign in as before.',
    wanted: 'If you want your account to be deleted, you do not need to do anything. Just close this page.',
    app: 'Sign in',
    submit: 'Keep my account',
    busy: 'Keeping your account…',
    endings: {
      OK: {
        title: 'Your account stays',
        text:
          'The deletion was cancelled. If you did not request it, somebody else may have signed in to your account. ' +
          'Please reset your password from the sign-in page right away.',
      },
      INVALID_TOKEN: {
        title: 'This link no longer works',
        text:
          'It has expired or has already been used. If you signed in after you requested the deletion, your account ' +
          'stays anyway.',
      },
    },
  },
};

const ko = {
  noToken: {
    title: '링크를 다시 열어 주세요',
    text:
      '안전을 위해 이 페이지는 링크를 한 번만 읽고 저장하지 않습니다. 페이지를 새로고침하셨다면 받으신 링크를 다시 열어 ' +
      '주세요. 링크를 복사하셨다면 끝까지 복사되었는지 확인해 주세요.',
  },
  refusals: {
    RATE_LIMITED: ({ retryAfter }) => `서버가 혼잡합니다. ${wait(retryAfter, '잠시')} 후에 다시 시도해 주세요.`,
    UNREACHABLE: '서버에 연결할 수 없습니다. 인터넷 연결을 확인한 다음 다시 시도해 주세요.',
    FAILED: '지금은 처리할 수 없습니다. 잠시 후에 다시 시도해 주세요.',
  },
  resetPassword: {
    title: '새 비밀번호 설정',
    lead: '계정의 새 비밀번호를 입력해 주세요. 설정하면 모든 기기에서 로그아웃됩니다.',
    newPassword: '새 비밀번호',
    rule: '8자 이상 128자 이하로 입력해 주세요.',
    hint:
      '서로 관련 없는 단어 몇 개를 이어 쓰면 안전하고 기억하기 쉽습니다. 흔히 쓰이는 비밀번호나 이름, 사용자 ID, 이메일 주소가 ' +
      '들어간 비밀번호는 사용할 수 없습니다.',
    app: '로그인',
    repeated: '새 비밀번호 다시 입력',
    show: '표시',
    hide: '숨기기',
    showPasswords: '비밀번호 표시',
    hidePasswords: '비밀번호 숨기기',
    submit: '비밀번호 설정',
    busy: '설정하고 있습니다…',
    endings: {
      OK: {
        title: '비밀번호가 설정되었습니다',
        text: '모든 기기에서 로그아웃되었습니다. 새 비밀번호로 로그인해 주세요.',
      },
      INVALID_TOKEN: {
        title: '더 이상 사용할 수 없는 링크입니다',
        text:
          '이미 사용했거나, 유효 시간이 지났거나, 더 최근에 보낸 링크가 있습니다. 로그인 화면에서 비밀번호 재설정을 다시 ' +
          '요청해 주세요.',
      },
    },
    refusals: {
      REQUIRED: '새 비밀번호를 입력해 주세요.',
      DIFFERENT: '두 비밀번호가 서로 다릅니다. 같은 비밀번호를 두 번 입력해 주세요.',
      PASSWORD_TOO_SHORT: ({ message }) => {
        const least = numberIn(message);
        return `비밀번호가 너무 짧습니다. ${least ? `${least}자 이상으로` : '더 길게'} 입력해 주세요.`;
      },
      PASSWORD_TOO_LONG: '비밀번호가 너무 깁니다. 128자 이하로 입력해 주세요.',
      PASSWORD_TOO_COMMON: '많은 사람이 사용해 추측하기 쉬운 비밀번호입니다. 다른 비밀번호를 입력해 주세요.',
      PASSWORD_PERSONAL: '이름, 사용자 ID, 이메일 주소가 들어간 비밀번호는 사용할 수 없습니다. 다른 비밀번호를 입력해 주세요.',
      PASSWORD_UNCHANGED: '지금 사용하고 계신 비밀번호와 같습니다. 다른 비밀번호를 입력해 주세요.',
    },
  },
  undoEmailChange: {
    title: '이메일 주소 되돌리기',
    lead: '계정의 이메일 주소가 변경되었습니다. 직접 변경하지 않으셨다면 여기에서 이전 주소로 되돌릴 수 있습니다.',
    address: '이 링크를 받은 주소가 다시 계정의 이메일 주소가 됩니다.',
    sessions: '모든 기기에서 로그아웃됩니다.',
    wanted: '직접 변경하셨다면 아무것도 하지 않으셔도 됩니다. 이 페이지를 닫아 주세요.',
    app: '로그인',
    submit: '이전 주소로 되돌리기',
    busy: '되돌리고 있습니다…',
    endings: {
      OK: {
        title: '이전 주소로 되돌렸습니다',
        text:
          '모든 기기에서 로그아웃되었습니다. 주소를 직접 변경하지 않으셨다면 다른 사람이 계정에 로그인했을 수 있습니다. ' +
          '지금 바로 로그인 화면에서 비밀번호를 재설정해 주세요.',
      },
      INVALID_TOKEN: {
        title: '더 이상 사용할 수 없는 링크입니다',
        text:
          '이미 사용했거나 유효 기간이 지났습니다. 계정의 이메일 주소가 아직 잘못되어 있다면 관리자에게 문의해 주세요.',
      },
      EMAIL_TAKEN: {
        title: '이 주소로 되돌릴 수 없습니다',
        text: '그 사이에 다른 사용자가 이 주소를 사용하게 되었습니다. 관리자에게 문의해 주세요.',
      },
    },
  },
  cancelDeletion: {
    title: '계정 유지하기',
    lead: '계정 삭제가 요청되었습니다. 여기에서 계정을 유지할 수 있습니다.',
    stays: '계정과 데이터는 그대로 유지됩니다.',
    signIn: '이전과 같이 로그인할 수 있습니다.',
    wanted: '계정을 삭제하시려면 아무것도 하지 않으셔도 됩니다. 이 페이지를 닫아 주세요.',
    app: '로그인',
    submit: '계정 유지하기',
    busy: '처리하고 있습니다…',
    endings: {
      OK: {
        title: '계정이 유지됩니다',
        text:
          '계정 삭제가 취소되었습니다. 직접 요청하지 않으셨다면 다른 사람이 계정에 로그인했을 수 있습니다. 지금 바로 로그인 화면에서 ' +
          '비밀번호를 재설정해 주세요.',
      },
      INVALID_TOKEN: {
        title: '더 이상 사용할 수 없는 링크입니다',
        text: '이미 사용했거나 유효 기간이 지났습니다. 삭제를 요청한 뒤에 로그인하셨다면 계정은 그대로 유지됩니다.',
      },
    },
  },
};

const ja = {
  noToken: {
    title: 'リンクをもう一度開いてください',
    text:
      '安全のため、このページはリンクを一度だけ読み取り、保存しません。ページを再読み込みされた場合は、お届けしたリンクを' +
      'もう一度開いてください。リンクをコピーされた場合は、最後までコピーされているかご確認ください。',
  },
  refusals: {
    RATE_LIMITED: ({ retryAfter }) =>
      `サーバーが混み合っています。${retryAfter ? `${wait(retryAfter)}後に` : 'しばらくしてから'}もう一度お試しください。`,
    UNREACHABLE: 'サーバーに接続できません。インターネット接続を確認してから、もう一度お試しください。',
    FAILED: 'ただいま処理できませんでした。しばらくしてからもう一度お試しください。',
  },
  resetPassword: {
    title: '新しいパスワードの設定',
    lead: 'アカウントの新しいパスワードを入力してください。設定すると、すべての端末からログアウトされます。',
    newPassword: '新しいパスワード',
    rule: '8文字以上128文字以内で入力してください。',
    hint:
      '関連のない言葉をいくつか並べると、安全で覚えやすくなります。よく使われるパスワードや、お名前、ユーザーID、メールアドレスを' +
      '含むパスワードは使えません。',
    app: 'ログイン',
    repeated: '新しいパスワード（もう一度）',
    show: '表示',
    hide: '隠す',
    showPasswords: 'パスワードを表示',
    hidePasswords: 'パスワードを隠す',
    submit: 'パスワードを設定',
    busy: '設定しています…',
    endings: {
      OK: {
        title: 'パスワードを設定しました',
        text: 'すべての端末からログアウトされました。新しいパスワードでログインしてください。',
      },
      INVALID_TOKEN: {
        title: 'このリンクは使えなくなりました',
        text:
          'すでに使われたか、有効期間が過ぎたか、より新しいリンクが送られています。ログイン画面から、パスワードの再設定を' +
          'もう一度お申し込みください。',
      },
    },
    refusals: {
      REQUIRED: '新しいパスワードを入力してください。',
      DIFFERENT: '2つのパスワードが一致しません。同じパスワードを2回入力してください。',
      PASSWORD_TOO_SHORT: ({ message }) => {
        const least = numberIn(message);
        return `パスワードが短すぎます。${least ? `${least}文字以上で` : 'もっと長いものを'}入力してください。`;
      },
      PASSWORD_TOO_LONG: 'パスワードが長すぎます。128文字以内で入力してください。',
      PASSWORD_TOO_COMMON: '多くの人が使っていて、推測されやすいパスワードです。別のパスワードを入力してください。',
      PASSWORD_PERSONAL: 'お名前、ユーザーID、メールアドレスを含むパスワードは使えません。別のパスワードを入力してください。',
      PASSWORD_UNCHANGED: '現在のパスワードと同じです。別のパスワードを入力してください。',
    },
  },
  undoEmailChange: {
    title: 'メールアドレスを元に戻す',
    lead: 'アカウントのメールアドレスが変更されました。お心当たりがない場合は、ここで元のアドレスに戻すことができます。',
    address: 'このリンクが届いたアドレスが、再びアカウントのメールアドレスになります。',
    sessions: 'すべての端末からログアウトされます。',
    wanted: 'ご自身で変更された場合は、何もする必要はありません。このページを閉じてください。',
    app: 'ログイン',
    submit: '元のアドレスに戻す',
    busy: '元に戻しています…',
    endings: {
      OK: {
        title: '元のアドレスに戻しました',
        text:
          'すべての端末からログアウトされました。変更にお心当たりがない場合は、ほかの人がアカウントにログインしたおそれが' +
          'あります。すぐにログイン画面からパスワードを再設定してください。',
      },
      INVALID_TOKEN: {
        title: 'このリンクは使えなくなりました',
        text:
          'すでに使われたか、有効期間が過ぎています。アカウントのメールアドレスがまだ正しくない場合は、管理者にお問い合わせ' +
          'ください。',
      },
      EMAIL_TAKEN: {
        title: 'このアドレスには戻せません',
        text: 'このアドレスは、現在ほかのユーザーが使用しています。管理者にお問い合わせください。',
      },
    },
  },
  cancelDeletion: {
    title: 'アカウントを残す',
    lead: 'アカウントの削除が申請されました。ここでアカウントを残すことができます。',
    stays: 'アカウントとデータは元のままです。',
    signIn: 'これまでどおりログインできます。',
    wanted: 'アカウントを削除される場合は、何もする必要はありません。このページを閉じてください。',
    app: 'ログイン',
    submit: 'アカウントを残す',
    busy: '処理しています…',
    endings: {
      OK: {
        title: 'アカウントは残ります',
        text:
          '削除は取り消されました。お心当たりがない場合は、ほかの人がアカウントにログインしたおそれがあります。すぐに' +
          'ログイン画面からパスワードを再設定してください。',
      },
      INVALID_TOKEN: {
        title: 'このリンクは使えなくなりました',
        text: 'すでに使われたか、有効期限が切れています。削除を申請した後にログインされた場合、アカウントは残っています。',
      },
    },
  },
};

const LANGUAGES = { en, ko, ja };

/** `en`, `ko`, or `ja`: the one in `?lang=`, otherwise the first of them in the browser's preferences. */
export const language = choose([new URLSearchParams(location.search).get('lang') ?? '', ...navigator.languages]);

export const words = LANGUAGES[language];

function choose(tags) {
  return tags.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? 'en';
}

/** `5 seconds`, `5초`, `5 秒`; `otherwise` if the server named no time. */
function wait(seconds, otherwise) {
  if (!seconds) return otherwise;
  return new Intl.NumberFormat(language, { style: 'unit', unit: 'second', unitDisplay: 'long' }).format(seconds);
}

/** The minimum length of a password is a server setting, which only the server's message contains. */
function numberIn(message) {
  return /\d+/.exec(message ?? '')?.[0];
}
