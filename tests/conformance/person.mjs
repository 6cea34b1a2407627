//! Nora Field, who signs in with a password, agrees to what she is asked, and looks at every page that stops her; and Olaf Field,
//! who agrees to nothing.

export const NORA = { email: "nora@example.org", name: "Nora Field" };
export const OLAF = { email: "olaf@example.org", name: "Olaf Field" };
export const PASSWORD = "correct horse battery staple";

/** What Nora says about herself: every claim of the scope `profile` (OpenID Connect Core §5.4). */
const PROFILE = {
  given_name: "Nora",
  family_name: "Field",
  middle_name: "Ada",
  nickname: "Nono",
  preferred_username: "nora",
  profile: "https://example.org/people/nora",
  picture: "https://example.org/people/nora.jpg",
  website: "https://nora.example.org/",
  gender: "female",
  birthdate: "1984-02-29",
  zoneinfo: "Europe/Oslo",
  locale: "en-GB",
};

/** Pages that are looked at before the person leaves one to its scripts and redirects, at most. */
const PAGES = 12;

/** Modules in which the person does something else than agree. */
const HABITS = [
  // What Nora agreed to in an earlier module is remembered, and she is not asked again.
  { module: /user-rejects-authentication$/, denies: true, email: OLAF.email },
  // The address is opened twice, and only the second visit goes on.
  { module: /reused-request-uri-prior-to-auth-completion-succeeds$/, looksFirst: true },
  // The suite wants to see that the person was signed out, where others are to be asked or to see an error.
  { module: /logout-(no-params|only-state)$/, signsOut: true, looksLast: true },
  // What an app says of itself is on the page where the person is asked for their consent.
  { module: /registration-(logo|policy|tos)-uri$/, looksLast: true },
];

/** A person with a browser of their own, for one module. */
export async function openPerson(chromium, issuer, suite, module = "") {
  const habit = HABITS.find((habit) => habit.module.test(module)) ?? {};
  const { looksFirst = false, looksLast = false } = habit;
  let visits = 0;
  const context = await chromium.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();

  /**
   * Opens `url`, and does what a person does until they are back at the suite or nothing is left to do. Resolves to a PNG of what
   * the suite wants to see: the first page that stopped them, or the last. It is nothing after a visit that another is to follow.
   */
  const visit = async (url, method) => {
    if (method === "POST") await post(page, url);
    else await page.goto(url, { waitUntil: "load" });
    visits += 1;
    let seen;
    for (let pages = 0; pages < PAGES; pages += 1) {
      await page.waitForLoadState("load");
      if (!page.url().startsWith(issuer)) break;
      if (!seen || looksLast) seen = await screenshot(page);
      if ((looksFirst && visits === 1) || !(await act(page, habit))) break;
    }
    // The suite's own pages tell it by scripts where the person arrived.
    if (page.url().startsWith(suite)) await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => {});
    return looksFirst && visits === 1 ? undefined : (seen ?? page.screenshot());
  };

  /** Signs in and fills in the profile. */
  const fillIn = async () => {
    await visit(`${issuer}/login`, "GET");
    const made = await context.request.post(`${issuer}/api/profile/create`, { data: PROFILE });
    if (!made.ok()) throw new Error(`the profile was refused: ${made.status()} ${await made.text()}`);
  };
  return { visit, fillIn, close: () => context.close() };
}

/** A picture of the page, once all that it needs is there. */
async function screenshot(page) {
  await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => {});
  return page.screenshot({ fullPage: true });
}

/** Sends the parameters of `url` by a form, as an app that posts its requests does. */
async function post(page, url) {
  const { origin, pathname, searchParams } = new URL(url);
  await page.goto(`${origin}/healthz`);
  const fields = [...searchParams];
  await Promise.all([
    page.waitForNavigation(),
    page.evaluate(
      ({ action, fields }) => {
        const form = Object.assign(document.createElement("form"), { method: "post", action });
        for (const [name, value] of fields) form.append(Object.assign(document.createElement("input"), { name, value }));
        document.body.append(form);
        form.submit();
      },
      { action: origin + pathname, fields },
    ),
  ]);
}

/** Fills in and submits the form of the page; whether there was one. */
async function act(page, { denies = false, signsOut = false, email = NORA.email }) {
  const path = new URL(page.url()).pathname;
  const leave = async (click) => {
    const before = page.url();
    await click();
    await page.waitForURL((url) => url.href !== before, { timeout: 15_000 }).catch(() => {});
    return true;
  };
  if (path === "/login") {
    const password = page.locator("#password");
    if (!(await password.isVisible())) await page.locator("details:has(#password) > summary").click();
    if (await page.locator("#email").isEditable()) await page.locator("#email").fill(email);
    await password.fill(PASSWORD);
    return leave(() => password.press("Enter"));
  }
  if (path === "/consent") return leave(() => page.locator(`button[name="accept"][value="${!denies}"]`).click());
  if (path === "/select-account") return leave(() => page.locator("form button").first().click());
  if (path === "/api/auth/oauth2/end-session" && signsOut) {
    const yes = page.locator('button[name="confirm"][value="true"]');
    return (await yes.isVisible()) && leave(() => yes.click());
  }
  return false;
}
