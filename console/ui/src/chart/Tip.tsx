import { CLASSES } from "../classes";
import { Count } from "../components/Count";
import { Swatch } from "../components/Swatch";
import { formatMinute } from "../format/time";
import { MINUTE_MS } from "../timing";
import type { Bar } from "./bars";

const TRUTH_WORDS = { final: "final", filling: "filling", unknown: "no data yet" } as const;

/** What one column holds: every class, even zeros. */
export function Tip({ bar, left }: { bar: Bar; left: number }) {
  const known = bar.truth !== "unknown";
  return (
    <div className="tip" style={{ left }}>
      <header>
        <b>
          {formatMinute(bar.start)} – {formatMinute(bar.start + MINUTE_MS)}
        </b>
        <span>{TRUTH_WORDS[bar.truth]}</span>
      </header>
      <dl>
        {CLASSES.map(({ key, word }) => (
          <TipRow key={key} word={word} value={known ? bar.counts[key] : null} swatch={key} />
        ))}
        <TipRow word="All requests" value={known ? bar.counts.requests : null} />
      </dl>
    </div>
  );
}

function TipRow(props: {
  word: string;
  value: number | null;
  swatch?: (typeof CLASSES)[number]["key"];
}) {
  return (
    <>
      <dt>
        {props.swatch && <Swatch of={props.swatch} />}
        {props.word}
      </dt>
      <dd>
        <Count value={props.value} />
      </dd>
    </>
  );
}
