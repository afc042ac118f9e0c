import { SkeletonRows } from "@suiftly/ui";
import { Page } from "./Page";

/** While a page's code is on its way. */
export function Pending() {
  return (
    <Page title="Loading" busy>
      <SkeletonRows rows={6} />
    </Page>
  );
}
