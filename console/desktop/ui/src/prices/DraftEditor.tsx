import { Refusal, TextField } from "@suiftly/ui";
import { useState } from "react";
import { instantText, parseInstant } from "../model/instant";
import { changesOf, type RawBook } from "./book";
import { fieldsOf, microUsdText, type PriceField, parseMicroUsd, textOf, withField } from "./draft";

interface DraftEditorProps {
  as: "fields" | "json";
  text: string;
  onText: (text: string) => void;
  book: RawBook | null;
  wrong: string | null;
  /** The book it is held against. */
  before: RawBook;
}

/** The copy, changed price by price or as text. */
export function DraftEditor({ as, text, onText, book, wrong, before }: DraftEditorProps) {
  return (
    <div className="draft">
      {as === "json" ? (
        <div className="draft-json">
          <TextField
            label="The book, as it would be published"
            hideLabel
            value={text}
            onChange={onText}
            error={wrong}
            code
            multiline
          />
        </div>
      ) : book === null ? (
        <Refusal problem={{ title: wrong ?? "", code: "json" }} />
      ) : (
        <DraftFields book={book} onBook={(next) => onText(textOf(next))} />
      )}
      {book !== null && <Changes before={before} after={book} />}
    </div>
  );
}

function DraftFields({ book, onBook }: { book: RawBook; onBook: (book: RawBook) => void }) {
  return (
    <div className="draft-fields">
      {fieldsOf(book).map((field) => (
        <AmountField
          key={field.path.join(".")}
          field={field}
          microUsd={field.microUsd}
          onChange={(microUsd) => onBook(withField(book, field, microUsd))}
        />
      ))}
      <FromField book={book} onBook={onBook} />
    </div>
  );
}

interface AmountFieldProps {
  field: PriceField;
  microUsd: number;
  onChange: (microUsd: number) => void;
}

/** What is typed stays as it is typed; it counts once it is an amount. */
function AmountField({ field, microUsd, onChange }: AmountFieldProps) {
  const [typed, setTyped] = useState(() => microUsdText(microUsd));
  const shown = parseMicroUsd(typed) === microUsd || parseMicroUsd(typed) === null;
  return (
    <TextField
      label={field.word}
      value={shown ? typed : microUsdText(microUsd)}
      onChange={(text) => {
        setTyped(text);
        const amount = parseMicroUsd(text);
        if (amount !== null) onChange(amount);
      }}
      error={parseMicroUsd(typed) === null ? "An amount, at most six decimals." : null}
    />
  );
}

function FromField({ book, onBook }: { book: RawBook; onBook: (book: RawBook) => void }) {
  const from = typeof book.effective_from === "number" ? book.effective_from : 0;
  const [typed, setTyped] = useState(() => instantText(from));
  const shown = parseInstant(typed) === from || parseInstant(typed) === null;
  return (
    <TextField
      label="In force from, UTC"
      value={shown ? typed : instantText(from)}
      onChange={(text) => {
        setTyped(text);
        const ms = parseInstant(text);
        if (ms !== null) onBook({ ...book, effective_from: ms });
      }}
      error={parseInstant(typed) === null ? "A time such as 2026-12-01 00:00." : null}
      code
    />
  );
}

function Changes({ before, after }: { before: RawBook; after: RawBook }) {
  const changes = changesOf(before, after);
  if (changes.length === 0) {
    return <p className="text-ink-3">It says what v{String(before.version)} says.</p>;
  }
  return (
    <ul className="draft-changes" data-testid="changes">
      {changes.map(({ word, before: was, after: is }) => (
        <li key={word}>
          <b>{word}</b> {was ?? "not in it"} → {is ?? "not in it"}
        </li>
      ))}
    </ul>
  );
}
