// Settings: each tab a path of its own, and a chunk of its own.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { webhooksSearch } from "./webhooks/search";

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("./SettingsPage"), "SettingsPage"),
});

const profileRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./profile/Profile"), "Profile"),
});

const alertsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/alerts",
  component: lazyRouteComponent(() => import("./alerts/Alerts"), "Alerts"),
});

const webhooksRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/webhooks",
  validateSearch: webhooksSearch,
  component: lazyRouteComponent(() => import("./webhooks/Webhooks"), "Webhooks"),
});

const sessionsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/sessions",
  component: lazyRouteComponent(() => import("./sessions/SessionsTab"), "SessionsTab"),
});

const accountRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/account",
  component: lazyRouteComponent(() => import("./account/AccountTab"), "AccountTab"),
});

export const settingsRoutes = [
  settingsRoute.addChildren([
    profileRoute,
    alertsRoute,
    webhooksRoute,
    sessionsRoute,
    accountRoute,
  ]),
] as const;
