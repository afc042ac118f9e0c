// A service's pages. Each tab is a path of its own, and a chunk of its own.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { readChoiceSearch } from "./configure/search";
import { readStatsSearch } from "./stats/search";
import { TabFailed, TabPending } from "./TabStates";

const TAB = { pendingComponent: TabPending, errorComponent: TabFailed };

const serviceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/services/$service",
  component: lazyRouteComponent(() => import("./ServicePage"), "ServicePage"),
});

const overviewRoute = createRoute({
  ...TAB,
  getParentRoute: () => serviceRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./overview/ServiceOverview"), "ServiceOverview"),
});

/** A link may name what is to be ordered, in the words of an order's subscription. */
const configureRoute = createRoute({
  ...TAB,
  getParentRoute: () => serviceRoute,
  path: "/configure",
  validateSearch: readChoiceSearch,
  component: lazyRouteComponent(() => import("./configure/Configure"), "Configure"),
});

const packagesRoute = createRoute({
  ...TAB,
  getParentRoute: () => serviceRoute,
  path: "/packages",
  component: lazyRouteComponent(() => import("./packages/Packages"), "Packages"),
});

const statsRoute = createRoute({
  ...TAB,
  getParentRoute: () => serviceRoute,
  path: "/stats",
  validateSearch: readStatsSearch,
  component: lazyRouteComponent(() => import("./stats/Stats"), "Stats"),
});

export const servicesRoutes = [
  serviceRoute.addChildren([overviewRoute, configureRoute, packagesRoute, statsRoute]),
] as const;
