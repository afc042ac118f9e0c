import { formatDay, formatUsd, Meter, Moment, Money, monthName, Scale } from "@suiftly/ui";
import type { InvoiceItem } from "@suiftly/ui/api/admin";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useNow } from "../app/console";
import { monthEnd } from "../model/months";
import { Facts } from "../parts/Facts";
import { Pane } from "../parts/Pane";
import { type MonthNow, useCustomer, useMonth } from "./useCustomer";

/** What the month has come to, and what is there to pay it. */
export function Month() {
  const customer = useCustomer();
  const month = useMonth(customer);
  const label = monthName(month.month);
  return (
    <Pane title={label} note={<CompleteTo iso={month.completeTo} />}>
      <Meter
        microUsd={month.used}
        label={`${label} so far`}
        size="small"
        data-testid="month-used"
      />
      <div className="customer-scale">
        <Scale
          usedMicroUsd={month.used}
          forecastMicroUsd={month.forecast}
          limitMicroUsd={month.limit}
        />
      </div>
      <Facts
        of={[
          [
            "Drawn",
            <Bill key="drawn" month={month.month}>
              <Money microUsd={month.drawn} />
            </Bill>,
          ],
          [
            "Accrued",
            <Bill key="accrued" month={month.month}>
              <Money microUsd={month.owed} digits="all" />
            </Bill>,
          ],
          month.inFlight === 0
            ? null
            : ["In flight", <Money key="in flight" microUsd={month.inFlight} />],
          month.credits === 0
            ? null
            : ["Credits", <Money key="credits" microUsd={month.credits} />],
          [
            "Escrow",
            <b key="escrow" data-testid="month-escrow" data-value={month.balance}>
              <Money microUsd={month.balance} />
            </b>,
          ],
          ["Escrow lasts to", <Lasts key="lasts" month={month} />],
          charging(customer.money.charge_failures),
          lastInvoice(customer.invoices),
        ]}
      />
    </Pane>
  );
}

/** Opens the month's draft, whose lines add up to it. */
function Bill({ month, children }: { month: string; children: ReactNode }) {
  const { customer_id } = useCustomer();
  return (
    <Link to="/billing" search={{ customer_id, month }} className="quiet-link">
      {children}
    </Link>
  );
}

function CompleteTo({ iso }: { iso: string | null }) {
  const now = useNow();
  if (iso === null) return null;
  return (
    <span title="Everything up to this second is counted">
      <Moment iso={iso} now={now} format="clock" />
    </span>
  );
}

/** At the pace of the last 24 hours, the rule of the customer's own forecast. */
function Lasts({ month: { escrow, month } }: { month: MonthNow }) {
  if (escrow === null) return <span className="unknown">–</span>;
  const last = formatDay(monthEnd(month) - 1);
  if (escrow.kind === "covers") {
    return <span title="At the pace of the last 24 hours">past {last}</span>;
  }
  const until = escrow.at >= monthEnd(month) ? last : formatDay(escrow.at);
  return (
    <b className="customer-warn" title="At the pace of the last 24 hours">
      {until}, {formatUsd(escrow.shortMicroUsd)} short
    </b>
  );
}

function charging(failures: number) {
  if (failures === 0) return null;
  const words = failures === 1 ? "once" : `${failures} times in a row`;
  return [
    "Draw refused",
    <b key="failures" className="customer-warn">
      {words}
    </b>,
  ] as const;
}

function lastInvoice(invoices: readonly InvoiceItem[]) {
  const last = invoices.find(({ kind }) => kind === "invoice");
  if (last === undefined) return null;
  return [
    monthName(last.month),
    <Link
      key="invoice"
      to="/billing"
      search={{ number: last.number }}
      className="quiet-link"
      data-testid="last-invoice"
    >
      <Money microUsd={last.payable_micro_usd} />, {last.status}
    </Link>,
  ] as const;
}
