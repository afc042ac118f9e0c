import { Button, ConfirmDialog, Empty, explain, Failed, SkeletonRows, useToast } from "@suiftly/ui";
import type { AlertView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "../../app/client";
import { alertsQuery } from "../../app/queries";
import { useLastError } from "../../app/useLastError";
import { Section } from "../../shell/Section";
import { AlertDialog } from "./AlertDialog";
import { AlertTable } from "./AlertTable";
import { meaningOf } from "./words";
import { useAlertWrite } from "./write";

type Open =
  | { readonly is: "new" }
  | { readonly is: "edit"; readonly alert: AlertView }
  | { readonly is: "delete"; readonly alert: AlertView };

/** Thresholds on what is spent and used. */
export function Alerts() {
  const query = useQuery(alertsQuery);
  const error = useLastError(query);
  const { data: alerts, refetch } = query;
  const [open, setOpen] = useState<Open | null>(null);
  const add = (
    <Button kind="primary" onClick={() => setOpen({ is: "new" })}>
      Add an alert
    </Button>
  );
  const some = alerts !== undefined && alerts.length > 0;
  return (
    <Section title="Alerts on spend and usage" note={some && add}>
      {error && (
        <Failed
          what="Your alerts did not load"
          problem={explain(error)}
          unaffected="They are looked at all the same."
          onRetry={() => void refetch()}
        />
      )}
      {!alerts && !error && <SkeletonRows rows={3} />}
      {alerts?.length === 0 && (
        <Empty title="No alerts yet" action={add}>
          An alert tells you by e-mail or webhook as soon as a month costs, or an hour brings, more
          than you set.
        </Empty>
      )}
      {some && (
        <AlertTable
          alerts={alerts}
          kept={error !== null}
          onEdit={(alert) => setOpen({ is: "edit", alert })}
          onDelete={(alert) => setOpen({ is: "delete", alert })}
        />
      )}
      {open !== null && open.is !== "delete" && (
        <AlertDialog alert={open.is === "edit" ? open.alert : null} onClose={() => setOpen(null)} />
      )}
      {open?.is === "delete" && <DeleteDialog alert={open.alert} onClose={() => setOpen(null)} />}
    </Section>
  );
}

interface DeleteDialogProps {
  alert: AlertView;
  onClose: () => void;
}

function DeleteDialog({ alert, onClose }: DeleteDialogProps) {
  const { mutateAsync } = useAlertWrite();
  const toast = useToast();
  const remove = async () => {
    await mutateAsync({ is: "delete", id: alert.id, key: newKey() });
    toast({ text: `Alert “${alert.name}” is deleted.` });
  };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Delete “${alert.name}”?`}
      verb="Delete"
      keep="Keep it"
      danger
      onConfirm={remove}
    >
      <p>
        You are no longer told when: {meaningOf(alert)} What was told already stays in Activity.
      </p>
    </ConfirmDialog>
  );
}
