import { describe, expect, it, vi } from "vitest";
import type { Commands } from "../link/commands";
import { fetchBy } from "./fetchBy";

type Ask = Commands["ask"];
type Answer = Awaited<ReturnType<Ask>>;

const BASE = "http://server.invalid";

const answered = (change: Partial<Answer> = {}): Answer => ({
  status: 200,
  content_type: "application/json",
  body: '{"items":[]}',
  retry_after: null,
  ...change,
});

function asking(answer: Answer = answered()) {
  const ask = vi.fn<Ask>(async () => answer);
  return { ask, fetch: fetchBy(ask) };
}

describe("what the native side is asked", () => {
  it.each([
    ["a path", "/api/v1/fleet", "/api/v1/fleet"],
    ["what is searched for, as it is written", "/api/v1/x?a=1&b=%2F+c", "/api/v1/x?a=1&b=%2F+c"],
    ["a name within the path", "/api/v1/operators/a%20b", "/api/v1/operators/a%20b"],
  ])("%s, and never the host", async (_, asked, path) => {
    const { ask, fetch } = asking();
    await fetch(`${BASE}${asked}`);
    expect(ask).toHaveBeenCalledExactlyOnceWith({
      method: "GET",
      path,
      body: null,
      idempotency_key: null,
    });
  });
  it("a write, with its body and its key, as a request of its own", async () => {
    const { ask, fetch } = asking();
    const request = new Request(`${BASE}/api/v1/vault/freeze`, {
      method: "POST",
      headers: { "Idempotency-Key": "k-1" },
      body: '{"confirm":7}',
    });
    await fetch(request);
    expect(ask).toHaveBeenCalledExactlyOnceWith({
      method: "POST",
      path: "/api/v1/vault/freeze",
      body: '{"confirm":7}',
      idempotency_key: "k-1",
    });
  });
  it.each([
    ["none", {}],
    ["an empty one", { body: "" }],
  ])("a write whose body is %s", async (_, init) => {
    const { ask, fetch } = asking();
    await fetch(`${BASE}/api/v1/vault/push`, { method: "POST", ...init });
    expect(ask.mock.calls[0]?.[0].body).toBeNull();
  });
});

describe("what the page is answered", () => {
  it("is the status, the type and the body", async () => {
    const { fetch } = asking(answered({ status: 409, content_type: "application/problem+json" }));
    const response = await fetch(`${BASE}/x`);
    expect(response.status).toBe(409);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.has("retry-after")).toBe(false);
    expect(await response.json()).toEqual({ items: [] });
  });
  it.each([204, 205, 304])("has no body where %d allows none", async (status) => {
    const { fetch } = asking(answered({ status, body: "" }));
    const response = await fetch(`${BASE}/x`);
    expect([response.status, response.body]).toEqual([status, null]);
  });
  it("says when to ask again", async () => {
    const { fetch } = asking(answered({ status: 429, retry_after: "3" }));
    expect((await fetch(`${BASE}/x`)).headers.get("retry-after")).toBe("3");
  });
  it("is what the native side failed with", async () => {
    const ask = vi.fn<Ask>(() => Promise.reject("The server did not answer."));
    await expect(fetchBy(ask)(`${BASE}/x`)).rejects.toBe("The server did not answer.");
  });
});

describe("a question that is taken back", () => {
  it("before it is asked is not asked", async () => {
    const { ask, fetch } = asking();
    const signal = AbortSignal.abort();
    await expect(fetch(`${BASE}/x`, { signal })).rejects.toMatchObject({ name: "AbortError" });
    expect(ask).not.toHaveBeenCalled();
  });
  it("while it is asked is not answered", async () => {
    const taking = new AbortController();
    const ask = vi.fn<Ask>(async () => {
      taking.abort();
      return answered();
    });
    const { signal } = taking;
    await expect(fetchBy(ask)(`${BASE}/x`, { signal })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
