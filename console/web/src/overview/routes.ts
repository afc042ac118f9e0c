import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { overviewSearch } from "./search";

const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  validateSearch: overviewSearch,
  component: lazyRouteComponent(() => import("./Overview"), "Overview"),
});

export const overviewRoutes = [overviewRoute] as const;
