import type { BookItem } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useManagerNow } from "../app/managerClock";
import { useKept } from "../app/useKept";
import { PanePage } from "../parts/Page";
import { Loaded, Pane } from "../parts/Pane";
import { BookList } from "./BookList";
import { BookView } from "./BookView";
import { nextBook, textOf } from "./draft";
import "./prices.css";
import { booksQuery } from "./queries";
import { WhatIf } from "./WhatIf";

/** The prices: those in force, those to come, and what others would do. */
export function PriceBooks() {
  const query = useQuery(booksQuery);
  const { book: asked } = useSearch({ from: "/prices" });
  const [draft, setDraft] = useKept<string | null>("prices", null);
  const books = query.data ?? [];
  const chosen = books.find(({ version }) => version === asked) ?? inForce(books);
  const now = useManagerNow();
  const copy = (of: BookItem) => {
    const versions = books.map(({ version }) => version);
    setDraft(textOf(nextBook(of.book, versions, now)));
  };
  return (
    <PanePage className="prices tight">
      <Pane title="Price books" scroll>
        <Loaded query={query} what="Price books" rows={2}>
          {(items) => <BookList books={items} chosen={chosen?.version ?? null} />}
        </Loaded>
      </Pane>
      {chosen === undefined ? (
        <section className="pane" aria-label="The book" />
      ) : (
        <BookView key={chosen.version} item={chosen} books={books} onCopy={() => copy(chosen)} />
      )}
      <WhatIf books={books} text={draft} onText={setDraft} onCopy={copy} />
    </PanePage>
  );
}

export function inForce(books: readonly BookItem[]): BookItem | undefined {
  return books.find(({ is_in_force }) => is_in_force) ?? books.at(-1);
}
