import type { DocumentView } from "@suiftly/ui/api/customer";
import { decimalUsd, toCsv } from "../csv";

const HEADER = ["line", "service", "quantity", "unit", "unit_price", "price_book", "amount_usd"];

/** A document's lines; the last row is what they come to. */
export function linesCsv({ lines, sums }: DocumentView): string {
  const rows = lines.map((line) => [
    line.description,
    line.service,
    line.quantity,
    line.unit,
    line.unit_price,
    line.price_book,
    decimalUsd(line.amount_micro_usd),
  ]);
  const total = ["Total", "", "", "", "", "", decimalUsd(sums.gross_micro_usd)];
  return toCsv([HEADER, ...rows, total]);
}
