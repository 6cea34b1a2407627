// `/consent` works without this script, which prevents double submissions.
const form = document.getElementById("consent");
export {};
let answered = false;

form?.addEventListener("submit", (event) => {
  if (answered) event.preventDefault();
  answered = true;
  // A redirect to a native app leaves the page open, and a user who dismissed the app may press again.
  setTimeout(() => {
    answered = false;
  }, 3_000);
});

// The browser's back button shows the page as it was left.
addEventListener("pageshow", () => {
  answered = false;
});
