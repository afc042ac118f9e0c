import { formatCount } from "@suiftly/ui";
import { LANES } from "./events";
import { LANE, LANE_KEYS, type Layout, LEFT } from "./layout";
import { type Mark, middleOf } from "./marks";

interface LanesProps {
  marks: readonly Mark[];
  opened: Mark | null;
  layout: Layout;
}

/** A lane for each kind of event, its marks on it. */
export function Lanes({ marks, opened, layout }: LanesProps) {
  return LANE_KEYS.map((lane, row) => (
    <g key={lane}>
      <text x={0} y={row * LANE + 14}>
        {LANES[lane]}
      </text>
      <path d={`M${LEFT} ${row * LANE + LANE - 0.5}H${layout.end}`} stroke="var(--line)" />
      {marks
        .filter((mark) => mark.lane === lane)
        .map((mark) => (
          <MarkShape
            key={mark.events.at(-1)?.id}
            mark={mark}
            isOpen={mark === opened}
            y={row * LANE + LANE / 2}
          />
        ))}
    </g>
  ));
}

function MarkShape({ mark, isOpen, y }: { mark: Mark; isOpen: boolean; y: number }) {
  const count = mark.events.length;
  const [event] = mark.events;
  return (
    <g
      className="timeline-mark"
      data-weight={mark.weight}
      data-open={isOpen}
      data-testid="mark"
      data-value={count}
    >
      {count === 1 ? (
        <>
          {isOpen && <circle className="timeline-ring" cx={mark.from} cy={y} r={9} />}
          <path d={shape(mark.weight, mark.from, y)} />
          <title>{event?.words}</title>
        </>
      ) : (
        <Cluster mark={mark} count={count} y={y} />
      )}
    </g>
  );
}

const LETTER = 6.4;
const HIGH = 15;

/** From the first to the last of them, at least as wide as their count. */
function Cluster({ mark, count, y }: { mark: Mark; count: number; y: number }) {
  const words = formatCount(count);
  const width = Math.max(mark.to - mark.from + 8, words.length * LETTER + 9);
  const middle = middleOf(mark);
  return (
    <>
      <rect x={middle - width / 2} y={y - HIGH / 2} width={width} height={HIGH} rx={4} />
      <text x={middle} y={y + 3.8} textAnchor="middle">
        {words}
      </text>
      <title>{`${words} events`}</title>
    </>
  );
}

/** Shapes, not colour alone: a rhombus, a square, a dot, a stroke. */
function shape(weight: Mark["weight"], x: number, y: number): string {
  if (weight === "bad") return `M${x} ${y - 6}l6 6-6 6-6-6z`;
  if (weight === "warn") return `M${x - 4} ${y - 4}h8v8h-8z`;
  if (weight === "ok") return `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0z`;
  return `M${x - 1} ${y - 5}h2v10h-2z`;
}
