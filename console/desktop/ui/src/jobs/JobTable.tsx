import { formatCount, formatMoment, formatSpan } from "@suiftly/ui";
import type { Job } from "@suiftly/ui/api/admin";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { type Column, DataTable } from "../parts/DataTable";
import { Outcome, Took } from "./Outcome";
import { detailWords, jobWords } from "./words";

interface JobTableProps {
  jobs: readonly Job[];
  /** What due times are told against. */
  managerNow: number;
}

const HOUR_MS = 3_600_000;

/** Every job, a row each. */
export function JobTable({ jobs, managerNow }: JobTableProps) {
  const { job: chosen } = useSearch({ from: "/jobs" });
  const navigate = useNavigate({ from: "/jobs" });
  const columns = useMemo(() => columnsAt(managerNow), [managerNow]);
  return (
    <DataTable
      label="Jobs"
      columns={columns}
      rows={jobs}
      rowKey={({ name }) => name}
      rowHeight={26}
      selected={chosen ?? null}
      onOpen={({ name }) => void navigate({ search: { job: name } })}
      tone={({ failures }) => (failures > 0 ? "bad" : undefined)}
      copy={({ name }) => name}
    />
  );
}

function columnsAt(now: number): readonly Column<Job>[] {
  return [
    {
      key: "job",
      head: "Job",
      width: "140px",
      cell: ({ name }) => (
        <b className="job-name" title={`${name}: ${jobWords(name).what}`} data-testid="job">
          {jobWords(name).word}
        </b>
      ),
      by: ({ name }) => jobWords(name).word,
    },
    {
      key: "due",
      head: "Due",
      width: "72px",
      cell: ({ next_at }) => <span title={next_at}>{due(Date.parse(next_at), now)}</span>,
      by: ({ next_at }) => Date.parse(next_at),
    },
    {
      key: "last",
      head: "Last run",
      width: "112px",
      cell: ({ last_run }) =>
        last_run == null ? (
          "–"
        ) : (
          <span title={last_run.started_at}>
            {formatMoment(Date.parse(last_run.started_at), now)}
          </span>
        ),
      by: ({ last_run }) => (last_run == null ? 0 : Date.parse(last_run.started_at)),
    },
    {
      key: "took",
      head: "Took",
      width: "62px",
      number: true,
      cell: ({ last_run }) => <Took run={last_run} />,
    },
    {
      key: "outcome",
      head: "Outcome",
      width: "84px",
      cell: ({ last_run }) => <Outcome run={last_run} />,
      by: ({ last_run }) => last_run?.outcome ?? "",
    },
    {
      key: "failures",
      head: "Failures",
      width: "62px",
      number: true,
      cell: ({ failures }) => formatCount(failures),
      by: ({ failures }) => failures,
    },
    {
      key: "detail",
      head: "What it did",
      cell: ({ name, last_run }) => {
        const words = last_run == null ? "" : detailWords(name, last_run.detail);
        return <span title={words}>{words}</span>;
      },
    },
  ];
}

/** "in 14 s", "now", "in 23 h 4 min" */
function due(at: number, now: number): string {
  const left = at - now;
  if (left <= 0) return "now";
  if (left < 60_000) return `in ${formatSpan(left)}`;
  return left < HOUR_MS
    ? `in ${Math.floor(left / 60_000)} min`
    : `in ${Math.floor(left / HOUR_MS)} h`;
}
