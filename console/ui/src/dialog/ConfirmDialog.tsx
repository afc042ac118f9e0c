import { type ReactNode, useState } from "react";
import { explain, type Problem } from "../api/problem";
import { Button } from "../components/Button";
import { TextField } from "../field/TextField";
import { Dialog } from "./Dialog";
import { Refusal } from "./Refusal";

interface ConfirmDialogProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  /** What it does, in words: its price, who loses access, how fast, how to undo it. */
  children: ReactNode;
  /** Names the act: "Revoke", never "OK". */
  verb: string;
  /** Names what else there is: "Keep it". */
  keep?: string;
  danger?: boolean;
  /** What has to be typed before: the thing's name. */
  typeToConfirm?: string;
  /** Whether what else it asks for is given: without it there is nothing to confirm. */
  ready?: boolean;
  onConfirm: () => Promise<unknown>;
}

/** Asks before what costs or cuts off. Closes once it is done; a refusal is said in it. */
export function ConfirmDialog({ open, ...rest }: ConfirmDialogProps) {
  return open ? <OpenConfirm {...rest} /> : null;
}

function OpenConfirm(props: Omit<ConfirmDialogProps, "open">) {
  const { onClose, verb, keep = "Cancel", danger = false, typeToConfirm, onConfirm } = props;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [typed, setTyped] = useState("");
  const isTyped = typeToConfirm === undefined || typed.trim() === typeToConfirm;
  const ready = isTyped && props.ready !== false;
  const confirm = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      // What is under way cannot be called back by looking away.
      onClose={() => busy || onClose()}
      title={props.title}
      footer={
        <>
          <Button onClick={onClose} disabled={busy}>
            {keep}
          </Button>
          <Button
            kind={danger ? "danger" : "primary"}
            busy={busy}
            disabled={!ready}
            onClick={() => void confirm()}
          >
            {verb}
          </Button>
        </>
      }
    >
      {props.children}
      {typeToConfirm !== undefined && (
        <form
          className="dialog-type"
          onSubmit={(event) => {
            event.preventDefault();
            if (ready && !busy) void confirm();
          }}
        >
          <TextField
            label={`Type ${typeToConfirm} to confirm`}
            value={typed}
            onChange={setTyped}
            code
            autoFocus
          />
        </form>
      )}
      {problem && <Refusal problem={problem} />}
    </Dialog>
  );
}
