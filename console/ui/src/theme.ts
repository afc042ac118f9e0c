// Light or dark. The system decides until the user does; that choice is kept. A script in the page's
// head sets it again before the first paint (each app has its own copy: it must not wait for a bundle).
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";
/** `system`: as the system has it, also when it changes. */
export type ThemeChoice = Theme | "system";

export const THEME_KEY = "suiftly-theme";
const DARK_QUERY = "(prefers-color-scheme: dark)";

export function currentTheme(): Theme {
  const chosen = currentChoice();
  if (chosen !== "system") return chosen;
  return matchMedia(DARK_QUERY).matches ? "dark" : "light";
}

function currentChoice(): ThemeChoice {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function chooseTheme(choice: ThemeChoice) {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  try {
    if (choice === "system") localStorage.removeItem(THEME_KEY);
    else localStorage.setItem(THEME_KEY, choice);
  } catch {
    // Storage may be refused (private windows): the choice then holds until the page is left.
  }
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme, () => "light");
}

/** What was chosen, for a control that offers all three. */
export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(subscribe, currentChoice, () => "system");
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
