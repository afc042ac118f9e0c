import type { KeyboardEvent } from "react";

interface ChipProps {
  value: string;
  disabled: boolean;
  onRemove: () => void;
  /** To the one before (−1) or after (1). */
  onMove: (by: number) => void;
}

export function Chip({ value, disabled, onRemove, onMove }: ChipProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Backspace" || event.key === "Delete") onRemove();
    else if (event.key === "ArrowLeft") onMove(-1);
    else if (event.key === "ArrowRight") onMove(1);
    else return;
    event.preventDefault();
  };
  return (
    <span className="chip code">
      {value}
      <button
        type="button"
        aria-label={`Remove ${value}`}
        disabled={disabled}
        onClick={onRemove}
        onKeyDown={onKeyDown}
      >
        ×
      </button>
    </span>
  );
}
