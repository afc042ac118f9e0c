// The one link of this window to its native side, and through it to the server.
import { openAdminClient } from "@suiftly/ui";
import { type Commands, NATIVE } from "../link/commands";
import { follow } from "../link/follow";
import { previewCommands } from "../link/preview";
import { fetchBy } from "./fetchBy";

export const commands: Commands = inBrowser() ? previewCommands() : NATIVE;

export const follower = follow(commands);

/** The operators' API; its operations are those of `@suiftly/ui/api/admin`. */
export const client = openAdminClient({
  // A name that resolves nowhere: the native side takes the path alone.
  baseUrl: "http://server.invalid",
  fetch: fetchBy(commands.ask),
});

/** Names a write: made once a press, so that sending it again is the same write. */
export function newKey(): { readonly "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}

function inBrowser(): boolean {
  return import.meta.env.DEV && !("__TAURI_INTERNALS__" in window);
}
