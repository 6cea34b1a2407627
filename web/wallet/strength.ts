// A rough estimate of a password's strength, for advice only: nothing is refused except passwords shorter than 8.
import { SHORTEST_PASSWORD } from "./limits.ts";

/** How well a password resists guessing at the speed of the backup's key derivation. */
export type Strength = "none" | "too-short" | "weak" | "fair" | "strong";

const COMMON = ["password", "passwort", "qwerty", "letmein", "iloveyou", "welcome", "admin", "abc123", "bitcoin", "sigma"];

/** Judges a password by its length, variety, and the commonest patterns. */
export function strengthOf(password: string): Strength {
  if (password === "") return "none";
  if (password.length < SHORTEST_PASSWORD) return "too-short";
  const bits = guessBits(password);
  if (bits < 45) return "weak";
  return bits < 65 ? "fair" : "strong";
}

function guessBits(password: string): number {
  const pools: [RegExp, number][] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[\x20-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]/, 33],
    [/[^\x20-\x7e]/, 60],
  ];
  const pool = pools.reduce((sum, [kind, size]) => (kind.test(password) ? sum + size : sum), 0);
  let rest = password.toLowerCase();
  for (const word of COMMON) rest = rest.replaceAll(word, "*");
  return effectiveLength(rest) * Math.log2(Math.max(pool, 2));
}

/** Counts unpredictable characters: repeats and runs such as `aaaa` and `1234` count little. */
function effectiveLength(password: string): number {
  let length = 0;
  let previous = Number.NaN;
  for (const letter of password) {
    const code = letter.codePointAt(0) ?? 0;
    length += Math.abs(code - previous) <= 1 ? 0.25 : 1;
    previous = code;
  }
  return length;
}
