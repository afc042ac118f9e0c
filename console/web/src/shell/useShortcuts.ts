import { chooseTheme, currentTheme } from "@suiftly/ui";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useRef } from "react";
import { lettersAreOff } from "./letters";
import { type Act, parentOf, pressed } from "./shortcuts";

/** A g waits this long for its letter. */
const GOING_MS = 1_500;
const TYPED_INTO = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select";

interface Opens {
  readonly palette: () => void;
  readonly list: () => void;
}

export function useShortcuts(opens: Opens) {
  const router = useRouter();
  const wentAt = useRef(Number.NEGATIVE_INFINITY);

  const run = useEffectEvent((act: Act): boolean => {
    switch (act.does) {
      case "palette":
      case "list":
        opens[act.does]();
        return true;
      case "theme":
        chooseTheme(currentTheme() === "dark" ? "light" : "dark");
        return true;
      case "go":
        void router.navigate({ to: act.to });
        return true;
      case "filter":
        return focusFilter();
      case "back": {
        const parent = parentOf(router.state.location.pathname);
        if (parent !== null) void router.navigate({ href: parent });
        return parent !== null;
      }
    }
  });

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const { act, going } = pressed(
        { key: event.key, command: event.ctrlKey || event.metaKey, alt: event.altKey },
        {
          typing: isTyping(event.target),
          covered: document.querySelector("dialog[open], :popover-open") !== null,
          lettersOff: lettersAreOff(),
          going: event.timeStamp - wentAt.current < GOING_MS,
        },
      );
      wentAt.current = going ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (act !== null && run(act)) event.preventDefault();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches(TYPED_INTO));
}

/** The page's own, where it has one. */
function focusFilter(): boolean {
  const filter = document.querySelector<HTMLInputElement>(
    "main [data-filter], main input[type=search]",
  );
  filter?.focus();
  return filter !== null;
}
