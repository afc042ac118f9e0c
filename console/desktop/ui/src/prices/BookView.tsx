import { Button, Copy, Segmented } from "@suiftly/ui";
import type { BookItem } from "@suiftly/ui/api/admin";
import { useState } from "react";
import { fromWords } from "./BookList";
import { BookWords } from "./BookWords";
import { textOf } from "./draft";

const SHOWN = [
  { value: "words", label: "In words" },
  { value: "json", label: "JSON" },
] as const;

interface BookViewProps {
  item: BookItem;
  books: readonly BookItem[];
  onCopy: () => void;
}

/** A book, in people's terms or as it was published. */
export function BookView({ item, books, onCopy }: BookViewProps) {
  const [as, setAs] = useState<"words" | "json">("words");
  const before = books[books.indexOf(item) - 1];
  const text = textOf(item.book);
  return (
    <section className="pane pane-column" aria-label={`Price book ${item.version}`}>
      <header className="tight-row book-head">
        <h2>Price book v{item.version}</h2>
        <span className="text-ink-3">{fromWords(item.effective_from ?? null)}, UTC</span>
        <span className="rest tight-row">
          <Segmented label="Show it" value={as} onChange={setAs} options={SHOWN} />
          {as === "json" && <Copy text={text}>Copy</Copy>}
          <Button onClick={onCopy} data-testid="copy-book">
            Try a change
          </Button>
        </span>
      </header>
      <div className="pane-scroll">
        {as === "words" ? (
          <BookWords book={item.book} before={before?.book ?? null} />
        ) : (
          <pre className="mono book-json">{text}</pre>
        )}
      </div>
    </section>
  );
}
