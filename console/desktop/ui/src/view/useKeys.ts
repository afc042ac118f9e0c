import { useEffect } from "react";

export interface KeyActions {
  readonly hold: () => void;
  readonly theme: () => void;
  readonly help: () => void;
}

/** The screen's keys. They stay out of fields, buttons and dialogs, which have their own. */
export function useKeys({ hold, theme, help }: KeyActions) {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (event.target instanceof Element && event.target.closest("input, dialog")) return;
      const action = actionOf(event, { hold, theme, help });
      if (action === null) return;
      event.preventDefault();
      action();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [hold, theme, help]);
}

function actionOf(event: KeyboardEvent, { hold, theme, help }: KeyActions) {
  switch (event.key) {
    case " ":
      // On a button or a disclosure Space presses it.
      return event.target instanceof Element && event.target.closest("button, summary")
        ? null
        : hold;
    case "t":
    case "T":
      return theme;
    case "?":
      return help;
    default:
      return null;
  }
}
