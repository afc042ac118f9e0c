import { type KeyboardEvent, type PointerEvent, useState } from "react";
import type { Bar } from "./bars";
import type { Columns } from "./layout";

/**
 * The minute under the pointer or chosen by the arrow keys. It is held by its time, not by its place:
 * when the chart moves on, the crosshair stays on the minute one is reading.
 */
export function useCrosshair(bars: readonly Bar[], grid: Columns) {
  const [start, setStart] = useState<number | null>(null);
  const found = start === null ? -1 : bars.findIndex((bar) => bar.start === start);
  const index = found < 0 ? null : found;
  const last = bars.length - 1;

  const moveTo = (target: number | null) => {
    const bar = target === null ? undefined : bars[Math.min(Math.max(target, 0), last)];
    setStart(bar?.start ?? null);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const target = keyTarget(event.key, index ?? last, last);
    if (target === undefined) return;
    event.preventDefault();
    moveTo(target);
  };

  const onPointerMove = (event: PointerEvent) => {
    moveTo(grid.at(event.clientX - event.currentTarget.getBoundingClientRect().left));
  };

  return {
    index,
    handlers: {
      onKeyDown,
      onPointerMove,
      onPointerDown: onPointerMove,
      onPointerLeave: () => moveTo(null),
      onBlur: () => moveTo(null),
    },
  };
}

function keyTarget(key: string, index: number, last: number): number | null | undefined {
  switch (key) {
    case "ArrowLeft":
      return index - 1;
    case "ArrowRight":
      return index + 1;
    case "Home":
      return 0;
    case "End":
      return last;
    case "Escape":
      return null;
    default:
      return undefined;
  }
}
