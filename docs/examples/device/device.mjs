// Signs a person in from a terminal: node device.mjs https://id.example.org terminal [scope]
import { styleText } from "node:util";
import * as client from "openid-client";
import qrcode from "qrcode-terminal";

const [issuer, clientId, scope = "openid profile offline_access"] = process.argv.slice(2);
if (!issuer || !clientId) {
  console.error("usage: node device.mjs ISSUER CLIENT_ID [SCOPE]");
  process.exit(2);
}

// Plain http is for a server on this machine.
const onThisMachine = ["localhost", "127.0.0.1", "[::1]"].includes(new URL(issuer).hostname);
const options = onThisMachine ? { execute: [client.allowInsecureRequests] } : undefined;
const config = await client.discovery(new URL(issuer), clientId, undefined, client.None(), options);

const device = await client.initiateDeviceAuthorization(config, { scope });
console.log(`Open ${styleText("bold", device.verification_uri)} and enter the code ${styleText("bold", device.user_code)},`);
console.log("or scan this with your phone:\n");
qrcode.generate(device.verification_uri_complete, { small: true }, console.log);
console.log("Waiting …");

try {
  // Waits between polls as the server says, and slows down when it is told to.
  const tokens = await client.pollDeviceAuthorizationGrant(config, device);
  const { sub } = tokens.claims();
  const person = await client.fetchUserInfo(config, tokens.access_token, sub);
  console.log(`\nSigned in as ${person.name ?? sub}.`);
  console.log(tokens.refresh_token ? "This device stays signed in." : "Until you sign out of your browser.");
} catch (error) {
  const answers = { access_denied: "You denied it.", expired_token: "The code has expired." };
  console.error(`\n${answers[error.error] ?? error.message}`);
  process.exitCode = 1;
}
