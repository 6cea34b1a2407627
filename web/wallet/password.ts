// The normalized form of a password, from which keys are derived. Systems encode the same letters in different code points.

/** `OpaqueString` (RFC 8265 §4.2.2): spaces of other scripts become U+0020, then form C. Case and everything else count. */
export function prepared(password: string): string {
  return password.replace(/\p{Zs}/gu, " ").normalize("NFC");
}
