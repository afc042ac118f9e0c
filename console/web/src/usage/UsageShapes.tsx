import { Skeleton, SkeletonRows } from "@suiftly/ui";

/** The page's shape while its figures come. */
export function UsageShapes() {
  return (
    <div aria-hidden="true">
      <div className="usage-figures">
        {["requests", "success", "billable", "busiest"].map((figure) => (
          <div key={figure}>
            <Skeleton className="h-4 w-20" />
            <Skeleton className="mt-2 h-7 w-28" />
            <Skeleton className="mt-2 h-4 w-36" />
          </div>
        ))}
      </div>
      <Skeleton className="mt-6 h-72" />
      <div className="mt-6">
        <SkeletonRows rows={6} columns={5} />
      </div>
    </div>
  );
}
