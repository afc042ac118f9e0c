// What of a tail is shown: as it comes, or as it stood when it was held.
import { useState } from "react";
import { useConsole } from "../app/console";
import type { Ring } from "./ring";

export function useHeld(ring: Ring) {
  const { held: screen, release } = useConsole();
  const [mine, setMine] = useState(false);
  const [kept, setKept] = useState<Ring | null>(null);
  const held = screen || mine;
  if (held && kept === null) setKept(ring);
  if (!held && kept !== null) setKept(null);
  const shown = (held && kept) || ring;
  return {
    shown,
    held,
    /** Came since it is held. */
    meanwhile: ring.came - shown.came,
    hold: () => setMine(true),
    follow: () => {
      setMine(false);
      if (screen) release();
    },
    /** Shows nothing of before, whether held or not. */
    forget: () => setKept(null),
  };
}

export type Held = ReturnType<typeof useHeld>;
