import type { Counts } from "../api";
import { CLASSES } from "../classes";
import { Count } from "./Count";
import { Swatch } from "./Swatch";

/** The six classes in their order: swatch, word, number. */
export function ClassLegend({ counts }: { counts: Counts }) {
  return (
    <dl className="legend">
      {CLASSES.map(({ key, word }) => (
        <div key={key}>
          <dt>
            <Swatch of={key} />
            {word}
          </dt>
          <dd>
            <Count value={counts[key]} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
