import { useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

/** After a navigation focus goes to the page's heading, and the page is named for those who do not see it. */
export function useArrival(): string {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const from = useRef(path);
  const [announced, setAnnounced] = useState("");
  useEffect(() => {
    const isFirst = from.current === undefined;
    if (path === undefined || path === from.current) return;
    from.current = path;
    if (isFirst) return;
    // The title is set by the page itself, which is drawn by now.
    const frame = requestAnimationFrame(() => {
      setAnnounced(document.title);
      // A page that was asked for the sake of one field has it ready.
      if (document.activeElement?.matches("main input")) return;
      document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [path]);
  return announced;
}
