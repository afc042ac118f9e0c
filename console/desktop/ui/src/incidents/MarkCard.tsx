import { formatCount, Glyph, Moment } from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { WEIGHT_STATUS } from "../logs/LogTable";
import { WEIGHT_WORDS } from "../logs/message";
import { LANES } from "./events";
import { LANE, LANE_KEYS, type Layout } from "./layout";
import { type Mark, middleOf } from "./marks";

const WIDTH = 380;
/** More stand in the list below. */
const SHOWN = 50;

interface MarkCardProps {
  mark: Mark;
  layout: Layout;
  now: number;
  /** It was opened by a key, and takes the focus. */
  takesFocus: boolean;
  onClose: () => void;
}

/** What a mark stands for: its words, and where each leads. */
export function MarkCard({ mark, layout, now, takesFocus, onClose }: MarkCardProps) {
  const ref = useRef<HTMLElement>(null);
  const { lane, events } = mark;
  useEffect(() => {
    if (takesFocus) ref.current?.querySelector("a")?.focus();
  }, [takesFocus]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    onClose();
  };
  const left = Math.max(0, Math.min(middleOf(mark) - WIDTH / 2, layout.width - WIDTH));
  const top = (LANE_KEYS.indexOf(lane) + 1) * LANE + 2;
  return (
    <section
      ref={ref}
      className="mark-card"
      style={{ left, top, width: WIDTH }}
      aria-label={`${LANES[lane]}: ${formatCount(events.length)} ${events.length === 1 ? "event" : "events"}`}
      data-testid="mark-card"
      onKeyDown={onKeyDown}
    >
      <ul>
        {events.slice(0, SHOWN).map(({ id, at, weight, words, place }) => (
          <li key={id}>
            <span
              className="status"
              data-status={WEIGHT_STATUS[weight]}
              title={WEIGHT_WORDS[weight]}
            >
              <Glyph of={WEIGHT_STATUS[weight]} />
            </span>
            <Moment iso={at} now={now} />
            <span className="mark-words">{words}</span>
            <Link to={place.to} search={place.search ?? {}} className="link">
              {place.word}
            </Link>
          </li>
        ))}
      </ul>
      {events.length > SHOWN && (
        <p className="text-ink-3">{`${formatCount(events.length - SHOWN)} more stand in the list below.`}</p>
      )}
    </section>
  );
}
