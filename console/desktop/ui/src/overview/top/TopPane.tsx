import { Empty, formatShare, Known, Money, Rail, Segmented } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { memo, useMemo, useState } from "react";
import { CustomerLink } from "../../parts/CustomerName";
import { Loaded, Pane } from "../../parts/Pane";
import { useStill } from "../../parts/still/useStill";
import { perSecondWords } from "../flow/words";
import { topQuery } from "../queries";
import { orderOf, RANKINGS, type Ranking, type TopRow, topRows } from "./top";
import "./top.css";

const SHOWN = 30;

/** Who uses most, pays most, fails most, or moved most. */
export const TopPane = memo(function TopPane() {
  const [ranking, setRanking] = useState<Ranking>("money");
  const query = useQuery(topQuery(orderOf(ranking), SHOWN));
  const rows = useMemo(
    () => (query.data ? topRows(query.data, ranking) : []),
    [query.data, ranking],
  );
  const choice = (
    <Segmented label="Ranked by" value={ranking} onChange={setRanking} options={RANKINGS} />
  );
  return (
    <Pane title="Top customers, last 24 h" note={choice} className="overview-top" scroll>
      <Loaded query={query} what="The ranking" rows={6}>
        {() => (rows.length === 0 ? <NoRows /> : <TopTable key={ranking} rows={rows} />)}
      </Loaded>
    </Pane>
  );
});

function NoRows() {
  return (
    <Empty title="Nobody yet">
      Customers with requests in the last 24 hours, or the 24 before, are listed here.
    </Empty>
  );
}

const keyOf = ({ customerId }: TopRow) => String(customerId);

function TopTable({ rows }: { rows: readonly TopRow[] }) {
  const { ordered, handlers } = useStill(rows, keyOf);
  return (
    <table className="dense top-table" {...handlers}>
      <thead>
        <tr>
          <th scope="col">Customer</th>
          <th scope="col" className="number">
            req / s
          </th>
          <th scope="col" className="number">
            24 h
          </th>
          <th scope="col">
            <span className="visually-hidden">By class</span>
          </th>
          <th scope="col" className="number">
            5xx
          </th>
          <th scope="col" className="number" title="Against the 24 hours before">
            day before
          </th>
        </tr>
      </thead>
      <tbody>
        {ordered.map((row) => (
          <TopTableRow key={row.customerId} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function TopTableRow({ row }: { row: TopRow }) {
  const navigate = useNavigate();
  const { customerId, perSecond, microUsd, counts, change, isFailing } = row;
  const open = () => void navigate({ to: "/customers/$id", params: { id: String(customerId) } });
  return (
    <tr onClick={open} data-opens="true" data-testid="top-customer" data-value={customerId}>
      <th scope="row">
        <CustomerLink id={customerId} />
      </th>
      <td className="number">
        <Known text={perSecondWords(perSecond)} />
      </td>
      <td className="number">
        <Money microUsd={microUsd} />
      </td>
      <td className="top-rail">
        <Rail counts={counts} />
      </td>
      <td className="number" data-bad={isFailing}>
        {formatShare(counts.server_error, counts.requests)}
      </td>
      <td className="number" data-large={change.isLarge}>
        {change.text}
      </td>
    </tr>
  );
}
