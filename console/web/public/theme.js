// Sets the chosen theme before the first paint. A file of its own: no inline script is allowed.
try {
  const theme = localStorage.getItem("suiftly-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be refused: the system's theme is used.
}
