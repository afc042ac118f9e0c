import { type RefObject, useEffect, useRef } from "react";

/** Focus once the element stands. (The attribute would come too early for a dialog that is not open yet.) */
export function useAutoFocus<T extends HTMLElement>(wanted: boolean): RefObject<T | null> {
  const ref = useRef<T>(null);
  useEffect(() => {
    if (wanted) ref.current?.focus();
  }, [wanted]);
  return ref;
}
