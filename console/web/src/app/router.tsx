// Every page's place. An area's routes are in its own routes.ts; each page is a chunk of its own.
import { createRouter } from "@tanstack/react-router";
import { activityRoutes } from "../activity/routes";
import { billingRoutes } from "../billing/routes";
import { keysRoutes } from "../keys/routes";
import { overviewRoutes } from "../overview/routes";
import { servicesRoutes } from "../services/routes";
import { settingsRoutes } from "../settings/routes";
import { Pending } from "../shell/Pending";
import { RouteError } from "../shell/RouteError";
import { supportRoutes } from "../support/routes";
import { usageRoutes } from "../usage/routes";
import { rootRoute } from "./root";

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    ...overviewRoutes,
    ...servicesRoutes,
    ...usageRoutes,
    ...keysRoutes,
    ...billingRoutes,
    ...activityRoutes,
    ...settingsRoutes,
    ...supportRoutes,
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultErrorComponent: RouteError,
  defaultPendingComponent: Pending,
  // Loading shows nothing for so long, and then for so long at least: no flash of shapes.
  defaultPendingMs: 150,
  defaultPendingMinMs: 0,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
