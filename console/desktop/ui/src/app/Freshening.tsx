// Keeps what is on the screen true: reads again what the server says has changed, and what time changes. Nothing while
// the screen is held.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Revisions } from "../link/state";
import { useConsole } from "./console";
import { changed, TRAFFIC_MS, UNTOLD_MS, untold } from "./topics";

export function Freshening() {
  const { live, held } = useConsole();
  const { revisions } = live.server;
  const moving = live.status.phase === "open" && !held;
  useRevisions(revisions, moving);
  useEvery(TRAFFIC_MS, moving, (topic) => topic === "traffic");
  useEvery(UNTOLD_MS, moving, (topic) => untold(topic, revisions));
  useAnother(live.address);
  return null;
}

/** A topic that changed is read again at once; after a pause all that is in sight is. */
function useRevisions(revisions: Revisions, moving: boolean) {
  const queries = useQueryClient();
  const seen = useRef(revisions);
  const moved = useRef(false);
  useEffect(() => {
    if (!moving) return;
    for (const topic of changed(seen.current, revisions)) {
      void queries.invalidateQueries({ queryKey: [topic] });
    }
    seen.current = revisions;
  }, [queries, revisions, moving]);
  useEffect(() => {
    // Not at the first start: nothing has been read yet.
    if (moving && moved.current) void queries.invalidateQueries();
    if (moving) moved.current = true;
  }, [queries, moving]);
}

function useEvery(ms: number, moving: boolean, wanted: (topic: string) => boolean) {
  const queries = useQueryClient();
  const want = useRef(wanted);
  want.current = wanted;
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => {
      const predicate = ({ queryKey: [topic] }: { queryKey: readonly unknown[] }) =>
        typeof topic === "string" && want.current(topic);
      void queries.invalidateQueries({ predicate }, { cancelRefetch: false });
    }, ms);
    return () => clearInterval(timer);
  }, [queries, ms, moving]);
}

/** Another server's answers are nothing of this one's. */
function useAnother(address: string) {
  const queries = useQueryClient();
  const known = useRef(address);
  useEffect(() => {
    if (known.current !== "" && known.current !== address) queries.clear();
    known.current = address;
  }, [queries, address]);
}
