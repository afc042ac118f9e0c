import { Brand, Skeleton, SkeletonRows } from "@suiftly/ui";

/** While it is asked whether there is a session: the shapes of what is inside, for most who come are. */
export function Asking() {
  return (
    <div className="app" aria-busy="true">
      <div className="side asking">
        <Brand />
      </div>
      <div className="asking">
        <div className="top">
          <Skeleton className="h-6 w-28" />
        </div>
        <main className="px-4 pt-5 wide:px-10 wide:pt-7">
          <SkeletonRows rows={6} />
        </main>
      </div>
    </div>
  );
}
