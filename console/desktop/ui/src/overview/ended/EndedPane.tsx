import { Count, formatCount } from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { memo, useMemo } from "react";
import { Loaded, Pane } from "../../parts/Pane";
import { endedWords } from "../../words/ended";
import { lastHour, rfc3339 } from "../span";
import { type EndCell, type EndMatrix, type EndRow, endMatrix } from "./matrix";
import { type Outstanding, outstandingLead, outstandingWords } from "./outstanding";
import { useEnded } from "./useEnded";
import "./ended.css";

/** Who or what ended requests, and in which phase. */
export const EndedPane = memo(function EndedPane({ minute }: { minute: number }) {
  const { query, now, found } = useEnded(minute);
  const matrix = useMemo(() => (now ? endMatrix(now) : null), [now]);
  return (
    <Pane title="How requests ended, last hour" note="the phase it was in" scroll>
      <Loaded query={query} what="How requests ended" rows={5}>
        {() => matrix && <Matrix matrix={matrix} found={found} minute={minute} />}
      </Loaded>
    </Pane>
  );
});

interface MatrixProps {
  matrix: EndMatrix;
  found: readonly Outstanding[] | undefined;
  minute: number;
}

function Matrix({ matrix, found, minute }: MatrixProps) {
  const loud = new Map((found ?? []).map((ended) => [ended.state, ended]));
  return (
    <>
      <table className="ended">
        <thead>
          <tr>
            <th scope="col">Who ended it</th>
            {matrix.phases.map(({ code, word }) => (
              <th key={code} scope="col">
                {word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.rows.map((row) => (
            <EnderRow key={row.ender.code} row={row} loud={loud} minute={minute} />
          ))}
        </tbody>
      </table>
      <Sentence matrix={matrix} found={found} />
    </>
  );
}

interface EnderRowProps {
  row: EndRow;
  loud: ReadonlyMap<string, Outstanding>;
  minute: number;
}

function EnderRow({ row: { ender, cells }, loud, minute }: EnderRowProps) {
  return (
    <tr>
      <th scope="row">
        <code className="code">{ender.code}</code>
        {ender.word}
      </th>
      {cells.map((cell) => (
        <CellOf key={cell.state} cell={cell} loud={loud.get(cell.state)} minute={minute} />
      ))}
    </tr>
  );
}

interface CellOfProps {
  cell: EndCell;
  loud: Outstanding | undefined;
  minute: number;
}

function CellOf({ cell: { state, count, level }, loud, minute }: CellOfProps) {
  if (count === 0) {
    return (
      <td data-none="true">
        <span aria-hidden="true">·</span>
        <span className="visually-hidden">0</span>
      </td>
    );
  }
  const { from, to } = lastHour(minute);
  const words = endedWords(state) ?? state;
  return (
    <td
      data-level={level}
      data-loud={loud && (loud.isOurs ? "ours" : "others")}
      data-testid={`ended-${state}`}
      data-value={count}
    >
      <Link
        to="/drill"
        search={{
          measure: "requests",
          termination_state: state,
          from: rfc3339(from),
          to: rfc3339(to),
        }}
        title={`${state}: ${words}${loud ? `. ${outstandingLead(loud)}` : ""}`}
        aria-label={`${formatCount(count)}: ${words}`}
      >
        <Count value={count} />
      </Link>
    </td>
  );
}

/** What is not in the matrix, and what of it stands out against the hour before. */
function Sentence({ matrix, found }: Pick<MatrixProps, "matrix" | "found">) {
  const [loudest] = found ?? [];
  return (
    <p className="ended-words">
      <span data-testid="ended-normally" data-value={matrix.normal}>
        {formatCount(matrix.normal)} ended normally.
      </span>{" "}
      {matrix.unnamed > 0 && `${formatCount(matrix.unnamed)} ended in ways without a name here. `}
      {loudest && (
        <>
          <b data-ours={loudest.isOurs}>{outstandingLead(loudest)}</b>: {outstandingWords(loudest)}.
        </>
      )}
      {found?.length === 0 && "None stands out against the hour before."}
    </p>
  );
}
