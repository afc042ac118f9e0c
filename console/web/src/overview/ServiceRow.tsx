import {
  Count,
  explain,
  Failed,
  formatDuration,
  formatRate,
  formatShare,
  formatUsd,
  HOUR_MS,
  Known,
  Spark,
  StatusGlyph,
  Unit,
} from "@suiftly/ui";
import type { Counts, ServiceView, ServiceWord } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { bucketsOf } from "../app/buckets";
import { SERVICE_NAMES } from "../app/queries";
import { serviceStatus } from "../app/serviceStatus";
import { useLastError } from "../app/useLastError";
import { sparkValues } from "./grid";
import { serviceDayQuery, serviceHoursQuery } from "./queries";

const DAY_HOURS = 24;

/** A service that is or was enabled opens by its row; one that never was says how to begin. */
export function ServiceRow({ service }: { service: ServiceView }) {
  const begun = service.state !== "never_enabled";
  return (
    <tr data-opens>
      <th scope="row">
        <Link
          to="/services/$service"
          params={{ service: service.service }}
          className="row-link text-15"
        >
          {SERVICE_NAMES[service.service]}
        </Link>
        <span className="block text-12 font-400 text-ink-3">{subscribed(service)}</span>
      </th>
      <td>
        <StatusGlyph status={serviceStatus(service)} />
      </td>
      {begun ? <Day service={service.service} /> : <Begin service={service.service} />}
    </tr>
  );
}

/** What the price book does not sell yet. */
export function NotSoldRow({ service }: { service: ServiceWord }) {
  return (
    <tr>
      <th scope="row">
        <span className="text-15 text-ink-3">{SERVICE_NAMES[service]}</span>
        <span className="block text-12 font-400 text-ink-3">Not on sale yet</span>
      </th>
      <td>
        <StatusGlyph status="disabled" word="Coming soon" />
      </td>
      <td colSpan={5} data-line>
        <Link to="/support" className="link">
          Ask when it opens
        </Link>
      </td>
    </tr>
  );
}

function Begin({ service }: { service: ServiceWord }) {
  return (
    <td colSpan={5} data-line>
      <Link to="/services/$service/configure" params={{ service }} className="link">
        Choose a tier
      </Link>
    </td>
  );
}

function Day({ service }: { service: ServiceWord }) {
  const query = useQuery(serviceDayQuery(service));
  const error = useLastError(query);
  const { data: day, refetch } = query;
  const { data: hours } = useQuery(serviceHoursQuery(service));
  if (error && !day) {
    return (
      <td colSpan={5} data-line>
        <Failed
          what="Its figures did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
        />
      </td>
    );
  }
  return (
    <>
      <td data-line>
        <span className="flex items-center justify-between gap-4">
          <Spark
            values={hours ? sparkValues(bucketsOf(hours, HOUR_MS)) : []}
            capacity={DAY_HOURS}
            width={148}
            height={30}
          />
          <span className="figure font-560">
            <Count value={day?.counts.requests ?? null} />
          </span>
        </span>
      </td>
      <td className="number figure" data-wide>
        <Known
          text={day ? formatShare(answered(day.counts), day.counts.requests) : formatRate(null)}
        />
      </td>
      <td className="number figure" data-wide>
        <Duration ms={day?.time_ms?.p95 ?? null} />
      </td>
      <td className="number figure" data-wide>
        <Known text={formatRate(day?.perSecond ?? null)} />
        {typeof day?.perSecond === "number" && <Unit>/s</Unit>}
      </td>
      <td className="number figure" data-wide>
        <Known text={formatUsd(day?.rated_micro_usd ?? null)} />
      </td>
    </>
  );
}

/** The unit is grey and stays with its number. */
function Duration({ ms }: { ms: number | null }) {
  const [value = "", unit] = formatDuration(ms).split(" ");
  return (
    <>
      <Known text={value} />
      {unit !== undefined && <Unit>{unit}</Unit>}
    </>
  );
}

function answered({ guaranteed, burst }: Counts): number {
  return guaranteed + burst;
}

/** "Pro with burst"; what it was when it ended is no more. */
function subscribed({ subscription, state }: ServiceView): string {
  if (subscription === null) return state === "disabled" ? "Ended" : "Not enabled";
  const tier = subscription.tier.charAt(0).toUpperCase() + subscription.tier.slice(1);
  return subscription.burst ? `${tier} with burst` : tier;
}
