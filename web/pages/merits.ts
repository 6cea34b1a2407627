// The pages of an org: the preview follows the form, and the progress of a running list follows the server. Both work without
// this script: the preview shows what was saved, and the page reloads itself.
export {};

/** What the preview shows of the form's field called `name`. */
function entered(form: HTMLFormElement, name: string): string {
  const field = form.elements.namedItem(name);
  if (field instanceof HTMLInputElement && field.type === "checkbox") return field.checked ? "✓" : "";
  if (field instanceof HTMLInputElement && field.files) return [...field.files].map((file) => file.name).join(", ");
  if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) return field.value.trim();
  return "";
}

const form = document.getElementById("merit-form");
const preview = document.getElementById("preview");
if (form instanceof HTMLFormElement && preview) {
  const follow = (): void => {
    for (const shown of preview.querySelectorAll<HTMLElement>("[data-shows]")) {
      const name = shown.dataset["shows"] ?? "";
      // The title and description of a template that is being sent are not in the form.
      if (name !== "name" && !form.elements.namedItem(name)) continue;
      const text =
        name === "name"
          ? [entered(form, "first_name"), entered(form, "last_name")].filter(Boolean).join(" ")
          : entered(form, name);
      shown.textContent = text || (shown.dataset["empty"] ?? "");
    }
  };
  form.addEventListener("input", follow);
  follow();
}

/** How often the progress is asked for, in milliseconds. */
const PACE = 700;

/** Replaces the page's part about the list by the server's current one, as long as it runs. */
async function refresh(): Promise<void> {
  const shown = document.getElementById("batch");
  const url = shown?.dataset["refresh"];
  if (!shown || !url) return;
  const response = await fetch(url, { headers: { accept: "text/html" } }).catch(() => undefined);
  if (response?.ok) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const next = page.getElementById("batch");
    // A button that has the focus keeps it: only the numbers change while the list runs.
    if (next?.dataset["refresh"]) {
      const bar = shown.querySelector("progress");
      const status = shown.querySelector("[role=status]");
      const nextBar = next.querySelector("progress");
      if (bar && nextBar) bar.value = nextBar.value;
      if (status) status.textContent = next.querySelector("[role=status]")?.textContent ?? "";
    } else if (next) {
      shown.replaceWith(document.adoptNode(next));
    }
  }
  setTimeout(() => void refresh(), PACE);
}
void refresh();
