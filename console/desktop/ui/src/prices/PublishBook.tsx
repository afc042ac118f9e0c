import { Button, ConfirmDialog, formatDate, formatDuration, formatMinute } from "@suiftly/ui";
import { type BookItem, publishPriceBook } from "@suiftly/ui/api/admin";
import { useState } from "react";
import { useManagerNow } from "../app/managerClock";
import { client } from "../app/session";
import { useAct } from "../parts/acts/useAct";
import { changesOf, type RawBook } from "./book";
import { whyNot } from "./draft";

interface PublishBookProps {
  books: readonly BookItem[];
  book: RawBook | null;
  onPublished: () => void;
}

/** Publishes the copy, once its version was typed. A published book is never changed. */
export function PublishBook({ books, book, onPublished }: PublishBookProps) {
  const now = useManagerNow();
  const [asking, setAsking] = useState(false);
  const publish = useAct({
    send: (body: RawBook) => publishPriceBook({ client, body: { ...body } }),
    topics: ["price_books"],
    told: ({ data, tookMs }) =>
      `Price book v${data.version} published in ${formatDuration(tookMs)}`,
  });
  const last = books.at(-1);
  const wrong =
    book === null || last === undefined
      ? "It is no book yet."
      : whyNot(book, {
          versions: books.map(({ version }) => version),
          lastFrom: last.effective_from == null ? 0 : Date.parse(last.effective_from),
          before: last.book,
          now,
        });
  return (
    <>
      <Button
        kind="primary"
        disabled={wrong !== null}
        title={wrong ?? "It asks before."}
        onClick={() => setAsking(true)}
        data-testid="publish-book"
      >
        Publish
      </Button>
      {wrong !== null && <span className="publish-wrong">{wrong}</span>}
      {asking && book !== null && (
        <ConfirmDialog
          open
          onClose={() => setAsking(false)}
          title={`Publish price book v${String(book.version)}?`}
          verb="Publish"
          keep="Not yet"
          danger
          typeToConfirm={`v${String(book.version)}`}
          onConfirm={async () => {
            await publish.run(book);
            onPublished();
          }}
        >
          <Effect book={book} last={last?.book ?? {}} />
        </ConfirmDialog>
      )}
    </>
  );
}

/** What it does, before it. */
function Effect({ book, last }: { book: RawBook; last: RawBook }) {
  const from = Number(book.effective_from);
  const changes = changesOf(last, book);
  return (
    <>
      <p>
        From {formatDate(from)} {formatMinute(from)} UTC on everybody’s requests and plans are
        priced by it. Hours before stay as they are. A book takes effect on a whole UTC hour, is
        never changed or taken back, and is followed by another one only. It needs the role admin.
      </p>
      <ul className="draft-changes">
        {changes.map(({ word, before, after }) => (
          <li key={word}>
            <b>{word}</b> {before ?? "not in it"} → {after ?? "not in it"}
          </li>
        ))}
      </ul>
    </>
  );
}
