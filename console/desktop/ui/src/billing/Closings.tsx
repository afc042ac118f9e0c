import { formatMoment } from "@suiftly/ui";
import type { Job } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useNow } from "../app/console";
import { Outcome } from "../jobs/Outcome";
import { jobsQuery, lastWorkQuery } from "../jobs/queries";
import { CLOSING_JOBS, detailWords, jobWords } from "../jobs/words";
import { monthOfYear } from "../model/months";
import { Loaded, Pane } from "../parts/Pane";
import { type Closing, closings } from "./closings";
import { standingQuery } from "./queries";

/** Which months are open, when each closes, and how the jobs that do it went. */
export function Closings() {
  const standing = useQuery(standingQuery);
  const jobs = useQuery(jobsQuery);
  return (
    <Pane title="Close" note="a day after a month’s end, by itself" scroll className="closings">
      <Loaded query={standing} what="Open months" rows={2}>
        {({ open_months, next_close_at, now }) => (
          <OpenMonths of={closings(open_months, Date.parse(next_close_at), Date.parse(now))} />
        )}
      </Loaded>
      <Loaded query={jobs} what="The jobs of closing" rows={4}>
        {({ items }) => (
          <table className="dense closing-jobs">
            <tbody>
              {CLOSING_JOBS.map((name) => (
                <ClosingJob key={name} name={name} job={items.find((job) => job.name === name)} />
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </Pane>
  );
}

function OpenMonths({ of }: { of: readonly Closing[] }) {
  const now = useNow();
  return (
    <ul className="open-months">
      {of.map(({ month, closesAt, stand }) => (
        <li key={month} data-testid="open-month" data-stand={stand}>
          <b>{monthOfYear(month)}</b>{" "}
          {stand === "running" && <>runs, closes from {formatMoment(closesAt, now)}</>}
          {stand === "grace" && <>is over; late lines count until {formatMoment(closesAt, now)}</>}
          {stand === "due" && <span className="is-due">is due to close</span>}
        </li>
      ))}
    </ul>
  );
}

function ClosingJob({ name, job }: { name: string; job: Job | undefined }) {
  const now = useNow();
  const { data: work } = useQuery(lastWorkQuery(name));
  const words = work == null ? "nothing to do of late" : detailWords(name, work.detail);
  return (
    <tr data-alarming={job !== undefined && job.failures > 0}>
      <th scope="row">
        <Link to="/jobs" search={{ job: name }} className="quiet-link">
          {jobWords(name).word}
        </Link>
      </th>
      <td>{work == null ? "" : formatMoment(Date.parse(work.started_at), now)}</td>
      <td>
        <Outcome run={work ?? job?.last_run} />
      </td>
      <td className="closing-words" title={words}>
        {words}
      </td>
    </tr>
  );
}
