//! Takes the README's screenshots of the real program: `make images`.

import { mkdir } from "node:fs/promises";
import { openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { answer, ask, exchange, openPlayground } from "./playground.mjs";
import { allow, makeKey } from "./wallet.mjs";

const images = new URL("../../docs/images/", import.meta.url).pathname;
await mkdir(images, { recursive: true });

const [chromium, demo] = await Promise.all([openChromium(), startDemo()]);
try {
  const { context } = await openDevice(chromium, { acceptDownloads: true, viewport: { width: 1100, height: 760 } });
  const page = await context.newPage();
  await openPlayground(page, demo);
  await ask(page);
  await page.getByRole("link", { name: "Create your key" }).click();
  await makeKey(page);
  await page.waitForURL("**/consent?**");
  await page.screenshot({ path: `${images}consent.png` });
  await allow(page);
  await answer(page, demo);
  await exchange(page);
  await page.getByRole("heading", { name: "Access token" }).scrollIntoViewIfNeeded();
  await page.screenshot({ path: `${images}playground.png` });
  await page.goto(`${demo.server}/workspace/login`);
  await page.getByRole("form", { name: "Harbour Bakery" }).getByRole("button", { name: /^Ada/ }).click();
  await page.getByRole("link", { name: "Roles" }).click();
  await page.getByRole("heading", { name: "Roles" }).waitFor();
  await page.setViewportSize({ width: 1100, height: 560 });
  await page.screenshot({ path: `${images}workspace.png` });
} finally {
  await chromium.close();
  await demo.stop();
}
