import { type KeyboardEvent, type MouseEvent, type PointerEvent, useRef, useState } from "react";
import type { Places } from "./layout";

/**
 * The place under the pointer or chosen by the arrow keys. It is held by its time, not by its number:
 * when the chart moves on, the crosshair stays on the time one is reading.
 */
export function useCrosshair(
  points: readonly { readonly start: number }[],
  places: Places,
  onOpen?: (start: number) => void,
) {
  const [start, setStart] = useState<number | null>(null);
  const byMouse = useRef(false);
  const found = start === null ? -1 : points.findIndex((point) => point.start === start);
  const index = found < 0 ? null : found;
  const last = points.length - 1;

  const moveTo = (target: number | null) => {
    const point = target === null ? undefined : points[Math.min(Math.max(target, 0), last)];
    setStart(point?.start ?? null);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && onOpen !== undefined && start !== null) {
      event.preventDefault();
      onOpen(start);
      return;
    }
    const target = keyTarget(event.key, index ?? last, last);
    // An Escape that has nothing to put away here is somebody else's.
    if (target === undefined || (target === null && index === null)) return;
    event.preventDefault();
    moveTo(target);
  };

  const onPointerMove = (event: PointerEvent) => {
    byMouse.current = event.pointerType === "mouse";
    moveTo(places.at(event.clientX - event.currentTarget.getBoundingClientRect().left));
  };

  /** A finger reads first: it has no way to look without touching. */
  const onClick = (event: MouseEvent) => {
    const at = places.at(event.clientX - event.currentTarget.getBoundingClientRect().left);
    const point = at === null ? undefined : points[at];
    if (byMouse.current && point !== undefined) onOpen?.(point.start);
  };

  return {
    index,
    handlers: {
      onKeyDown,
      onPointerMove,
      onPointerDown: onPointerMove,
      onPointerLeave: () => moveTo(null),
      onBlur: () => moveTo(null),
      ...(onOpen !== undefined && { onClick }),
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
