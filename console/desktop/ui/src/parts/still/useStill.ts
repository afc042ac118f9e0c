import { useState } from "react";
import { useOrder } from "./useOrder";

/** Rows that keep their order while the pointer or the focus is on what the handlers are given to. */
export function useStill<T>(items: readonly T[], keyOf: (item: T) => string) {
  const [still, setStill] = useState(false);
  const ordered = useOrder(items, keyOf, still);
  const handlers = {
    onPointerEnter: () => setStill(true),
    onPointerLeave: () => setStill(false),
    onFocus: () => setStill(true),
    onBlur: () => setStill(false),
  };
  return { ordered, still, handlers };
}
