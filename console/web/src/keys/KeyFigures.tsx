import { Count, formatShare, Known, Spark, UNKNOWN } from "@suiftly/ui";
import type { KeyUsage, KeyView } from "@suiftly/ui/api/customer";
import { lastUsedWords } from "./words";

const HOURS = 24;

interface KeyFiguresProps {
  of: KeyView;
  now: number;
}

/** When it was used last, and what it did in 24 hours: the cells of its row. */
export function KeyFigures({ of, now }: KeyFiguresProps) {
  const day = of.usage?.last_24h ?? null;
  return (
    <>
      <td
        className="whitespace-nowrap"
        data-word="Last used"
        title={of.usage?.last_used_at ?? undefined}
      >
        <Known text={lastUsedWords(of, now) ?? UNKNOWN} />
      </td>
      <td className="number font-560" data-word="24 h requests">
        <Count value={day?.requests ?? null} />
      </td>
      <td className="key-line">{day && day.requests > 0 && <Day of={day} />}</td>
      <td className="number" data-word="Errors">
        <Known text={day === null ? UNKNOWN : formatShare(day.errors, day.requests)} />
      </td>
    </>
  );
}

function Day({ of }: { of: KeyUsage["last_24h"] }) {
  return (
    <Spark
      values={of.hours.map(({ requests }) => requests)}
      capacity={HOURS}
      width={110}
      height={24}
    />
  );
}
