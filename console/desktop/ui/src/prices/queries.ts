// The price books, and what one would do.
import { listPriceBooks } from "@suiftly/ui/api/admin";
import { queryOptions } from "@tanstack/react-query";
import { client } from "../app/session";
import { keyOf } from "../app/topics";

export const booksQuery = queryOptions({
  queryKey: keyOf("price_books", "all"),
  queryFn: async ({ signal }) => (await listPriceBooks({ client, signal })).data.items,
});
