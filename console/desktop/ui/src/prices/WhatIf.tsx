import { Button, Empty, Refusal, Segmented, SelectField } from "@suiftly/ui";
import { type BookItem, type WhatIfRequest, whatIf } from "@suiftly/ui/api/admin";
import { useState } from "react";
import { useManagerNow } from "../app/managerClock";
import { client } from "../app/session";
import { monthOfYear, monthsBack } from "../model/months";
import { useAct } from "../parts/acts/useAct";
import type { Done } from "../parts/acts/useMeasured";
import { DraftEditor } from "./DraftEditor";
import { parseBook } from "./draft";
import { inForce } from "./PriceBooks";
import { PublishBook } from "./PublishBook";
import { type Answered, WhatIfResult } from "./WhatIfResult";

const MONTHS_OFFERED = 6;
const LISTED = 100;

interface WhatIfProps {
  books: readonly BookItem[];
  text: string | null;
  onText: (text: string | null) => void;
  onCopy: (of: BookItem) => void;
}

/** A copy that is changed, and what it would do to everybody. Nothing is charged by it. */
export function WhatIf({ books, text, onText, onCopy }: WhatIfProps) {
  const start = inForce(books);
  return (
    <section className="pane pane-column what-if" aria-label="What if">
      <header className="pane-head">
        <h2>What if</h2>
        <div className="pane-note">a month rated again by another book; nothing is charged</div>
      </header>
      {text === null ? (
        <Empty
          title="No change is being tried"
          action={
            start && (
              <Button kind="primary" onClick={() => onCopy(start)} data-testid="try-change">
                Try a change of v{start.version}
              </Button>
            )
          }
        >
          Change a copy of a book, see what everybody would have paid by it, and publish it if it is
          right.
        </Empty>
      ) : (
        <Trying {...{ books, text, onText }} />
      )}
    </section>
  );
}

interface TryingProps {
  books: readonly BookItem[];
  text: string;
  onText: (text: string | null) => void;
}

const AS = [
  { value: "fields", label: "Prices" },
  { value: "json", label: "JSON" },
] as const;

function Trying({ books, text, onText }: TryingProps) {
  const now = useManagerNow();
  const months = monthsBack(now, MONTHS_OFFERED);
  const [month, setMonth] = useState(months[0] ?? "");
  const [as, setAs] = useState<"fields" | "json">("fields");
  const [answered, setAnswered] = useState<Answered | null>(null);
  const { book, wrong } = parseBook(text);
  const ask = useAct({
    send: (body: WhatIfRequest) => whatIf({ client, body }),
    topics: [],
  });
  const press = async () => {
    if (book === null) return;
    const done: Done<Answered["view"]> | null = await ask.press({ book, month, limit: LISTED });
    if (done) setAnswered({ view: done.data, tookMs: done.tookMs, text });
  };
  return (
    <>
      <div className="tight-row">
        <Segmented label="Edit it as" value={as} onChange={setAs} options={AS} />
        <span className="rest">
          <Button kind="quiet" onClick={() => onText(null)}>
            Drop the copy
          </Button>
        </span>
      </div>
      <DraftEditor {...{ as, text, onText, book, wrong }} before={inForce(books)?.book ?? {}} />
      <div className="tight-row tight-part">
        <div className="what-if-month">
          <SelectField
            label="By the usage of"
            hideLabel
            value={month}
            onChange={setMonth}
            options={months.map((one, at) => ({
              value: one,
              label: at === 0 ? `${monthOfYear(one)} so far` : monthOfYear(one),
            }))}
          />
        </div>
        <Button
          disabled={book === null}
          busy={ask.busy}
          onClick={() => void press()}
          title="Needs the role operator; that it was asked is on record. Nothing is charged."
          data-testid="what-if"
        >
          What would it do?
        </Button>
        <span className="rest">
          <PublishBook books={books} book={book} onPublished={() => onText(null)} />
        </span>
      </div>
      {ask.problem && <Refusal problem={ask.problem} />}
      {answered !== null && <WhatIfResult of={answered} isStale={answered.text !== text} />}
    </>
  );
}
