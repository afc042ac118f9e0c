import type { ReactNode } from "react";

interface OpenerProps {
  isOpen: boolean;
  onToggle: () => void;
  controls?: string;
  children: ReactNode;
}

/** The part of a row that opens what is behind it. */
export function Opener({ isOpen, onToggle, controls, children }: OpenerProps) {
  return (
    <button
      type="button"
      className="opener"
      aria-expanded={isOpen}
      aria-controls={controls}
      onClick={onToggle}
    >
      {children}
    </button>
  );
}
