// What is open below which key. Only here is a key in full.
import { useCallback, useState } from "react";

type Panel =
  | { readonly is: "revealed"; readonly key: string }
  | { readonly is: "regenerating" }
  | { readonly is: "issued"; readonly key: string; readonly note: string };

export interface Panels {
  readonly of: (id: number) => Panel | undefined;
  readonly open: (id: number, panel: Panel) => void;
  readonly close: (id: number) => void;
}

export function usePanels(): Panels {
  const [panels, setPanels] = useState<ReadonlyMap<number, Panel>>(() => new Map());
  const open = useCallback(
    (id: number, panel: Panel) => setPanels((before) => new Map(before).set(id, panel)),
    [],
  );
  const close = useCallback(
    (id: number) => setPanels((before) => new Map([...before].filter(([other]) => other !== id))),
    [],
  );
  return { of: (id) => panels.get(id), open, close };
}
