import { Button, explain, formatDay, Refusal, TextField, useToast } from "@suiftly/ui";
import { putCustomerNote } from "@suiftly/ui/api/admin";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client, newKey } from "../app/session";
import { Pane } from "../parts/Pane";
import { customerQuery } from "./queries";
import { useCustomer } from "./useCustomer";

const NOTE_MAX = 4_096;

/** What operators should know of them. The customer is never shown it. */
export function Note() {
  const { note } = useCustomer();
  const [editing, setEditing] = useState(false);
  const edit = (
    <button type="button" className="link" onClick={() => setEditing(true)} data-testid="note-edit">
      {note == null ? "Write one" : "Edit"}
    </button>
  );
  return (
    <Pane title="Note" note={!editing && edit}>
      {editing ? (
        <NoteForm text={note?.text ?? ""} onDone={() => setEditing(false)} />
      ) : note == null ? (
        <p className="text-ink-3">None. The customer is never shown it.</p>
      ) : (
        <p className="customer-note" data-testid="note">
          {note.text}{" "}
          <span className="text-ink-3">
            {note.by}, {formatDay(Date.parse(note.at))}
          </span>
        </p>
      )}
    </Pane>
  );
}

function NoteForm({ text, onDone }: { text: string; onDone: () => void }) {
  const { customer_id } = useCustomer();
  const [typed, setTyped] = useState(text);
  const queries = useQueryClient();
  const toast = useToast();
  const put = async (words: string) => {
    const from = performance.now();
    const path = { customer_id };
    const { data } = await putCustomerNote({
      client,
      path,
      body: { text: words },
      headers: newKey(),
    });
    queries.setQueryData(customerQuery(customer_id).queryKey, (known) =>
      known === undefined ? known : { ...known, note: data.note ?? null },
    );
    return Math.round(performance.now() - from);
  };
  const save = useMutation({
    mutationFn: () => put(typed),
    onSuccess: (ms) => {
      const undo = { label: "Undo", onPress: () => void put(text) };
      toast({ text: `The note was kept in ${ms} ms.`, action: undo });
      onDone();
    },
  });
  return (
    <form
      className="customer-note-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!save.isPending) save.mutate();
      }}
    >
      <TextField
        label="Note"
        hideLabel
        value={typed}
        onChange={setTyped}
        multiline
        autoFocus
        maxLength={NOTE_MAX}
        help="Kept with your name. Empty removes it."
      />
      {save.error && <Refusal problem={explain(save.error)} />}
      <div className="customer-note-acts">
        <Button onClick={onDone} disabled={save.isPending}>
          Leave it
        </Button>
        <Button type="submit" kind="primary" busy={save.isPending} data-testid="note-save">
          Keep note
        </Button>
      </div>
    </form>
  );
}
