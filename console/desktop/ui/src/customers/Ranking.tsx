import { Empty, formatDay, formatMinute, Segmented } from "@suiftly/ui";
import type { TopBy, TopCustomer, TopCustomers } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { CustomerLink } from "../parts/CustomerName";
import { Loaded, Pane } from "../parts/Pane";
import { topQuery } from "./queries";
import {
  amount,
  change,
  changeShare,
  MEASURES,
  measureOf,
  RANGES,
  type Range,
  rangeOf,
} from "./ranking";

const route = getRouteApi("/customers");
const SHOWN = 10;

/** Who used the most, and whose use changed the most. */
export function Ranking() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [by, range] = [measureOf(search.by), rangeOf(search.range)];
  const query = useQuery(topQuery(by, range, SHOWN));
  const choose = (part: { by?: TopBy; range?: Range }) =>
    void navigate({ search: (rest) => ({ ...rest, ...part }), replace: true });
  return (
    <aside className="ranking" aria-label="Top and movers">
      <div className="ranking-choice">
        <Segmented
          label="By"
          value={by}
          onChange={(value) => choose({ by: value })}
          options={MEASURES}
        />
        <Segmented
          label="Over"
          value={range}
          onChange={(value) => choose({ range: value })}
          options={RANGES}
        />
      </div>
      <Pane title="Top" note={query.data && <SpanWords of={query.data} range={range} />}>
        <Loaded query={query} what="The ranking" rows={SHOWN}>
          {({ top }) => <Top rows={top} by={by} />}
        </Loaded>
      </Pane>
      <Pane title="Movers" note="against the same time before">
        <Loaded query={query} what="The ranking" rows={SHOWN}>
          {({ movers }) => <Movers rows={movers} by={by} />}
        </Loaded>
      </Pane>
    </aside>
  );
}

function SpanWords({ of, range }: { of: TopCustomers; range: Range }) {
  const [from, to] = [Date.parse(of.from), Date.parse(of.to)];
  if (range === "1h") return `${formatMinute(from)} – ${formatMinute(to)}`;
  return `since ${formatDay(from)} ${formatMinute(from)}`;
}

function Top({ rows, by }: { rows: readonly TopCustomer[]; by: TopBy }) {
  const most = Math.max(1, ...rows.map(({ value }) => value));
  if (rows.length === 0) return <Nobody />;
  return (
    <ol className="ranks" data-testid="top">
      {rows.map(({ customer_id, value }) => (
        <li key={customer_id} data-value={value}>
          <CustomerLink id={customer_id} />
          <span className="rank-bar" aria-hidden="true">
            <i style={{ width: `${(value / most) * 100}%` }} />
          </span>
          <span>{amount(by, value)}</span>
        </li>
      ))}
    </ol>
  );
}

function Movers({ rows, by }: { rows: readonly TopCustomer[]; by: TopBy }) {
  const moved = rows.filter(({ value, value_before }) => value !== value_before);
  if (moved.length === 0) return <Nobody />;
  return (
    <ol className="ranks" data-testid="movers">
      {moved.map(({ customer_id, value, value_before, change: moved_by }) => (
        <li key={customer_id} data-value={moved_by}>
          <CustomerLink id={customer_id} />
          <span className="text-ink-3">{changeShare(value_before, value)}</span>
          <span title={`${amount(by, value_before)} before, ${amount(by, value)} since`}>
            {change(by, moved_by)}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Nobody() {
  return <Empty title="Nobody">Customers stand here as soon as they have requests.</Empty>;
}
