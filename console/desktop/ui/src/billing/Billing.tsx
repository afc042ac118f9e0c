import { useSearch } from "@tanstack/react-router";
import { PanePage } from "../parts/Page";
import "./billing.css";
import { Books } from "./Books";
import { Closings } from "./Closings";
import { InvoiceBeside } from "./InvoiceBeside";
import { Invoices } from "./Invoices";
import { Standing } from "./Standing";

/** Everybody's money: where it stands, what was billed, and whether the books agree. */
export function Billing() {
  const { number } = useSearch({ from: "/billing" });
  return (
    <PanePage className="billing tight">
      <Standing />
      <Invoices />
      <div className="billing-beside">
        {number === undefined ? (
          <>
            <Closings />
            <Books />
          </>
        ) : (
          <InvoiceBeside key={number} number={number} />
        )}
      </div>
    </PanePage>
  );
}
