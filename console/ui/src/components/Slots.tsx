interface SlotsProps {
  /** Slots that hold something. */
  used: number;
  /** Slots that are paid for or included. */
  allowed: number;
  included: number;
  max: number;
}

type Slot = "included" | "extra" | "free" | "closed";

/** Slots as small boxes: filled = used and included, ticked = used and paid for, hollow = free. */
export function Slots({ used, allowed, included, max }: SlotsProps) {
  const slots = Array.from({ length: max }, (_, index) =>
    slotAt(index, { used, allowed, included }),
  );
  return (
    <span
      className="slots"
      role="img"
      aria-label={`${used} of ${allowed} slots used, ${included} included, at most ${max}`}
    >
      {slots.map((slot, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a slot is its place
        <i key={index} data-slot={slot} />
      ))}
    </span>
  );
}

function slotAt(index: number, { used, allowed, included }: Omit<SlotsProps, "max">): Slot {
  if (index < used) return index < included ? "included" : "extra";
  return index < allowed ? "free" : "closed";
}
