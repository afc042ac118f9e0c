import { type ComponentType, useCallback, useState } from "react";

type Loaded<P> = ComponentType<P> | "failed" | null;

/** A component whose code comes when it is asked for. Where it did not come it may be asked for again. */
export function useLazy<P>(load: () => Promise<ComponentType<P>>) {
  const [loaded, setLoaded] = useState<Loaded<P>>(null);
  const ask = useCallback(async () => {
    try {
      const component = await load();
      setLoaded(() => component);
      return true;
    } catch {
      setLoaded("failed");
      return false;
    }
  }, [load]);
  return [loaded, ask] as const;
}
