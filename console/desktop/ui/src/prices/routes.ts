import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../app/root";
import { pricesSearch } from "../app/search";
import { PriceBooks } from "./PriceBooks";

export const pricesRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: "/prices",
    validateSearch: pricesSearch,
    component: PriceBooks,
  }),
] as const;
