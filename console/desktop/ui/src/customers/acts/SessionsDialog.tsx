import { ConfirmDialog } from "@suiftly/ui";
import { revokeCustomerSessions } from "@suiftly/ui/api/admin";
import { client, newKey } from "../../app/session";
import { useCustomer } from "../useCustomer";
import type { ActProps } from "./ActDialog";
import { useAct } from "./useAct";

export function SessionsDialog({ onClose }: ActProps) {
  const { customer_id, profile, sessions } = useCustomer();
  const act = useAct();
  const count = sessions.length;
  const which = count === 1 ? "The one session" : `All ${count} sessions`;
  const revoke = () =>
    act({
      ask: () => revokeCustomerSessions({ client, path: { customer_id }, headers: newKey() }),
      done: count === 1 ? "1 session was ended" : `${count} sessions were ended`,
    });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Revoke the sessions of ${profile.display_name || customer_id}?`}
      verb="Revoke"
      keep="Leave them"
      danger
      onConfirm={revoke}
    >
      <p>
        {count === 0
          ? "Nobody is signed in at this moment."
          : `${which} ${count === 1 ? "ends" : "end"} at once.`}{" "}
        Whoever has their wallet can sign in anew. API keys are not affected.
      </p>
    </ConfirmDialog>
  );
}
