// A span drawn over bars with the pointer. A press without a move chooses one bar.
import type { columns } from "@suiftly/ui";
import { type PointerEvent, useState } from "react";
import type { Bar } from "./spike";
import type { Span } from "./window";

interface Drawing {
  readonly start: number;
  readonly end: number;
}

export function useBrush(
  bars: readonly Bar[],
  grid: ReturnType<typeof columns>,
  onSpan: (span: Span) => void,
) {
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const at = (event: PointerEvent) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const last = bars.length - 1;
    return grid.at(x) ?? (x < grid.center(0) ? 0 : x > grid.center(last) ? last : null);
  };
  const spanOf = ({ start, end }: Drawing): Span | null => {
    const [first, last] = [bars[Math.min(start, end)], bars[Math.max(start, end)]];
    return first && last ? { from: first.from, to: last.to } : null;
  };
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      const start = at(event);
      if (start === null || event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      setDrawing({ start, end: start });
    },
    onPointerMove: (event: PointerEvent) => {
      const end = at(event);
      setHovered(end);
      if (end !== null) setDrawing((now) => now && { ...now, end });
    },
    onPointerUp: () => {
      const span = drawing && spanOf(drawing);
      setDrawing(null);
      if (span) onSpan(span);
    },
    onPointerCancel: () => setDrawing(null),
    onPointerLeave: () => setHovered(null),
  };
  return { drawn: drawing && spanOf(drawing), hovered, handlers };
}
