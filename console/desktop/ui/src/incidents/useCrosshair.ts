// The time that is read, by pointer or by keys, and the part of the span that is chosen by either.
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import type { Layout } from "./layout";
import type { Span } from "./span";

export type Part = readonly [number, number];

/** Less is a press, not a drag. */
const DRAG_PX = 5;

interface CrosshairProps {
  span: Span;
  layout: Layout;
  part: Part | null;
  onPart: (part: Part | null) => void;
  /** Pressed at, in pixels of the drawing. */
  onPress: (x: number, y: number) => void;
}

export function useCrosshair({ span, layout, part, onPart, onPress }: CrosshairProps) {
  const [at, setAt] = useState<number | null>(null);
  const pressed = useRef<number | null>(null);
  /** Where a choice by keys began. */
  const anchor = useRef<number | null>(null);
  const choose = (from: number, to: number) => onPart([Math.min(from, to), Math.max(from, to)]);
  const isDrag = (from: number, to: number) => Math.abs(layout.x(to) - layout.x(from)) >= DRAG_PX;

  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    pressed.current = layout.timeAt(placeOf(event).x);
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => {
    const to = layout.timeAt(placeOf(event).x);
    const from = pressed.current;
    setAt(to);
    if (from !== null && isDrag(from, to)) choose(from, to);
  };
  const onPointerUp = (event: PointerEvent) => {
    const from = pressed.current;
    pressed.current = null;
    anchor.current = null;
    const { x, y } = placeOf(event);
    if (from === null || isDrag(from, layout.timeAt(x))) return;
    onPart(null);
    onPress(x, y);
  };
  const onPointerLeave = () => {
    if (pressed.current === null) setAt(null);
  };
  const onPointerCancel = () => {
    pressed.current = null;
  };
  /** Whether the key was for the crosshair. */
  const onKey = ({ key, shiftKey }: KeyboardEvent): boolean => {
    const was = at ?? span.to;
    const to = keyTarget(key, was, span);
    if (to === null) {
      if (key !== "Escape" || part === null) return false;
      anchor.current = null;
      onPart(null);
      return true;
    }
    setAt(to);
    if (!shiftKey) {
      anchor.current = null;
      return true;
    }
    anchor.current ??= was;
    if (anchor.current === to) onPart(null);
    else choose(anchor.current, to);
    return true;
  };
  const pointer = { onPointerDown, onPointerMove, onPointerUp, onPointerLeave, onPointerCancel };
  return { at, setAt, pointer, onKey };
}

/** Where a key leads: a bucket on, or to an end. */
export function keyTarget(key: string, at: number, { from, to, step }: Span): number | null {
  switch (key) {
    case "ArrowLeft":
      return Math.max(from, at - step);
    case "ArrowRight":
      return Math.min(to, at + step);
    case "Home":
      return from;
    case "End":
      return to;
    default:
      return null;
  }
}

function placeOf({ currentTarget, clientX, clientY }: PointerEvent) {
  const { left, top } = currentTarget.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}
