// Changes of one's own account.
import { useToast } from "@suiftly/ui";
import { type Account, type AccountChange, changeMe } from "@suiftly/ui/api/customer";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, newKey } from "../../app/client";
import { meQuery } from "../../app/queries";

type Key = ReturnType<typeof newKey>;

interface Change {
  readonly change: AccountChange;
  /** What is said once it is done. */
  readonly done: string;
  readonly key: Key;
}

/** Waits for the answer. */
export function useAccountChange() {
  const cache = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: ({ change, key }: Change) => sent(change, key),
    onSuccess: (account, { done }) => {
      cache.setQueryData(meQuery.queryKey, account);
      toast({ text: done });
    },
  });
}

interface Rename {
  readonly name: string;
  readonly before: string;
  readonly key: Key;
}

/** Shown at once: it costs nothing, and can be undone. */
export function useRename() {
  const cache = useQueryClient();
  const toast = useToast();
  const show = (display_name: string) =>
    cache.setQueryData(meQuery.queryKey, (account) => account && { ...account, display_name });
  const send = async ({ name, key }: Pick<Rename, "name" | "key">) =>
    cache.setQueryData(meQuery.queryKey, await sent({ display_name: name }, key));
  const undo = async (before: string) => {
    try {
      await send({ name: before, key: newKey() });
    } catch {
      toast({ kind: "bad", text: `The name could not be changed back to “${before}”.` });
    }
  };
  return useMutation({
    mutationFn: send,
    onMutate: async ({ name }: Rename) => {
      await cache.cancelQueries({ queryKey: meQuery.queryKey });
      show(name);
    },
    onError: (_, { before }) => show(before),
    onSuccess: (_, { before, name }) =>
      toast({
        text: `This account is called “${name.trim()}” now.`,
        action: { label: "Undo", onPress: () => void undo(before) },
      }),
  });
}

async function sent(change: AccountChange, key: Key): Promise<Account> {
  return (await changeMe({ client, body: change, headers: key })).data;
}
