import { niceScale } from "../chart/scale";
import { useWidth } from "../chart/useWidth";
import { formatUsd } from "../format/money";

interface ScaleProps {
  usedMicroUsd: number;
  /** Of the month's end; null while it cannot be told. */
  forecastMicroUsd: number | null;
  /** null: there is none. */
  limitMicroUsd: number | null;
}

const MICRO = 1_000_000;
/** From here on the label says what happens at the end. */
const LOUD = 0.8;
/** Room that the words of a mark and of a tick need. */
const MARK_WIDTH = 110;
const TICK_WIDTH = 74;

/** Spend on a ruler: solid is used, fine ticks are the forecast, the end is the limit. */
export function Scale({ usedMicroUsd, forecastMicroUsd, limitMicroUsd }: ScaleProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const forecast = forecastMicroUsd === null ? null : Math.max(forecastMicroUsd, usedMicroUsd);
  const end = limitMicroUsd ?? openEnd(Math.max(usedMicroUsd, forecast ?? 0));
  const part = (microUsd: number) => Math.min(1, microUsd / Math.max(1, end));
  const used = part(usedMicroUsd);
  const steps = Math.max(2, Math.min(5, Math.floor(width / (TICK_WIDTH * 1.5))));
  const ticks = rulerTicks(end, steps);
  const ahead = forecast === null ? null : part(forecast);
  const beside = ahead !== null && (ahead - used) * width > MARK_WIDTH;
  return (
    <div className="scale-box">
      <div
        ref={ref}
        className="scale"
        role="img"
        aria-label={spoken(usedMicroUsd, forecastMicroUsd, limitMicroUsd)}
      >
        <Mark at={used} width={width} words="now" />
        {ahead !== null && beside && (
          <Mark at={ahead} width={width} words={`forecast ${whole(forecast ?? 0)}`} />
        )}
        <i className="scale-bar" />
        {ahead !== null && (
          <i
            className="scale-forecast"
            style={{ left: percent(used), width: percent(ahead - used) }}
          />
        )}
        <i className="scale-used" style={{ width: percent(used) }} />
        {ticks.map((tick) => (
          <Tick key={tick} at={part(tick)} words={whole(tick)} />
        ))}
        <Tick at={1} words={limitMicroUsd === null ? whole(end) : `${whole(end)} limit`} />
      </div>
      <p className="scale-words">{endWords(usedMicroUsd, forecast, limitMicroUsd)}</p>
    </div>
  );
}

function Mark({ at, width, words }: { at: number; width: number; words: string }) {
  const edge =
    at * width < MARK_WIDTH / 2 ? "start" : (1 - at) * width < MARK_WIDTH / 2 ? "end" : "middle";
  return (
    <span className="scale-mark" data-edge={edge} style={{ left: percent(at) }}>
      <span>{words}</span>
    </span>
  );
}

function Tick({ at, words }: { at: number; words: string }) {
  const edge = at === 0 ? "start" : at === 1 ? "end" : "middle";
  return (
    <span className="scale-tick" data-edge={edge} style={{ left: percent(at) }}>
      <span>{words}</span>
    </span>
  );
}

/** Round marks that leave the end its words. */
function rulerTicks(end: number, steps: number): readonly number[] {
  const { ticks } = niceScale(end / MICRO, steps);
  return ticks.map((tick) => tick * MICRO).filter((tick) => tick <= end * (1 - 0.75 / steps));
}

/** Without a limit the ruler ends at a round number beyond the forecast. */
function openEnd(microUsd: number): number {
  return niceScale((microUsd / MICRO) * 1.1, 4).top * MICRO;
}

function endWords(used: number, forecast: number | null, limit: number | null): string {
  if (limit === null || Math.max(used, forecast ?? 0) < limit * LOUD) return "";
  const at = `At ${whole(limit)} services stop until the 1st, or until you raise the limit.`;
  if (used >= limit)
    return `The limit is reached. Services stopped until the 1st, or until you raise it.`;
  return forecast !== null && forecast >= limit ? `The forecast passes the limit. ${at}` : at;
}

function spoken(used: number, forecast: number | null, limit: number | null): string {
  const parts = [
    limit === null
      ? `${formatUsd(used)}, no limit`
      : `${formatUsd(used)} of a ${whole(limit)} limit`,
  ];
  if (forecast !== null) parts.push(`forecast ${whole(forecast)}`);
  return parts.join(", ");
}

/** Whole dollars lose their cents: a ruler is read, not added up. */
function whole(microUsd: number): string {
  return formatUsd(microUsd).replace(/\.00$/, "");
}

function percent(part: number): string {
  return `${part * 100}%`;
}
