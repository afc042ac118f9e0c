// Gives lines of a reason again: the newest that have become nothing yet, as many as one request takes.
import {
  listQuarantined,
  type Quarantine,
  replayQuarantined,
  type TryFormatView,
} from "@suiftly/ui/api/admin";
import { useState } from "react";
import { client } from "../app/session";
import { useAct } from "../parts/acts/useAct";
import { AT_ONCE } from "./waiting";
import { canBeGiven } from "./words";

/** Where the lines of one press stand: all of them before this place. */
export interface Given {
  readonly reason: string;
  readonly before: number;
  /** When the records of those tried before would be, by their lines' places: a replayed line is tried no more. */
  readonly times: ReadonlyMap<number, string>;
  /** Which press: each is followed by itself. */
  readonly press: number;
}

/** Lines that can be given again: neither under way nor something already. */
async function offsetsOf(reason: string): Promise<readonly number[]> {
  const offsets: number[] = [];
  let before: number | null = null;
  do {
    const query = { reason, limit: AT_ONCE, ...(before !== null && { before }) };
    const page: Quarantine = (await listQuarantined({ client, query })).data;
    for (const line of page.lines) {
      if (canBeGiven(line)) offsets.push(line.offset);
    }
    before = page.next_before ?? null;
  } while (before !== null && offsets.length < AT_ONCE);
  return offsets.slice(0, AT_ONCE);
}

function timesOf(tried: TryFormatView | undefined): ReadonlyMap<number, string> {
  const lines = tried?.lines ?? [];
  return new Map(
    lines.flatMap(({ offset, record }) => (record == null ? [] : [[offset, record.timestamp]])),
  );
}

/** Replays a reason's lines, and says which to follow. */
export function useReplay() {
  const [given, setGiven] = useState<Given | null>(null);
  const { press, busy, problem } = useAct({
    send: async (reason: string) => {
      const offsets = await offsetsOf(reason);
      if (offsets.length === 0) return { data: null };
      await replayQuarantined({ client, body: { offsets: [...offsets], again: true } });
      return { data: Math.max(...offsets) + 1 };
    },
    topics: ["quarantine"],
  });
  const replay = async (reason: string, tried?: TryFormatView) => {
    const done = await press(reason);
    if (done === null || done.data === null) return;
    setGiven({ reason, before: done.data, times: timesOf(tried), press: Date.now() });
  };
  return { replay, given, forget: () => setGiven(null), busy, problem };
}
