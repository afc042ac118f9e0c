import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { readActivitySearch } from "./groups";
import { readNotificationsSearch } from "./notifications/search";

const activityRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/activity",
  validateSearch: readActivitySearch,
  component: lazyRouteComponent(() => import("./ActivityPage"), "ActivityPage"),
});

const notificationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/notifications",
  validateSearch: readNotificationsSearch,
  component: lazyRouteComponent(
    () => import("./notifications/NotificationsPage"),
    "NotificationsPage",
  ),
});

export const activityRoutes = [activityRoute, notificationsRoute] as const;
