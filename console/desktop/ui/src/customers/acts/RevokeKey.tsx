import { ConfirmDialog } from "@suiftly/ui";
import { revokeCustomerKey } from "@suiftly/ui/api/admin";
import { client, newKey } from "../../app/session";
import { serviceWord } from "../../words/services";
import type { KeyRow } from "../keys";
import { useCustomer } from "../useCustomer";
import { keyRefused } from "./follow";
import { useAct } from "./useAct";

export function RevokeKey({ row: { key }, onClose }: { row: KeyRow; onClose: () => void }) {
  const { customer_id, profile } = useCustomer();
  const act = useAct();
  const path = { customer_id, key_id: key.key_id };
  const revoke = () =>
    act({
      ask: () => revokeCustomerKey({ client, path, headers: newKey() }),
      done: `${key.prefix}… was revoked`,
      vault: { isThere: keyRefused(key.api_key_fp), words: `${key.prefix}… is refused,` },
    });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Revoke ${key.prefix}…?`}
      verb="Revoke"
      keep="Keep it"
      danger
      typeToConfirm={key.prefix}
      onConfirm={revoke}
    >
      <p>
        Requests with this {serviceWord(key.service)} key are refused within a second, at every
        gateway. Only {profile.display_name || "the customer"} can enable it again; other keys go
        on.
      </p>
    </ConfirmDialog>
  );
}
