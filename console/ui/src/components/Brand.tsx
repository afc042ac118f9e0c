/** The mark and the name. */
export function Brand() {
  return (
    <span className="brand">
      <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
        <path d="M2 16V11M6.67 16V8M11.33 16V5" stroke="var(--ink)" strokeWidth="2.2" />
        <path d="M16 16V2" stroke="var(--g)" strokeWidth="2.2" />
      </svg>
      Suiftly
    </span>
  );
}
