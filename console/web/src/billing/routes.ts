import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { readBillingSearch, readOpenRows, readTransactionsSearch } from "./search";

const billingRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/billing",
  validateSearch: readBillingSearch,
  component: lazyRouteComponent(() => import("./BillingPage"), "BillingPage"),
});

const invoiceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/billing/invoices/$number",
  validateSearch: readOpenRows,
  component: lazyRouteComponent(() => import("./invoices/InvoicePage"), "InvoicePage"),
});

const transactionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/billing/transactions",
  validateSearch: readTransactionsSearch,
  component: lazyRouteComponent(
    () => import("./transactions/TransactionsPage"),
    "TransactionsPage",
  ),
});

export const billingRoutes = [billingRoute, invoiceRoute, transactionsRoute] as const;
