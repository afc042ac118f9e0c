import { Button, Refusal, TextField } from "@suiftly/ui";
import type { Account } from "@suiftly/ui/api/customer";
import { useState } from "react";
import { newKey } from "../../app/client";
import { refusedBy } from "../fields";
import { useRename } from "./useAccountChange";

/** Shown as changed at once; the toast takes it back. */
export function NameForm({ account }: { account: Account }) {
  const rename = useRename();
  const [draft, setDraft] = useState<string | null>(null);
  const name = draft ?? account.display_name;
  const { fields, rest } = refusedBy(rename.error, ["display_name"]);
  const save = () => {
    const before = account.display_name;
    rename.mutate({ name, before, key: newKey() }, { onSuccess: () => setDraft(null) });
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <TextField
        label="Name"
        value={name}
        onChange={setDraft}
        error={fields.display_name ?? null}
        help="What this account is called here and in e-mails."
        maxLength={100}
      />
      {rest && <Refusal problem={rest} />}
      <p>
        <Button type="submit" busy={rename.isPending} disabled={name === account.display_name}>
          Save the name
        </Button>
      </p>
    </form>
  );
}
