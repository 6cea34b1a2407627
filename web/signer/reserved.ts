// Paths of this server, in every way to write them. A token names no host: one over such a path would act here.

/** How often an address may be percent-encoded over itself. Deeper nesting is refused. */
const DEPTH = 4;

/** Characters that are dropped on the way: spaces, control characters and invisible ones. */
const DROPPED = /[\p{C}\p{Z}]/gu;

/** Whether the path, or any reading of it that some server might have, begins with one of `prefixes` (in lower case). */
export function isReserved(requestPath: string, prefixes: readonly string[]): boolean {
  let text = requestPath;
  for (let depth = 0; depth <= DEPTH; depth += 1) {
    for (const path of readings(text)) {
      if (prefixes.some((prefix) => path.startsWith(prefix) || `${path}/` === prefix)) return true;
    }
    const decoded = decode(text);
    if (decoded === text) return false;
    text = decoded;
  }
  return true;
}

/** Percent-decoding as lenient servers do it: what is no valid escape stays, and bytes become characters. */
function decode(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The paths that a text may mean: as it stands, without scheme, without host, and each with and without its query. */
function* readings(text: string): Generator<string> {
  const folded = text.normalize("NFKC").toLowerCase().replace(DROPPED, "").replace(/\\/g, "/");
  const relative = folded.replace(/^[a-z][a-z0-9+.-]*:/, "");
  // A host may follow any number of slashes.
  const isAddress = relative !== folded || folded.startsWith("//");
  const whole = isAddress ? [folded, relative, relative.replace(/^\/*[^/?#]*/, "")] : [folded];
  for (const path of whole) {
    const plain = path.replace(/[?#].*$/s, "");
    yield normal(path);
    yield normal(plain);
    // A parameter of a segment (RFC 3986 §3.3), which some servers ignore.
    yield normal(plain.replace(/;[^/]*/g, ""));
  }
}

/** Without empty, `.` and `..` segments, beginning with one slash. */
function normal(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  return `/${kept.join("/")}`;
}
