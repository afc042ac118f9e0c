import { Empty, explain, Failed, Moment } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Sentence } from "../activity/ActivityRowView";
import { tell } from "../activity/words";
import { useLive } from "../app/live";
import { useLastError } from "../app/useLastError";
import { Section } from "../shell/Section";
import { recentActivityQuery } from "./queries";
import { TableShapes } from "./shapes";

/** The last things that were done in the account. */
export function RecentActivity() {
  const { view } = useLive();
  const query = useQuery(recentActivityQuery);
  const error = useLastError(query);
  const { data, refetch } = query;
  const note = (
    <Link to="/activity" className="link">
      All activity
    </Link>
  );
  return (
    <Section title="Recent activity" note={note}>
      {error && (
        <Failed
          what="Activity did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
        />
      )}
      {!data && !error && <TableShapes rows={5} />}
      {data?.length === 0 && (
        <Empty title="Nothing yet">What is done in your account appears here at once.</Empty>
      )}
      {data && data.length > 0 && (
        <table className="table recent" data-phone="rows" data-kept={error !== null}>
          <caption className="visually-hidden">Recent activity</caption>
          <tbody>
            {data.map((row) => (
              <tr key={row.id}>
                <td className="whitespace-nowrap text-ink-3">
                  <Moment iso={row.at} now={view.now} format="ago" />
                </td>
                <td>
                  <Sentence told={tell(row)} />
                </td>
                <td className="number text-ink-3" data-wide>
                  {row.is_own ? row.address : row.actor}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
