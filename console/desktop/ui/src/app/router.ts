// Every page's place. An area's routes are in its own routes.ts.
import { createHashHistory, createRouter } from "@tanstack/react-router";
import { billingRoutes } from "../billing/routes";
import { customersRoutes } from "../customers/routes";
import { drillRoutes } from "../drill/routes";
import { fleetRoutes } from "../fleet/routes";
import { incidentsRoutes } from "../incidents/routes";
import { jobsRoutes } from "../jobs/routes";
import { linesRoutes } from "../lines/routes";
import { logsRoutes } from "../logs/routes";
import { notificationsRoutes } from "../notifications/routes";
import { overviewRoutes } from "../overview/routes";
import { pricesRoutes } from "../prices/routes";
import { quarantineRoutes } from "../quarantine/routes";
import { settingsRoutes } from "../settings/routes";
import { PageError } from "../shell/PageError";
import { tailRoutes } from "../tail/routes";
import { rootRoute } from "./root";

export const router = createRouter({
  // The window is one file: the place stands behind its #.
  history: createHashHistory(),
  routeTree: rootRoute.addChildren([
    ...overviewRoutes,
    ...drillRoutes,
    ...tailRoutes,
    ...fleetRoutes,
    ...customersRoutes,
    ...billingRoutes,
    ...pricesRoutes,
    ...quarantineRoutes,
    ...jobsRoutes,
    ...notificationsRoutes,
    ...incidentsRoutes,
    ...linesRoutes,
    ...logsRoutes,
    ...settingsRoutes,
  ]),
  defaultErrorComponent: PageError,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
