// Saying that one knows of it: shown at once, taken back where it is refused.
import { explain, useToast } from "@suiftly/ui";
import { acknowledgeNotification, type NotificationPage } from "@suiftly/ui/api/customer";
import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { client, newKey } from "../../app/client";
import { notificationsQuery } from "../../app/queries";

type Pages = InfiniteData<NotificationPage>;

const PAGES_KEY = ["notifications", "pages"];

export function useAcknowledge() {
  const queries = useQueryClient();
  const toast = useToast();
  return async (ids: readonly number[]) => {
    await queries.cancelQueries({ queryKey: ["notifications"] });
    const before = queries.getQueriesData<Pages>({ queryKey: PAGES_KEY });
    const at = new Date().toISOString();
    const known = new Set(ids);
    queries.setQueriesData<Pages>(
      { queryKey: PAGES_KEY },
      (pages) => pages && marked(pages, known, at),
    );
    queries.setQueryData(notificationsQuery.queryKey, (open) =>
      open?.filter(({ id }) => !known.has(id)),
    );
    const failed = await acknowledgeAll(ids);
    if (failed !== null) {
      for (const [key, pages] of before) queries.setQueryData(key, pages);
      const { title, code } = explain(failed);
      toast({ kind: "bad", text: `Not acknowledged. ${title} Code ${code}` });
    }
    await queries.invalidateQueries({ queryKey: ["notifications"] });
  };
}

/** One after the other: the first refusal ends it. */
async function acknowledgeAll(ids: readonly number[]): Promise<unknown> {
  try {
    for (const id of ids) {
      await acknowledgeNotification({ client, path: { id }, headers: newKey() });
    }
    return null;
  } catch (error) {
    return error;
  }
}

/** They stay where they are until the list is read anew, so that nothing jumps under the pointer. */
export function marked(pages: Pages, known: ReadonlySet<number>, at: string): Pages {
  return {
    ...pages,
    pages: pages.pages.map((page) => ({
      ...page,
      items: page.items.map((item) =>
        known.has(item.id) && !item.acknowledged_at ? { ...item, acknowledged_at: at } : item,
      ),
    })),
  };
}
