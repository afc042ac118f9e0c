import {
  CLASSES,
  Count,
  Failed,
  formatBytes,
  formatCount,
  formatShare,
  formatUsd,
  Money,
  monthName,
  Rail,
  Swatch,
} from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useLive } from "../app/live";
import { billingQuery } from "../app/queries";
import { Section } from "../shell/Section";
import { Figure, SmallFigure } from "./figures";
import { ClassShapes } from "./shapes";

/** The month's requests by class, and what they cost: all of them, at one moment. */
export function MonthByClass() {
  const { view } = useLive();
  const { data: money } = useQuery(billingQuery);
  const { usage } = view.state;
  const name = usage === null ? "This month" : monthName(usage.month);
  const note = (
    <Link to="/billing" className="link">
      How the bill adds up
    </Link>
  );
  return (
    <Section title={`${name} so far, by class`} note={note}>
      {usage === null ? (
        <NotYet />
      ) : (
        <>
          <Rail counts={usage.counts} />
          <dl className="legend">
            {CLASSES.map(({ key, word, meaning }) => (
              <div key={key} title={meaning}>
                <dt>
                  <Swatch of={key} />
                  {word}
                </dt>
                <dd data-testid={`class-${key}`}>{formatCount(usage.counts[key])}</dd>
                <dd className="share">{formatShare(usage.counts[key], usage.counts.requests)}</dd>
              </div>
            ))}
          </dl>
          <dl className="mt-6 grid grid-cols-2 gap-x-5 gap-y-3.5 wide:flex wide:flex-wrap wide:gap-x-10">
            <SmallFigure term="Requests">
              <span data-testid="live-requests" data-epoch={usage.epoch}>
                <Count value={usage.counts.requests} />
              </span>
            </SmallFigure>
            <SmallFigure term="Billable">
              <Count value={usage.counts.billable_requests} />
            </SmallFigure>
            <SmallFigure term="Bytes sent">
              <Figure {...formatBytes(usage.counts.bytes_sent)} />
            </SmallFigure>
            <SmallFigure term="Usage">
              <span data-testid="rated" data-micro-usd={usage.ratedMicroUsd}>
                <Money microUsd={usage.ratedMicroUsd} digits="all" />
              </span>
            </SmallFigure>
            <SmallFigure term="Subscriptions">
              {formatUsd(money?.subscriptions_this_month_micro_usd ?? null)}
            </SmallFigure>
          </dl>
        </>
      )}
    </Section>
  );
}

/** Before the first figures: they are on their way, or cannot come. */
function NotYet() {
  const { view, retry } = useLive();
  const { connection } = view;
  if (connection.phase !== "retrying") return <ClassShapes />;
  return (
    <Failed what="The month’s usage did not load" problem={connection.problem} onRetry={retry} />
  );
}
