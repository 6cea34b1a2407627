// The wallet's error texts: what happened, and what to do about it.
import type { UnlockProblem } from "../wallet/unlock.ts";
import type { Outcome } from "./send.ts";
import { span, text } from "./texts.ts";

/** The text for a backup that could not be opened. */
export function wordsForUnlock(problem: UnlockProblem): string {
  switch (problem) {
    case "wrong-password":
      return text("wrong-password");
    case "no-account-key":
      return text("no-account-key");
    case "damaged":
      return text("damaged");
  }
}

/** The text for an unsuccessful response of the server. */
export function wordsForOutcome(outcome: Exclude<Outcome, { kind: "signed-in" | "no-account" }>): string {
  switch (outcome.kind) {
    case "limited":
      return text("limited", { time: duration(outcome.seconds) });
    case "unavailable":
      return text("unavailable", { time: duration(outcome.seconds) });
    case "clock":
      return text(outcome.minutesAhead > 0 ? "clock-fast" : "clock-slow", { time: minutes(Math.abs(outcome.minutesAhead)) });
    case "refused":
      return wordsForRefusal(outcome.code, outcome.message);
    case "offline":
      return text("offline");
  }
}

function wordsForRefusal(code: string | undefined, message: string | undefined): string {
  if (code === "BAP_OWNERSHIP_FAILED") return text("identity-taken");
  return message ? text("refused-because", { message }) : text("refused");
}

/** A span of seconds in words: "30 seconds", "2 minutes". */
export function duration(seconds: number): string {
  return seconds < 90 ? span(seconds, "second") : span(Math.ceil(seconds / 60), "minute");
}

function minutes(count: number): string {
  if (count < 120) return span(count, "minute");
  return count < 48 * 60 ? span(Math.round(count / 60), "hour") : span(Math.round(count / 1440), "day");
}
