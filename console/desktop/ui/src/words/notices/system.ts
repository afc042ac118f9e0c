// What is told of the system itself: the fleet, the vault, the books.
import { formatCount, formatMoment } from "@suiftly/ui";
import { type Body, count, instant, list, sentence, text } from "./read";
import type { NoticePlace, Say, Told } from "./shape";

export const SYSTEM: Readonly<Record<string, Say>> = {
  edge_unreachable: (body, notice) => ({
    title: `${edge(body)} does not answer`,
    detail: `${since(body, notice)} Its gateways go on with the grants they have${held(body)}: nobody who was stopped meanwhile is refused there.`,
    todo: "See whether its machine and the process `suiftly edge` live, and whether it reaches this server.",
    place: ofEdge(body),
  }),
  edge_behind: (body, notice) => ({
    title: `${edge(body)} is behind the vault`,
    detail: `${since(body, notice)} It enforces an older version${held(body)}.`,
    todo: "Read what it says it tries. Push fills its maps anew.",
    place: ofEdge(body),
  }),
  vault_refused: (body) => ({
    title: `${edge(body)} refused ${version(body) ?? "a version of the vault"}`,
    detail: `${sentence(text(body, "reason") ?? "Why was not said")} It keeps the last one it could prove.`,
    todo: "A set that does not prove itself is forged, cut or signed by an unknown key. Find out which before anything else.",
    place: ofEdge(body),
  }),
  canary_silent: (body, notice) => ({
    title: `${gateway(body)} answers, or is metered, no more`,
    detail: `${CANARY[text(body, "alarm") ?? ""] ?? "Its synthetic requests do not come through."} ${since(body, notice)}`,
    todo: "Look at its HAProxy, and at the way its lines take to this server.",
    place: { to: "/fleet", word: "Open the fleet" },
  }),
  canary_back: (body, notice) => ({
    title: `${gateway(body)} comes through again`,
    detail: lasted(body, notice),
    todo: null,
    place: { to: "/fleet", word: "Open the fleet" },
  }),
  disk_filling: (body) => ({
    title: `${disk(body)} fills`,
    detail: room(body),
    todo: "Make room or the disk larger, or put the journal’s archive elsewhere.",
    place: null,
  }),
  disk_full: (body) => ({
    title: `${disk(body)} is nearly full`,
    detail: room(body),
    todo: "Make room now: when nothing is left, lines cannot be made durable, and senders wait.",
    place: null,
  }),
  disk_better: (body) => ({
    title: `${disk(body)} has room again`,
    detail: room(body),
    todo: null,
    place: null,
  }),
  vault_files_mismatch: (body) => ({
    title: "The vault’s files are not what was written",
    detail: `${named(list(body, "files"))} ${list(body, "files").length === 1 ? "differs" : "differ"} from ${version(body) ?? "the version in force"}. They are written again.`,
    todo: "Somebody or something changed them: find out what, and whether the disk is sound.",
    place: { to: "/fleet", word: "Open the vault" },
  }),
  vault_set_mismatch: (body) => ({
    title: `The vault differs from the books for ${services(body)}`,
    detail: `What the running views grant in ${version(body) ?? "the version in force"} is not what keys and spend in the database come to.`,
    todo: "Freeze the vault if it lets in who must not be; then compare those customers’ keys and balances.",
    place: { to: "/fleet", word: "Open the vault" },
  }),
  ledger_differs: (body) => ({
    title: `The ledger differs from what is kept beside it in ${places(body)}`,
    detail: firstWords(body),
    todo: "Stop closing months until it is explained. The reconciliation lists each difference.",
    place: { to: "/billing", word: "Open reconciliation" },
  }),
  escrow_differs: (body) => ({
    title: `The escrow differs from our books in ${places(body)}`,
    detail: firstWords(body),
    todo: "Compare the transactions named. Nothing is corrected by itself.",
    place: { to: "/billing", word: "Open reconciliation" },
  }),
  backup_failed: (body) => ({
    title: "A backup could not be made",
    detail: sentence(text(body, "error") ?? "Why was not said"),
    todo: "It is tried again each minute. Mostly the disk is full, or the database’s owner is not named.",
    place: { to: "/jobs", search: { job: "backup" }, word: "Open the job" },
  }),
  backup_late: (body, notice) => ({
    title: "There is no new backup",
    detail: lastBackup(body, notice),
    todo: "See why the job does not run, then run it. Until then a loss of this machine is a loss of what came since.",
    place: { to: "/jobs", search: { job: "backup" }, word: "Open the job" },
  }),
  shadow_mismatch: (body) => ({
    title: `Rating again gave another amount in ${many(count(body, "mismatches"), "place", "places")}`,
    detail: `${formatCount(count(body, "hours"))} hours were rated again from raw records. ${firstWords(body)}`,
    todo: "The bill and its recount must be equal. Compare the hours named before the month is closed.",
    place: { to: "/jobs", search: { job: "shadow" }, word: "Open the job" },
  }),
};

const CANARY: Readonly<Record<string, string>> = {
  unmetered: "Its synthetic requests are served, and their lines do not arrive: usage may be lost.",
  unserved: "Its synthetic requests are not served: customers’ may not be either.",
};

function lastBackup(body: Body, { created_at }: Told): string {
  const at = instant(body, "last_at");
  if (at === null) return "None was ever made here.";
  return `The last one is of ${formatMoment(at, created_at === undefined ? at : Date.parse(created_at))}.`;
}

function edge(body: Body): string {
  return text(body, "edge") ?? "An edge";
}

function ofEdge(body: Body): NoticePlace {
  const name = text(body, "edge");
  return { to: "/fleet", word: "Open the edge", ...(name !== null && { search: { edge: name } }) };
}

function gateway(body: Body): string {
  const id = count(body, "server_id");
  return id === null ? "A gateway" : `Gateway ${id}`;
}

function disk(body: Body): string {
  const path = text(body, "path");
  return path === null ? "A disk" : `The disk of ${path}`;
}

function room(body: Body): string {
  const [percent, seconds] = [count(body, "free_percent"), count(body, "time_to_full_s")];
  const left = percent === null ? "How much is free was not said." : `${percent} % of it is free.`;
  if (seconds === null) return left;
  return `${left} As it fills, nothing is left in ${formatCount(Math.max(1, Math.round(seconds / 3_600)))} h.`;
}

function version(body: Body): string | null {
  const number = count(body, "version");
  return number === null || number === 0 ? null : `v${formatCount(number)}`;
}

function held(body: Body): string {
  const number = version(body);
  return number === null ? "" : `, ${number}`;
}

function since(body: Body, { created_at }: Told): string {
  const at = instant(body, "since");
  if (at === null) return "";
  return `Since ${formatMoment(at, created_at === undefined ? at : Date.parse(created_at))}.`;
}

function lasted(body: Body, notice: Told): string {
  const [from, to] = [instant(body, "since"), instant(body, "ended_at")];
  if (from === null || to === null) return "Its synthetic requests are served and metered.";
  const at = notice.created_at === undefined ? to : Date.parse(notice.created_at);
  return `Its synthetic requests did not come through from ${formatMoment(from, at)} to ${formatMoment(to, at)}.`;
}

function many(amount: number | null, one: string, more: string): string {
  return `${formatCount(amount)} ${amount === 1 ? one : more}`;
}

function services(body: Body): string {
  return many(count(body, "services"), "service of a customer", "services of customers");
}

function places(body: Body): string {
  return many(count(body, "differences"), "place", "places");
}

function named(values: readonly unknown[]): string {
  const names = values.filter((value): value is string => typeof value === "string");
  return names.length === 0 ? "They" : names.join(", ");
}

const SHOWN = 160;

/** The first difference as the server wrote it: people who look into it want it exactly. */
function firstWords(body: Body): string {
  const [first] = list(body, "first");
  if (first === undefined) return "No difference is named.";
  const words = typeof first === "string" ? first : JSON.stringify(first);
  return `The first: ${words.length > SHOWN ? `${words.slice(0, SHOWN)}…` : words}`;
}
