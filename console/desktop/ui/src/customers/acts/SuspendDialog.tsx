import { ConfirmDialog, TextField } from "@suiftly/ui";
import { activateCustomer, suspendCustomer } from "@suiftly/ui/api/admin";
import { useState } from "react";
import { client, newKey } from "../../app/session";
import { useCustomer } from "../useCustomer";
import type { ActProps } from "./ActDialog";
import { suspendEffect } from "./effects";
import { noneUsable, someUsable } from "./follow";
import { useAct } from "./useAct";

const REASON_MAX = 500;

export function SuspendDialog({ onClose }: ActProps) {
  const { customer_id, profile, keys } = useCustomer();
  const [reason, setReason] = useState("");
  const act = useAct();
  const name = profile.display_name || String(customer_id);
  const inUse = keys.filter(({ state }) => state === "active").length;
  const path = { customer_id };
  const undo = () =>
    void act({
      ask: () => activateCustomer({ client, path, headers: newKey() }),
      done: `The suspension of ${name} was taken back`,
      vault: { isThere: someUsable, words: "Their keys are served again," },
    }).catch(() => {});
  const suspend = () =>
    act({
      ask: () =>
        suspendCustomer({ client, path, body: { reason: reason.trim() }, headers: newKey() }),
      done: `${name} was suspended`,
      vault: { isThere: noneUsable, words: "Every key of theirs is refused," },
      undo: { label: "Take it back", onPress: undo },
    });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Suspend ${name}?`}
      verb="Suspend"
      keep="Leave them"
      danger
      typeToConfirm={name}
      ready={reason.trim() !== ""}
      onConfirm={suspend}
    >
      <p>
        {suspendEffect(inUse)} Usage stops, what is owed stays owed, and they still can sign in. You
        can take it back at any time; they are served again within a second.
      </p>
      <TextField
        label="Reason"
        value={reason}
        onChange={setReason}
        maxLength={REASON_MAX}
        required
        help="The customer reads it in their activity log, with the time."
      />
    </ConfirmDialog>
  );
}
