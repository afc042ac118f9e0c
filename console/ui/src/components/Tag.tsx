import type { ReactNode } from "react";

/** A word about the thing beside it: "Now", "partial". */
export function Tag({ children, fill = false }: { children: ReactNode; fill?: boolean }) {
  return (
    <span className="tag" data-fill={fill}>
      {children}
    </span>
  );
}
