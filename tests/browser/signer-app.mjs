//! An app on another site that embeds the signer: the published plugin's page, and one that speaks CWI.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const packages = new URL("../interop/node_modules/", import.meta.url);
const plugin = new URL("@sigma-auth/better-auth-plugin/dist/client/signer.js", packages);

/** What the page speaks CWI with: written after the contract, as no published client does yet. */
const cwi = `
export class CwiClient {
  pending = new Map(); states = []; shown = false;
  constructor(issuer, bapId) {
    this.issuer = issuer; this.bapId = bapId;
    this.frame = document.createElement("iframe");
    this.frame.style.cssText = "position: fixed; inset: 0; width: 100%; height: 100%; border: 0; display: none";
    this.ready = new Promise((resolve) => addEventListener("message", (event) => {
      if (event.origin !== issuer || event.source !== this.frame.contentWindow || event.data?.type !== "CWI") return;
      const { id, result, status, description, code, cwiState } = event.data;
      if (cwiState) {
        this.states.push(cwiState);
        this.shown = cwiState.status === "need_password" || cwiState.hasPermission === true;
        this.frame.style.display = this.shown ? "block" : "none";
        return resolve();
      }
      const waiting = this.pending.get(id);
      this.pending.delete(id);
      if (status === "error") waiting?.reject(Object.assign(new Error(description), { code }));
      else waiting?.resolve(result);
    }));
    this.frame.src = issuer + "/signer";
    document.body.append(this.frame);
  }
  async call(call, args) {
    await this.ready;
    const id = crypto.randomUUID();
    this.frame.contentWindow.postMessage({ type: "SET_IDENTITY", payload: { bapId: this.bapId } }, this.issuer);
    const answer = new Promise((resolve, reject) => this.pending.set(id, { resolve, reject }));
    this.frame.contentWindow.postMessage({ type: "CWI", isInvocation: true, id, call, args }, this.issuer);
    return answer;
  }
}
`;

const page = `<!doctype html><html lang="en"><title>An app</title><h1>An app</h1><div id="log"></div>
<script type="module">
import { SigmaIframeSigner } from "/plugin.js";
import { CwiClient } from "/cwi.js";
Object.assign(globalThis, { SigmaIframeSigner, CwiClient, heard: [] });
addEventListener("message", ({ data, origin }) => heard.push({ data, origin }));
</script>`;

/** Serves the app on 127.0.0.1, which is another site than the demo's localhost; `/hidden` hides its origin. */
export async function serveApp() {
  const code = { "/plugin.js": await readFile(plugin, "utf8"), "/cwi.js": cwi };
  const server = createServer((request, response) => {
    const script = code[request.url];
    if (request.url === "/hidden") response.setHeader("referrer-policy", "no-referrer");
    response.setHeader("content-type", script ? "text/javascript" : "text/html");
    response.end(script ?? page);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => server.close(resolve) && server.closeAllConnections()),
  };
}
