import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { PanePage } from "../parts/Page";
import { Loaded, Pane } from "../parts/Pane";
import { Clock } from "./Clock";
import { JobTable } from "./JobTable";
import "./jobs.css";
import { jobsQuery } from "./queries";
import { Runs } from "./Runs";

/** What the manager does by itself: when, how it went, and now if asked to. */
export function Jobs() {
  const query = useQuery(jobsQuery);
  const { job } = useSearch({ from: "/jobs" });
  const chosen = query.data?.items.find(({ name }) => name === job) ?? null;
  const where = query.data?.is_manager_here;
  return (
    <PanePage className="jobs tight">
      <Pane
        title="Jobs"
        note={
          where === true
            ? "run by this process"
            : where === false && "run by another process: this one waits to take over"
        }
        className="jobs-all"
      >
        <Loaded query={query} what="The jobs" rows={12}>
          {({ items, now }) => <JobTable jobs={items} managerNow={Date.parse(now)} />}
        </Loaded>
      </Pane>
      <Clock />
      <Runs job={chosen} name={job ?? null} />
    </PanePage>
  );
}
