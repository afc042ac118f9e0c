import { Empty } from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { Page } from "../parts/Page";

export function NotFound() {
  return (
    <Page title="No such page">
      <Empty
        title="This link leads nowhere"
        action={
          <Link to="/" className="link">
            Overview
          </Link>
        }
      >
        It may be of another version of the console.
      </Empty>
    </Page>
  );
}
