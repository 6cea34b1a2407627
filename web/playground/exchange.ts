// One request and its response, as transmitted.

/** The request. */
export interface Request {
  method: "GET" | "POST" | "PUT";
  url: string;
  headers: [string, string][];
  /** A form, JSON, or nothing. */
  body?: string;
}

/** The response. */
export interface Answer {
  status: number;
  statusText: string;
  headers: [string, string][];
  body: string;
}

/** A request with its response, or the reason why there is none. */
export interface Exchange {
  request: Request;
  via: "browser" | "server";
  answer?: Answer;
  failure?: string;
  millis: number;
}

/** Sends a request from this browser, or from the Playground's server, as an app's backend would. */
export async function send(request: Request, via: "browser" | "server"): Promise<Exchange> {
  const began = performance.now();
  const elapsed = () => Math.round(performance.now() - began);
  try {
    const answer = via === "browser" ? await fromBrowser(request) : await fromServer(request);
    return { request, via, answer, millis: elapsed() };
  } catch (error) {
    return { request, via, failure: error instanceof Error ? error.message : String(error), millis: elapsed() };
  }
}

async function fromBrowser(request: Request): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      credentials: "omit",
      redirect: "follow",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
  } catch {
    throw new Error(
      "The browser got no readable response: the server is unreachable, or does not allow this origin (CORS). " +
        "Choose “the Playground’s server” in step 1 to send the request from there.",
    );
  }
  return {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers.entries()],
    body: await response.text(),
  };
}

async function fromServer(request: Request): Promise<Answer> {
  const response = await fetch("/relay", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  const relayed = (await response.json()) as Answer & { error?: string };
  if (!response.ok) throw new Error(relayed.error ?? `The Playground’s server answered ${response.status}.`);
  return relayed;
}

/** The body as JSON, if it is an object. */
export function objectOf(answer: Answer | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(answer?.body ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The request as a shell command. */
export function curl(request: Request): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const lines = [`curl -i${request.method === "GET" ? "" : ` -X ${request.method}`} ${quote(request.url)}`];
  for (const [name, value] of request.headers) lines.push(`-H ${quote(`${name}: ${value}`)}`);
  if (request.body !== undefined) lines.push(`--data-raw ${quote(request.body)}`);
  return lines.join(" \\\n  ");
}
