// A page whose part follows the server: it is asked for again every few seconds while the page is visible. Without this script the
// page reloads itself.
export {};

/** How often the part is asked for, in milliseconds. */
const PACE = 3000;

/** Replaces the part by the server's current one. */
async function refresh(): Promise<void> {
  const shown = document.getElementById("live");
  const url = shown?.dataset["refresh"];
  if (!shown || !url) return;
  // Nobody reads a hidden page, and nobody loses the link that has the focus.
  if (!document.hidden && !shown.contains(document.activeElement)) {
    const response = await fetch(url, { headers: { accept: "text/html" } }).catch(() => undefined);
    if (response?.ok) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const next = page.getElementById("live");
      if (next && next.innerHTML !== shown.innerHTML) shown.replaceWith(document.adoptNode(next));
    }
  }
  setTimeout(() => void refresh(), PACE);
}
setTimeout(() => void refresh(), PACE);
