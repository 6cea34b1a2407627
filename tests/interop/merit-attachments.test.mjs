//! Attachments of merits in a bucket: moto, a server that speaks the protocol of S3 and that others wrote, keeps them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startSigma } from "../support/sigma.mjs";
import { startMoto } from "./moto.mjs";

const PNG = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(2_000, 7)]);

let sigma;
let bucket;
let token;
let org;

async function call(path, body, authorization = `Bearer ${token}`) {
  const response = await fetch(`${sigma.issuer}/v2${path}`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

before(async () => {
  bucket = await startMoto("files");
  sigma = await startSigma({
    SIGMA__OBJECTS__S3__BUCKET: "files",
    SIGMA__OBJECTS__S3__ENDPOINT: bucket.origin,
    SIGMA__OBJECTS__S3__PATH_STYLE: "true",
    SIGMA__OBJECTS__S3__ACCESS_KEY_ID: "key",
    SIGMA__OBJECTS__S3__SECRET_ACCESS_KEY: "secret",
  });
  const workspace = await sigma.admin("workspace", "add", "--name=Bakery");
  org = workspace.id.replace(/^org_/, "");
  const app = await sigma.admin("app", "add", "--name=Badges", `--org=${org}`, "--site-url=https://badges.example");
  const basic = `Basic ${Buffer.from(`${app.client_id}:${app.client_secret}`).toString("base64")}`;
  token = (await call(`/orgs/${org}/access`, {}, basic)).orgAccessToken;
});
after(() => Promise.all([sigma?.stop(), bucket?.stop()]));

const objects = () => bucket.keys();

test("an attachment is kept in the bucket, and served as a download", async () => {
  const template = await call("/merittemplates", { orgId: org, title: "Baker", description: "Bakes bread" });
  const field = await call("/fields", { orgId: org, name: "Cake", fieldType: "Photos" });
  await call(`/merittemplates/${template.id}/fields/${field.id}`, { newEnabled: true, newRequired: true });
  const announced = { attachmentType: "Photos", contentType: "image/png", fileSize: PNG.length };
  const upload = await call("/request_upload_url", announced);
  const script = Buffer.alloc(PNG.length, "<script>alert(1)</script>");
  assert.equal((await fetch(upload.uploadUrl, { method: "PUT", body: script })).status, 400);
  assert.deepEqual(await objects(), [], "what is refused is not kept");
  assert.equal((await fetch(upload.uploadUrl, { method: "PUT", body: PNG })).status, 200);
  assert.deepEqual(await objects(), [`attachments/${org}/${upload.attachmentId}`]);

  const merit = await call("/merits/send", {
    recipientEmail: "ada@example.org",
    recipientName: "Ada",
    meritTemplateId: template.id,
    fieldValues: [{ fieldId: field.id, value: [upload.attachmentId] }],
  });
  const [{ url }] = merit.fieldValues[0].attachments;
  const served = await fetch(url);
  assert.equal(served.status, 200);
  assert.match(served.headers.get("content-disposition"), /^attachment;/);
  assert.match(served.headers.get("content-security-policy"), /sandbox/);
  assert.deepEqual(Buffer.from(await served.arrayBuffer()), PNG);
});

test("an attachment of several parts arrives whole", async () => {
  const film = Buffer.concat([Buffer.from("\0\0\0\x18ftypmp42"), Buffer.alloc(12 << 20, 9)]);
  const upload = await call("/request_upload_url", { attachmentType: "Videos", contentType: "video/mp4", fileSize: film.length });
  assert.equal((await fetch(upload.uploadUrl, { method: "PUT", body: film })).status, 200);
  const kept = await fetch(`${bucket.origin}/files/attachments/${org}/${upload.attachmentId}`);
  assert.equal(Number(kept.headers.get("content-length")), film.length);
});
