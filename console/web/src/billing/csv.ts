// Tables as CSV files (RFC 4180), made of what is on the screen.

type Cell = string | number | null | undefined;

export function toCsv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

function quoted(cell: Cell): string {
  const text = plain(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A spreadsheet would compute a text that begins like a formula; a number may well begin with a minus. */
function plain(cell: Cell): string {
  const text = String(cell ?? "");
  const isFormula = /^[=+\-@\t\r]/.test(text) && !/^-\d+(\.\d+)?$/.test(text);
  return isFormula ? `'${text}` : text;
}

/** Micro-dollars as a plain decimal, exact: 754215312 → "754.215312". */
export function decimalUsd(microUsd: number): string {
  const digits = Math.abs(microUsd).toString().padStart(7, "0");
  const sign = microUsd < 0 ? "-" : "";
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** Hands a file to the browser, as a link that says `download` does. */
export function saveFile(name: string, content: BlobPart, type: string) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
