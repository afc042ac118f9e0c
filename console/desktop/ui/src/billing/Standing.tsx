import { formatCount, formatSpan, Moment, Money, StatusGlyph } from "@suiftly/ui";
import type { BillingStanding, BooksCheck } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useNow } from "../app/console";
import { monthEnd, monthOfYear } from "../model/months";
import { Loaded } from "../parts/Pane";
import { standingQuery } from "./queries";

/** The figures that say whether the money is in order. Each opens to what it comes from. */
export function Standing() {
  const query = useQuery(standingQuery);
  return (
    <section className="pane standing" aria-label="Where the money stands">
      <Loaded query={query} what="Where the money stands" rows={1}>
        {(standing) => <Figures of={standing} />}
      </Loaded>
    </section>
  );
}

function Figures({ of }: { of: BillingStanding }) {
  const now = useNow();
  const { accrued_micro_usd, in_flight_micro_usd, draws_in_doubt, oldest_in_doubt_at } = of;
  const next = of.open_months[0];
  const isOver = next !== undefined && Date.parse(of.now) >= monthEnd(next);
  return (
    <div className="standing-figures">
      <Link to="/customers" className="standing-figure">
        <Figure label="Accrued, not drawn" value={accrued_micro_usd} id="accrued">
          <Money microUsd={accrued_micro_usd} digits="all" />
        </Figure>
      </Link>
      <Job job="charge">
        <Figure label="In flight" value={in_flight_micro_usd} id="in-flight">
          <Money microUsd={in_flight_micro_usd} />
        </Figure>
      </Job>
      <Job job="charge">
        <Figure
          label={
            oldest_in_doubt_at == null ? (
              "Draws in doubt"
            ) : (
              <>
                Draws in doubt, the oldest <Moment iso={oldest_in_doubt_at} now={now} />
              </>
            )
          }
          value={draws_in_doubt}
          id="in-doubt"
          loud={draws_in_doubt > 0}
        >
          {formatCount(draws_in_doubt)}
        </Figure>
      </Job>
      <Job job="close">
        <Figure
          label={next === undefined ? "Next close" : `${monthOfYear(next)} closes`}
          id="next-close"
        >
          {isOver && Date.parse(of.next_close_at) <= Date.parse(of.now) ? (
            "is due"
          ) : (
            <>in {days(Date.parse(of.next_close_at) - Date.parse(of.now))}</>
          )}
        </Figure>
      </Job>
      <Check of={of.ledger} label="Ledger" job="ledger_check" />
      <Check of={of.escrow} label="Escrow" job="reconcile" />
    </div>
  );
}

const DAY_MS = 86_400_000;

function days(ms: number): string {
  return ms < 2 * DAY_MS ? formatSpan(ms) : `${Math.floor(ms / DAY_MS)} days`;
}

interface FigureProps {
  label: ReactNode;
  id: string;
  value?: number;
  loud?: boolean;
  children: ReactNode;
}

function Figure({ label, id, value, loud = false, children }: FigureProps) {
  return (
    <>
      <span className="standing-label">{label}</span>
      <span
        className="standing-value"
        data-loud={loud}
        data-testid={`standing-${id}`}
        data-value={value}
      >
        {children}
      </span>
    </>
  );
}

function Job({ job, children }: { job: string; children: ReactNode }) {
  return (
    <Link to="/jobs" search={{ job }} className="standing-figure">
      {children}
    </Link>
  );
}

/** How books agreed the last time. */
function Check({ of, label, job }: { of: BooksCheck; label: string; job: string }) {
  const now = useNow();
  const { is_clean, checked_at } = of;
  return (
    <Job job={job}>
      <Figure
        id={job}
        label={
          <>
            {label}
            {checked_at != null && (
              <>
                {" checked "}
                <Moment iso={checked_at} now={now} format="ago" />
              </>
            )}
          </>
        }
      >
        {is_clean === true && <StatusGlyph status="ok" word="Agrees" />}
        {is_clean === false && <StatusGlyph status="down" word="Differs" />}
        {is_clean == null && <StatusGlyph status="disabled" word="Not known" />}
      </Figure>
    </Job>
  );
}
