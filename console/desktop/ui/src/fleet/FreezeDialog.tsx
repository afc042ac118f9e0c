import { ConfirmDialog, formatCount, formatDuration, TextField, useToast } from "@suiftly/ui";
import type { VaultStatus, VaultVersion } from "@suiftly/ui/api/admin";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { freeze, readAgain, thaw } from "./acts";

interface FreezeProps {
  open: boolean;
  onClose: () => void;
  version: VaultVersion;
}

const REASON_MAX = 500;

/** Gateways keep what they have. What that means for people is said first: nobody new is stopped either. */
export function FreezeDialog({ open, onClose, version }: FreezeProps) {
  const queries = useQueryClient();
  const toast = useToast();
  const [reason, setReason] = useState("");
  const name = `v${formatCount(version.version)}`;
  const confirm = async () => {
    const started = performance.now();
    await freeze(version.version, reason);
    const took = formatDuration(performance.now() - started);
    toast({ text: `The vault is frozen at ${name}, after ${took}. Thaw lets changes out again.` });
    setReason("");
    await readAgain(queries);
  };
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={`Freeze the vault at ${name}?`}
      verb="Freeze"
      keep="Leave it"
      danger
      typeToConfirm={String(version.version)}
      onConfirm={confirm}
    >
      <p>
        Every gateway keeps {name}, also over restarts: its {formatCount(version.keys)} keys go on
        as they do, at the limits they have.
      </p>
      <p>
        <b>Nobody is stopped meanwhile</b>: keys that are revoked, customers that are suspended or
        run out of balance are still served. Nobody new is let in, and limits that are raised do not
        reach the gateways. Changes wait, and go out at once when it is thawed. There is no way back
        to an older version.
      </p>
      <TextField
        label="Why, for whoever finds it so"
        value={reason}
        onChange={setReason}
        maxLength={REASON_MAX}
        required
      />
    </ConfirmDialog>
  );
}

interface ThawProps {
  open: boolean;
  onClose: () => void;
  status: VaultStatus;
}

export function ThawDialog({ open, onClose, status }: ThawProps) {
  const queries = useQueryClient();
  const toast = useToast();
  const { waiting } = status;
  const confirm = async () => {
    const started = performance.now();
    await thaw(status.version?.version ?? 0);
    const took = formatDuration(performance.now() - started);
    toast({ text: `The vault was thawed after ${took}. ${waitingWords(waiting)}` });
    await readAgain(queries);
  };
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Thaw the vault?"
      verb="Thaw"
      keep="Keep it frozen"
      onConfirm={confirm}
    >
      <p>
        {waitingWords(waiting)} Whoever was stopped meanwhile is refused within a second, whoever
        was let in is served. It can be frozen again at the version that comes of it, not at this
        one.
      </p>
    </ConfirmDialog>
  );
}

function waitingWords(waiting: number): string {
  if (waiting === 0) return "No change waits.";
  if (waiting === 1) return "One change goes out at once.";
  return `${formatCount(waiting)} changes go out at once.`;
}
