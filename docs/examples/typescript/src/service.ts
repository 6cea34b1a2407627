//! Notes per workspace: `GET /notes` serves the users and servers of a workspace.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Refusal, Sigma } from "./sigma.js";

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const sigma = await Sigma.open({
  url: setting("SIGMA_URL"),
  ownKey: setting("SIGMA_API_KEY"),
  secretsFile: setting("SIGMA_SECRETS"),
  ...(process.env.SIGMA_AUDIENCE && {
    forwarded: { issuer: process.env.SIGMA_ISSUER ?? setting("SIGMA_URL"), audience: process.env.SIGMA_AUDIENCE },
  }),
});
process.on("SIGHUP", () => void sigma.readSecrets().catch(console.error));

const notes = new Map<string, string[]>();

const server = createServer(async (request, response) => {
  const answer = (status: number, body: unknown) =>
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  try {
    const caller = await sigma.caller(request.headers, "read");
    if (request.method !== "GET" || request.url !== "/notes") {
      throw new Refusal(404, "NOT_FOUND", "There is only GET /notes");
    }
    // Every query of a multi-tenant service is limited to the caller's workspace.
    answer(200, { caller, notes: notes.get(caller.workspaceId) ?? [] });
  } catch (error) {
    if (error instanceof Refusal) return answer(error.status, { error: error.code, message: error.message });
    console.error(error);
    answer(500, { error: "INTERNAL_ERROR", message: "This is our fault" });
  }
});

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
