import type { ClassKey } from "../classes";

/** The fills of the classes that have a pattern. Ids are prefixed: a page may hold several charts. */
export function Patterns({ prefix }: { prefix: string }) {
  return (
    <defs>
      <pattern
        id={patternId(prefix, "burst")}
        width="4"
        height="4"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width="4" height="4" fill="var(--b)" />
        <rect width="1" height="4" fill="var(--pat)" />
      </pattern>
      <pattern
        id={patternId(prefix, "rejected")}
        width="4"
        height="4"
        patternUnits="userSpaceOnUse"
      >
        <rect width="4" height="4" fill="var(--r)" />
        <circle cx="2" cy="2" r=".9" fill="var(--pat)" />
      </pattern>
      <pattern
        id={patternId(prefix, "client_error")}
        width="4"
        height="3"
        patternUnits="userSpaceOnUse"
      >
        <rect width="4" height="3" fill="var(--c)" />
        <rect width="4" height="1" fill="var(--pat)" />
      </pattern>
      <pattern
        id={patternId(prefix, "server_error")}
        width="4"
        height="4"
        patternUnits="userSpaceOnUse"
      >
        <rect width="4" height="4" fill="var(--s)" />
        <path d="M0 0h4M0 0v4" stroke="var(--pat)" strokeWidth="1.2" />
      </pattern>
      <pattern
        id={patternId(prefix, "unknown")}
        width="3"
        height="3"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width="1" height="3" fill="var(--ink-4)" />
      </pattern>
    </defs>
  );
}

export function patternId(prefix: string, name: ClassKey | "unknown"): string {
  return `${prefix}-${name}`;
}
