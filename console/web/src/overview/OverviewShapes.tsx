import { Page } from "../shell/Page";

/** The page's final layout in still shapes, after a moment of nothing. */
export function OverviewShapes() {
  return (
    <Page busy>
      <p role="status" className="visually-hidden">
        Loading usage
      </p>
      <div className="grid gap-6 pb-7.5 roomy:grid-cols-[minmax(0,1fr)_268px] roomy:gap-14">
        <div>
          <div className="skeleton h-4 w-28" />
          <div className="skeleton mt-2 h-15 w-72 max-w-full" />
          <div className="skeleton mt-8 h-4 w-28" />
          <div className="skeleton mt-2 h-1.5" />
          <div className="skeleton mt-6 h-9 w-3/4" />
        </div>
        <div className="space-y-7.5">
          <div className="skeleton h-15.5" />
          <div className="skeleton h-15.5" />
          <div className="skeleton h-15.5" />
        </div>
      </div>
      <div className="border-t border-line pt-6.5">
        <div className="skeleton h-4 w-44" />
        <div className="skeleton mt-4 h-72" />
      </div>
    </Page>
  );
}
