// Lines that a server numbered and that never came, in millionths of those it sent.
import type { Pipeline } from "@suiftly/ui";

type Worker = Pick<Pipeline["loss"]["workers"][number], "server_id" | "received" | "missing">;

/** By server, over its workers that are told apart. */
export function ppmByServer(workers: readonly Worker[]): ReadonlyMap<number, number> {
  const sums = new Map<number, { received: number; missing: number }>();
  for (const { server_id, received, missing } of workers) {
    const sum = sums.get(server_id) ?? { received: 0, missing: 0 };
    sums.set(server_id, { received: sum.received + received, missing: sum.missing + missing });
  }
  return new Map(
    [...sums].flatMap(([server, { received, missing }]) => {
      const sent = received + missing;
      return sent === 0 ? [] : [[server, (missing * 1_000_000) / sent] as const];
    }),
  );
}
