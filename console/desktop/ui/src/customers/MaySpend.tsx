import { formatDay } from "@suiftly/ui";
import { Pane } from "../parts/Pane";
import { reasons } from "./reasons";
import { useCustomer, useMonth } from "./useCustomer";

/** Each state of the spend view, and how far away it is. */
export function MaySpend() {
  const month = useMonth(useCustomer());
  const since =
    month.stateSince === null ? null : `since ${formatDay(Date.parse(month.stateSince))}`;
  const title =
    month.state === "active" || month.state === null
      ? "May spend because"
      : "May not spend because";
  return (
    <Pane title={title} note="spend view">
      <ul className="spend-states" data-testid="may-spend" data-value={month.state ?? ""}>
        {reasons(month.state, month, since).map(({ state, word, holds, away }) => (
          <li key={state} data-holds={holds} data-quiet={state === "active"}>
            <i aria-hidden="true" />
            <span>
              {word}
              {holds && <span className="visually-hidden"> holds</span>}
            </span>
            <span>{away}</span>
          </li>
        ))}
      </ul>
    </Pane>
  );
}
