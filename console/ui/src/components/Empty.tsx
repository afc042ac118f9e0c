import type { ReactNode } from "react";

interface EmptyProps {
  title: ReactNode;
  /** "h2" where it stands for a whole page, not in a section of one. */
  heading?: "h2" | "h3";
  /** What will appear here, and when. */
  children: ReactNode;
  /** The one thing to do. */
  action?: ReactNode;
}

export function Empty({ title, heading: Heading = "h3", children, action }: EmptyProps) {
  return (
    <div className="empty">
      <Heading>{title}</Heading>
      <p>{children}</p>
      {action}
    </div>
  );
}
