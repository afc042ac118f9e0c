import { formatMinute } from "@suiftly/ui";
import type { ActivityRow } from "@suiftly/ui/api/customer";
import { PlaceLink } from "./PlaceLink";
import { type Change, type Told, tell } from "./words";

/** When, what, what it changed, and from where. */
export function ActivityRowView({ row }: { row: ActivityRow }) {
  const told = tell(row);
  return (
    <li className="act">
      <time className="act-time" dateTime={row.at} title={row.at}>
        {formatMinute(Date.parse(row.at))}
      </time>
      <div className="act-what">
        <p>
          <Sentence told={told} />
        </p>
        {told.changes.length > 0 && <Changes of={told.changes} />}
      </div>
      <p className="act-who">{row.is_own ? (row.address ?? "You") : row.actor}</p>
    </li>
  );
}

/** What was done; what it was done to opens. */
export function Sentence({ told: { before, thing, after, link } }: { told: Told }) {
  const of = thing ? <span className="code">{thing}</span> : before;
  return (
    <>
      {thing && `${before} `}
      {link ? <PlaceLink to={link}>{of}</PlaceLink> : of}
      {after && ` ${after}`}
    </>
  );
}

function Changes({ of }: { of: readonly Change[] }) {
  return (
    <dl className="act-changes">
      {of.map(({ what, from, to }) => (
        <div key={what}>
          <dt>{what}</dt>
          <dd>
            {from !== undefined && (
              <>
                <del>{from}</del>
                <span aria-hidden="true"> → </span>
              </>
            )}
            <span>{to}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
