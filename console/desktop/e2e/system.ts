// The running system around the window: its operators' API, its gateway, its syslog port, and a way to have it restarted.
import { createSocket } from "node:dgram";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { required } from "./environment";
import { until } from "./until";

export const ADMIN_URL = required("SUIFTLY_URL");
export const TOKEN_FILE = required("SUIFTLY_TOKEN_FILE");
export const GATEWAY = required("SUIFTLY_GATEWAY");
const SYSLOG = required("SUIFTLY_SYSLOG");
const RESTART = required("SUIFTLY_RESTART");
const DEMO_KEYS = required("SUIFTLY_DEMO_KEYS");

export const token = readFileSync(TOKEN_FILE, "utf8").trim();

/** A demonstration customer with a key that opens the gateway's door for Seal on mainnet. */
export interface Demo {
  readonly customer_id: number;
  readonly customer: string;
  readonly key: string;
  readonly service: string;
  readonly network: string;
}

/** One of each customer who has such a key, the one with most traffic first. */
export function demoCustomers(): readonly Demo[] {
  const all = JSON.parse(readFileSync(DEMO_KEYS, "utf8")) as readonly Demo[];
  const fit = all.filter(({ service, network }) => service === "seal" && network === "mainnet");
  return fit.filter((one, at) => fit.findIndex((it) => it.customer_id === one.customer_id) === at);
}

/** What the operators' API answers. */
export async function read<T>(path: string): Promise<T> {
  const response = await fetch(new URL(`/api/v1${path}`, ADMIN_URL), {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Sends lines by syslog, a datagram each. */
export async function sendLines(lines: readonly string[]) {
  const [host, port] = [SYSLOG.slice(0, SYSLOG.lastIndexOf(":")), SYSLOG.split(":").at(-1)];
  const socket = createSocket("udp4");
  for (const line of lines) {
    const header = `<134>1 ${new Date().toISOString()} gw shop 7 - -`;
    await new Promise<void>((resolve, reject) => {
      socket.send(`${header} ${line}`, Number(port), host, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
  socket.close();
}

/** Has suiftly killed and started again; returns once a new one was started. */
export async function restart() {
  writeFileSync(RESTART, "");
  await until("suiftly started again", async () => !existsSync(RESTART));
}
