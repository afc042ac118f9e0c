import { Skeleton, SkeletonRows } from "@suiftly/ui";

/** The final layouts in still shapes. */
export function MonthShapes() {
  return (
    <>
      <p role="status" className="visually-hidden">
        Loading your bill
      </p>
      <Skeleton className="h-4 w-28" />
      <Skeleton className="mt-2 h-15 w-72 max-w-full" />
      <Skeleton className="mt-14 h-2.5" />
      <Skeleton className="mt-14 h-10 w-3/4" />
    </>
  );
}

export function TableShapes({ rows, tall = false }: { rows: number; tall?: boolean }) {
  return (
    <div data-tall={tall}>
      <p role="status" className="visually-hidden">
        Loading
      </p>
      <SkeletonRows rows={rows} />
    </div>
  );
}

export function ClassShapes() {
  return (
    <>
      <Skeleton className="h-1.5" />
      <Skeleton className="mt-3.5 h-13.5" />
      <Skeleton className="mt-6 h-10 w-3/4" />
    </>
  );
}

export function ChartShapes() {
  return (
    <>
      <p role="status" className="visually-hidden">
        Loading traffic
      </p>
      <Skeleton className="h-72" />
    </>
  );
}
