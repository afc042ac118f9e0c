import { explain, Failed } from "@suiftly/ui";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { Page } from "../parts/Page";

/** A page that cannot be shown. The frame around it still is. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Page title="Not shown">
      <Failed what="This page could not be shown" problem={explain(error)} onRetry={again} />
    </Page>
  );
}
