// Gives a reason's lines again, or throws them away: those of one ingester, which is named where there is one.
import type { openAdminClient } from "@suiftly/ui";
import {
  discardQuarantined,
  listQuarantined,
  type Quarantine,
  replayQuarantined,
} from "@suiftly/ui/api/admin";
import { AT_ONCE } from "./waiting";
import { ofJournal } from "./whose";
import { canBeGiven } from "./words";

type Client = ReturnType<typeof openAdminClient>;

export interface Lines {
  readonly reason: string;
  /** The ingester whose they are; none of a process alone. */
  readonly journal: string | undefined;
}

/** Gives the newest again that have become nothing yet. Tells the place after the last of them; null without any. */
export async function give(client: Client, lines: Lines): Promise<{ data: number | null }> {
  const offsets = await offsetsOf(client, lines);
  if (offsets.length === 0) return { data: null };
  const body = { offsets: [...offsets], again: true, ...ofJournal(lines.journal) };
  await replayQuarantined({ client, body });
  return { data: Math.max(...offsets) + 1 };
}

export function discard(client: Client, { reason, journal }: Lines) {
  return discardQuarantined({ client, body: { reason, ...ofJournal(journal) } });
}

/** Lines that can be given again: neither under way nor something already. */
async function offsetsOf(client: Client, { reason, journal }: Lines): Promise<readonly number[]> {
  const offsets: number[] = [];
  let before: number | null = null;
  do {
    const query = {
      reason,
      limit: AT_ONCE,
      ...ofJournal(journal),
      ...(before !== null && { before }),
    };
    const page: Quarantine = (await listQuarantined({ client, query })).data;
    for (const line of page.lines) {
      if (canBeGiven(line)) offsets.push(line.offset);
    }
    before = page.next_before ?? null;
  } while (before !== null && offsets.length < AT_ONCE);
  return offsets.slice(0, AT_ONCE);
}
