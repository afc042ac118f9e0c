import type { ClassKey } from "../classes";

/** A class's hue and pattern, beside its word. */
export function Swatch({ of }: { of: ClassKey }) {
  return <i className="swatch" data-class={of} aria-hidden="true" />;
}
