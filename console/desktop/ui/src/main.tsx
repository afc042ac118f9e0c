// First: it says the order of the layers, which the pages' own styles fill.
import "./styles/index.css";
import { ToastHost } from "@suiftly/ui";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { ConsoleProvider } from "./app/console";
import { Freshening } from "./app/Freshening";
import { queryClient } from "./app/query";
import { router } from "./app/router";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <QueryClientProvider client={queryClient}>
    <ConsoleProvider>
      <Freshening />
      <RouterProvider router={router} />
    </ConsoleProvider>
    <ToastHost />
  </QueryClientProvider>,
);
