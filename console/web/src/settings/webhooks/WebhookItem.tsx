import { Button, explain, formatMoment, Switch, useToast } from "@suiftly/ui";
import type { WebhookView } from "@suiftly/ui/api/customer";
import { getRouteApi } from "@tanstack/react-router";
import { useId, useState } from "react";
import { useLive } from "../../app/live";
import { Deliveries } from "./Deliveries";
import { useDeliveryWrites, useWebhookWrites } from "./queries";
import { TestOutcome } from "./TestOutcome";
import type { WebhookAct } from "./Webhooks";
import { eventsWords } from "./words";

const route = getRouteApi("/settings/webhooks");

interface WebhookItemProps {
  webhook: WebhookView;
  onAct: (act: WebhookAct) => void;
}

export function WebhookItem({ webhook, onAct }: WebhookItemProps) {
  const { view } = useLive();
  const panel = useId();
  const navigate = route.useNavigate();
  const isOpen = route.useSearch().open === webhook.id;
  const { test } = useDeliveryWrites(webhook.id);
  const [tested, setTested] = useState<number | null>(null);
  const toggle = () =>
    void navigate({
      search: isOpen ? {} : { open: webhook.id },
      replace: true,
      resetScroll: false,
    });
  return (
    <li>
      <div className="webhook-head">
        <div className="min-w-0">
          <h3>
            <code className="code break-all">{webhook.url}</code>
          </h3>
          <p className="text-12 text-ink-3">
            {eventsWords(webhook.events)}
            {webhook.old_secret_until !== null &&
              ` · The old secret signs too until ${formatMoment(Date.parse(webhook.old_secret_until), view.now)}`}
          </p>
        </div>
        <EnabledSwitch webhook={webhook} />
      </div>
      <div className="webhook-acts">
        <Button
          size="small"
          busy={test.isPending}
          disabled={!webhook.is_enabled}
          onClick={() => test.mutate(undefined, { onSuccess: ({ id }) => setTested(id) })}
        >
          Send a test
        </Button>
        <Button size="small" aria-expanded={isOpen} aria-controls={panel} onClick={toggle}>
          Deliveries
        </Button>
        <Button size="small" onClick={() => onAct({ is: "edit", webhook })}>
          Edit
        </Button>
        <Button size="small" onClick={() => onAct({ is: "rotate", webhook })}>
          Rotate the secret
        </Button>
        <Button size="small" kind="danger" onClick={() => onAct({ is: "delete", webhook })}>
          Delete
        </Button>
      </div>
      <TestOutcome webhook={webhook.id} delivery={tested} error={test.error} />
      <div id={panel}>{isOpen && <Deliveries webhook={webhook} />}</div>
    </li>
  );
}

function EnabledSwitch({ webhook }: { webhook: WebhookView }) {
  const { change } = useWebhookWrites();
  const toast = useToast();
  const set = (is_enabled: boolean) =>
    change.mutate(
      { id: webhook.id, is_enabled },
      {
        onSuccess: () =>
          toast({
            text: is_enabled
              ? "The webhook is told again."
              : "The webhook is told nothing now; what was pending for it has ended.",
          }),
        onError: (error) => {
          const { title, code } = explain(error);
          toast({ kind: "bad", text: `The webhook stays as it was: ${title} Code ${code}` });
        },
      },
    );
  return (
    <Switch
      label={`${webhook.url} is told`}
      checked={webhook.is_enabled}
      busy={change.isPending}
      onChange={set}
    />
  );
}
