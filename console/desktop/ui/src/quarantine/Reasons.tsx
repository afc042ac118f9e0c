import { formatBytes, formatCount, Moment } from "@suiftly/ui";
import type { QuarantineReason } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useNow } from "../app/console";
import { Loaded, Pane } from "../parts/Pane";
import { reasonsQuery } from "./queries";
import { reasonWord } from "./words";

/** Why lines could not be read, of all ingesters, most kept first. */
export function Reasons() {
  const query = useQuery(reasonsQuery());
  return (
    <Pane title="Reasons" note="counted from the journal’s beginning" scroll className="reasons">
      <Loaded query={query} what="The reasons" rows={3}>
        {(reasons) =>
          reasons.length === 0 ? (
            <p className="words">
              Every line was read. One that cannot be appears here within a second, by its reason.
            </p>
          ) : (
            <ReasonTable reasons={reasons} />
          )
        }
      </Loaded>
    </Pane>
  );
}

const NUMBERS = ["Rejected", "Kept", "Waiting", "Under way"] as const;

function ReasonTable({ reasons }: { reasons: readonly QuarantineReason[] }) {
  const ordered = reasons.toSorted((a, b) => b.lines - a.lines || b.rejected - a.rejected);
  return (
    <table className="dense">
      <thead>
        <tr>
          <th scope="col">Reason</th>
          {NUMBERS.map((word) => (
            <th key={word} scope="col" className="number">
              {word}
            </th>
          ))}
          <th scope="col">Oldest</th>
          <th scope="col">Newest</th>
        </tr>
      </thead>
      <tbody>
        {ordered.map((one) => (
          <ReasonRow key={one.reason} of={one} />
        ))}
      </tbody>
    </table>
  );
}

function ReasonRow({ of }: { of: QuarantineReason }) {
  const { reason, rejected, lines, waiting, under_way, bytes } = of;
  const { reason: chosen, tab, ingester } = useSearch({ from: "/quarantine" });
  const size = formatBytes(bytes);
  return (
    <tr data-testid="reason" data-reason={reason} data-chosen={reason === chosen}>
      <th scope="row">
        <Link
          to="/quarantine"
          search={{
            reason,
            ...(tab !== undefined && { tab }),
            ...(ingester !== undefined && { ingester }),
          }}
          className="quiet-link"
          title={reason}
        >
          {reasonWord(reason)}
        </Link>
      </th>
      <td className="number">{formatCount(rejected)}</td>
      <td className="number" title={`${size.value} ${size.unit}`} data-value={lines}>
        {formatCount(lines)}
      </td>
      <td className="number">{formatCount(waiting)}</td>
      <td className="number" data-loud={under_way > 0}>
        {formatCount(under_way)}
      </td>
      <When at={of.oldest ?? null} />
      <When at={of.newest ?? null} />
    </tr>
  );
}

function When({ at }: { at: string | null }) {
  const now = useNow();
  return <td>{at === null ? "–" : <Moment iso={at} now={now} />}</td>;
}
