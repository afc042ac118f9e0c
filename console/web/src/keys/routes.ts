import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { readKeysSearch } from "./search";

const keysRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/keys",
  validateSearch: readKeysSearch,
  component: lazyRouteComponent(() => import("./KeysPage"), "KeysPage"),
});

export const keysRoutes = [keysRoute] as const;
