import { explain, Failed } from "@suiftly/ui";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { Page } from "./Page";
import { pageProblem } from "./pageProblem";

/** A page that cannot be shown. The frame around it still is. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Page title="Not shown">
      <Failed
        what="This page could not be shown"
        problem={pageProblem(error) ?? explain(error)}
        onRetry={again}
        unaffected="Your services, keys and billing are not affected."
      />
    </Page>
  );
}
