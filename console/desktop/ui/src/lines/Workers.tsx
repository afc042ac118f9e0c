import { formatCount, formatMoment, type Pipeline } from "@suiftly/ui";
import { memo } from "react";
import { formatPpm } from "../model/format";

type Worker = Pipeline["loss"]["workers"][number];
type Home = Worker["homes"][number];

/** Rows drawn at most; the rest is counted in words. */
const MAX_ROWS = 500;

/** Every HAProxy process heard, a row each. The order never changes under the pointer: by server, newest first. */
export function Workers({ workers, now }: { workers: readonly Worker[] | null; now: number }) {
  const known = workers ?? [];
  return (
    <section className="pane pane-rest" aria-labelledby="workers-title">
      <header className="pane-head">
        <h2 id="workers-title">Workers</h2>
        <span className="text-ink-3">
          {workers !== null && `${formatCount(known.length)} heard · `}a line is known by server,
          boot and sequence number
        </span>
      </header>
      {workers?.length === 0 ? (
        <p className="text-ink-2">
          No worker has been heard yet. A row appears with the first line of each HAProxy process.
        </p>
      ) : (
        <WorkerTable workers={known} day={Math.floor(now / DAY_MS) * DAY_MS} />
      )}
    </section>
  );
}

const DAY_MS = 86_400_000;

const COLUMNS = [
  "Received",
  "Duplicates",
  "Conflicts",
  "Missing",
  "Loss, ppm",
  "First seq",
  "Highest seq",
] as const;

function WorkerTable({ workers, day }: { workers: readonly Worker[]; day: number }) {
  const ordered = workers.toSorted((a, b) => a.server_id - b.server_id || b.boot_ms - a.boot_ms);
  const rest = ordered.length - MAX_ROWS;
  return (
    <div className="pane-scroll">
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">Server</th>
            <th scope="col">Boot, UTC</th>
            {COLUMNS.map((word) => (
              <th key={word} scope="col" className="number">
                {word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ordered.slice(0, MAX_ROWS).map((worker) => (
            <WorkerRow key={`${worker.server_id}-${worker.boot_ms}`} {...worker} day={day} />
          ))}
        </tbody>
      </table>
      {rest > 0 && <p className="text-ink-3">and {formatCount(rest)} more</p>}
    </div>
  );
}

const WorkerRow = memo(function WorkerRow(worker: Worker & { day: number }) {
  const { server_id, boot_ms, received, duplicates, conflicts, missing, day } = worker;
  const due = received + missing;
  const row = (
    <tr data-alarming={missing > 0 || conflicts > 0} data-testid="worker">
      <th scope="row">{server_id}</th>
      <td title={new Date(boot_ms).toISOString()}>{formatMoment(boot_ms, day)}</td>
      <td className="number">{formatCount(received)}</td>
      <td className="number">{formatCount(duplicates)}</td>
      <td className="number" data-loud={conflicts > 0}>
        {formatCount(conflicts)}
      </td>
      <td className="number" data-loud={missing > 0}>
        {formatCount(missing)}
      </td>
      <td className="number">{formatPpm(due === 0 ? 0 : (missing * 1e6) / due)}</td>
      <td className="number">{formatCount(worker.first_seq)}</td>
      <td className="number">{formatCount(worker.highest_seq)}</td>
    </tr>
  );
  return (
    <>
      {row}
      {worker.homes.map((home) => (
        <HomeRow key={home.home} {...home} day={day} />
      ))}
    </>
  );
});

/** What one of a gateway's homes brought; what it lacks is missing of the worker only if no other brought it either. */
function HomeRow({ home, received, missing, behind, heard_at, day }: Home & { day: number }) {
  return (
    <tr data-kind="home" data-testid="home">
      <th scope="row" />
      <td>by {home}</td>
      <td className="number">{formatCount(received)}</td>
      <td colSpan={2} />
      <td className="number">{formatCount(missing)}</td>
      <td className="number" colSpan={3} data-loud={behind > 0}>
        {behind > 0 && `${formatCount(behind)} behind · `}
        heard {formatMoment(Date.parse(heard_at), day)}
      </td>
    </tr>
  );
}
