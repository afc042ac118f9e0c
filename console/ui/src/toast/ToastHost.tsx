import { type FocusEvent, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Glyph } from "../components/StatusGlyph";
import { TOAST_MS } from "../timing";
import { dismissToast, type ShownToast, shownToasts, showToast, subscribeToToasts } from "./store";

/** Says a result with what undoes it: `toast({ text, action })`. */
export function useToast() {
  return showToast;
}

/** Where toasts appear. One a page, always there, so that what appears in it is announced. */
export function ToastHost() {
  const toasts = useSyncExternalStore(subscribeToToasts, shownToasts, shownToasts);
  const newest = toasts.at(-1);
  useEffect(() => {
    if (newest === undefined) return;
    const onKeyDown = (event: KeyboardEvent) => {
      // An open dialog has the key first.
      if (event.key === "Escape" && !document.querySelector("dialog[open]"))
        dismissToast(newest.id);
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [newest]);
  return (
    <div className="toasts" role="status">
      {toasts.map((toast) => (
        <ToastView key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastView({ toast }: { toast: ShownToast }) {
  const { id, text, action, kind } = toast;
  const [held, setHeld] = useState(false);
  const left = useRef(TOAST_MS);
  useEffect(() => {
    if (held) return;
    const from = Date.now();
    const timer = setTimeout(() => dismissToast(id), left.current);
    return () => {
      clearTimeout(timer);
      left.current -= Date.now() - from;
    };
  }, [held, id]);
  const leave = (event: FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setHeld(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: reading it is what holds it, by pointer or focus
    <div
      className="toast"
      data-kind={kind}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={leave}
    >
      {kind === "bad" && <Glyph of="down" />}
      <p>{text}</p>
      {action && (
        <button
          type="button"
          onClick={() => {
            dismissToast(id);
            action.onPress();
          }}
        >
          {action.label}
        </button>
      )}
    </div>
  );
}
