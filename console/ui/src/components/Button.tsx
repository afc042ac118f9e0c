import type { ComponentProps } from "react";

interface ButtonProps extends ComponentProps<"button"> {
  kind?: "primary" | "quiet" | "danger";
  size?: "large" | "small";
  busy?: boolean;
}

/** At most one filled button a view. A busy one keeps its width and takes no second press. */
export function Button({
  kind,
  size,
  busy = false,
  onClick,
  type,
  className,
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type ?? "button"}
      className={className === undefined ? "btn" : `btn ${className}`}
      data-kind={kind}
      data-size={size}
      aria-busy={busy}
      aria-disabled={busy}
      onClick={(event) => (busy ? event.preventDefault() : onClick?.(event))}
      {...rest}
    />
  );
}
