import { Empty, explain, Failed, SkeletonRows } from "@suiftly/ui";
import type { AlertMetricWord, AlertView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { alertsQuery } from "../../app/queries";
import { useLastError } from "../../app/useLastError";
import { meaningOf } from "../../settings/alerts/words";

const OF_MONEY: ReadonlySet<AlertMetricWord> = new Set(["spend", "spend_percent", "balance_below"]);

/** The alerts on money; they are changed in the settings. */
export function AlertList() {
  const query = useQuery(alertsQuery);
  const error = useLastError(query);
  const { data, refetch } = query;
  if (data === undefined) {
    if (error === null) return <SkeletonRows rows={2} columns={2} />;
    return (
      <Failed what="Alerts did not load" problem={explain(error)} onRetry={() => void refetch()} />
    );
  }
  const spend = data.filter(({ metric }) => OF_MONEY.has(metric));
  if (spend.length === 0) {
    return (
      <Empty title="No spend alerts" action={<Manage words="Set an alert" kind="btn" />}>
        You are told by e-mail or webhook once a day’s or a month’s spend passes an amount you
        choose.
      </Empty>
    );
  }
  return (
    <>
      <table className="table">
        <caption className="visually-hidden">Alerts on spend</caption>
        <tbody>
          {spend.map((alert) => (
            <AlertRow key={alert.id} alert={alert} />
          ))}
        </tbody>
      </table>
      <p className="mt-3">
        <Manage words="Change alerts" kind="link text-13" />
      </p>
    </>
  );
}

function AlertRow({ alert }: { alert: AlertView }) {
  return (
    <tr>
      <th scope="row">{alert.name}</th>
      <td className="text-ink-2">{meaningOf(alert)}</td>
      <td className="number text-ink-3">{stateWord(alert)}</td>
    </tr>
  );
}

function stateWord({ is_enabled, crossed }: AlertView): string {
  if (!is_enabled) return "Off";
  return crossed === null ? "Not passed" : "Passed";
}

function Manage({ words, kind }: { words: string; kind: string }) {
  return (
    <Link to="/settings/alerts" className={kind}>
      {words}
    </Link>
  );
}
