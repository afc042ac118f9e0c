// What can be done with keys that shows none of them in full.
import { explain, useToast } from "@suiftly/ui";
import { deleteKey, enableKey, type KeyView, renameKey, revokeKey } from "@suiftly/ui/api/customer";
import { useQueryClient } from "@tanstack/react-query";
import { client, newKey } from "../app/client";
import { servicesQuery } from "../app/queries";
import { keysQuery } from "./queries";

export interface KeyActs {
  readonly rename: (key: KeyView, name: string) => Promise<void>;
  readonly revoke: (key: KeyView) => Promise<void>;
  readonly enable: (key: KeyView) => Promise<void>;
  readonly remove: (key: KeyView) => Promise<void>;
  /** Reads keys and slots anew, after something changed them. */
  readonly refresh: () => Promise<void>;
}

export function useKeyActs(): KeyActs {
  const queries = useQueryClient();
  const toast = useToast();
  const refresh = async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: keysQuery.queryKey }),
      queries.invalidateQueries({ queryKey: servicesQuery.queryKey }),
    ]);
  };
  const replace = (key: KeyView) =>
    queries.setQueryData(keysQuery.queryKey, (keys) =>
      keys?.map((other) => (other.id === key.id ? key : other)),
    );

  return {
    refresh,
    // Shown at once; taken back, with the reason, where it is refused.
    rename: async (key, name) => {
      await queries.cancelQueries({ queryKey: keysQuery.queryKey });
      replace({ ...key, name });
      try {
        const body = { name };
        replace((await renameKey({ client, path: { id: key.id }, body, headers: newKey() })).data);
      } catch (error) {
        replace(key);
        const { title, code } = explain(error);
        toast({ kind: "bad", text: `“${name}” was not saved. ${title} Code ${code}` });
      }
    },
    revoke: async (key) => {
      replace((await revokeKey({ client, path: { id: key.id }, headers: newKey() })).data);
      void refresh();
    },
    enable: async (key) => {
      replace((await enableKey({ client, path: { id: key.id }, headers: newKey() })).data);
      void refresh();
    },
    remove: async (key) => {
      await deleteKey({ client, path: { id: key.id }, headers: newKey() });
      await refresh();
    },
  };
}
