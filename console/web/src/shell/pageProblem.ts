import { ApiError, type Problem } from "@suiftly/ui";

/** As browsers say that a file of the page did not come. */
const NOT_LOADED = /dynamically imported module|module script failed|Unable to preload/i;

/** What kept a page from being shown, if it is the page's own fault; null for what the API said. */
export function pageProblem(error: unknown): Problem | null {
  if (error instanceof ApiError) return null;
  if (!(error instanceof Error)) return null;
  if (NOT_LOADED.test(error.message)) {
    return {
      code: "page_not_loaded",
      title:
        "A part of this page did not load: the connection was lost, or there is a newer version.",
    };
  }
  return { code: "page_failed", title: `This page made a mistake: ${error.message}.` };
}
