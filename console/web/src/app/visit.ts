// Whether somebody is inside, in this tab: told by what is done here, by the other tabs, and by a session that ran out.
import type { Problem } from "@suiftly/ui";
import { focusManager } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { onSessionEnd } from "../signin/session";
import { meQuery } from "./queries";
import { queryClient } from "./query";
import { listenToTabs, type TabMessage, tellTabs } from "./tabs";

type Visit =
  /** Whether there is a session is being asked: nothing is shown yet. */
  | { readonly is: "asking" }
  | { readonly is: "outside"; readonly problem?: Problem }
  /** `began` names it: another one starts the pages afresh. `ended`: they wait for somebody to sign in again. */
  | { readonly is: "inside"; readonly began: number; readonly ended: boolean };

let visit: Visit = { is: "asking" };
const listeners = new Set<() => void>();

function set(next: Visit) {
  visit = next;
  // What is asked again by itself would be refused until somebody has signed in.
  focusManager.setFocused(next.is === "inside" && next.ended ? false : undefined);
  for (const tell of listeners) tell();
}

/** Somebody has signed in here. */
export function arrive(address: string) {
  tellTabs({ is: "signed-in", address });
  enter(address);
}

/** Somebody is signed in. The account that the pages are of goes on where it was; another one starts afresh. */
export function enter(address: string | null) {
  if (visit.is === "inside" && address !== null && address === knownAddress()) {
    if (!visit.ended) return;
    set({ ...visit, ended: false });
    void queryClient.invalidateQueries();
    return;
  }
  queryClient.clear();
  set({ is: "inside", began: Date.now(), ended: false });
}

/** Whoever was inside leaves, in all tabs. */
export function leave() {
  tellTabs({ is: "signed-out" });
  stayOutside();
}

export function stayOutside(problem?: Problem) {
  queryClient.clear();
  set({ is: "outside", ...(problem && { problem }) });
}

/** What was being done is kept: whoever signs in again goes on with it. */
function end() {
  if (visit.is === "inside" && !visit.ended) set({ ...visit, ended: true });
}

/** The address that the pages are of, where they know it. */
export function knownAddress(): string | null {
  return queryClient.getQueryData(meQuery.queryKey)?.wallet_address ?? null;
}

function hear(message: TabMessage) {
  if (message.is === "signed-in") enter(message.address);
  else if (message.is === "signed-out") stayOutside();
  else if (message.is === "ended") end();
}

export const currentVisit = () => visit;

export function useVisit(): Visit {
  return useSyncExternalStore(subscribe, currentVisit);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows the session for as long as the page is there. */
export function followSession() {
  listenToTabs(hear);
  onSessionEnd(() => {
    if (visit.is !== "inside") return;
    tellTabs({ is: "ended" });
    end();
  });
}
