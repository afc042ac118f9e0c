import { type ReactNode, useId } from "react";
import { Button } from "../components/Button";
import { Modal } from "./Modal";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  children: ReactNode;
  /** The buttons; the last one is the act. Without any there is one that closes. */
  footer?: ReactNode;
  wide?: boolean;
}

/** A sheet over the page. On a phone it rises from the bottom. */
export function Dialog({ open, onClose, title, children, footer, wide = false }: DialogProps) {
  const titleId = useId();
  return (
    <Modal open={open} onClose={onClose} labelledBy={titleId} size={wide ? "wide" : "plain"}>
      <h2 id={titleId} className="dialog-title">
        {title}
      </h2>
      <div className="dialog-body">{children}</div>
      <footer className="dialog-foot">{footer ?? <Button onClick={onClose}>Close</Button>}</footer>
    </Modal>
  );
}
