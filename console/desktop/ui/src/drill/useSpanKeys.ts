// ← and → move the span from anywhere on the page, but from where arrows have a meaning of their own.
import { useEffect, useEffectEvent } from "react";
import { moveSpan } from "./spike";
import type { Span, Window } from "./window";

const OWN_ARROWS = "input, textarea, select, [contenteditable], dialog";

export function useSpanKeys(span: Span | null, window: Window, onSpan: (span: Span) => void) {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (by === 0 || span === null || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open], :popover-open")) return;
    if (event.target instanceof Element && event.target.closest(OWN_ARROWS)) return;
    event.preventDefault();
    onSpan(moveSpan(span, by, window, event.shiftKey));
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}
