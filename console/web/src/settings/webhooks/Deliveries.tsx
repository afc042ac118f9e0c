import {
  Button,
  explain,
  Failed,
  Moment,
  SkeletonRows,
  type Status,
  StatusGlyph,
  useToast,
} from "@suiftly/ui";
import type { DeliveryStateWord, DeliveryView, WebhookView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { useLive } from "../../app/live";
import { useLastError } from "../../app/useLastError";
import { deliveriesQuery, useDeliveryWrites } from "./queries";
import { outcomeWords } from "./words";

const STATES: Record<DeliveryStateWord, { status: Status; word: string }> = {
  delivered: { status: "ok", word: "Taken" },
  pending: { status: "updating", word: "Pending" },
  dead: { status: "down", word: "Given up" },
};

/** The latest deliveries of a webhook, and what became of each. */
export function Deliveries({ webhook }: { webhook: WebhookView }) {
  const query = useQuery(deliveriesQuery(webhook.id));
  const error = useLastError(query);
  const { data, refetch } = query;
  const items = data?.items;
  return (
    <div className="webhook-panel">
      {error && (
        <Failed
          what="Deliveries did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
        />
      )}
      {!items && !error && <SkeletonRows rows={3} />}
      {items?.length === 0 && (
        <p className="text-13 text-ink-2">
          Nothing has been delivered yet. Send a test to see whether one arrives.
        </p>
      )}
      {items && items.length > 0 && (
        <table className="table" data-phone="rows" data-kept={error !== null}>
          <caption className="visually-hidden">Deliveries to {webhook.url}</caption>
          <thead>
            <tr>
              <th scope="col">Event</th>
              <th scope="col">State</th>
              <th scope="col">What became of it</th>
              <th scope="col">Made</th>
              <th scope="col">
                <span className="visually-hidden">Replay it</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((delivery) => (
              <DeliveryRow key={delivery.id} webhook={webhook} delivery={delivery} />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function DeliveryRow({ webhook, delivery }: { webhook: WebhookView; delivery: DeliveryView }) {
  const { view } = useLive();
  return (
    <tr>
      <th scope="row">
        <code className="code">{delivery.type}</code>
        <span className="block text-12 font-400 text-ink-3">Delivery {delivery.id}</span>
      </th>
      <td>
        <StatusGlyph {...STATES[delivery.state]} />
      </td>
      <td data-line className="text-ink-2">
        {outcomeWords(delivery, view.now)}
      </td>
      <td data-wide className="whitespace-nowrap">
        <Moment iso={delivery.created_at} now={view.now} />
      </td>
      <td className="number">
        {delivery.state !== "pending" && <Replay webhook={webhook} delivery={delivery} />}
      </td>
    </tr>
  );
}

function Replay({ webhook, delivery }: { webhook: WebhookView; delivery: DeliveryView }) {
  const { replay } = useDeliveryWrites(webhook.id);
  const toast = useToast();
  const again = () =>
    replay.mutate(delivery.id, {
      onSuccess: () => toast({ text: `Delivery ${delivery.id} is sent again.` }),
      onError: (error) => {
        const { title, code } = explain(error);
        toast({ kind: "bad", text: `Not sent again: ${title} Code ${code}` });
      },
    });
  return (
    <Button
      size="small"
      busy={replay.isPending}
      disabled={!webhook.is_enabled}
      aria-label={`Replay delivery ${delivery.id}`}
      onClick={again}
    >
      Replay
    </Button>
  );
}
