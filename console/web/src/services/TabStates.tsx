// A tab while its code is on its way, and where it cannot be shown: the service's header and tabs still stand.
import { explain, Failed, SkeletonRows } from "@suiftly/ui";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { pageProblem } from "../shell/pageProblem";

export function TabPending() {
  return <SkeletonRows rows={6} />;
}

export function TabFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Failed
      what="This part could not be shown"
      problem={pageProblem(error) ?? explain(error)}
      onRetry={again}
      unaffected="Your services, keys and billing are not affected."
    />
  );
}
