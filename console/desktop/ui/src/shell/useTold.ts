// What is grave and new is told by the desktop as well, once: the window may lie under others.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { commands } from "../app/session";
import { openNoticesQuery } from "../notifications/queries";
import { noticeWords } from "../words/notices";

/** More at once are told in one. */
const TOLD_AT_ONCE = 3;

export function useTold() {
  const { data } = useQuery(openNoticesQuery);
  const highest = useRef<number | null>(null);
  useEffect(() => {
    if (data === undefined) return;
    const top = Math.max(0, ...data.map(({ id }) => id));
    const before = highest.current;
    highest.current = Math.max(top, before ?? 0);
    // What was there when the window opened is on the screen.
    if (before === null) return;
    const fresh = data.filter(({ id, severity }) => id > before && severity === "critical");
    for (const notice of fresh.slice(0, TOLD_AT_ONCE)) {
      const { title, detail } = noticeWords(notice);
      void commands.notify(title, detail ?? "").catch(() => {});
    }
    const more = fresh.length - TOLD_AT_ONCE;
    if (more > 0) void commands.notify(`${more} more notifications`, "").catch(() => {});
  }, [data]);
}
