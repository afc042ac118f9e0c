import { explain, formatUsd, Money, monthName } from "@suiftly/ui";
import type { TierWhatIf } from "@suiftly/ui/api/admin";
import { type UseQueryResult, useQueries } from "@tanstack/react-query";
import { useNow } from "../app/console";
import { Loaded, Pane } from "../parts/Pane";
import { whatIfQuery } from "./queries";
import { useCustomer } from "./useCustomer";
import { because, type Instead, instead } from "./whatIf";

/** What the month would come to with another tier of what they have. Nothing is ordered. */
export function WhatIf() {
  const { services, customer_id } = useCustomer();
  const now = useNow();
  const options = instead(services);
  const answers = useQueries({
    queries: options.map((option) => whatIfQuery(customer_id, option, now)),
  });
  const month = monthName(new Date(now).toISOString().slice(0, 7));
  return (
    <Pane title="What if" note={`${month} so far and whole subscriptions; nothing is charged`}>
      {options.length === 0 ? (
        <p className="text-ink-3">Other tiers stand here once they have a service.</p>
      ) : (
        <Loaded query={together(answers)} what="What if" rows={options.length}>
          {(rows) => <Table {...{ options, rows, month }} />}
        </Loaded>
      )}
    </Pane>
  );
}

type Answer = UseQueryResult<TierWhatIf>;

/** One question of several: it has failed where none was answered. */
function together(answers: readonly Answer[]) {
  const any = answers.some(({ data }) => data !== undefined);
  return {
    data: any ? answers : undefined,
    error: any ? null : (answers[0]?.error ?? null),
    refetch: () => Promise.all(answers.map((answer) => answer.refetch())),
  };
}

interface TableProps {
  options: readonly Instead[];
  rows: readonly Answer[];
  month: string;
}

function Table({ options, rows, month }: TableProps) {
  return (
    <table className="dense">
      <thead>
        <tr>
          <th scope="col">Instead</th>
          <th scope="col" className="number">
            {month} so far
          </th>
          <th scope="col" className="number">
            Difference
          </th>
          <th scope="col">Because</th>
        </tr>
      </thead>
      <tbody>
        {options.map((option, at) => (
          <Row key={option.words} option={option} answer={rows[at]} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ option, answer }: { option: Instead; answer: Answer | undefined }) {
  const { data, error = null } = answer ?? {};
  return (
    <tr data-testid="what-if">
      <th scope="row">{option.words}</th>
      <td className="number" title={data && `${formatUsd(data.before_micro_usd)} as it is`}>
        {data ? <Money microUsd={data.after_micro_usd} /> : <span className="unknown">–</span>}
      </td>
      <td className="number" data-value={data?.delta_micro_usd}>
        {data && <Money microUsd={data.delta_micro_usd} sign />}
      </td>
      <td className="text-ink-3 customer-because">
        {data ? because(data) : error && explain(error).title}
      </td>
    </tr>
  );
}
