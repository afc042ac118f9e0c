// Gives lines of a reason again: the newest that have become nothing yet, as many as one request takes.
import type { TryFormatView } from "@suiftly/ui/api/admin";
import { useState } from "react";
import { client } from "../app/session";
import { useAct } from "../parts/acts/useAct";
import { give, type Lines } from "./give";

/** Where the lines of one press stand: all of them before this place. */
export interface Given extends Lines {
  readonly before: number;
  /** When the records of those tried before would be, by their lines' places: a replayed line is tried no more. */
  readonly times: ReadonlyMap<number, string>;
  /** Which press: each is followed by itself. */
  readonly press: number;
}

function timesOf(tried: TryFormatView | undefined): ReadonlyMap<number, string> {
  const lines = tried?.lines ?? [];
  return new Map(
    lines.flatMap(({ offset, record }) => (record == null ? [] : [[offset, record.timestamp]])),
  );
}

/** Replays a reason's lines of this ingester, and says which to follow. */
export function useReplay(journal: string | undefined) {
  const [given, setGiven] = useState<Given | null>(null);
  const { press, busy, problem } = useAct({
    send: (lines: Lines) => give(client, lines),
    topics: ["quarantine"],
  });
  const replay = async (reason: string, tried?: TryFormatView) => {
    const done = await press({ reason, journal });
    if (done === null || done.data === null) return;
    setGiven({ reason, journal, before: done.data, times: timesOf(tried), press: Date.now() });
  };
  /** What was given of these lines. */
  const givenOf = (reason: string | undefined) =>
    given?.reason === reason && given?.journal === journal ? given : null;
  return { replay, givenOf, forget: () => setGiven(null), busy, problem };
}
