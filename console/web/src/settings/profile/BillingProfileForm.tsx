import { Button, Refusal, TextField } from "@suiftly/ui";
import type { Account } from "@suiftly/ui/api/customer";
import { useState } from "react";
import { newKey } from "../../app/client";
import { refusedBy } from "../fields";
import { type PartyText, readParty, writeParty } from "./party";
import { useAccountChange } from "./useAccountChange";

const FIELDS = ["name", "address_lines", "country", "tax_id"].map(
  (field) => `billing_profile.${field}`,
);

export function BillingProfileForm({ account }: { account: Account }) {
  const change = useAccountChange();
  const [draft, setDraft] = useState<PartyText | null>(null);
  const current = writeParty(account.billing_profile);
  const party = draft ?? current;
  const { fields, rest } = refusedBy(change.error, FIELDS);
  const set = (part: Partial<PartyText>) => setDraft({ ...party, ...part });
  const errorOf = (field: string) => fields[`billing_profile.${field}`] ?? null;
  const save = () =>
    change.mutate(
      {
        change: { billing_profile: readParty(party) },
        done: "The next invoice is made out like this.",
        key: newKey(),
      },
      { onSuccess: () => setDraft(null) },
    );
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <TextField
        label="Name or company"
        value={party.name}
        onChange={(name) => set({ name })}
        error={errorOf("name")}
      />
      <TextField
        label="Address"
        multiline
        value={party.address}
        onChange={(address) => set({ address })}
        error={errorOf("address_lines")}
        help="As it stands on a letter, up to five lines."
      />
      <div className="form-row">
        <TextField
          label="Country"
          value={party.country}
          onChange={(country) => set({ country })}
          error={errorOf("country")}
          placeholder="CH"
          help="Two letters: CH, DE, US."
        />
        <TextField
          label="Tax id"
          value={party.taxId}
          onChange={(taxId) => set({ taxId })}
          error={errorOf("tax_id")}
          help="For VAT and the like."
        />
      </div>
      {rest && <Refusal problem={rest} />}
      <p className="text-12 text-ink-3">
        Invoices that are issued already stay as they are. All of it may be empty.
      </p>
      <p>
        <Button type="submit" busy={change.isPending} disabled={isSame(party, current)}>
          Save
        </Button>
      </p>
    </form>
  );
}

function isSame(a: PartyText, b: PartyText): boolean {
  return JSON.stringify(readParty(a)) === JSON.stringify(readParty(b));
}
