// Writes on seal keys and their packages. What they change is read anew; the service's slots and status too.
import { explain, useToast } from "@suiftly/ui";
import {
  addPackage,
  type ChangeRequest,
  changePackage,
  changeSealKey,
  createSealKey,
  deletePackage,
  deleteSealKey,
  type PackageView,
} from "@suiftly/ui/api/customer";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, newKey } from "../../app/client";
import { useInForce } from "../useInForce";

export const KEY_ACTS = {
  make: (name: string) => createSealKey({ client, headers: newKey(), body: { name } }),
  change: (id: number, body: ChangeRequest) =>
    changeSealKey({ client, headers: newKey(), path: { id }, body }),
  remove: (id: number) => deleteSealKey({ client, headers: newKey(), path: { id } }),
};

export const PACKAGE_ACTS = {
  add: (id: number, address: string, name: string) =>
    addPackage({ client, headers: newKey(), path: { id }, body: { address, name } }),
  change: ({ seal_key_id, id }: PackageView, body: ChangeRequest) =>
    changePackage({ client, headers: newKey(), path: { id: seal_key_id, package_id: id }, body }),
  remove: ({ seal_key_id, id }: PackageView) =>
    deletePackage({ client, headers: newKey(), path: { id: seal_key_id, package_id: id } }),
};

interface Act {
  readonly send: () => Promise<unknown>;
  /** What was done, for the toast. */
  readonly words: string;
  /** The way back, where there is one. */
  readonly undo?: () => void;
  /** Asked for in a dialog, which says itself what was refused. */
  readonly inDialog?: boolean;
  /** Of no concern to the gateways: a name. */
  readonly isOursAlone?: boolean;
}

/** Does one of them, and says when it was in force. */
export function useAct() {
  const cache = useQueryClient();
  const tell = useInForce("seal");
  const toast = useToast();
  return useMutation({
    mutationFn: async ({ send }: Act) => {
      const startedAt = performance.now();
      await send();
      return startedAt;
    },
    onSuccess: (startedAt, { words, undo, isOursAlone }) => {
      if (isOursAlone) return toast({ text: words });
      const action = undo && { label: "Undo", onPress: undo };
      void tell({ words, startedAt, ...(action && { action }) });
    },
    onError: (error, { inDialog }) => {
      if (inDialog) return;
      const { title, code } = explain(error);
      toast({ kind: "bad", text: `${title} Nothing was changed. Code ${code}` });
    },
    onSettled: () => {
      void cache.invalidateQueries({ queryKey: ["seal-keys"] });
      void cache.invalidateQueries({ queryKey: ["services"], exact: true });
    },
  });
}
