import { formatCount } from "@suiftly/ui";
import type { VaultChange, VaultChanges } from "@suiftly/ui/api/admin";
import { Link } from "@tanstack/react-router";
import { CustomerLink } from "../parts/CustomerName";
import { type Column, DataTable } from "../parts/DataTable";
import { changeWords } from "./changes";

/** Each row that differs between two versions, and that the others do not. */
export function ChangeTable({ changes }: { changes: VaultChanges }) {
  const told = changes.rows.length;
  const all = Object.values(changes.counts).reduce((sum, count) => sum + count, 0);
  return (
    <>
      <DataTable
        label="What differs"
        columns={COLUMNS}
        rows={changes.rows.map((row, place) => ({ ...row, place }))}
        rowKey={({ place }) => place}
        rowHeight={24}
        tone={(row) => TONES[changeWords(row).sign]}
        copy={(row) => `${row.customer_id} ${row.service} ${row.what} ${row.detail ?? ""}`.trim()}
        empty={
          <p className="text-ink-2">
            Nobody’s access differs. A push, the gateways’ own keys, or a share of the limits made
            the version.
          </p>
        }
      />
      {told > 0 && (
        <p className="fleet-same">
          {all > told ? `${formatCount(all - told)} more changed. ` : ""}All others are the same.
          Gateways change these rows alone; nothing is reloaded.
        </p>
      )}
    </>
  );
}

const TONES = { "+": "added", "−": "gone", "~": "moved" } as const;

type ChangeRow = VaultChange & { readonly place: number };

const COLUMNS: readonly Column<ChangeRow>[] = [
  { key: "sign", head: "", width: "22px", cell: (row) => <code>{changeWords(row).sign}</code> },
  { key: "who", head: "Customer", cell: ({ customer_id }) => <CustomerLink id={customer_id} /> },
  { key: "service", head: "Of", width: "62px", cell: ({ service }) => service },
  {
    key: "what",
    head: "What, and why",
    width: "minmax(0, 1.9fr)",
    cell: (row) => <What row={row} />,
  },
];

function What({ row }: { row: ChangeRow }) {
  const { words, why } = changeWords(row);
  const { customer_id, api_key_fp } = row;
  return (
    <span title={why === null ? words : `${words}: ${why}`}>
      {api_key_fp == null ? (
        words
      ) : (
        <Link
          to="/drill"
          search={{ customer_id, api_key_fp }}
          className="quiet-link"
          title={`Lines of the key with the fingerprint ${api_key_fp}`}
        >
          {words}
        </Link>
      )}
      {why !== null && <span className="text-ink-2">: {why}</span>}
    </span>
  );
}
