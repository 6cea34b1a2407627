//! moto: a server that speaks the protocol of S3 and that others wrote.

import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { PATIENCE, freePort } from "../support/sigma.mjs";

/** A server with one bucket; resolves once it answers. */
export async function startMoto(bucket) {
  const port = await freePort();
  const program = new URL("python/.venv/bin/moto_server", import.meta.url).pathname;
  const child = spawn(program, ["--host", "127.0.0.1", "--port", String(port)], { stdio: "ignore" });
  const origin = `http://127.0.0.1:${port}`;
  const found = async (query, element) => {
    const listed = await (await fetch(`${origin}/${bucket}?${query}`)).text();
    return [...listed.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, "g"))].map(([, text]) => text);
  };
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await delay(100)) {
    const made = await fetch(`${origin}/${bucket}`, { method: "PUT" }).catch(() => null);
    if (!made?.ok) continue;
    return {
      origin,
      stop: () => child.kill(),
      /** The keys of all objects. */
      keys: () => found("list-type=2", "Key"),
      /** The uploads that were begun and neither completed nor taken back. */
      uploads: () => found("uploads", "UploadId"),
    };
  }
  child.kill();
  throw new Error("moto did not answer");
}
