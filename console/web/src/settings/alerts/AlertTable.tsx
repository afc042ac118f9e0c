import { Button, explain, Moment, Switch, Tag, useToast } from "@suiftly/ui";
import type { AlertView } from "@suiftly/ui/api/customer";
import { newKey } from "../../app/client";
import { useLive } from "../../app/live";
import { meaningOf, tellingOf } from "./words";
import { useAlertWrite } from "./write";

interface AlertTableProps {
  alerts: readonly AlertView[];
  /** What is shown is of before. */
  kept: boolean;
  onEdit: (alert: AlertView) => void;
  onDelete: (alert: AlertView) => void;
}

export function AlertTable({ alerts, kept, ...acts }: AlertTableProps) {
  return (
    <table className="table" data-phone="rows" data-kept={kept}>
      <thead>
        <tr>
          <th scope="col">Alert</th>
          <th scope="col">Told by</th>
          <th scope="col">Told last</th>
          <th scope="col">On</th>
          <th scope="col">
            <span className="visually-hidden">Change it</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {alerts.map((alert) => (
          <AlertRow key={alert.id} alert={alert} {...acts} />
        ))}
      </tbody>
    </table>
  );
}

type AlertRowProps = { alert: AlertView } & Pick<AlertTableProps, "onEdit" | "onDelete">;

function AlertRow({ alert, onEdit, onDelete }: AlertRowProps) {
  const { view } = useLive();
  return (
    <tr>
      <th scope="row">
        {alert.name} {alert.crossed !== null && <Tag>Crossed</Tag>}
        <span className="block text-12 font-400 text-ink-3">{meaningOf(alert)}</span>
      </th>
      <td data-line data-word="Told by">
        {tellingOf(alert)}
      </td>
      <td data-line data-word="Told last">
        {alert.crossed_at === null ? (
          <span className="text-ink-3">Never</span>
        ) : (
          <Moment iso={alert.crossed_at} now={view.now} format="ago" />
        )}
      </td>
      <td>
        <EnabledSwitch alert={alert} />
      </td>
      <td className="number">
        <span className="inline-flex gap-2">
          <Button size="small" aria-label={`Edit ${alert.name}`} onClick={() => onEdit(alert)}>
            Edit
          </Button>
          <Button
            size="small"
            kind="danger"
            aria-label={`Delete ${alert.name}`}
            onClick={() => onDelete(alert)}
          >
            Delete
          </Button>
        </span>
      </td>
    </tr>
  );
}

function EnabledSwitch({ alert }: { alert: AlertView }) {
  const write = useAlertWrite();
  const toast = useToast();
  const set = (is_enabled: boolean) =>
    write.mutate(
      { is: "change", id: alert.id, change: { is_enabled }, key: newKey() },
      {
        onError: (error) => {
          const { title, code } = explain(error);
          toast({ kind: "bad", text: `“${alert.name}” stays as it was: ${title} Code ${code}` });
        },
      },
    );
  return (
    <Switch
      label={`${alert.name} is looked at`}
      checked={alert.is_enabled}
      busy={write.isPending}
      onChange={set}
    />
  );
}
