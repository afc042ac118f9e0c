// Stands before Suiftly and passes all on, but for the live stream: of that it takes the first snapshot and a while of
// deltas, and then plays those again, so many a second, each as the next epoch.
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

const STREAM = "/api/v1/usage/stream";
const RECORDED_MS = 3_000;
const SECOND_MS = 1_000;

export interface Replay {
  readonly url: string;
  /** Deltas sent so far. */
  readonly sent: () => number;
  readonly close: () => void;
}

interface Delta {
  epoch: number;
  complete_to: string;
}

export async function replay(url: string, perSecond: number): Promise<Replay> {
  let sent = 0;
  const server = createServer((asked, answer) => {
    if (asked.url?.startsWith(STREAM)) {
      void play(url, asked, answer, perSecond, () => {
        sent += 1;
      }).catch((error: unknown) => answer.destroy(error instanceof Error ? error : undefined));
    } else passOn(url, asked, answer);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, sent: () => sent, close: () => end(server) };
}

function end(server: Server) {
  server.closeAllConnections();
  server.close();
}

function passOn(url: string, asked: IncomingMessage, answer: ServerResponse) {
  const { method, headers } = asked;
  const options = { method, headers: { ...headers, host: new URL(url).host } };
  const passed = request(new URL(asked.url ?? "/", url), options, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.pipe(answer);
  });
  passed.on("error", (error) => answer.destroy(error));
  asked.pipe(passed);
}

async function play(
  url: string,
  asked: IncomingMessage,
  answer: ServerResponse,
  perSecond: number,
  count: () => void,
) {
  const { snapshot, deltas } = await record(url, asked.headers.cookie ?? "");
  answer.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const say = (type: string, data: unknown) =>
    answer.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  say("snapshot", snapshot);
  let epoch = snapshot.epoch;
  const clock = setInterval(() => {
    const now = new Date().toISOString();
    say("clock", { epoch, complete_to: now, now });
  }, SECOND_MS);
  const began = performance.now();
  // A machine that is busy wakes late: what was due meanwhile is sent then.
  const pace = setInterval(() => {
    const due = ((performance.now() - began) * perSecond) / SECOND_MS;
    for (; epoch - snapshot.epoch < due; count()) {
      epoch += 1;
      const delta = deltas[epoch % deltas.length];
      say("delta", { ...delta, epoch, complete_to: new Date().toISOString() });
    }
  }, SECOND_MS / perSecond);
  answer.on("close", () => {
    clearInterval(clock);
    clearInterval(pace);
  });
}

/** What the real stream says to the same customer for a while. */
async function record(url: string, cookie: string) {
  const ended = AbortSignal.timeout(RECORDED_MS);
  const response = await fetch(`${url}${STREAM}`, { headers: { cookie }, signal: ended });
  if (!response.ok || response.body === null)
    throw new Error(`the live stream: ${response.status}`);
  let text = "";
  try {
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) text += part;
  } catch (error) {
    if (!ended.aborted) throw error;
  }
  const of = (type: string) =>
    text
      .split("\n\n")
      .filter((event) => event.includes(`event: ${type}\n`))
      .map((event) => JSON.parse(/^data: ?(.*)$/m.exec(event)?.[1] ?? "null") as Delta);
  const [snapshot] = of("snapshot");
  const deltas = of("delta");
  if (snapshot === undefined || deltas.length === 0)
    throw new Error("the live stream said no snapshot, or no delta");
  return { snapshot, deltas };
}
