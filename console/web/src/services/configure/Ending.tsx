import { Button, ConfirmDialog, formatUsd } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { SERVICE_NAMES } from "../../app/queries";
import { Section } from "../../shell/Section";
import { quoteQuery } from "../queries";
import { useOrder } from "./useOrder";
import { firstOf } from "./words";

const DISABLE = { order: "disable" } as const;

/** Ending the service. Where it is ending already, the price's panel has the way back. */
export function Ending({ service }: { service: ServiceView }) {
  const [asking, setAsking] = useState(false);
  const { scheduled, subscription } = service;
  if (subscription === null || (scheduled !== null && scheduled.subscription === null)) return null;
  const name = SERVICE_NAMES[service.service];
  return (
    <Section title={`Disable ${name}`}>
      <div className="flex flex-wrap items-center justify-between gap-4">
        <p className="max-w-115 text-13 text-ink-3">
          It goes on until the month’s end, which is paid for. Until then you can take it back.
        </p>
        <Button kind="danger" onClick={() => setAsking(true)}>
          Disable {name}
        </Button>
      </div>
      {asking && <Ask service={service} name={name} onClose={() => setAsking(false)} />}
    </Section>
  );
}

interface AskProps {
  service: ServiceView;
  name: string;
  onClose: () => void;
}

function Ask({ service, name, onClose }: AskProps) {
  const { data: quote } = useQuery(quoteQuery(service.service, DISABLE));
  const { order } = useOrder(service);
  const date = quote ? firstOf(quote.next_month) : "the 1st";
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Disable ${name} on ${date}?`}
      verb={`Disable ${name}`}
      keep="Keep it"
      danger
      onConfirm={() =>
        order.mutateAsync({ request: DISABLE, expected: quote?.total_now_micro_usd ?? 0 })
      }
    >
      <p>
        {name} serves requests as now until {date}, 00:00 UTC. From then its keys get 403, free of
        charge. Keys, packages and addresses are kept for when you enable it again.
      </p>
      {quote && (
        <p className="mt-2">
          From {date} it costs {formatUsd(quote.total_next_month_micro_usd)} a month. Until then you
          can take it back, free of charge.
        </p>
      )}
    </ConfirmDialog>
  );
}
