import { Button, Refusal, TextField } from "@suiftly/ui";
import type { Account } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { newKey } from "../../app/client";
import { refusedBy } from "../fields";
import { useAccountChange } from "./useAccountChange";

export function AlertEmailForm({ account }: { account: Account }) {
  const change = useAccountChange();
  const [draft, setDraft] = useState<string | null>(null);
  const current = account.alert_email ?? "";
  const email = (draft ?? current).trim();
  const { fields, rest } = refusedBy(change.error, ["alert_email"]);
  const save = () =>
    change.mutate(
      {
        change: { alert_email: email === "" ? null : email },
        done: email === "" ? "No alert is sent by e-mail now." : `Alerts go to ${email} now.`,
        key: newKey(),
      },
      { onSuccess: () => setDraft(null) },
    );
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <TextField
        label="E-mail address"
        type="email"
        value={draft ?? current}
        onChange={setDraft}
        error={fields.alert_email ?? null}
        placeholder="you@example.com"
        help={
          <>
            For{" "}
            <Link to="/settings/alerts" className="link">
              alerts
            </Link>{" "}
            that are told by e-mail, and nothing else. Empty: none is sent.
          </>
        }
      />
      {rest && <Refusal problem={rest} />}
      <p>
        <Button type="submit" busy={change.isPending} disabled={email === current}>
          Save the address
        </Button>
      </p>
    </form>
  );
}
