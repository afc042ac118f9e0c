import { useCallback, useRef } from "react";

/** Tells attempts apart: one may still be open in a wallet's window when the next begins. */
export function useAttempts() {
  const latest = useRef(0);
  return useCallback(() => {
    latest.current += 1;
    const attempt = latest.current;
    return { isLatest: () => attempt === latest.current };
  }, []);
}
