import { Skeleton, SkeletonRows } from "@suiftly/ui";

/** The page's final layout in still shapes. */
export function BillingShapes() {
  return (
    <>
      <p role="status" className="visually-hidden">
        Loading the bill
      </p>
      <div className="bill-hero">
        <div>
          <Skeleton className="h-4 w-28" />
          <Skeleton className="mt-2 h-15 w-72 max-w-full" />
          <Skeleton className="mt-9 h-2.5" />
          <Skeleton className="mt-9 h-9 w-3/4" />
        </div>
        <Skeleton className="h-64" />
      </div>
      <div className="border-t border-line pt-6.5">
        <SkeletonRows rows={6} columns={4} />
      </div>
    </>
  );
}
