interface SwitchProps {
  /** The accessible name. */
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  /** Being changed: it stays as it is and takes no second press. */
  busy?: boolean;
  /** The id of what explains it. */
  describedBy?: string;
}

export function Switch({ label, checked, onChange, disabled, busy, describedBy }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      className="switch"
      aria-label={label}
      aria-checked={checked}
      aria-busy={busy ?? false}
      aria-disabled={busy ?? false}
      aria-describedby={describedBy}
      disabled={disabled}
      onClick={() => busy || onChange(!checked)}
    >
      <i />
    </button>
  );
}
