import { Button, Empty, explain, Failed, SkeletonRows, TextField } from "@suiftly/ui";
import type { StatementView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { saveFile } from "../csv";
import { Amount } from "../lines/Amount";
import { statementQuery } from "../queries";
import { dayOf } from "../search";
import { ownPostings, statementCsv, statementRange } from "./postings";
import { StatementTable } from "./StatementTable";

/** The account's books between two days: what was in it, what was moved, and what is in it then. */
export function Statement() {
  const { from, to } = useSearch({ from: "/billing/transactions" });
  const query = useQuery(statementQuery(statementRange(from, to)));
  const { data, error, refetch } = query;
  if (data === undefined) {
    return (
      <>
        <Range />
        {error === null ? (
          <SkeletonRows rows={5} columns={5} />
        ) : (
          <Failed
            what="The statement did not load"
            problem={explain(error)}
            onRetry={() => void refetch()}
            unaffected="Your escrow is not affected."
          />
        )}
      </>
    );
  }
  const postings = ownPostings(data);
  return (
    <div data-stale={query.isPlaceholderData || error !== null}>
      <Range statement={data} />
      {postings.length === 0 ? (
        <Empty title="Nothing was posted in these days">
          Choose other days, or make a deposit: it is the first line of every account.
        </Empty>
      ) : (
        <StatementTable statement={data} postings={postings} />
      )}
      <Sums statement={data} />
    </div>
  );
}

/** The days of the statement, and the statement as a file. */
function Range({ statement }: { statement?: StatementView }) {
  const search = useSearch({ from: "/billing/transactions" });
  const navigate = useNavigate({ from: "/billing/transactions" });
  const today = dayOf(Date.now());
  const choose = (range: { from?: string; to?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...range }), replace: true, resetScroll: false });
  return (
    <div className="mb-5 flex flex-wrap items-end gap-3">
      <TextField
        label="From"
        type="date"
        value={search.from ?? `${today.slice(0, 7)}-01`}
        onChange={(from) => choose({ from })}
      />
      <TextField
        label="To"
        type="date"
        value={search.to ?? today}
        onChange={(to) => choose({ to })}
      />
      {statement && <Files statement={statement} />}
    </div>
  );
}

function Files({ statement }: { statement: StatementView }) {
  const name = `statement-${statement.from.slice(0, 10)}-${statement.to.slice(0, 10)}`;
  return (
    <span className="ml-auto flex gap-2">
      <Button
        size="small"
        onClick={() => saveFile(`${name}.csv`, statementCsv(statement), "text/csv")}
      >
        CSV
      </Button>
      <Button
        size="small"
        onClick={() =>
          saveFile(`${name}.json`, JSON.stringify(statement, null, 2), "application/json")
        }
      >
        JSON
      </Button>
    </span>
  );
}

function Sums({ statement: { closing } }: { statement: StatementView }) {
  return (
    <p className="mt-4 text-13 text-ink-2">
      At the end <Amount microUsd={closing.escrow_micro_usd} /> is in escrow and{" "}
      <Amount microUsd={closing.receivable_micro_usd} /> is owed.
    </p>
  );
}
