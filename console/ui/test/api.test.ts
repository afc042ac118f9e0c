// The generated client against a server that says what the test wants it to say.
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ApiError, explain, openAdminClient, openCustomerClient, sharing } from "../src";
import { pipeline } from "../src/api/admin";
import { challenge, logOut, ready, signInConfig } from "../src/api/customer";

let server: Server | null = null;

afterEach(() => {
  server?.close();
  server = null;
});

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((listening) => {
    started.listen(0, "127.0.0.1", listening);
  });
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

/** Answers JSON, and writes down what was asked. */
function answering(...answers: [number, unknown][]) {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const who = request.headers.authorization ?? "nobody";
      asked.push(`${request.method} ${request.url} ${who} ${body}`.trim());
      const [status, answer] = answers.shift() ?? [500, {}];
      const type = status < 400 ? "application/json" : "application/problem+json";
      response.writeHead(status, { "content-type": type });
      response.end(status === 204 ? undefined : JSON.stringify(answer));
    });
  };
  return { asked, listener };
}

async function failure(attempt: Promise<unknown>): Promise<unknown> {
  try {
    await attempt;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

const UNAUTHORIZED = {
  type: "about:blank",
  title: "Sign in first",
  status: 401,
  code: "unauthorized",
};
const CONFIG = {
  mock: true,
  domain: "localhost:3000",
  escrow: "embedded",
  sui: null,
  explorer_tx_url: null,
  name: null,
  support: { email: null, url: null },
};

test("an answer is typed data, a token goes as Bearer and a body as JSON", async () => {
  const { asked, listener } = answering([200, CONFIG], [204, null], [400, {}]);
  const client = openCustomerClient({ baseUrl: await serve(listener), token: () => "abc" });
  const { data } = await signInConfig({ client });
  expect(data.domain).toBe("localhost:3000");
  await logOut({ client });
  await failure(challenge({ client, body: { address: "0x1" } }));
  expect(asked).toEqual([
    "GET /api/v1/auth/config nobody",
    "POST /api/v1/auth/logout Bearer abc",
    'POST /api/v1/auth/challenge nobody {"address":"0x1"}',
  ]);
});

test("a problem document is a typed error with its code and its fields", async () => {
  const errors = [{ field: "address", message: "must be a Sui address" }];
  const body = { type: "about:blank", title: "Not valid", status: 400, code: "validation", errors };
  const client = openCustomerClient({ baseUrl: await serve(answering([400, body]).listener) });
  const error = await failure(challenge({ client, body: { address: "" } }));
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 400, problem: { code: "validation", errors } });
});

test.each([
  [
    { title: "Odd", code: "newer_than_this_page" },
    { title: "Odd.", code: "newer_than_this_page" },
  ],
  [
    { detail: "Because", title: "Odd", code: "x" },
    { title: "Because.", code: "x" },
  ],
  ["<html>", { title: "The server answered 502.", code: "http_502" }],
  [{ code: 7 }, { title: "The server answered 502.", code: "http_502" }],
])("a refusal %j is put in words", async (body, problem) => {
  const client = openCustomerClient({ baseUrl: await serve(answering([502, body]).listener) });
  expect(explain(await failure(ready({ client })))).toEqual(problem);
});

test.each([
  ["a field is missing", { mock: true }],
  ["a field has another type", { mock: "yes", domain: "d" }],
  ["it is no object", [CONFIG]],
])("an answer of the wrong shape is refused: %s", async (_, body) => {
  const client = openCustomerClient({ baseUrl: await serve(answering([200, body]).listener) });
  expect(explain(await failure(signInConfig({ client })))).toMatchObject({ code: "unreadable" });
});

test("a field that is new is no reason to refuse", async () => {
  const { listener } = answering([200, { ...CONFIG, colour: "green" }]);
  const client = openCustomerClient({ baseUrl: await serve(listener) });
  expect((await signInConfig({ client })).data).toMatchObject(CONFIG);
});

test("a server that is not there is told as that", async () => {
  const baseUrl = await serve(answering().listener);
  server?.close();
  const error = await failure(ready({ client: openCustomerClient({ baseUrl }) }));
  expect(explain(error)).toMatchObject({ code: "connection_lost" });
});

test("a session that ran out is renewed once, and the same is asked again, body and all", async () => {
  const { asked, listener } = answering(
    [401, UNAUTHORIZED],
    [200, CONFIG],
    [401, UNAUTHORIZED],
    [401, UNAUTHORIZED],
  );
  let renewals = 0;
  const renewSession = async () => {
    renewals += 1;
    return true;
  };
  const client = openCustomerClient({ baseUrl: await serve(listener), renewSession });
  await signInConfig({ client });
  const error = await failure(challenge({ client, body: { address: "0x2" } }));
  expect(error).toMatchObject({ status: 401, problem: { code: "unauthorized" } });
  expect(renewals).toBe(2);
  expect(asked.slice(2)).toEqual(
    Array(2).fill('POST /api/v1/auth/challenge nobody {"address":"0x2"}'),
  );
});

test("a session that cannot be renewed is refused as it was", async () => {
  const { asked, listener } = answering([401, UNAUTHORIZED]);
  const client = openCustomerClient({
    baseUrl: await serve(listener),
    renewSession: async () => false,
  });
  expect(await failure(ready({ client }))).toMatchObject({ status: 401 });
  expect(asked).toHaveLength(1);
});

test("whoever asks while a renewal is under way waits for the same one", async () => {
  let renewals = 0;
  const renew = sharing(async () => {
    renewals += 1;
    return true;
  });
  expect(await Promise.all([renew(), renew(), renew()])).toEqual([true, true, true]);
  expect(renewals).toBe(1);
  await renew();
  expect(renewals).toBe(2);
});

test("the operators' client asks with a token, and refuses what is no pipeline", async () => {
  const { asked, listener } = answering([200, { epoch: 1 }]);
  const client = openAdminClient({ baseUrl: await serve(listener), token: () => "sop_x" });
  expect(explain(await failure(pipeline({ client })))).toMatchObject({ code: "unreadable" });
  expect(asked).toEqual(["GET /api/v1/pipeline Bearer sop_x"]);
});
