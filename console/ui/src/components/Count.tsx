import { formatCount, UNKNOWN, type Whole } from "../format/number";

interface CountProps {
  /** null is unknown, and shown as such: never as 0. */
  value: Whole | null;
  unit?: string;
}

/** An exact whole number with commas and its unit. */
export function Count({ value, unit }: CountProps) {
  return (
    <>
      <Known text={formatCount(value)} />
      {unit && <Unit>{unit}</Unit>}
    </>
  );
}

/** A figure as text. What is unknown is a light dash in any size: it must not outweigh the figures. */
export function Known({ text }: { text: string }) {
  return text === UNKNOWN ? <span className="unknown">{UNKNOWN}</span> : text;
}

/** Grey, and never on another line than its number. */
export function Unit({ children }: { children: string }) {
  return <span className="unit">{`\u00a0${children}`}</span>;
}
