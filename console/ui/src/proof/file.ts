// The proof's file: JSON of one form. What is read is written again and must be the same text, so that nothing stands in a
// file that is not looked at.
import * as v from "valibot";
import { ProofError } from "./error";
import { sha256, utf8 } from "./tree";

export const FORMAT = 1;
const FILE_BYTES_MAX = 16 << 20;
const CHARGES_MAX = 1_024;
const LEAVES_MAX = 2 ** 40;
const PATH_MAX = 41;
const TIME_MAX_MS = 253_370_764_799_999;
const HOUR_MS = 3_600_000;
/** The checksum's field, 64 digits, a quotation mark and a brace. */
const ENDING = /^,"sum":"([0-9a-f]{64})"\}$/;
const ENDING_LENGTH = 74;

const whole = (max: number, min = 0) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const hex = (bytes: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)));
const name = (min: number, max: number) =>
  v.pipe(v.string(), v.regex(/^[!-~]*$/), v.minLength(min), v.maxLength(max));
const text = (max: number) =>
  v.pipe(
    v.string(),
    v.check((value) => value.length <= max && !/\p{Cs}/u.test(value) && utf8(value).length <= max),
  );
const number = whole(Number.MAX_SAFE_INTEGER);
const time = whole(TIME_MAX_MS);
const path = v.pipe(v.array(hex(32)), v.maxLength(PATH_MAX));
const U8 = 2 ** 8 - 1;
const U32 = 2 ** 32 - 1;
const I16 = 2 ** 15;

const record = v.pipe(
  v.strictObject({
    timestamp: time,
    server_id: v.nullable(whole(I16 - 1, -I16)),
    line: v.nullable(v.strictObject({ boot: time, seq: whole(U32) })),
    service: v.nullable(whole(6, 1)),
    network: v.nullable(whole(3)),
    traffic_type: whole(8),
    event_type: whole(U8),
    status_code: whole(999, -1),
    bytes_sent: number,
    repeat: whole(U32),
    api_key_fp: whole(U32),
    path_prefix: v.nullable(text(10)),
    request_id: v.nullable(name(1, 64)),
  }),
  v.check((of) => of.line === null || of.server_id !== null),
);
const part = v.pipe(
  v.strictObject({
    account: name(0, 100),
    journal: hex(16),
    hour: v.pipe(
      time,
      v.check((ms) => ms % HOUR_MS === 0),
    ),
    first_epoch: number,
    last_epoch: number,
    requests: number,
    bytes: number,
  }),
  v.check((of) => of.first_epoch <= of.last_epoch),
);
const place = v.pipe(
  v.strictObject({ index: number, count: whole(LEAVES_MAX), path }),
  v.check((of) => of.index < of.count),
);
const file = v.strictObject({
  suiftly_proof: v.literal(FORMAT),
  record,
  in_part: place,
  part,
  in_month: place,
  invoice: v.nullable(v.strictObject({ number: name(1, 128), hash: hex(32), rest: hex(32) })),
  charges: v.pipe(
    v.array(
      v.strictObject({
        digest: name(1, 128),
        root: hex(32),
        parts: v.nullable(whole(LEAVES_MAX)),
        path,
      }),
    ),
    v.maxLength(CHARGES_MAX),
  ),
});

export type ProofFile = v.InferOutput<typeof file>;
export type ProofRecord = v.InferOutput<typeof record>;
export type ProofPart = v.InferOutput<typeof part>;

export async function parseProof(bytes: Uint8Array): Promise<ProofFile> {
  if (bytes.length > FILE_BYTES_MAX) throw new ProofError("size");
  const json = decode(bytes);
  // A file of another format may have another form in all but its beginning, so that is looked at before the rest.
  const format = json.match(/^\{"suiftly_proof":(\d{1,9})/);
  if (format === null) throw new ProofError("no_proof");
  if (format[1] !== String(FORMAT)) throw new ProofError("format");
  const summed = json.slice(0, -ENDING_LENGTH);
  const sum = json.slice(-ENDING_LENGTH).match(ENDING)?.[1];
  if (sum !== (await sha256(utf8(summed)))) throw new ProofError("checksum");
  const read = v.safeParse(file, parseJson(`${summed}}`));
  // What valibot answers has its fields in the order they have above: the file's.
  if (!read.success || JSON.stringify(read.output) !== `${summed}}`) throw new ProofError("form");
  return read.output;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ProofError("form");
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new ProofError("form");
  }
}
