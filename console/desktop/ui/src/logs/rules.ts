// How HAProxy words what it says of itself, and the sentence for each. The wordings are those of HAProxy 1.8 to 3.x.
import type { Message } from "./message";

type Groups = Readonly<Record<string, string | undefined>>;
type Said = Pick<Message, "kind" | "weight" | "words">;

interface Rule {
  readonly match: RegExp;
  readonly say: (groups: Groups) => Said;
}

const NAME = "(?<spare>Backup )?Server (?<backend>[^/]+)/(?<server>\\S+)";
const CHECKED =
  "(?<spare>backup )?server (?<backend>[^/]+)/(?<server>\\S+) (?<outcome>failed|succeeded)";

export const RULES: readonly Rule[] = [
  {
    match: new RegExp(`^${NAME} is going DOWN for maintenance`),
    say: (of) => ({
      kind: "maintenance",
      weight: "warn",
      words: `${who(of)} was taken out for maintenance`,
    }),
  },
  {
    match: new RegExp(`^${NAME} is DOWN via (?<via>\\S+?)\\.? `),
    say: (of) => ({
      kind: "server_down",
      weight: "bad",
      words: `${who(of)} went down with ${of.via}${left(of)}`,
    }),
  },
  {
    match: new RegExp(`^${NAME} is DOWN`),
    say: (of) => ({
      kind: "server_down",
      weight: "bad",
      words: `${who(of)} went down${why(of)}${left(of)}`,
    }),
  },
  {
    match: new RegExp(`^${NAME} is UP(?:/READY)? \\(leaving (?:forced )?maintenance`),
    say: (of) => ({
      kind: "maintenance",
      weight: "ok",
      words: `${who(of)} is back from maintenance`,
    }),
  },
  {
    match: new RegExp(`^${NAME} is UP(?:/READY)? \\(leaving (?:forced )?drain`),
    say: (of) => ({ kind: "drain", weight: "ok", words: `${who(of)} takes new requests again` }),
  },
  {
    match: new RegExp(`^${NAME} is (?:UP|READY)`),
    say: (of) => ({ kind: "server_up", weight: "ok", words: `${who(of)} came back up` }),
  },
  {
    match: new RegExp(`^${NAME} (?:enters drain state|is DRAIN|is stopping)`),
    say: (of) => ({
      kind: "drain",
      weight: "warn",
      words: `${who(of)} finishes what it has and takes nothing new`,
    }),
  },
  {
    match: /^backend '?(?<backend>\S+?)'? has no server available/i,
    say: (of) => ({
      kind: "none_left",
      weight: "bad",
      words: `${of.backend} has no server left: every request to it gets 503`,
    }),
  },
  {
    match: new RegExp(`^(?:Backup )?(?:Health|Agent) check for ${CHECKED}`),
    say: (of) => ({
      kind: "check",
      weight: of.outcome === "failed" ? "warn" : "info",
      words: `A check of ${who(of)} ${of.outcome}${why(of)}`,
    }),
  },
  {
    match: /^(?:Proxy|proxy) (?<proxy>\S+) stopped/,
    say: (of) => ({
      kind: "reload",
      weight: "info",
      words: `A worker that ends has closed ${of.proxy}`,
    }),
  },
  {
    match: /^Stopping (?:frontend|backend|proxy|peers) (?<proxy>\S+)/,
    say: (of) => ({
      kind: "reload",
      weight: "info",
      words: `A worker that ends is closing ${of.proxy}`,
    }),
  },
  {
    match: /^Proxy (?<proxy>\S+) started/,
    say: (of) => ({ kind: "reload", weight: "info", words: `${of.proxy} was started` }),
  },
  {
    match: /^(?:Reloading HAProxy|Reexecuting Master|SIGHUP)/,
    say: () => ({ kind: "reload", weight: "warn", words: "HAProxy is being reloaded" }),
  },
  {
    match: /^New worker .*forked/,
    say: () => ({ kind: "reload", weight: "info", words: "A worker was started" }),
  },
  {
    match: /^(?:Loading success|haproxy version is|path to executable)/,
    say: () => ({ kind: "reload", weight: "info", words: "HAProxy has read its configuration" }),
  },
  {
    match: /^(?<which>Former|Current) worker .*exited with code (?<code>\d+)/,
    say: (of) => ({
      kind: "reload",
      weight: of.code === "0" ? "info" : "bad",
      words: `A worker ended${of.code === "0" ? " as it should" : `, with code ${of.code}`}`,
    }),
  },
  {
    match: /^(?:All workers exited|Exiting Master)/,
    say: () => ({ kind: "reload", weight: "bad", words: "HAProxy has stopped" }),
  },
  {
    match: /^(?<act>Paus|Disabl)(?:ed|ing) (?:frontend|listener|proxy) (?<proxy>[^\s.]+)/,
    say: (of) => ({ kind: "proxy", weight: "warn", words: `${of.proxy} takes no connections` }),
  },
  {
    match: /^(?:Resum|Enabl)(?:ed|ing) (?:frontend|listener|proxy) (?<proxy>[^\s.]+)/,
    say: (of) => ({ kind: "proxy", weight: "ok", words: `${of.proxy} takes connections again` }),
  },
  {
    match: /^(?<client>\S+) \[[^\]]+\] (?<bind>\S+): (?<what>.+)$/,
    say: (of) => ({
      kind: "connection",
      weight: "info",
      words: `${of.client} could not connect to ${of.bind}: ${of.what}`,
    }),
  },
  {
    match: /^Connect from (?<client>\S+) to (?<bind>\S+)/,
    say: (of) => ({
      kind: "connection",
      weight: "info",
      words: `${of.client} connected to ${of.bind}`,
    }),
  },
];

function who({ spare, backend, server }: Groups): string {
  return `${spare === undefined ? "" : "backup "}${backend}/${server}`;
}

/** ": connection refused", of its reason and what stands in quotes. */
function why({ text = "" }: Groups): string {
  const reason = /reason: (?<reason>[^,.]+)/.exec(text)?.groups?.reason;
  const info = /info: "(?<info>[^"]*)"/.exec(text)?.groups?.info;
  const code = /code: (?<code>\d+)/.exec(text)?.groups?.code;
  const said = [reason, code && `status ${code}`, info].filter((part) => part);
  return said.length === 0 ? "" : `: ${said.join(", ")}`;
}

/** ", none left" or ", 1 left and 1 backup". */
function left({ text = "" }: Groups): string {
  const found = /(?<active>\d+) active and (?<spare>\d+) backup servers left/.exec(text)?.groups;
  if (found === undefined) return "";
  const [active, spare] = [Number(found.active), Number(found.spare)];
  if (active + spare === 0) return ". No server is left";
  const spares = spare === 0 ? "" : `, ${spare} backup`;
  return `. ${active} left${spares}`;
}
