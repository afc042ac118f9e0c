import { Button, formatUsd } from "@suiftly/ui";
import { changeService, type ServiceWord } from "@suiftly/ui/api/customer";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { client, newKey } from "../app/client";
import { billingQuery, SERVICE_NAMES, servicesQuery } from "../app/queries";
import { OrderRefusal } from "./OrderRefusal";
import type { SlotOrder } from "./slotOrder";

interface SlotOfferProps {
  of: ServiceWord;
  full: SlotOrder;
  /** Goes on with what had no room. */
  onBooked: (() => void) | undefined;
}

/** No slot is free: what one more costs, and the press that books it. */
export function SlotOffer({ of, full, onBooked }: SlotOfferProps) {
  const queries = useQueryClient();
  const { order, used, slots } = full;
  const book = useMutation({
    mutationFn: async (wanted: NonNullable<SlotOrder["order"]>) => {
      const body = {
        subscription: wanted.subscription,
        expected_total_micro_usd: wanted.nowMicroUsd,
      };
      await changeService({ client, path: { service: of }, body, headers: newKey() });
    },
    onSuccess: async () => {
      void queries.invalidateQueries({ queryKey: billingQuery.queryKey });
      await queries.invalidateQueries({ queryKey: servicesQuery.queryKey });
      onBooked?.();
    },
  });
  return (
    <div className="key-offer" role="alert">
      <p>
        {used} of {slots} slots of {SERVICE_NAMES[of]} are taken.{" "}
        {order === null
          ? "No more can be had. Delete a revoked key to free its slot."
          : `One more costs ${formatUsd(order.nowMicroUsd)} now, for the rest of the month. From the next month on ${SERVICE_NAMES[of]} then costs ${formatUsd(order.monthlyMicroUsd)} a month, before usage. Deleting a revoked key frees a slot, too.`}
      </p>
      {order !== null && onBooked && (
        <div className="flex flex-wrap items-center gap-3">
          <Button kind="primary" busy={book.isPending} onClick={() => book.mutate(order)}>
            Book a slot for {formatUsd(order.nowMicroUsd)}
          </Button>
          <Link to="/services/$service" params={{ service: of }} className="link text-13">
            Configure {SERVICE_NAMES[of]}
          </Link>
        </div>
      )}
      {book.isError && <OrderRefusal error={book.error} />}
    </div>
  );
}
