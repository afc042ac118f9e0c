import { Button, Empty, formatDuration, formatMoment, Refusal, Segmented } from "@suiftly/ui";
import { type Job, type JobRun, runJob } from "@suiftly/ui/api/admin";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNow } from "../app/console";
import { client } from "../app/session";
import { useAct } from "../parts/acts/useAct";
import { type Column, DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Pane";
import { Outcome, Took } from "./Outcome";
import { runsQuery } from "./queries";
import { detailWords, jobWords } from "./words";

const WHICH = [
  { value: "work", label: "With work" },
  { value: "all", label: "All" },
] as const;

interface RunsProps {
  job: Job | null;
  name: string | null;
}

/** How a job ran, and one run more if asked for. */
export function Runs({ job, name }: RunsProps) {
  if (name === null) {
    return (
      <section className="pane job-runs" aria-label="Runs">
        <Empty title="No job is chosen">
          Choose a job to see its runs, what each did or why it failed, and to have it run now.
        </Empty>
      </section>
    );
  }
  return <RunsOf key={name} {...{ job, name }} />;
}

function RunsOf({ job, name }: { job: Job | null; name: string }) {
  const [which, setWhich] = useState<"work" | "all">("work");
  const query = useInfiniteQuery(runsQuery(name, which === "work"));
  const { word, what } = jobWords(name);
  const run = useAct({
    send: (of: string) => runJob({ client, path: { name: of } }),
    topics: ["jobs", "invoices"],
    told: ({ tookMs }) =>
      `${word} is due at once, asked in ${formatDuration(tookMs)}. The manager looks twice a second`,
  });
  const columns = useRunColumns(name);
  const [open, setOpen] = useState<number | null>(null);
  return (
    <section className="pane pane-column job-runs" aria-label={`Runs of ${word}`}>
      <header className="tight-row job-head">
        <h2>{word}</h2>
        <code className="mono text-ink-3">{name}</code>
        <span className="rest tight-row">
          <Segmented label="Which runs" value={which} onChange={setWhich} options={WHICH} />
          <Button
            kind="primary"
            busy={run.busy}
            onClick={() => void run.press(name)}
            title="Beside its schedule. Needs the role operator, and is recorded with your name."
            data-testid="run-job"
          >
            Run now
          </Button>
        </span>
      </header>
      <p className="words">{what}.</p>
      {run.problem && <Refusal problem={run.problem} />}
      {job !== null && job.failures > 0 && (
        <p className="job-failing">
          Failed {job.failures} times in a row. It is tried again by itself.
        </p>
      )}
      <Loaded query={query} what="The runs" rows={8}>
        {({ pages }) => (
          <DataTable
            label={`Runs of ${word}`}
            columns={columns}
            rows={pages.flatMap(({ items }) => items)}
            rowKey={({ id }) => id}
            selected={open}
            onOpen={({ id }) => setOpen(open === id ? null : id)}
            below={(of) => (of.id === open ? <RunDetail name={name} run={of} /> : null)}
            tone={({ outcome }) => (outcome === "failed" ? "bad" : undefined)}
            onEnd={() => {
              if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
            }}
            empty={
              <Empty title={which === "work" ? "No run had anything to do" : "It never ran"}>
                {which === "work"
                  ? "Runs without work are kept a day: choose All to see them."
                  : "Its first run appears here once it is due."}
              </Empty>
            }
          />
        )}
      </Loaded>
    </section>
  );
}

function useRunColumns(name: string): readonly Column<JobRun>[] {
  const now = useNow();
  return [
    {
      key: "at",
      head: "Began",
      width: "112px",
      cell: ({ started_at }) => (
        <span title={started_at} data-testid="run">
          {formatMoment(Date.parse(started_at), now)}
        </span>
      ),
    },
    {
      key: "took",
      head: "Took",
      width: "60px",
      number: true,
      cell: (run) => <Took run={run} />,
    },
    { key: "outcome", head: "Outcome", width: "84px", cell: (run) => <Outcome run={run} /> },
    {
      key: "detail",
      head: "What it did",
      cell: ({ detail, outcome }) =>
        outcome === null || outcome === undefined ? "" : detailWords(name, detail),
    },
  ];
}

/** All of it: the words, who ran it, and the figures as they are recorded. */
function RunDetail({ name, run }: { name: string; run: JobRun }) {
  return (
    <div className="run-detail">
      <p>{detailWords(name, run.detail)}</p>
      <p className="text-ink-3">
        run {run.id} by {run.holder}
      </p>
      {run.detail != null && <pre className="mono">{JSON.stringify(run.detail, null, 2)}</pre>}
    </div>
  );
}
