// `/consent` works without this script; with it, a second click cannot answer twice.
const form = document.getElementById("consent");
export {};
let answered = false;

form?.addEventListener("submit", (event) => {
  if (answered) event.preventDefault();
  answered = true;
  // A native app leaves the page as it is, and whoever dismissed it may press again.
  setTimeout(() => {
    answered = false;
  }, 3_000);
});

// Coming back by the browser's own button shows the page as it was left.
addEventListener("pageshow", () => {
  answered = false;
});
