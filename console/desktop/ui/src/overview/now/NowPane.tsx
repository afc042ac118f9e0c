import { DAY_MS, formatDay, formatMinute, Glyph, SkeletonRows, type Status } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useConsole, useNow } from "../../app/console";
import { fleetQuery } from "../../fleet/queries";
import { openNoticesQuery } from "../../notifications/queries";
import { CustomerLink } from "../../parts/CustomerName";
import { Pane } from "../../parts/Pane";
import { useServerNames } from "../../parts/ServerName";
import { useStill } from "../../parts/still/useStill";
import { useEnded } from "../ended/useEnded";
import { movedQuery, quarantineQuery, standingQuery } from "../queries";
import { lastHour, recentSpan } from "../span";
import { useTimers } from "../timers/useTimers";
import type { Concern, Severity } from "./concern";
import { GoesLink } from "./GoesLink";
import { concerns, type Known, lookedAt } from "./now";
import "./now.css";

/** What is wrong, in words, the gravest first. */
export function NowPane({ minute }: { minute: number }) {
  const known = useKnown(minute);
  const all = concerns(known);
  const { ordered, still, handlers } = useStill(all, keyOf);
  return (
    <Pane title="Now" note={<NowNote still={still && all.length > 1} />} scroll>
      <p role="status" className="visually-hidden">
        {all.length === 0
          ? ""
          : `${all.length} ${all.length === 1 ? "thing needs" : "things need"} you.`}
      </p>
      {all.length === 0 ? (
        <Calm known={known} />
      ) : (
        <ul className="concerns" data-testid="concerns" {...handlers}>
          {ordered.map((concern) => (
            <ConcernRow key={concern.key} concern={concern} />
          ))}
        </ul>
      )}
    </Pane>
  );
}

const keyOf = ({ key }: Concern) => key;

function NowNote({ still }: { still: boolean }) {
  return (
    <>
      {still && "order held · "}
      <Link to="/incidents" className="link">
        Incidents
      </Link>
    </>
  );
}

function useKnown(minute: number): Known {
  const { view } = useConsole();
  const { pipeline, usage } = view.server.usage;
  const serverWord = useServerNames();
  const { data: notices } = useQuery(openNoticesQuery);
  const { data: fleet } = useQuery(fleetQuery);
  const { data: moved } = useQuery(movedQuery(minute));
  const { data: quarantine } = useQuery(quarantineQuery);
  const { data: standing } = useQuery(standingQuery);
  const { slow } = useTimers(minute);
  const { found: ended, query } = useEnded(minute);
  return {
    ...{ notices, fleet, pipeline, usage, slow, ended, moved, quarantine, standing, serverWord },
    points: query.data?.points ?? [],
    recent: recentSpan(minute),
    hour: lastHour(minute),
  };
}

const GLYPHS: Readonly<Record<Severity, Status>> = {
  bad: "down",
  warn: "config-needed",
  note: "disabled",
};
const WORDS: Readonly<Record<Severity, string>> = { bad: "Grave", warn: "Warning", note: "Note" };

function ConcernRow({ concern }: { concern: Concern }) {
  const { severity, at, customerId, lead, rest, goes } = concern;
  return (
    <li data-severity={severity} data-testid="concern" data-value={concern.key}>
      <span className="status" data-status={GLYPHS[severity]}>
        <Glyph of={GLYPHS[severity]} />
        <span className="visually-hidden">{WORDS[severity]}</span>
      </span>
      <ConcernTime at={at} />
      <span>
        <b>
          {customerId !== null && (
            <>
              <CustomerLink id={customerId} />
              {/^[a-z]/.test(lead) ? " " : ": "}
            </>
          )}
          {lead}
        </b>{" "}
        {rest} {goes && <GoesLink goes={goes} />}
      </span>
    </li>
  );
}

function ConcernTime({ at }: { at: number | null }) {
  const now = useNow();
  if (at === null) return <span className="text-ink-3">now</span>;
  const words = now - at < DAY_MS / 2 ? formatMinute(at) : formatDay(at);
  const iso = new Date(at).toISOString();
  return (
    <time className="text-ink-3" dateTime={iso} title={iso}>
      {words}
    </time>
  );
}

function Calm({ known }: { known: Known }) {
  const { at, unknown } = lookedAt(known);
  if (at.length === 0) return <SkeletonRows rows={3} columns={2} />;
  return (
    <div className="calm" data-testid="calm">
      <p>{unknown.length === 0 ? "Nothing needs you." : "Nothing of what is known needs you."}</p>
      <p>Looked at: {at.join(", ")}.</p>
      {unknown.length > 0 && <p>Not known: {unknown.join(", ")}.</p>}
    </div>
  );
}
