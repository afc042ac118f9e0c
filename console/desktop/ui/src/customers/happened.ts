// What was done to or by a customer, in one sentence each. Whatever is newer than this console reads as its own name.
import { type Happened, type Item, SENTENCES, shorten } from "./sentences";

export type { Happened } from "./sentences";

export const ACTORS = [
  { value: "all", label: "All" },
  { value: "customer", label: "Customer" },
  { value: "operator", label: "Us" },
  { value: "system", label: "System" },
] as const;
export type Actor = (typeof ACTORS)[number]["value"];

export function happened(item: Item): Happened {
  const who = actorWord(item);
  const say = SENTENCES[item.action];
  return say ? say(item, who) : unknown(item, who);
}

/** A session's id says nothing to people; an operator's or a job's name does. */
function actorWord({ actor, actor_kind }: Item): string {
  return actor_kind === "customer" ? "Customer" : actor;
}

/** "wallet.move_on" → "Customer: wallet move on" */
function unknown({ action, target }: Item, who: string): Happened {
  const words = action.replaceAll(/[._]/g, " ");
  return { before: `${who}: ${words}`, ...(target && { thing: shorten(target) }) };
}
