/** A still shape of what is coming; nothing at first, then it stands. Its size is the class's. */
export function Skeleton({ className }: { className?: string }) {
  return <div className={className === undefined ? "skeleton" : `skeleton ${className}`} />;
}

/** The shape of a table. */
export function SkeletonRows({ rows, columns = 4 }: { rows: number; columns?: number }) {
  return (
    <div className="skeleton-rows" aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: shapes have nothing but their place
        <div key={row}>
          {Array.from({ length: columns }, (_, column) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: shapes have nothing but their place
            <i key={column} className="skeleton" />
          ))}
        </div>
      ))}
    </div>
  );
}
