import { Button, formatUsd, Segmented, TextField } from "@suiftly/ui";
import { createKey, type NetworkWord, type ServiceView } from "@suiftly/ui/api/customer";
import { type FormEvent, useState } from "react";
import { client, newKey } from "../app/client";
import { SERVICE_NAMES } from "../app/queries";
import type { KeyActs } from "./acts";
import { KeyRefusal } from "./KeyRefusal";
import type { Panels } from "./panels";
import { slotOrder } from "./slotOrder";
import { useSecretAct } from "./useSecretAct";
import { NETWORK_NAMES } from "./words";

const NAME_CHARS_MAX = 80;
const NETWORKS: readonly { value: NetworkWord; label: string }[] = [
  { value: "mainnet", label: NETWORK_NAMES.mainnet },
  { value: "testnet", label: NETWORK_NAMES.testnet },
];

interface NewKeyProps {
  of: ServiceView;
  now: number;
  acts: KeyActs;
  panels: Panels;
  onClose: () => void;
}

export function NewKey({ of, now, acts, panels, onClose }: NewKeyProps) {
  const [network, setNetwork] = useState<NetworkWord>("mainnet");
  const [name, setName] = useState("");
  const create = useSecretAct(async () => {
    const body = { service: of.service, network, name: name.trim() };
    const { data } = await createKey({ client, body, headers: newKey() });
    await acts.refresh();
    onClose();
    panels.open(data.id, {
      is: "issued",
      key: data.key,
      note: "It works at every gateway within a second.",
    });
  });
  // The press that books a slot is then the one to make.
  const isFull = slotOrder(create.error) !== null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.run();
  };
  return (
    <form
      className="key-box mb-4"
      aria-label={`New ${SERVICE_NAMES[of.service]} key`}
      onSubmit={submit}
    >
      <div className="key-form">
        <div>
          <p className="mb-1.25 text-13 font-500">Network</p>
          <Segmented label="Network" value={network} onChange={setNetwork} options={NETWORKS} />
        </div>
        <TextField
          label="Name"
          value={name}
          onChange={setName}
          maxLength={NAME_CHARS_MAX}
          placeholder="Where it is used"
          autoFocus
        />
        <div className="flex gap-2">
          <Button {...(!isFull && { kind: "primary" as const })} type="submit" busy={create.busy}>
            Create key
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </div>
      {!isFull && <p className="mt-3 text-13 text-ink-2">{roomWords(of)}</p>}
      {create.error !== null && (
        <KeyRefusal error={create.error} of={of.service} now={now} onBooked={create.run} />
      )}
    </form>
  );
}

/** Whether there is room, and what it costs where there is none. */
function roomWords({ api_keys: { used, allowed }, offer }: ServiceView): string {
  const price = formatUsd(offer.add_ons.api_key_micro_usd);
  if (used >= allowed) {
    return `All ${allowed} slots are taken. More cost ${price} a month each; you see the exact price before anything is charged.`;
  }
  return `It takes slot ${used + 1} of ${allowed}, and costs nothing more. At most 5 keys are made an hour.`;
}
