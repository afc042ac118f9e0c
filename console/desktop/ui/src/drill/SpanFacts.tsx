import {
  Copy,
  formatClock,
  formatCount,
  formatDay,
  formatMinute,
  Money,
  UNKNOWN,
} from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { useConsole } from "../app/console";
import { Facts } from "../parts/Facts";
import { Pane } from "../parts/Pane";
import { countedQuery, customersQuery } from "./query/cells";
import { hasPart } from "./query/shared";
import { countsOf, endingOf } from "./spike";
import { addressOf, type Drilling } from "./useDrill";
import { recordsSpan, type Span } from "./window";

const CHOSEN = {
  spike: { word: "found", why: "The stretch that stands out most against the usual" },
  last: {
    word: "as usual",
    why: "No stretch stands out against the usual: this is the last",
  },
} as const;

/** What is true of the span. */
export function SpanFacts({ drill }: { drill: Drilling }) {
  if (drill.span === null) {
    return (
      <Pane title="Span" className="drill-span">
        <p className="text-ink-3">The span’s figures stand here once there are bars.</p>
      </Pane>
    );
  }
  return <FactsOf drill={drill} span={drill.span} />;
}

function FactsOf({ drill, span }: { drill: Drilling; span: Span }) {
  const { bars, measure, by, now, findAgain } = drill;
  const { value, usual } = countsOf(bars, span);
  const isPart = hasPart(drill.filter);
  const hit = useHit(drill, span);
  const lost = useLost();
  return (
    <Pane
      className="drill-span"
      title={titleOf(span, now)}
      note={
        by === "hand" ? (
          <button type="button" className="link" onClick={findAgain}>
            Find the spike
          </button>
        ) : (
          by && <span title={CHOSEN[by].why}>{CHOSEN[by].word}</span>
        )
      }
    >
      <Facts
        of={[
          [
            isPart ? `${measure.word}, of the chosen` : measure.word,
            <b key="value" data-testid="drill-count" data-value={value}>
              {formatCount(value)}
            </b>,
          ],
          ["Usual for the span", formatCount(usual)],
          ...hit,
          lost,
          ["Ended by itself", endedWords(drill, span)],
        ]}
      />
      <Acts drill={drill} span={span} />
    </Pane>
  );
}

/** Of another day its date stands before it, and not the seconds. */
function titleOf({ from, to }: Span, now: number): string {
  const day = formatDay(from);
  if (day === formatDay(now)) return `${formatClock(from)} – ${formatClock(to)}`;
  return `${day} ${formatMinute(from)} – ${formatMinute(to)}`;
}

type Fact = readonly [string, React.ReactNode];

function useHit({ asked, filter, now, measure }: Drilling, span: Span): readonly Fact[] {
  const records = recordsSpan(span, now);
  const times = records && { from: records.from, to: records.to };
  const hit = useQuery(countedQuery(times, asked, "customer_id")).data;
  const all = useQuery(customersQuery(times, filter)).data;
  const customers =
    hit && all !== undefined && `${formatCount(hit.customers)} of ${formatCount(all)}`;
  const least = records?.cut === null ? "" : "At least: counted for the span’s last hour.";
  // What a server error costs us is known: what it would have cost them.
  const isOurs = measure.key === "server_error";
  return [
    [
      "Customers hit",
      <span key="hit" title={least} data-testid="drill-customers" data-value={hit?.customers}>
        {customers ?? UNKNOWN}
      </span>,
    ],
    ...(!isOurs
      ? []
      : [
          [
            "Not billed because of it",
            hit ? <Money key="money" microUsd={hit.notBilledMicroUsd} digits="all" /> : UNKNOWN,
          ] as const,
        ]),
  ];
}

function useLost(): Fact {
  const loss = useConsole().view.server.usage.pipeline?.loss;
  return [
    "Lines lost, last hour",
    <Link key="lost" to="/lines" className="quiet-link">
      {loss ? formatCount(loss.missing) : UNKNOWN}
    </Link>,
  ];
}

function endedWords({ bars }: Drilling, span: Span): string {
  const ending = endingOf(bars, span);
  if (ending.kind === "usual") return "stayed at the usual";
  return ending.kind === "ended" ? formatClock(ending.at) : "not yet";
}

function Acts({ drill: { search }, span }: { drill: Drilling; span: Span }) {
  const router = useRouter();
  const { href } = router.buildLocation({
    to: "/drill",
    search: { ...search, ...addressOf(span) },
  });
  return (
    <div className="drill-buttons">
      <Link to="/incidents" search={addressOf(span)} className="btn" data-kind="primary">
        Open incident
      </Link>
      <Copy text={href}>Copy link</Copy>
    </div>
  );
}
