import { type KeyboardEvent, type ReactNode, useLayoutEffect, useRef } from "react";
import { holdPage } from "./holdPage";

interface ModalProps {
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  size: "plain" | "wide" | "palette";
  /** Its name: the id of its title, or words. */
  labelledBy?: string;
  label?: string;
}

/**
 * A native modal dialog: the browser traps focus, makes the page behind it inert and gives focus back.
 * Only what is open is there, so that what was typed and not used is gone the next time.
 */
export function Modal({ open, ...rest }: ModalProps) {
  return open ? <OpenModal {...rest} /> : null;
}

function OpenModal({ onClose, children, size, labelledBy, label }: Omit<ModalProps, "open">) {
  const ref = useRef<HTMLDialogElement>(null);
  const pressed = useRef(false);
  useLayoutEffect(() => {
    const dialog = ref.current;
    const release = holdPage();
    dialog?.showModal();
    return () => {
      // Before it leaves the document: closing is what gives focus back.
      dialog?.close();
      release();
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    // The browser would close it by itself the second time, whatever the page says.
    event.preventDefault();
    event.stopPropagation();
    onClose();
  };
  return (
    <dialog
      ref={ref}
      className="dialog"
      data-size={size}
      aria-labelledby={labelledBy}
      aria-label={label}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        onClose();
      }}
      // A text selected from inside to outside ends on the backdrop, and is no wish to close.
      onPointerDown={(event) => {
        pressed.current = event.target === event.currentTarget;
      }}
      onClick={(event) => {
        if (pressed.current && event.target === event.currentTarget) onClose();
      }}
    >
      <div className="dialog-sheet">{children}</div>
    </dialog>
  );
}
