//! The Playground as users operate it.

const usual = { scope: "openid profile email offline_access", prompt: "", max_age: "", response_mode: "" };

/** Opens it, waits until it has read the server's metadata, and fills in the request. */
export async function openPlayground(page, demo, parameters = {}) {
  await page.goto(demo.playground);
  // Data of an earlier visit appears at once; this line belongs to this visit.
  await page.getByRole("status").filter({ hasText: "answers" }).waitFor();
  const { response_mode: mode, ...typed } = { ...usual, ...parameters };
  await page.getByLabel("response_mode").selectOption(mode);
  for (const [name, value] of Object.entries(typed)) {
    await page.getByLabel(name, { exact: true }).fill(value);
  }
}

/** Sends the browser to the server with the authorization request of step 2. Returns once it is under way. */
export async function ask(page) {
  const left = page.waitForRequest((request) => request.isNavigationRequest() && request.url().includes("/oauth2/authorize?"));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await left;
}

/** The response at the Playground's callback. */
export async function answer(page, demo) {
  await page.waitForURL((url) => url.origin === demo.playground && url.pathname !== "/signed-out");
  await page.getByRole("heading", { name: "Checks an app must make" }).waitFor();
  const state = await page.evaluate(() => JSON.parse(sessionStorage.getItem("playground")));
  return { received: Object.fromEntries(state.callback.parameters), sent: state.sent };
}

/** Exchanges the code; returns the tokens and the results of the Playground's checks. */
export async function exchange(page) {
  await page.getByRole("button", { name: "Exchange the code" }).click();
  await page.getByRole("heading", { name: "ID token" }).waitFor();
  const state = await page.evaluate(() => JSON.parse(sessionStorage.getItem("playground")));
  const failed = await page.locator(".verdict.bad").allInnerTexts();
  return { tokens: state.tokens, failed };
}

/** Presses a button of step 5 and returns the response shown. */
export async function use(page, label, kind) {
  await page.getByRole("button", { name: label }).click();
  await page.waitForFunction((name) => JSON.parse(sessionStorage.getItem("playground")).exchanges[name], kind);
  const state = await page.evaluate(() => JSON.parse(sessionStorage.getItem("playground")));
  return state.exchanges[kind].answer;
}
