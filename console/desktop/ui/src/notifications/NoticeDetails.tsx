import { Copy, Moment } from "@suiftly/ui";
import type { NoticeItem } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useNow } from "../app/console";
import { CustomerLink } from "../parts/CustomerName";
import { Facts } from "../parts/Facts";
import { type NoticePlace, noticeWords } from "../words/notices";
import { bodyFacts } from "./facts";
import { SeverityGlyph } from "./NoticeTable";
import { acknowledgersQuery } from "./queries";

/** One notification: what follows from it, what to do, its figures, and who knows. */
export function NoticeDetails({ notice }: { notice: NoticeItem }) {
  const now = useNow();
  const { title, detail, todo, place } = noticeWords(notice);
  return (
    <aside className="notice-details" aria-label="The notification" data-testid="notice-details">
      <SeverityGlyph severity={notice.severity} />
      <h2>{title}</h2>
      {detail !== null && <p>{detail}</p>}
      <p className="notice-todo">
        <b>What to do</b> {todo ?? "Nothing: it is good to know."}
      </p>
      <Onward place={place} notice={notice} />
      <Facts
        of={[
          ["Told", <Moment key="t" iso={notice.created_at} now={now} />],
          [
            "To",
            notice.customer_id == null ? (
              "whoever operates"
            ) : (
              <CustomerLink key="c" id={notice.customer_id} />
            ),
          ],
          ["Known of", <Known key="k" notice={notice} now={now} />],
          ...bodyFacts(notice.body).map(
            ({ word, value, code }) =>
              [
                word,
                code ? (
                  <code key={word} className="notice-code" title={value}>
                    {value}
                  </code>
                ) : (
                  value
                ),
              ] as const,
          ),
        ]}
      />
      <p className="notice-key">
        <code title="What names it: the same is told once">{notice.key}</code>
        <Copy text={JSON.stringify(notice, null, 2)} kind="quiet" size="small">
          Copy all
        </Copy>
      </p>
    </aside>
  );
}

function Known({ notice, now }: { notice: NoticeItem; now: number }) {
  const { data } = useQuery(acknowledgersQuery);
  if (notice.acknowledged_at == null) return <>nobody has said so</>;
  const who = data?.get(notice.id);
  return (
    <>
      <Moment iso={notice.acknowledged_at} now={now} />
      {who !== undefined && ` by ${who}`}
    </>
  );
}

function Onward({ place, notice }: { place: NoticePlace | null; notice: NoticeItem }) {
  const at = Date.parse(notice.created_at);
  const around = {
    from: new Date(at - AROUND_MS).toISOString(),
    to: new Date(at + AROUND_MS / 3).toISOString(),
  };
  return (
    <p className="notice-links">
      {place !== null && (
        <Link to={place.to} search={place.search ?? {}} className="btn">
          {place.word}
        </Link>
      )}
      <Link to="/incidents" search={around} className="btn">
        What happened around it
      </Link>
    </p>
  );
}

const AROUND_MS = 45 * 60_000;
