// The chosen theme, set before the first paint. It must not wait for the bundle.
try {
  const chosen = localStorage.getItem("suiftly-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the system's theme holds.
}
