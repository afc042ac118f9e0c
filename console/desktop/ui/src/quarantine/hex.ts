// A line's bytes, as a dump shows them.

const A_ROW = 16;

interface DumpRow {
  /** Where it begins, hexadecimal. */
  readonly at: string;
  readonly bytes: string;
  /** What can be printed of it; a dot for what cannot. */
  readonly text: string;
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

export function dump(bytes: Uint8Array): readonly DumpRow[] {
  const rows: DumpRow[] = [];
  for (let at = 0; at < bytes.length; at += A_ROW) {
    const part = [...bytes.subarray(at, at + A_ROW)];
    rows.push({
      at: at.toString(16).padStart(4, "0"),
      bytes: part.map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
      text: part.map(printed).join(""),
    });
  }
  return rows;
}

function printed(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
}
