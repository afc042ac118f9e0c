import { formatDay, formatMinute, Segmented } from "@suiftly/ui";
import type { ActivityItem } from "@suiftly/ui/api/admin";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNow } from "../app/console";
import { Loaded, Pane } from "../parts/Pane";
import { ACTORS, type Actor, happened } from "./happened";
import { happenedQuery } from "./queries";
import { useCustomer } from "./useCustomer";

/** What they did, and what was done to them: the activity log. */
export function Happenings() {
  const { customer_id } = useCustomer();
  const [actor, setActor] = useState<Actor>("all");
  const query = useInfiniteQuery(happenedQuery(customer_id, actor));
  return (
    <Pane
      title="What happened"
      note={<Segmented label="Whose doing" value={actor} onChange={setActor} options={ACTORS} />}
    >
      <Loaded query={query} what="The activity log" rows={6}>
        {(rows) =>
          rows.length === 0 ? (
            <p className="text-ink-3">Nothing yet. Each act stands here with who did it.</p>
          ) : (
            <ul className="happenings" data-testid="happenings">
              {rows.map((item) => (
                <Row key={item.id} item={item} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {query.hasNextPage && (
        <p className="customer-more">
          <button type="button" className="link" onClick={() => void query.fetchNextPage()}>
            Older
          </button>
        </p>
      )}
    </Pane>
  );
}

function Row({ item }: { item: ActivityItem }) {
  const { before, thing, after } = happened(item);
  const at = Date.parse(item.at);
  const now = useNow();
  const isToday = formatDay(at) === formatDay(now);
  return (
    <li data-actor={item.actor_kind} data-action={item.action}>
      <time dateTime={item.at} title={item.at}>
        {isToday ? formatMinute(at) : formatDay(at)}
      </time>
      <i aria-hidden="true" />
      <span title={`${item.action} by ${item.actor}`}>
        {before} {thing && <code title={item.target ?? undefined}>{thing}</code>} {after}
      </span>
    </li>
  );
}
