import { ToastHost } from "@suiftly/ui";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Asking } from "../shell/Asking";
import { Reentry } from "../signin/Reentry";
import { SignIn } from "../signin/SignIn";
import { LiveProvider } from "./live";
import { queryClient } from "./query";
import { router } from "./router";
import { arrive, useVisit } from "./visit";

export function App() {
  const visit = useVisit();
  return (
    <QueryClientProvider client={queryClient}>
      {visit.is === "asking" && <Asking />}
      {visit.is === "outside" && (
        <SignIn {...(visit.problem && { problem: visit.problem })} onSignedIn={arrive} />
      )}
      {visit.is === "inside" && (
        <>
          <LiveProvider key={visit.began} paused={visit.ended}>
            <RouterProvider router={router} />
          </LiveProvider>
          {visit.ended && <Reentry onSignedIn={arrive} />}
        </>
      )}
      <ToastHost />
    </QueryClientProvider>
  );
}
