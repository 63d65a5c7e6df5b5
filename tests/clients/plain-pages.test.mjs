// The pages that emailed links open: setting a new password, restoring the previous email address, and cancelling the
// deletion of an account.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, picture } from './browser.mjs';
import { address } from './environment.mjs';
import { fillInPasswords, openPlain, wordsOf } from './plain-pages.mjs';

const RESET = '/reset-password';
const UNDO = '/undo-email-change';
const CANCEL = '/cancel-deletion';
const TOKEN = 'upw_made-up-0123456789';
const WITH_TOKEN = `#token=${TOKEN}`;
const PASSWORD = 'seven lanterns by the quay';

const TITLES = {
  [RESET]: { en: 'Set a new password', ko: '새 비밀번호 설정', ja: '新しいパスワードの設定' },
  [UNDO]: { en: 'Restore your email address', ko: '이메일 주소 되돌리기', ja: 'メールアドレスを元に戻す' },
  [CANCEL]: { en: 'Keep your account', ko: '계정 유지하기', ja: 'アカウントを残す' },
};
/** The names of a page's texts, and of its mutation. */
const TEXTS = { [RESET]: 'resetPassword', [UNDO]: 'undoEmailChange', [CANCEL]: 'cancelDeletion' };
const MUTATIONS = { [RESET]: 'confirmPasswordReset', [UNDO]: 'undoEmailChange', [CANCEL]: 'cancelAccountDeletion' };

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

for (const path of [RESET, UNDO, CANCEL]) {
  describe(path, () => {
    for (const [language, title] of Object.entries(TITLES[path])) {
      test(`\`?lang=${language}\` selects the language`, async () => {
        const link = `${path}?lang=${language}${WITH_TOKEN}`;
        const { page, problems } = await openPlain(browser, link, { locale: 'de-DE' });
        await isIn(page, language, title);
        assert.equal(new URL(page.url()).search, `?lang=${language}`);
        assert.deepEqual(problems, []);
      });

      test(`the browser's preference selects the language: ${language}`, async () => {
        const locale = { en: 'en-US', ko: 'ko-KR', ja: 'ja-JP' }[language];
        const { page, problems } = await openPlain(browser, path + WITH_TOKEN, { locale });
        await isIn(page, language, title);
        assert.deepEqual(problems, []);
      });
    }

    test('English is the default language', async () => {
      const { page } = await openPlain(browser, `${path}?lang=xx${WITH_TOKEN}`, { locale: 'fr-FR' });
      await isIn(page, 'en', TITLES[path].en);
    });

    test('without JavaScript, the page has the same English texts, and says that it needs JavaScript', async () => {
      const { page, problems } = await openPlain(browser, path, { javaScriptEnabled: false });
      // Not by its text, because Playwright does not search in noscript.
      await page.locator('.needs-script').waitFor();
      const texts = await page.locator('[data-words]').evaluateAll((elements) =>
        elements.map(({ dataset, textContent }) => [dataset.words, textContent.trim().replace(/\s+/g, ' ')]),
      );
      assert.equal(await page.title(), `${TITLES[path].en} · UserProfile`);
      assert.deepEqual(problems, []);

      const { page: other } = await openPlain(browser, path);
      const expected = (await wordsOf(other, 'en'))[TEXTS[path]];
      assert.notEqual(texts.length, 0);
      assert.deepEqual(texts, texts.map(([name]) => [name, expected[name]]));
    });

    test('the token is removed from the address, and sent to the API only', async () => {
      const { page, problems, requests } = await openPlain(browser, path + WITH_TOKEN);
      await page.waitForURL(address(path));
      assert.equal(await page.evaluate(() => location.href), address(path));
      await sendForm(page, path);
      await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
      assert.ok(requests.some((request) => request.url() === address('/graphql')));
      for (const request of requests) {
        const url = request.url();
        // Playwright includes the fragment, which browsers do not send.
        assert.ok(!url.split('#')[0].includes(TOKEN), url);
        const { referer } = await request.allHeaders();
        assert.equal(referer, undefined, `${url} got a Referer header`);
      }
      const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
      assert.deepEqual(kept, [0, 0, '']);
      assert.deepEqual(problems, []);
    });

    test('without a token, and after a reload, the page asks to open the link again', async () => {
      const { page, problems } = await openPlain(browser, path);
      await asksToOpenTheLinkAgain(page);
      await page.goto(address(path + WITH_TOKEN));
      await page.getByRole('button').last().waitFor();
      await page.reload();
      await asksToOpenTheLinkAgain(page);
      assert.deepEqual(problems, []);
    });

    test('a link can be pasted while the page is open', async () => {
      const { page } = await openPlain(browser, path);
      await asksToOpenTheLinkAgain(page);
      await page.evaluate((hash) => (location.hash = hash), WITH_TOKEN);
      await page.getByRole('heading', { name: TITLES[path].en }).waitFor();
      assert.equal(await page.evaluate(() => location.href), address(path));
      assert.ok(await page.locator('#submit').isVisible());
    });

    test('the result is announced to screen readers, and its title gets the focus', async () => {
      const { page } = await openPlain(browser, path + WITH_TOKEN);
      await sendForm(page, path);
      await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
      assert.match(await page.getByRole('status').innerText(), /has expired/);
      assert.equal(await page.evaluate(() => document.activeElement.id), 'title');
      assert.equal(await page.getByRole('button').count(), 0);
    });

    for (const language of ['en', 'ko', 'ja']) {
      test(`the page fits a width of 320 pixels in ${language}`, async () => {
        const viewport = { width: 320, height: 640 };
        const { page } = await openPlain(browser, `${path}?lang=${language}${WITH_TOKEN}`, { viewport });
        assert.equal(await width(page), 320);
        await page.reload();
        assert.equal(await width(page), 320);
      });
    }

    test('all addresses are relative, so that the page works below any path', async () => {
      const { page, sent } = await openPlain(browser, path, { mock: payload(path, { ok: true }) });
      await page.route('**/id/**', async (route) => {
        const url = route.request().url().replace('/id/', '/');
        if (url === address('/graphql')) return route.fallback();
        return route.fulfill({ response: await route.fetch({ url }) });
      });
      await page.goto(address(`/id${path}${WITH_TOKEN}`));
      await sendForm(page, path);
      await page.locator('main[data-ended][data-tone="good"]').waitFor();
      assert.equal(sent[0].token, TOKEN);
      assert.equal(await page.evaluate(() => location.pathname), `/id${path}`);
    });

    test('the link to the application is shown after completion only', async () => {
      const settings = { appUrl: 'https://app.example.com/sign-in', passwordMinLength: 8, demo: null };
      const invalid = refused(path, { code: 'INVALID_TOKEN', message: 'no', field: 'token' });
      for (const mock of [payload(path, { ok: true }), invalid]) {
        const { page, problems } = await openPlain(browser, path + WITH_TOKEN, { settings, mock });
        await page.locator('#submit').waitFor();
        assert.equal(await page.getByRole('link').count(), 0);
        await sendForm(page, path);
        const link = page.getByRole('link', { name: 'Sign in' });
        await link.waitFor();
        assert.equal(await link.getAttribute('href'), settings.appUrl);
        await picture(page, `after${path.replaceAll('/', '-')}`);
        assert.deepEqual(problems, []);
      }
    });

    test('without `appUrl` there is no link to an application', async () => {
      const { page } = await openPlain(browser, path + WITH_TOKEN, { mock: payload(path, { ok: true }) });
      await sendForm(page, path);
      await page.locator('main[data-ended][data-tone="good"]').waitFor();
      await page.waitForLoadState('networkidle');
      assert.equal(await page.getByRole('link').count(), 0);
    });

    test('if the server cannot be reached, the user can try again', async () => {
      let isGone = true;
      const mock = (route) => (isGone ? route.abort() : route.fulfill({ json: payload(path, { ok: true }) }));
      const { page } = await openPlain(browser, path + WITH_TOKEN, { mock });
      await sendForm(page, path);
      await page.getByText('The server cannot be reached. Check your connection').waitFor();
      isGone = false;
      await page.locator('#submit').click();
      await page.locator('main[data-tone="good"]').waitFor();
    });

    test('the form is submitted once, even if its button is clicked twice', async () => {
      let release;
      const held = new Promise((resolve) => (release = resolve));
      const mock = async (route) => {
        await held;
        await route.fulfill({ json: payload(path, { ok: true }) });
      };
      const { page, sent } = await openPlain(browser, path + WITH_TOKEN, { mock });
      await sendForm(page, path);
      const button = page.locator('#submit[aria-disabled="true"]');
      await button.waitFor();
      assert.match(await button.innerText(), /…$/);
      await button.click({ force: true });
      release();
      await page.locator('main[data-tone="good"]').waitFor();
      assert.equal(sent.length, 1);
    });

    const failures = {
      'is unavailable': { status: 503, json: { errors: [{ message: 'no', extensions: { code: 'UNAVAILABLE' } }] } },
      'returns no JSON': { status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' },
      'returns an unknown code': { json: refused(path, { code: 'TOMORROW', message: 'no', field: null }) },
      'returns neither data nor errors': { json: { data: null } },
    };
    for (const [what, response] of Object.entries(failures)) {
      test(`the user can try again if the server ${what}`, async () => {
        const { page } = await openPlain(browser, path + WITH_TOKEN, { mock: (route) => route.fulfill(response) });
        await sendForm(page, path);
        await page.getByText('Something went wrong. Please try again in a moment.').waitFor();
        assert.ok(await page.locator('#submit').isVisible());
      });
    }
  });
}

describe('Setting a new password', () => {
  test('sends the password and the token, and removes the form', async () => {
    const mock = payload(RESET, { ok: true });
    const { page, problems, sent } = await openPlain(browser, RESET + WITH_TOKEN, { mock });
    await fillInPasswords(page, PASSWORD);
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor();
    await page.getByText('All your sessions were signed out. Please sign in with your new password.').waitFor();
    assert.deepEqual(sent, [{ token: TOKEN, newPassword: PASSWORD }]);
    assert.ok(!(await page.locator('#new-password').isVisible()));
    assert.equal(await page.locator('#new-password').inputValue(), '');
    assert.deepEqual(problems, []);
  });

  const refusals = {
    REQUIRED: /^Please enter a new password\./,
    PASSWORD_TOO_SHORT: /too short\. Please use at least 12 characters\.$/,
    PASSWORD_TOO_LONG: /at most 128 characters/,
    PASSWORD_TOO_COMMON: /easy to guess/,
    PASSWORD_PERSONAL: /^This password contains your name, user id, or email address\./,
    PASSWORD_UNCHANGED: /already your password/,
  };
  for (const [code, sentence] of Object.entries(refusals)) {
    test(`the user can correct a password that is refused with ${code}`, async () => {
      const message = 'the password must have at least 12 characters';
      const refusal = { code, message, field: 'newPassword', retryAfter: null };
      const { page, problems } = await openPlain(browser, RESET + WITH_TOKEN, { mock: refused(RESET, refusal) });
      await fillInPasswords(page, PASSWORD);
      await page.locator('#new-password[aria-invalid="true"]').waitFor();
      assert.match(await page.getByRole('status').innerText(), sentence);
      assert.match(await page.locator('#new-password').getAttribute('aria-describedby'), /\bmessage\b/);
      assert.equal(await page.evaluate(() => document.activeElement.id), 'new-password');
      await page.keyboard.type('!');
      assert.equal(await page.locator('[aria-invalid]').count(), 0);
      assert.equal(await page.getByRole('status').innerText(), '');
      assert.deepEqual(problems, []);
    });
  }

  test('shows the wait that the server returns', async () => {
    const refusal = { code: 'RATE_LIMITED', message: 'no', field: null, retryAfter: 5 };
    const sentences = { en: 'in 5 seconds.', ko: '5초 후에', ja: '5 秒後に' };
    for (const [language, sentence] of Object.entries(sentences)) {
      const address = `${RESET}?lang=${language}${WITH_TOKEN}`;
      const { page } = await openPlain(browser, address, { mock: refused(RESET, refusal) });
      await sendForm(page, RESET);
      await page.getByRole('status').filter({ hasText: sentence }).waitFor();
      assert.equal(await page.locator('[aria-invalid]').count(), 0);
    }
  });

  test('does not submit an empty password, or two different ones', async () => {
    const mock = payload(RESET, { ok: true });
    const { page, problems, sent } = await openPlain(browser, RESET + WITH_TOKEN, { mock });
    await fillInPasswords(page, '');
    await page.getByText('Please enter a new password.').waitFor();
    await fillInPasswords(page, PASSWORD, `${PASSWORD}!`);
    await page.getByText('The passwords do not match.').waitFor();
    assert.equal(await page.locator('[aria-invalid]').getAttribute('id'), 'repeated');
    assert.equal(await page.locator('#repeated').getAttribute('aria-describedby'), 'message');
    assert.deepEqual(sent, []);
    // The same letter, precomposed and decomposed.
    await fillInPasswords(page, `${PASSWORD} \u00e9`, `${PASSWORD} e\u0301`);
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('the passwords can be shown and hidden', async () => {
    const { page } = await openPlain(browser, RESET + WITH_TOKEN);
    const types = () => page.locator('#new-password, #repeated').evaluateAll((inputs) => inputs.map(({ type }) => type));
    assert.deepEqual(await types(), ['password', 'password']);
    await page.getByRole('button', { name: 'Show passwords' }).click();
    assert.deepEqual(await types(), ['text', 'text']);
    await page.getByRole('button', { name: 'Hide passwords' }).click();
    assert.deepEqual(await types(), ['password', 'password']);
  });

  test('shows the length rule before the first attempt', async () => {
    for (const [language, rule] of Object.entries({
      en: 'Use 8 to 128 characters.',
      ko: '8자 이상 128자 이하로',
      ja: '8文字以上128文字以内で',
    })) {
      const { page, problems } = await openPlain(browser, `${RESET}?lang=${language}${WITH_TOKEN}`);
      await page.getByText(rule).waitFor();
      assert.equal(await page.locator('#new-password').getAttribute('aria-describedby'), 'hint');
      assert.deepEqual(problems, []);
    }
  });

  test('shows the minimum length that is set on the server', async () => {
    const settings = { appUrl: null, passwordMinLength: 12, demo: null };
    for (const [language, rule] of Object.entries({
      en: 'Use 12 to 128 characters.',
      ko: '12자 이상 128자 이하로',
      ja: '12文字以上128文字以内で',
    })) {
      const { page } = await openPlain(browser, `${RESET}?lang=${language}${WITH_TOKEN}`, { settings });
      await page.getByText(rule).waitFor();
    }
  });

  test('has a user name input for password managers that users cannot see or reach', async () => {
    const { page } = await openPlain(browser, RESET + WITH_TOKEN);
    const userName = page.locator('#form input[autocomplete="username"]');
    assert.equal(await userName.count(), 1);
    const { width, height } = await userName.boundingBox();
    assert.ok(width <= 1 && height <= 1);
    assert.equal(await page.getByRole('textbox').count(), 2);
    await page.locator('#new-password').focus();
    await page.keyboard.press('Shift+Tab');
    assert.notEqual(await page.evaluate(() => document.activeElement.getAttribute('autocomplete')), 'username');
  });

  test('works with the keyboard alone', async () => {
    const { page, sent } = await openPlain(browser, RESET + WITH_TOKEN, { mock: payload(RESET, { ok: true }) });
    await page.locator('#new-password').focus();
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor();
    assert.equal(sent.length, 1);
  });
});

describe('Restoring the previous address', () => {
  test('happens on a click, not when the page opens', async () => {
    const { page, problems, sent } = await openPlain(browser, UNDO + WITH_TOKEN, { mock: payload(UNDO, { ok: true }) });
    await page.getByText('Every device is signed out.').waitFor();
    await page.waitForLoadState('networkidle');
    assert.deepEqual(sent, []);
    await page.getByRole('button', { name: 'Restore my address' }).click();
    await page.getByRole('heading', { name: 'Your address is restored' }).waitFor();
    await page.getByText('Please reset your password').waitFor();
    assert.deepEqual(sent, [{ token: TOKEN }]);
    assert.equal(await page.getByRole('button').count(), 0);
    assert.deepEqual(problems, []);
  });

  test('fails if another account uses the address', async () => {
    const refusal = { code: 'EMAIL_TAKEN', message: 'no', field: null };
    const { page, problems } = await openPlain(browser, UNDO + WITH_TOKEN, { mock: refused(UNDO, refusal) });
    await page.getByRole('button', { name: 'Restore my address' }).click();
    await page.getByRole('heading', { name: 'This address cannot be restored' }).waitFor();
    await page.getByText('ask your administrator').waitFor();
    assert.deepEqual(problems, []);
  });
});

describe('Cancelling the deletion of an account', () => {
  test('happens on a click, not when the page opens', async () => {
    const mock = payload(CANCEL, { ok: true });
    const { page, problems, sent } = await openPlain(browser, CANCEL + WITH_TOKEN, { mock });
    await page.getByText('You can sign in as before.').waitFor();
    await page.waitForLoadState('networkidle');
    assert.deepEqual(sent, []);
    await page.getByRole('button', { name: 'Keep my account' }).click();
    await page.getByRole('heading', { name: 'Your account stays' }).waitFor();
    assert.deepEqual(sent, [{ token: TOKEN }]);
    assert.equal(await page.getByRole('button').count(), 0);
    assert.deepEqual(problems, []);
  });
});

test('every text exists in every language', async () => {
  const shapes = [];
  for (const language of ['en', 'ko', 'ja']) {
    const { page } = await openPlain(browser, RESET);
    shapes.push(namesIn(await wordsOf(page, language)));
  }
  const [english, ...others] = shapes;
  for (const other of others) assert.deepEqual(other, english);
});

async function isIn(page, language, title) {
  await page.getByRole('heading', { name: title, exact: true }).waitFor();
  assert.equal(await page.title(), `${title} · UserProfile`);
  assert.equal(await page.evaluate(() => document.documentElement.lang), language);
}

async function asksToOpenTheLinkAgain(page) {
  await page.getByRole('heading', { name: 'Please open the link again' }).waitFor();
  assert.equal(await page.getByRole('button').count(), 0);
}

/** Fills in the form, and submits it. Independent of the language. */
async function sendForm(page, path) {
  if (path === RESET) for (const id of ['new-password', 'repeated']) await page.locator(`#${id}`).fill(PASSWORD);
  await page.locator('#submit').click();
}

function payload(path, { ok, errors = [] }) {
  return { data: { [MUTATIONS[path]]: { ok, errors } } };
}

function refused(path, refusal) {
  return payload(path, { ok: false, errors: [refusal] });
}

function width(page) {
  return page.evaluate(() => document.documentElement.scrollWidth);
}

function namesIn(words) {
  if (typeof words !== 'object') return typeof words;
  return Object.fromEntries(Object.entries(words).map(([name, value]) => [name, namesIn(value)]).sort());
}
