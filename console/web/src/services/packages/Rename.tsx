import { TextField } from "@suiftly/ui";
import { useState } from "react";
import { FormDialog } from "./FormDialog";

const LONGEST = 64;

interface RenameProps {
  /** "seal key" */
  what: string;
  name: string;
  onClose: () => void;
  onRename: (name: string) => Promise<unknown>;
}

export function Rename({ what, name, onClose, onRename }: RenameProps) {
  const [text, setText] = useState(name);
  return (
    <FormDialog
      title={`Rename the ${what}`}
      verb="Rename"
      onClose={onClose}
      onSubmit={() => onRename(text.trim())}
    >
      {(errors) => (
        <TextField
          label="Name"
          value={text}
          onChange={setText}
          maxLength={LONGEST}
          error={errors.name ?? null}
          help="Only you see it. It may be empty."
          autoFocus
        />
      )}
    </FormDialog>
  );
}
