import { Button, Glyph } from "@suiftly/ui";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { sentence } from "../model/condition";

interface ConnectFormProps {
  address: string;
  /** Why the last token was not let in. */
  refused: string | null;
  onConnect: (address: string, token: string) => Promise<void>;
  /** Absent while there is nothing to go back to. */
  onCancel: (() => void) | null;
}

/** Asks for a server and its token. The token goes to the native side and is not kept here. */
export function ConnectForm({ address, refused, onConnect, onCancel }: ConnectFormProps) {
  const [problem, setProblem] = useState(refused);
  const [busy, setBusy] = useState(false);
  const tokenField = useRef<HTMLInputElement>(null);
  useEffect(() => tokenField.current?.focus(), []);
  const [addressId, tokenId, problemId] = [useId(), useId(), useId()];

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    try {
      await onConnect(String(form.get("address")), String(form.get("token")));
    } catch (error) {
      setProblem(String(error));
      setBusy(false);
    }
  }

  return (
    <form className="connect" onSubmit={submit} data-testid="connect-form">
      <h2>Connect to a Suiftly server</h2>
      <p className="text-ink-2">
        An operator’s token opens it: <code>suiftly operator add</code> makes one, and{" "}
        <code>suiftly up</code> keeps one in its data directory, as <code>operator-token</code>. It
        stays in this program’s memory and is forgotten when the window closes.
      </p>
      <div className="field">
        <label htmlFor={addressId}>Address of the operators’ port</label>
        <input
          id={addressId}
          name="address"
          defaultValue={address}
          placeholder="http://127.0.0.1:3001"
          spellCheck={false}
          autoComplete="off"
          required
        />
      </div>
      <div className="field">
        <label htmlFor={tokenId}>Operator token</label>
        <input
          id={tokenId}
          name="token"
          type="password"
          autoComplete="off"
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : problemId}
          ref={tokenField}
          required
        />
        {problem && (
          <p id={problemId} className="field-error" role="alert">
            <Glyph of="down" />
            {sentence(problem)}
          </p>
        )}
      </div>
      <div className="connect-acts">
        <Button kind="primary" type="submit" busy={busy}>
          Connect
        </Button>
        {onCancel && (
          <Button kind="quiet" onClick={onCancel}>
            Cancel
          </Button>
        )}
      </div>
    </form>
  );
}
