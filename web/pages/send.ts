// Sends a signed request and classifies the outcome.
import type { SignedRequest } from "../wallet/sign.ts";

/** The outcome, as far as the user is concerned. */
export type Outcome =
  | { kind: "signed-in"; name: string | undefined }
  | { kind: "no-account" }
  | { kind: "limited"; seconds: number }
  | { kind: "clock"; minutesAhead: number }
  | { kind: "refused"; code: string | undefined; message: string | undefined }
  | { kind: "unavailable"; seconds: number }
  | { kind: "offline" };

/** The server refuses signatures that are older or newer than five minutes; smaller differences are not the clock's fault. */
const CLOCK_TOLERANCE_MS = 4 * 60_000;

/** Sends the request with the browser's cookies, to this origin only. */
export async function send(request: SignedRequest, fetcher: typeof fetch = fetch, now = Date.now): Promise<Outcome> {
  let response: Response;
  let answer: Answer;
  try {
    response = await fetcher(request.path, {
      method: "POST",
      headers: { ...request.headers, "Content-Type": "application/json", Accept: "application/json" },
      body: request.body,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    });
    answer = await answerOf(response);
  } catch {
    return { kind: "offline" };
  }
  if (response.ok) return { kind: "signed-in", name: answer.user?.name };
  if (response.status === 429) return { kind: "limited", seconds: retryAfter(response, now()) };
  if (response.status >= 500) return { kind: "unavailable", seconds: retryAfter(response, now()) };
  if (answer.code === "USER_NOT_FOUND" || answer.code === "RESTORE_PROFILE_NOT_FOUND") return { kind: "no-account" };
  const ahead = clockAhead(response, now());
  if (response.status === 401 && Math.abs(ahead) > CLOCK_TOLERANCE_MS) {
    return { kind: "clock", minutesAhead: Math.round(ahead / 60_000) };
  }
  return { kind: "refused", code: answer.code, message: answer.message };
}

interface Answer {
  code?: string;
  message?: string;
  user?: { name?: string };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as Answer | null) ?? {};
  } catch {
    return {};
  }
}

/** Seconds to wait: `Retry-After` as seconds or as a date (RFC 9110 §10.2.3), else half a minute. */
function retryAfter(response: Response, now: number): number {
  const header = response.headers.get("Retry-After") ?? "";
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : 30;
}

/** How many milliseconds this device's clock is ahead of the server's. */
function clockAhead(response: Response, now: number): number {
  const served = Date.parse(response.headers.get("Date") ?? "");
  return Number.isFinite(served) ? now - served : 0;
}
