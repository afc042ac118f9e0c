// What is hashed of a record, of a part and of a month: numbers are little-endian, what is not there is zeros.
import type { ProofPart, ProofRecord } from "./file";
import { type Bytes, concat, fromHex, type Tree, utf8 } from "./tree";

const PATH_BYTES = 10;

function numbers(length: number, write: (view: DataView<ArrayBuffer>) => void): Bytes {
  const view = new DataView(new ArrayBuffer(length));
  write(view);
  return new Uint8Array(view.buffer);
}

function i64s(...values: readonly number[]): Bytes {
  return numbers(8 * values.length, (view) => {
    for (const [i, value] of values.entries()) view.setBigInt64(8 * i, BigInt(value), true);
  });
}

function withLength(text: string): Bytes {
  const bytes = utf8(text);
  return concat(Uint8Array.of(bytes.length), bytes);
}

export function recordBytes(of: ProofRecord): Bytes {
  const optional = [of.server_id, of.line, of.service, of.network, of.path_prefix, of.request_id];
  const presence = optional.reduce(
    (sum: number, value, i) => sum + (value === null ? 0 : 2 ** i),
    0,
  );
  const path = withLength(of.path_prefix ?? "");
  const line = of.line ?? { boot: 0, seq: 0 };
  const rest = numbers(26, (view) => {
    view.setUint32(0, line.seq, true);
    view.setUint8(4, of.service ?? 0);
    view.setUint8(5, of.network ?? 0);
    view.setUint8(6, of.traffic_type);
    view.setUint8(7, of.event_type);
    view.setInt16(8, of.status_code, true);
    view.setBigUint64(10, BigInt(of.bytes_sent), true);
    view.setUint32(18, of.repeat, true);
    view.setUint32(22, of.api_key_fp, true);
  });
  return concat(
    utf8("suiftly/record/1"),
    Uint8Array.of(presence),
    i64s(of.timestamp),
    numbers(2, (view) => view.setInt16(0, of.server_id ?? 0, true)),
    i64s(line.boot),
    rest,
    path,
    new Uint8Array(1 + PATH_BYTES - path.length),
    withLength(of.request_id ?? ""),
  );
}

export function partBytes(of: ProofPart, records: Tree): Bytes {
  return concat(
    utf8("suiftly/part/1"),
    withLength(of.account),
    fromHex(of.journal),
    i64s(of.hour, of.first_epoch, of.last_epoch, records.count, of.requests, of.bytes),
    fromHex(records.root),
  );
}

/** `month` as "2026-11": seven bytes. */
export function monthBytes(month: string, parts: Tree): Bytes {
  return concat(utf8("suiftly/month/1"), utf8(month), i64s(parts.count), fromHex(parts.root));
}
