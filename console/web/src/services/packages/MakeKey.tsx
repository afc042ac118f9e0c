import { TextField } from "@suiftly/ui";
import { useState } from "react";
import { KEY_ACTS, useAct } from "./acts";
import { FormDialog } from "./FormDialog";

const LONGEST = 64;

export function MakeKey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const act = useAct();
  return (
    <FormDialog
      title="Make a seal key"
      verb="Make it"
      onClose={onClose}
      onSubmit={() =>
        act.mutateAsync({
          send: () => KEY_ACTS.make(name.trim()),
          words: "The seal key is made.",
          inDialog: true,
        })
      }
    >
      {(errors) => (
        <>
          <p className="mb-3.5">
            Its private part never leaves the key servers. You get the public key, to encrypt for.
          </p>
          <TextField
            label="Name"
            value={name}
            onChange={setName}
            maxLength={LONGEST}
            placeholder="documents"
            error={errors.name ?? null}
            help="Only you see it. It may be empty."
            autoFocus
          />
        </>
      )}
    </FormDialog>
  );
}
