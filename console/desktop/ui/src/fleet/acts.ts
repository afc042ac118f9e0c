// What operators do to the vault. Each is in the audit with their name.
import { ApiError } from "@suiftly/ui";
import { freezeVault, pushVault, thawVault } from "@suiftly/ui/api/admin";
import type { QueryClient } from "@tanstack/react-query";
import { client, newKey } from "../app/session";

/** Fills every gateway anew; answers the version that does. */
export async function push(): Promise<number> {
  return (await pushVault({ client, headers: newKey() })).data.version;
}

export async function freeze(version: number, reason: string): Promise<void> {
  if (reason.trim() === "")
    throw new ApiError(400, { title: "Say why, for whoever finds it so.", code: "validation" });
  await freezeVault({
    client,
    headers: newKey(),
    body: { confirm: version, reason: reason.trim() },
  });
}

export async function thaw(version: number): Promise<void> {
  await thawVault({ client, headers: newKey(), body: { confirm: version } });
}

/** All that an act on the vault shows in is read again. */
export async function readAgain(queries: QueryClient): Promise<void> {
  await Promise.all(
    ["vault", "fleet", "activity"].map((topic) => queries.invalidateQueries({ queryKey: [topic] })),
  );
}
