import { TextField } from "@suiftly/ui";
import type { SealKeyView } from "@suiftly/ui/api/customer";
import { useState } from "react";
import { PACKAGE_ACTS, useAct } from "./acts";
import { FormDialog } from "./FormDialog";
import { checkPackage, keyName } from "./words";

const LONGEST = 64;

interface AddPackageProps {
  sealKey: SealKeyView;
  onClose: () => void;
}

export function AddPackage({ sealKey, onClose }: AddPackageProps) {
  const [address, setAddress] = useState("");
  const [name, setName] = useState("");
  const act = useAct();
  const wrong = checkPackage(address.trim());
  return (
    <FormDialog
      title={`Add a package to ${keyName(sealKey)}`}
      verb="Add it"
      notReady={wrong !== null}
      onClose={onClose}
      onSubmit={() =>
        act.mutateAsync({
          send: () => PACKAGE_ACTS.add(sealKey.id, address.trim(), name.trim()),
          words: "The package is added.",
          inDialog: true,
        })
      }
    >
      {(errors) => (
        <div className="grid gap-4">
          <p>What its policies allow may ask for keys derived from {keyName(sealKey)}.</p>
          <TextField
            label="Package address"
            value={address}
            onChange={setAddress}
            placeholder="0x…"
            error={errors.address ?? (address.trim() === "" ? null : wrong)}
            help="Short ones are padded with zeros."
            code
            required
            autoFocus
          />
          <TextField
            label="Name"
            value={name}
            onChange={setName}
            maxLength={LONGEST}
            error={errors.name ?? null}
            help="Only you see it. It may be empty."
          />
        </div>
      )}
    </FormDialog>
  );
}
