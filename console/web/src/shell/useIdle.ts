import { useEffect, useState } from "react";

/** Some time after the first page stands. */
const LATER_MS = 2_000;

/** Becomes true once there is time for what nobody waits for. */
export function useIdle(): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIdle(true), LATER_MS);
    return () => clearTimeout(timer);
  }, []);
  return idle;
}
