import { Button, Glyph } from "@suiftly/ui";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import type { Target } from "../link/commands";
import { sentence } from "../model/condition";
import { KnownServers } from "./KnownServers";

interface ConnectFormProps {
  address: string;
  /** Why the last token was not let in. */
  refused: string | null;
  onConnect: (target: Target) => Promise<void>;
  /** A server was opened otherwise: a profile, the local system. */
  onOpened: () => void;
  /** Absent while there is nothing to go back to. */
  onCancel: (() => void) | null;
}

/** Asks for a server and its token. The token goes to the native side and is not kept here. */
export function ConnectForm({ address, refused, onConnect, onOpened, onCancel }: ConnectFormProps) {
  const [problem, setProblem] = useState(refused);
  const [busy, setBusy] = useState(false);
  const tokenField = useRef<HTMLInputElement>(null);
  useEffect(() => tokenField.current?.focus(), []);
  const [addressId, tokenId, nameId, problemId] = [useId(), useId(), useId(), useId()];

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = String(form.get("profile")).trim();
    setBusy(true);
    try {
      await onConnect({
        address: String(form.get("address")),
        token: String(form.get("token")),
        profile: name === "" ? null : name,
        keep: form.get("keep") === "on",
      });
    } catch (error) {
      setProblem(String(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className="connect-page">
      <form className="connect" onSubmit={(event) => void submit(event)} data-testid="connect-form">
        <h2>Connect to a Suiftly server</h2>
        <p className="text-ink-2">
          An operator’s token opens it: <code>suiftly operator add</code> makes one, and{" "}
          <code>suiftly up</code> keeps one in its data directory, as <code>operator-token</code>.
        </p>
        <div className="field">
          <label htmlFor={addressId}>Address of the operators’ port</label>
          <input
            id={addressId}
            name="address"
            defaultValue={address}
            placeholder="https://suiftly.example.com:3001"
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
        <div className="field">
          <label htmlFor={nameId}>Name to keep it under, if any</label>
          <input
            id={nameId}
            name="profile"
            placeholder="production"
            spellCheck={false}
            autoComplete="off"
            maxLength={64}
          />
        </div>
        <label className="connect-keep">
          <input type="checkbox" name="keep" defaultChecked />
          <span>Keep the token of a named server in this system’s keychain</span>
        </label>
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
      <KnownServers onOpened={onOpened} />
    </div>
  );
}
