import { chooseTheme, currentTheme, useToast } from "@suiftly/ui";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { PLACES } from "./navigation";

interface KeyActions {
  readonly hold: () => void;
  readonly palette: () => void;
  readonly list: () => void;
}

/** The screen's keys. They stay out of fields, buttons and dialogs, which have their own. */
export function useKeys({ hold, palette, list }: KeyActions) {
  const router = useRouter();
  const toast = useToast();
  const copyLink = useEffectEvent(async () => {
    const { href } = router.state.location;
    try {
      await navigator.clipboard.writeText(href);
      toast({ text: "A link to this view was copied: paste it into the palette" });
    } catch {
      toast({ kind: "bad", text: `It could not be copied. It is ${href}` });
    }
  });
  const act = useEffectEvent((event: KeyboardEvent): boolean => {
    const place = PLACES.find(({ key }) => key === event.key);
    if (place) {
      void router.navigate({ to: place.to });
      return true;
    }
    switch (event.key) {
      case " ":
        // On a control Space presses it.
        if (isControl(event.target)) return false;
        hold();
        return true;
      case "t":
      case "T":
        chooseTheme(currentTheme() === "dark" ? "light" : "dark");
        return true;
      case "c":
      case "C":
        void copyLink();
        return true;
      case "/":
        return focusFilter();
      case "?":
        list();
        return true;
      case "Escape":
        if (!router.history.canGoBack()) return false;
        router.history.back();
        return true;
      default:
        return false;
    }
  });
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      palette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (document.querySelector("dialog[open], :popover-open") || isTyping(event.target)) return;
    if (act(event)) event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKeyDown(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

const TYPED_INTO = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select";

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches(TYPED_INTO);
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button, summary, input, select") !== null;
}

/** The page's own, where it has one. */
function focusFilter(): boolean {
  const filter = document.querySelector<HTMLInputElement>(
    "main [data-filter], main input[type=search]",
  );
  filter?.focus();
  return filter !== null;
}
