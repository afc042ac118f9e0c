import { Button, ConfirmDialog, Copy, Switch } from "@suiftly/ui";
import type { PackageView } from "@suiftly/ui/api/customer";
import { useState } from "react";
import { PACKAGE_ACTS, useAct } from "./acts";
import { Rename } from "./Rename";
import { packageName, shortHex } from "./words";

export function PackageRow({ one }: { one: PackageView }) {
  const act = useAct();
  const [asking, setAsking] = useState<"rename" | "delete" | null>(null);
  const name = packageName(one);
  const enable = (to: boolean) =>
    act.mutate({
      send: () => PACKAGE_ACTS.change(one, { is_enabled: to }),
      words: to ? `${name} is enabled.` : `${name} is disabled: it is not served.`,
      undo: () => enable(!to),
    });
  return (
    <tr>
      <th scope="row">
        {one.name === "" ? <span className="text-ink-3">No name</span> : one.name}
      </th>
      <td data-word="Address">
        <span className="package-address">
          <code className="code" title={one.address}>
            {shortHex(one.address)}
          </code>
          <Copy text={one.address} size="small" kind="quiet">
            Copy
          </Copy>
        </span>
      </td>
      <td data-word="Enabled">
        <Switch
          label={`${name} enabled`}
          checked={one.is_enabled}
          busy={act.isPending}
          onChange={enable}
        />
      </td>
      <td className="number">
        <span className="package-acts">
          <Button size="small" onClick={() => setAsking("rename")} aria-label={`Rename ${name}`}>
            Rename
          </Button>
          <Button
            size="small"
            kind="danger"
            onClick={() => setAsking("delete")}
            aria-label={`Delete ${name}`}
          >
            Delete
          </Button>
        </span>
        {asking === "rename" && (
          <Rename
            what="package"
            name={one.name}
            onClose={() => setAsking(null)}
            onRename={(to) =>
              act.mutateAsync({
                send: () => PACKAGE_ACTS.change(one, { name: to }),
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
            onConfirm={() =>
              act.mutateAsync({
                send: () => PACKAGE_ACTS.remove(one),
                words: `${name} is deleted.`,
                inDialog: true,
              })
            }
          >
            <p>
              Within a second nobody gets keys by this package’s policies. Its slot is free again,
              and you can add the same address later.
            </p>
          </ConfirmDialog>
        )}
      </td>
    </tr>
  );
}
