import { ConfirmDialog } from "@suiftly/ui";
import { activateCustomer } from "@suiftly/ui/api/admin";
import { client, newKey } from "../../app/session";
import { moneyNow, useCustomer, useMonth } from "../useCustomer";
import type { ActProps } from "./ActDialog";
import { activateEffect } from "./effects";
import { someUsable } from "./follow";
import { useAct } from "./useAct";

export function ActivateDialog({ onClose }: ActProps) {
  const customer = useCustomer();
  const { customer_id, profile, keys } = customer;
  const effect = activateEffect(moneyNow(useMonth(customer)));
  const act = useAct();
  const name = profile.display_name || String(customer_id);
  const isServed = !effect.stops && keys.some(({ state }) => state === "active");
  const activate = () =>
    act({
      ask: () => activateCustomer({ client, path: { customer_id }, headers: newKey() }),
      done: `The suspension of ${name} was taken back`,
      ...(isServed && { vault: { isThere: someUsable, words: "Their keys are served again," } }),
    });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Take the suspension of ${name} back?`}
      verb="Take it back"
      keep="Leave it"
      onConfirm={activate}
    >
      <p>{effect.words}</p>
    </ConfirmDialog>
  );
}
