import { Button, Dialog, formatDuration, Refusal, SelectField, TextField } from "@suiftly/ui";
import { type OperatorItem, type OperatorToken, putOperator } from "@suiftly/ui/api/admin";
import { useState } from "react";
import { client, newKey } from "../app/session";
import { useAct } from "../parts/acts/useAct";

const ROLES = [
  { value: "viewer", label: "viewer: sees everything, changes nothing" },
  { value: "operator", label: "operator: acts on customers, the vault, jobs" },
  { value: "admin", label: "admin: makes operators and price books too" },
] as const;

interface OperatorDialogProps {
  /** Whose role and token are to be others; null: somebody who is not there yet. */
  operator: OperatorItem | null;
  onClose: () => void;
  onMade: (token: OperatorToken) => void;
}

export function OperatorDialog({ operator, onClose, onMade }: OperatorDialogProps) {
  const [typed, setTyped] = useState("");
  const [role, setRole] = useState<string>(operator?.role ?? "viewer");
  const name = operator?.name ?? typed.trim();
  const { press, busy, problem } = useAct({
    send: (body: { name: string; role: string }) =>
      putOperator({ client, body, headers: newKey() }),
    topics: ["activity"],
    told: ({ tookMs }) => `${name} has a token, made in ${formatDuration(tookMs)}`,
  });
  const make = async () => {
    const done = await press({ name, role });
    if (done) onMade(done.data);
  };
  return (
    <Dialog
      open
      onClose={() => busy || onClose()}
      title={operator === null ? "Add an operator" : `A new token for ${name}`}
      footer={
        <>
          <Button onClick={onClose} disabled={busy}>
            Leave it
          </Button>
          <Button kind="primary" busy={busy} disabled={name === ""} onClick={() => void make()}>
            {operator === null ? "Add" : "Make a token"}
          </Button>
        </>
      }
    >
      {operator === null ? (
        <TextField
          label="Name"
          help="Somebody of this name gets this role, and a new token: the old one is refused from then on."
          value={typed}
          onChange={setTyped}
          autoFocus
        />
      ) : (
        <p>
          {operator.disabled_at
            ? "Their old token stays refused; with the new one they are let in again."
            : "The token they have is refused from then on: what is opened by it is shut out."}
        </p>
      )}
      <SelectField label="Role" value={role} onChange={setRole} options={ROLES} />
      {problem && <Refusal problem={problem} />}
    </Dialog>
  );
}
