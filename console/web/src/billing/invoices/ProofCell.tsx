import { Copy, UNKNOWN } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { invoiceQuery } from "../queries";
import { shorten } from "../words";

/** The hash over what an invoice was computed from; the list of invoices does not carry it. */
export function ProofCell({ number }: { number: string }) {
  const { data, isPending } = useQuery(invoiceQuery(number));
  if (data === undefined) {
    return isPending ? (
      <div className="skeleton h-4 w-28" />
    ) : (
      <span className="unknown">{UNKNOWN}</span>
    );
  }
  return (
    <span className="digest">
      <span className="code" title={data.input_hash}>
        {shorten(data.input_hash)}
      </span>
      <Copy text={data.input_hash} size="small" kind="quiet" />
    </span>
  );
}
