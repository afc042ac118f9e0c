// Light or dark. The system decides until the user does; that choice is kept. A script in the page's
// head sets it again before the first paint (each app has its own copy: it must not wait for a bundle).
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

export const THEME_KEY = "suiftly-theme";
const DARK_QUERY = "(prefers-color-scheme: dark)";

export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia(DARK_QUERY).matches ? "dark" : "light";
}

export function chooseTheme(theme: Theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // Storage may be refused (private windows): the choice then holds until the page is left.
  }
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme, () => "light");
}

function subscribe(listener: () => void): () => void {
  const query = matchMedia(DARK_QUERY);
  const observer = new MutationObserver(listener);
  query.addEventListener("change", listener);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    query.removeEventListener("change", listener);
    observer.disconnect();
  };
}
