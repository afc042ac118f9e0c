import { Empty } from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { Page } from "./Page";

export function NotFound() {
  return (
    <Page title="Not found">
      <Empty
        title="There is no page here"
        heading="h2"
        action={
          <Link to="/" className="btn">
            Go to the overview
          </Link>
        }
      >
        The address may be misspelt, or the page is gone.
      </Empty>
    </Page>
  );
}
