import { formatCount, type Whole } from "../format/number";

interface CountProps {
  /** null is unknown, and shown as such: never as 0. */
  value: Whole | null;
  unit?: string;
}

/** An exact whole number with commas and its unit. */
export function Count({ value, unit }: CountProps) {
  return (
    <>
      {formatCount(value)}
      {unit && <Unit>{unit}</Unit>}
    </>
  );
}

/** Grey, and never on another line than its number. */
export function Unit({ children }: { children: string }) {
  return <span className="unit">{`\u00a0${children}`}</span>;
}
