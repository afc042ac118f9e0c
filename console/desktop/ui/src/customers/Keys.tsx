import { formatCount, formatShare, Moment, StatusGlyph } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useNow } from "../app/console";
import { fleetQuery } from "../fleet/queries";
import { Loaded, Pane } from "../parts/Pane";
import { serviceWord } from "../words/services";
import { RevokeKey } from "./acts/RevokeKey";
import { grantWords, type KeyRow, keyRows, lastUsed } from "./keys";
import { grantsQuery, keyUseQuery } from "./queries";
import { useCustomer } from "./useCustomer";

/** Their keys, and what the gateways let each do at this moment. */
export function Keys() {
  const { keys, customer_id } = useCustomer();
  const grants = useQuery(grantsQuery(customer_id));
  const { data: uses } = useQuery(keyUseQuery(customer_id));
  const { data: fleet } = useQuery(fleetQuery);
  const [revoking, setRevoking] = useState<KeyRow | null>(null);
  const version = fleet?.version == null ? null : `vault v${formatCount(fleet.version)}`;
  return (
    <Pane
      title="Keys and what each may do now"
      note={
        version && (
          <Link to="/fleet" className="quiet-link">
            {version}
          </Link>
        )
      }
    >
      <Loaded query={grants} what="The vault" rows={3}>
        {(items) => {
          const rows = keyRows(keys, items, uses?.keys ?? []);
          return rows.length === 0 ? (
            <p className="text-ink-3">None yet: keys stand here once they make one.</p>
          ) : (
            <KeyTable rows={rows} onRevoke={setRevoking} />
          );
        }}
      </Loaded>
      {revoking && <RevokeKey row={revoking} onClose={() => setRevoking(null)} />}
    </Pane>
  );
}

interface KeyTableProps {
  rows: readonly KeyRow[];
  onRevoke: (row: KeyRow) => void;
}

function KeyTable({ rows, onRevoke }: KeyTableProps) {
  return (
    <table className="dense customer-keys">
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">Service</th>
          <th scope="col">Grant</th>
          <th scope="col" className="number" title="Since it was used first">
            Requests
          </th>
          <th scope="col" className="number" title="4xx, 5xx and refused, of all its requests">
            Errors
          </th>
          <th scope="col" className="number">
            Last
          </th>
          <th scope="col">
            <span className="visually-hidden">Revoke</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.key.key_id} row={row} onRevoke={onRevoke} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ row, onRevoke }: { row: KeyRow; onRevoke: (row: KeyRow) => void }) {
  const { customer_id } = useCustomer();
  const { key, use } = row;
  const { glyph, word } = grantWords(row);
  const search = { customer_id, api_key_fp: key.api_key_fp };
  return (
    <tr data-off={key.state !== "active"} data-testid={`key-${key.prefix}`}>
      <th scope="row" title={`${key.name} · fingerprint ${key.api_key_fp}`}>
        <code>{key.prefix}…</code>
      </th>
      <td>
        {serviceWord(key.service)} {key.network}
      </td>
      <td data-testid="key-grant">
        <StatusGlyph status={glyph} word={word} />
      </td>
      <td className="number" data-value={use?.requests ?? 0}>
        <Link to="/tail" search={search} className="quiet-link">
          {formatCount(use?.requests ?? 0)}
        </Link>
      </td>
      <td className="number">
        <Link to="/drill" search={search} className="quiet-link">
          {formatShare(use?.errors ?? 0, use?.requests ?? 0)}
        </Link>
      </td>
      <td className="number text-ink-3">
        <Last row={row} />
      </td>
      <td className="number">
        {key.state === "active" && (
          <button
            type="button"
            className="link"
            aria-label={`Revoke ${key.prefix}`}
            onClick={() => onRevoke(row)}
            data-testid="key-revoke"
          >
            Revoke
          </button>
        )}
      </td>
    </tr>
  );
}

function Last({ row }: { row: KeyRow }) {
  const now = useNow();
  const at = lastUsed(row);
  return at === 0 ? "never" : <Moment iso={at} now={now} format="ago" />;
}
