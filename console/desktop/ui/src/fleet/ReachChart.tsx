import { formatCount, formatDuration, formatSpan } from "@suiftly/ui";
import { GOAL_MS, type ReachRow, reachAxis } from "./reach";
import { reachWords } from "./reachWords";
import { useBoxWidth } from "./useBoxWidth";

const LEFT = 96;
const RIGHT = 72;
const TOP = 8;
const FOOT = 22;
const ROW = 30;
const BAR = 12;
/** A part is seen, however short. */
const PART_LEAST = 1;
const LETTER = 6.2;

export function ReachChart({ rows, version }: { rows: readonly ReachRow[]; version: number }) {
  const [ref, width] = useBoxWidth<HTMLDivElement>();
  const axis = reachAxis(rows);
  const end = Math.max(LEFT + 1, width - RIGHT);
  const x = (ms: number) => LEFT + (Math.min(ms, axis.top) / axis.top) * (end - LEFT);
  const bottom = TOP + rows.length * ROW;
  return (
    <div
      ref={ref}
      className="chart reach"
      role="img"
      aria-label={`How long each edge took to apply version ${version}`}
      data-testid="reach"
    >
      <svg width={width} height={bottom + FOOT} aria-hidden="true">
        {axis.ticks.map((tick) => (
          <Tick key={tick} x={x(tick)} tick={tick} bottom={bottom} />
        ))}
        {axis.hasGoal ? (
          <Goal x={x(GOAL_MS)} bottom={bottom} />
        ) : (
          <text x={width} y={bottom + FOOT - 6} textAnchor="end">
            {`goal ${formatCount(GOAL_MS)} →`}
          </text>
        )}
        {rows.map((row, at) => (
          <Row key={row.edge.name} row={row} y={TOP + at * ROW + ROW / 2} x={x} end={end} />
        ))}
      </svg>
    </div>
  );
}

function Tick({ x, tick, bottom }: { x: number; tick: number; bottom: number }) {
  const isGoal = tick === GOAL_MS;
  return (
    <g>
      <path d={`M${Math.round(x) + 0.5} ${TOP}V${bottom}`} stroke="var(--line)" />
      {!isGoal && (
        <text x={x} y={bottom + FOOT - 6} textAnchor="middle">
          {formatCount(tick)}
        </text>
      )}
    </g>
  );
}

function Goal({ x, bottom }: { x: number; bottom: number }) {
  return (
    <g>
      <path
        d={`M${Math.round(x) + 0.5} ${TOP - 4}V${bottom}`}
        stroke="var(--ink)"
        strokeDasharray="4 3"
      />
      <text x={x} y={bottom + FOOT - 6} textAnchor="middle" data-key="true">
        {`${formatCount(GOAL_MS)} goal`}
      </text>
    </g>
  );
}

interface RowProps {
  row: ReachRow;
  y: number;
  x: (ms: number) => number;
  end: number;
}

function Row({ row, y, x, end }: RowProps) {
  const { edge, reach } = row;
  return (
    <g data-testid="reach-row" data-state={reach.state}>
      <title>{`${edge.name}: ${reachWords(row)}`}</title>
      <rect x={0} y={y - ROW / 2} width={end} height={ROW} fill="transparent" />
      <text x={LEFT - 10} y={y + 4} textAnchor="end" data-key="true">
        {cut(edge.name, (LEFT - 14) / LETTER)}
      </text>
      {reach.state === "applied" && (
        <>
          {reach.parts.map(({ key, from, to }) => (
            <rect
              key={key}
              className="reach-part"
              data-part={key}
              x={x(from)}
              y={y - BAR / 2}
              width={Math.max(PART_LEAST, x(to) - x(from) - 0.75)}
              height={BAR}
            />
          ))}
          <text x={x(reach.took) + 8} y={y + 4} data-key="true">
            {formatDuration(reach.took)}
          </text>
        </>
      )}
      {reach.state === "passed" && (
        <text x={LEFT + 4} y={y + 4}>
          went past it, or it is no longer remembered
        </text>
      )}
      {reach.state === "not_yet" && <NotYet y={y} end={end} lateMs={reach.lateMs} />}
    </g>
  );
}

/** Each mark is a try: further apart for the eye, in fact each second. */
const TRY_EVERY = 34;

function NotYet({ y, end, lateMs }: { y: number; end: number; lateMs: number }) {
  const tries = Math.max(0, Math.floor((end - LEFT - 20) / TRY_EVERY));
  return (
    <g className="reach-not-yet">
      <path d={`M${LEFT} ${y}H${end}`} strokeDasharray="2 3" />
      <path
        d={Array.from(
          { length: tries },
          (_, at) => `M${LEFT + 12 + at * TRY_EVERY} ${y - 5}v10`,
        ).join("")}
        strokeWidth="2"
      />
      <text x={end + RIGHT} y={y + 4} textAnchor="end" data-key="true">
        not yet
      </text>
      <text x={end - 4} y={y - 7} textAnchor="end">
        {`${formatSpan(lateMs)}, tries each second`}
      </text>
    </g>
  );
}

function cut(name: string, letters: number): string {
  return name.length <= letters ? name : `${name.slice(0, Math.max(1, letters - 1))}…`;
}
