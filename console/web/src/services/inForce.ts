// After a change: when every gateway has it, measured here.
import { formatDuration } from "@suiftly/ui";
import { getService, type ServiceView, type ServiceWord } from "@suiftly/ui/api/customer";
import type { QueryClient } from "@tanstack/react-query";
import { client } from "../app/client";
import { servicesQuery } from "../app/queries";

/** A change shows as under way only once the gateways' publisher knows of it: well within this, if it shows at all. */
const TAKEN_UP_MS = 200;
const LOOK_MS = 40;
/** After this it is said that some gateway has not taken it. */
const GIVE_UP_MS = 10_000;

/** Puts a service as an answer had it where all pages read it. */
export function keepService(cache: QueryClient, service: ServiceView): void {
  cache.setQueryData(servicesQuery.queryKey, (items) =>
    items?.map((one) => (one.service === service.service ? service : one)),
  );
}

interface Looking {
  readonly isUpdating: () => Promise<boolean>;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

/** Milliseconds from `since` within which every gateway had the change; null where one does not confirm it. */
export async function untilEverywhere(since: number, looking: Looking): Promise<number | null> {
  const { isUpdating, now, wait } = looking;
  const answered = now();
  let wasUnderWay = false;
  while (now() - answered < GIVE_UP_MS) {
    const underWay = await isUpdating();
    const passed = now() - since;
    if (!underWay && (wasUnderWay || now() - answered >= TAKEN_UP_MS)) return passed;
    wasUnderWay ||= underWay;
    await wait(LOOK_MS);
  }
  return null;
}

/**
 * The same for a service, `since` of `performance.now`; the pages follow it meanwhile. Also null where nobody answers: the
 * change itself is done, what is not known is when the gateways had it.
 */
export async function measureUntilEverywhere(
  cache: QueryClient,
  service: ServiceWord,
  since: number,
): Promise<number | null> {
  const isUpdating = async () => {
    const { data } = await getService({ client, path: { service } });
    keepService(cache, data);
    return data.is_updating;
  };
  try {
    return await untilEverywhere(since, {
      isUpdating,
      now: () => performance.now(),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
  } catch {
    return null;
  }
}

/** A sentence on when the change was in force, once that is known. */
export function inForceWords(tookMs: number | null): string {
  return tookMs === null
    ? "Some gateway has not taken it yet; the status says Updating until it has."
    : `In force at every gateway within ${formatDuration(tookMs)}.`;
}
