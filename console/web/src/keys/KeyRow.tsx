import { Button, explain, formatDate, useToast } from "@suiftly/ui";
import { type KeyView, revealKey } from "@suiftly/ui/api/customer";
import { useCallback, useState } from "react";
import { client, newKey } from "../app/client";
import type { KeyActs } from "./acts";
import { DeleteDialog, RevokeDialog } from "./dialogs";
import { KeyFigures } from "./KeyFigures";
import { KeyName } from "./KeyName";
import { KeyStatus } from "./KeyStatus";
import type { Panels } from "./panels";
import { Regenerate } from "./Regenerate";
import { Issued, Revealed } from "./Secret";
import { useSecretAct } from "./useSecretAct";
import { NETWORK_NAMES, refused, shortKey } from "./words";

interface KeyRowProps {
  of: KeyView;
  successor: KeyView | undefined;
  now: number;
  acts: KeyActs;
  panels: Panels;
  /** Says why it could not be enabled again, where what mends it stands. */
  onRefused: (error: unknown, retry: () => void) => void;
}

export function KeyRow({ of, successor, now, acts, panels, onRefused }: KeyRowProps) {
  const panel = panels.of(of.id);
  const close = useCallback(() => panels.close(of.id), [panels.close, of.id]);
  return (
    <>
      <tr data-open={panel !== undefined} data-ended={of.state === "revoked"}>
        <th scope="row">
          <span className="key-head">
            <span className="code">{shortKey(of)}</span>
            <KeyName of={of} onRename={(name) => void acts.rename(of, name)} />
          </span>
          <p className="text-12 text-ink-3">
            {NETWORK_NAMES[of.network]} · {formatDate(Date.parse(of.created_at))}
          </p>
        </th>
        <td>
          <KeyStatus of={of} successor={successor} now={now} />
        </td>
        <KeyFigures of={of} now={now} />
        <td data-whole>
          <Actions {...{ of, successor, acts, panels, onRefused }} now={now} />
        </td>
      </tr>
      {panel && (
        <tr className="key-drop">
          <td colSpan={7}>
            {panel.is === "revealed" && <Revealed text={panel.key} onHide={close} />}
            {panel.is === "issued" && <Issued text={panel.key} note={panel.note} onDone={close} />}
            {panel.is === "regenerating" && (
              <Regenerate of={of} now={now} acts={acts} panels={panels} />
            )}
          </td>
        </tr>
      )}
    </>
  );
}

type Asked = "revoke" | "delete" | null;

function Actions({ of, successor, now, acts, panels, onRefused }: KeyRowProps) {
  const [asked, setAsked] = useState<Asked>(null);
  const enable = useEnable(of, acts, onRefused);
  const name = shortKey(of);
  const regenerating = panels.of(of.id)?.is === "regenerating";
  const ending = of.state === "active" && of.expires_at !== null;
  return (
    <div className="key-acts">
      {of.state === "active" && <RevealButton of={of} panels={panels} />}
      {of.state === "active" && !successor && !regenerating && (
        <Button
          kind="quiet"
          size="small"
          aria-label={`Regenerate ${name}`}
          onClick={() => panels.open(of.id, { is: "regenerating" })}
        >
          Regenerate
        </Button>
      )}
      {regenerating && (
        <Button kind="quiet" size="small" data-ink onClick={() => panels.close(of.id)}>
          Cancel
        </Button>
      )}
      {(of.state === "revoked" || ending) && (
        <Button
          kind="quiet"
          size="small"
          busy={enable.busy}
          aria-label={ending ? `Keep ${name}` : `Enable ${name} again`}
          onClick={enable.run}
        >
          {ending ? "Keep" : "Enable again"}
        </Button>
      )}
      {of.state === "active" && !regenerating && (
        <Button
          kind="quiet"
          size="small"
          data-tone="danger"
          aria-label={`Revoke ${name}`}
          onClick={() => setAsked("revoke")}
        >
          Revoke
        </Button>
      )}
      {of.state === "revoked" && (
        <Button
          kind="quiet"
          size="small"
          data-tone="danger"
          aria-label={`Delete ${name}`}
          onClick={() => setAsked("delete")}
        >
          Delete
        </Button>
      )}
      <RevokeDialog
        open={asked === "revoke"}
        onClose={() => setAsked(null)}
        of={of}
        now={now}
        acts={acts}
        onRevoked={() => panels.close(of.id)}
      />
      <DeleteDialog open={asked === "delete"} onClose={() => setAsked(null)} of={of} acts={acts} />
    </div>
  );
}

function useEnable(of: KeyView, acts: KeyActs, onRefused: KeyRowProps["onRefused"]) {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await acts.enable(of);
    } catch (error) {
      onRefused(error, () => void run());
    } finally {
      setBusy(false);
    }
  };
  return { busy, run: () => void run() };
}

function RevealButton({ of, panels }: Pick<KeyRowProps, "of" | "panels">) {
  const toast = useToast();
  const shown = panels.of(of.id)?.is;
  const reveal = useSecretAct(async () => {
    try {
      const { data } = await revealKey({ client, path: { id: of.id }, headers: newKey() });
      panels.open(of.id, { is: "revealed", key: data.key });
    } catch (error) {
      const { title, code } = refused(explain(error));
      toast({ kind: "bad", text: `${shortKey(of)} was not revealed. ${title} Code ${code}` });
    }
  });
  if (shown === "revealed" || shown === "issued") {
    return (
      <Button
        kind="quiet"
        size="small"
        data-ink
        aria-label={`Hide ${shortKey(of)}`}
        onClick={() => panels.close(of.id)}
      >
        Hide
      </Button>
    );
  }
  return (
    <Button
      kind="quiet"
      size="small"
      busy={reveal.busy}
      aria-label={`Reveal ${shortKey(of)}`}
      onClick={reveal.run}
    >
      Reveal
    </Button>
  );
}
