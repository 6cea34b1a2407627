// `/signer`: signs for apps on other origins, in a frame on their pages or in a window that the frame opened. On its own it
// lists what was permitted for good.
import { configOf } from "../signer/config.ts";
import { serveFrame } from "../signer/frame.ts";
import { showPermissions } from "../signer/list.ts";
import { serveWindow } from "../signer/window.ts";
import { Panel } from "./panel.ts";
import { text } from "./texts.ts";

const panel = new Panel();
const config = configOf(panel);
const opener = window.opener as Window | null;

if (!window.isSecureContext || config.reserved.length === 0) panel.fail(text("insecure"));
else if (window.parent !== window) serveFrame(panel, config);
else if (location.hash === "#window" && opener) serveWindow(panel, opener, config);
else showPermissions(panel);
