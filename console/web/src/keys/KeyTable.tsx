import type { KeyView } from "@suiftly/ui/api/customer";
import { useState } from "react";
import type { KeyActs } from "./acts";
import { KeyRow } from "./KeyRow";
import type { Panels } from "./panels";

interface KeyTableProps {
  label: string;
  /** All of them: a key's successor may be filtered away. */
  keys: readonly KeyView[];
  shown: readonly KeyView[];
  panels: Panels;
  now: number;
  acts: KeyActs;
  onRefused: (error: unknown, retry: () => void) => void;
}

export function KeyTable({ label, keys, shown, ...rest }: KeyTableProps) {
  // Those that had ended before come last. One that is revoked now stays under the pointer.
  const [ended] = useState(() => new Set(keys.filter(isRevoked).map(({ id }) => id)));
  const rows = shown.toSorted((a, b) => Number(ended.has(a.id)) - Number(ended.has(b.id)));
  return (
    <table className="table key-table" aria-label={label}>
      <thead>
        <tr>
          <th data-column="key">Key</th>
          <th data-column="status">Status</th>
          <th data-column="used">Last used</th>
          <th data-column="requests" className="number">
            24 h requests
          </th>
          <th data-column="line">
            <span className="visually-hidden">By hour</span>
          </th>
          <th data-column="errors" className="number">
            Errors
          </th>
          <th>
            <span className="visually-hidden">What can be done</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((key) => (
          <KeyRow
            key={key.id}
            of={key}
            successor={keys.find(({ replaces }) => replaces === key.id)}
            {...rest}
          />
        ))}
      </tbody>
    </table>
  );
}

function isRevoked({ state }: KeyView): boolean {
  return state === "revoked";
}
