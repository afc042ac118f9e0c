// What the API says, asked often enough to meet an epoch that the page shows too.
import type { Summary } from "@suiftly/ui/api/customer";
import type { Page } from "playwright-core";
import { readShown, type Shown } from "./recorder";

export interface Meeting {
  readonly shown: Shown;
  readonly summary: Summary;
}

/**
 * Asks until page and API have met at `wanted` epochs. The page shows some four epochs a second out of
 * many, so most answers fall between two of them; those are simply asked again.
 */
export async function meet(page: Page, wanted: number, deadlineMs: number): Promise<Meeting[]> {
  const deadline = Date.now() + deadlineMs;
  const summaries = new Map<number, Summary>();
  let meetings: Meeting[] = [];
  while (meetings.length < wanted && Date.now() < deadline) {
    for (const summary of await askRepeatedly(page)) summaries.set(summary.epoch, summary);
    meetings = (await readShown(page)).flatMap((shown) => {
      const summary = summaries.get(shown.epoch);
      return summary ? [{ shown, summary }] : [];
    });
  }
  return meetings;
}

/** In the page, for half a second: its cookie is the session, and its network the fastest way. */
function askRepeatedly(page: Page): Promise<Summary[]> {
  return page.evaluate(async () => {
    const answers: Summary[] = [];
    const end = performance.now() + 500;
    while (performance.now() < end) {
      const response = await fetch("/api/v1/usage/summary");
      if (!response.ok) throw new Error(`summary: ${response.status}`);
      answers.push(await response.json());
    }
    return answers;
  });
}
