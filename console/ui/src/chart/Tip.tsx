import type { ReactNode } from "react";
import { CLASSES } from "../classes";
import { Count } from "../components/Count";
import { Swatch } from "../components/Swatch";
import { type DayWord, type Point, spanName } from "./point";

const TRUTH_WORDS = { final: "final", filling: "filling", unknown: "no data yet" } as const;

/** What one column holds: every class, even zeros. */
export function PointTip({ point, day, left }: { point: Point; day: DayWord; left: number }) {
  const known = point.truth !== "unknown";
  return (
    <Tip left={left} title={spanName(point, day)} aside={TRUTH_WORDS[point.truth]}>
      {CLASSES.map(({ key, word }) => (
        <TipRow
          key={key}
          word={
            <>
              <Swatch of={key} />
              {word}
            </>
          }
        >
          <Count value={known ? point.counts[key] : null} />
        </TipRow>
      ))}
      <TipRow word="All requests">
        <Count value={known ? point.counts.requests : null} />
      </TipRow>
    </Tip>
  );
}

interface TipProps {
  left: number;
  title: string;
  aside?: string;
  children: ReactNode;
}

export function Tip({ left, title, aside, children }: TipProps) {
  return (
    <div className="tip" style={{ left }}>
      <header>
        <b>{title}</b>
        {aside !== undefined && <span>{aside}</span>}
      </header>
      <dl>{children}</dl>
    </div>
  );
}

export function TipRow({ word, children }: { word: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </>
  );
}
