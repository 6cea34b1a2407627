// The wallet's error texts: what happened, and what to do about it.
import type { UnlockProblem } from "../wallet/unlock.ts";
import type { Outcome } from "./send.ts";

/** The text for a backup that could not be opened. */
export function wordsForUnlock(problem: UnlockProblem): string {
  switch (problem) {
    case "wrong-password":
      return "That password does not open this key. Check that Caps Lock is off and try again.";
    case "no-account-key":
      return "This backup contains no account key. Use the backup that you saved when you created your key.";
    case "damaged":
      return "This backup cannot be read. It may be incomplete; try another copy of the file.";
  }
}

/** The text for an unsuccessful response of the server. */
export function wordsForOutcome(outcome: Exclude<Outcome, { kind: "signed-in" | "no-account" }>): string {
  switch (outcome.kind) {
    case "limited":
      return `Too many attempts. Please try again in ${duration(outcome.seconds)}.`;
    case "unavailable":
      return `The server is unavailable at the moment. Please try again in ${duration(outcome.seconds)}.`;
    case "clock":
      return `The clock of this device is ${minutes(outcome.minutesAhead)}. Signatures are valid for only five minutes: set the clock and try again.`;
    case "refused":
      return wordsForRefusal(outcome.code, outcome.message);
    case "offline":
      return "The server could not be reached. Check your connection and try again.";
  }
}

function wordsForRefusal(code: string | undefined, message: string | undefined): string {
  if (code === "BAP_OWNERSHIP_FAILED") return "This identity belongs to another account on this server.";
  return message ? `The server refused: ${message}` : "The server refused to sign you in.";
}

/** A span of seconds in words: "30 seconds", "2 minutes". */
export function duration(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

function minutes(ahead: number): string {
  const count = Math.abs(ahead);
  const span = count < 120 ? `${count} minutes` : count < 48 * 60 ? `${Math.round(count / 60)} hours` : `${Math.round(count / 1440)} days`;
  return `${span} ${ahead > 0 ? "fast" : "slow"}`;
}
