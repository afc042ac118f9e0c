import { LANES } from "./events";
import { LANE_KEYS } from "./layout";

interface LaneChoiceProps {
  kind: string | undefined;
  onChoose: (kind: string | undefined) => void;
}

/** Which lane the list is of. */
export function LaneChoice({ kind, onChoose }: LaneChoiceProps) {
  return (
    <select
      className="incidents-kind"
      aria-label="Which events"
      value={kind ?? ""}
      onChange={({ target: { value } }) => onChoose(value === "" ? undefined : value)}
    >
      <option value="">All events</option>
      {LANE_KEYS.map((lane) => (
        <option key={lane} value={lane}>
          {LANES[lane]}
        </option>
      ))}
    </select>
  );
}
