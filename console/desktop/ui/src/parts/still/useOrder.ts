import { useEffect, useMemo, useRef } from "react";
import { inOrderOf } from "./order";

/** Figures move, rows do not: while still, they keep the order they were last shown in. */
export function useOrder<T>(
  items: readonly T[],
  keyOf: (item: T) => string | number,
  still: boolean,
): readonly T[] {
  const shown = useRef(items);
  const ordered = useMemo(
    () =>
      still && shown.current !== items ? inOrderOf(items, keyOf, shown.current.map(keyOf)) : items,
    [items, keyOf, still],
  );
  useEffect(() => {
    shown.current = ordered;
  }, [ordered]);
  return ordered;
}
