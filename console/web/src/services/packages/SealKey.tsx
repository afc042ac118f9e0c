import { Button, ConfirmDialog, Copy, Switch, Tag } from "@suiftly/ui";
import type { SealKeyView, ServiceView } from "@suiftly/ui/api/customer";
import { useState } from "react";
import { Section } from "../../shell/Section";
import { KEY_ACTS, useAct } from "./acts";
import { PackageTable } from "./PackageTable";
import { Rename } from "./Rename";
import { keyName, lossWords, packagesWords } from "./words";

interface SealKeyProps {
  service: ServiceView;
  sealKey: SealKeyView;
}

/** A seal key: its public key, whether it may be used, and its packages. */
export function SealKey({ service, sealKey }: SealKeyProps) {
  const name = keyName(sealKey);
  return (
    <Section
      title={name}
      note={packagesWords(sealKey.packages, service.offer.included.packages_per_seal_key)}
    >
      <PublicKey sealKey={sealKey} />
      <Controls sealKey={sealKey} name={name} />
      <PackageTable service={service} sealKey={sealKey} />
    </Section>
  );
}

function PublicKey({ sealKey: { public_key } }: { sealKey: SealKeyView }) {
  return (
    <div className="public-key">
      <span className="label">Public key</span>
      <code className="code">{public_key}</code>
      <Copy text={public_key} size="small">
        Copy public key
      </Copy>
    </div>
  );
}

function Controls({ sealKey, name }: { sealKey: SealKeyView; name: string }) {
  const act = useAct();
  const [asking, setAsking] = useState<"rename" | "delete" | null>(null);
  const { id, is_enabled } = sealKey;
  const enable = (to: boolean) =>
    act.mutate({
      send: () => KEY_ACTS.change(id, { is_enabled: to }),
      words: to ? `${name} is enabled.` : `${name} is disabled: its packages are not served.`,
      undo: () => enable(!to),
    });
  return (
    <div className="key-controls">
      <span className="key-switch">
        <Switch
          label={`${name} enabled`}
          checked={is_enabled}
          busy={act.isPending}
          onChange={enable}
        />
        {is_enabled ? "Enabled" : <Tag>Disabled: its packages are not served</Tag>}
      </span>
      <Button size="small" onClick={() => setAsking("rename")}>
        Rename
      </Button>
      <Button size="small" kind="danger" onClick={() => setAsking("delete")}>
        Delete
      </Button>
      {asking === "rename" && (
        <Rename
          what="seal key"
          name={sealKey.name}
          onClose={() => setAsking(null)}
          onRename={(to) =>
            act.mutateAsync({
              send: () => KEY_ACTS.change(id, { name: to }),
              words: "The name is saved.",
              inDialog: true,
              isOursAlone: true,
            })
          }
        />
      )}
      {asking === "delete" && (
        <ConfirmDialog
          open
          onClose={() => setAsking(null)}
          title={`Delete ${name}?`}
          verb="Delete"
          keep="Keep it"
          danger
          typeToConfirm={name}
          onConfirm={() =>
            act.mutateAsync({
              send: () => KEY_ACTS.remove(id),
              words: `${name} is deleted.`,
              inDialog: true,
            })
          }
        >
          <p>{lossWords(sealKey)}</p>
        </ConfirmDialog>
      )}
    </div>
  );
}
