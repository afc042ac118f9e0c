// A PostgreSQL server, as far as our store's tests need one: the wire protocol in front of TimescaleDB in WebAssembly.
// `node front.mjs PROGRAM ARGUMENTS…` runs the program with TEST_TIMESCALE_URL naming it, and ends with its exit code.
//
// Each database is a PGlite of its own, in a thread of its own, made when it is first connected to; all begin as copies
// of one that has the extension and the role to run with. A database has one session, so its clients take turns: a turn
// ends where no transaction is open, and a client that is cut off has its transaction rolled back. What belongs to a
// session is kept apart where our driver relies on it (prepared statements, by their names; the user). What cannot be
// had so: advisory locks that keep others out, sessions to end, and two transactions at once. Whoever waits for the
// second is told after TURN_TIMEOUT_MS.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { Worker } from "node:worker_threads";
import { asError, frontMessages, cString, message, ready, startupAnswer, textRow } from "./wire.mjs";

/** How long a client waits for its turn. */
const TURN_TIMEOUT_MS = 10_000;
/** Databases at once; each takes some 300 MB. */
const DATABASES_MAX = 8;

/** What the databases begin as: an initialised data directory, and how to make it. */
const template = await ask(new Worker(new URL("./database.mjs", import.meta.url)), { make: true });

const databases = new Map();

function ask(worker, request) {
  return new Promise((resolve, reject) => {
    worker.once("message", (answer) => {
      worker.off("error", reject);
      if (request.make) worker.terminate();
      resolve(answer);
    });
    worker.once("error", reject);
    worker.postMessage(request);
  });
}

/** One database: its thread, and whose turn it is. */
class Database {
  constructor() {
    this.worker = new Worker(new URL("./database.mjs", import.meta.url));
    this.worker.setMaxListeners(0);
    this.holder = null;
    this.waiting = [];
    this.user = null;
    this.sockets = new Set();
    this.opened = ask(this.worker, { open: template });
  }

  /** Bytes in, bytes out; answers whether a transaction is open. */
  async run(bytes) {
    await this.opened;
    const { out } = await ask(this.worker, { run: bytes });
    return Buffer.from(out);
  }

  /** Resolves when it is this client's turn; to false if it never is. */
  turn(client) {
    if (this.holder === null || this.holder === client) {
      this.holder = client;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const entry = { client, resolve };
      entry.timer = setTimeout(() => {
        this.waiting = this.waiting.filter((one) => one !== entry);
        resolve(false);
      }, TURN_TIMEOUT_MS);
      this.waiting.push(entry);
    });
  }

  yield_() {
    this.holder = null;
    const next = this.waiting.shift();
    if (!next) return;
    clearTimeout(next.timer);
    this.holder = next.client;
    next.resolve(true);
  }

  async drop() {
    for (const socket of this.sockets) socket.destroy();
    await this.opened.catch(() => {});
    await this.worker.terminate();
  }
}

/** The statements of the maintenance database `postgres`, which is nobody's PGlite: they make, find and drop databases. */
function administer(sql, parameters) {
  const name = /DATABASE (?:IF EXISTS )?"([^"]+)"/.exec(sql)?.[1];
  if (/^CREATE DATABASE/.test(sql)) {
    if (databases.has(name)) return { error: ["42P04", `database "${name}" already exists`] };
    if (databases.size >= DATABASES_MAX) return { error: ["53300", "too many databases"] };
    databases.set(name, new Database());
    return { tag: "CREATE DATABASE" };
  }
  if (/^DROP DATABASE/.test(sql)) {
    const dropped = databases.get(name);
    databases.delete(name);
    dropped?.drop();
    return { tag: "DROP DATABASE" };
  }
  if (/FROM pg_database WHERE datname = \$1/.test(sql)) return { rows: databases.has(parameters[0]) ? [[]] : [] };
  // The role to run with is in the template.
  if (/FROM pg_roles WHERE rolname = \$1/.test(sql)) return { rows: [[]] };
  return { error: ["0A000", `the front does not know: ${sql}`] };
}

/** One client's socket. */
class Client {
  static count = 0;

  constructor(socket) {
    this.socket = socket;
    this.prefix = `c${Client.count++}_`;
    this.buffer = Buffer.alloc(0);
    this.batch = [];
    /** SQL of prepared statements, by the client's names: whether one is a COPY, and for the maintenance database. */
    this.statements = new Map();
    this.copying = false;
    this.inTransaction = false;
    this.work = Promise.resolve();
    socket.on("data", (bytes) => {
      this.buffer = Buffer.concat([this.buffer, bytes]);
      this.work = this.work.then(() => this.read()).catch((error) => socket.destroy(error));
    });
    socket.on("error", () => {});
    socket.on("close", () => (this.work = this.work.then(() => this.leave()).catch(() => {})));
  }

  async read() {
    if (!this.database && !this.isMaintenance) {
      if (!this.start()) return;
    }
    const [messages, rest] = frontMessages(this.buffer);
    this.buffer = rest;
    for (const one of messages) await this.take(one);
  }

  /** The startup packet; or a request for encryption, which is declined. */
  start() {
    if (this.buffer.length < 8 || this.buffer.length < this.buffer.readInt32BE(0)) return false;
    const packet = this.buffer.subarray(0, this.buffer.readInt32BE(0));
    this.buffer = this.buffer.subarray(packet.length);
    if (packet.readInt32BE(4) === 80877103) {
      this.socket.write("N");
      return this.start();
    }
    const words = packet.subarray(8).toString().split("\0");
    const named = (key) => words[words.indexOf(key) + 1];
    this.user = named("user");
    this.isMaintenance = named("database") === "postgres";
    this.database = databases.get(named("database"));
    if (!this.isMaintenance && !this.database) {
      this.socket.end(asError("3D000", `database "${named("database")}" does not exist`, "FATAL"));
      return false;
    }
    this.database?.sockets.add(this.socket);
    this.socket.write(startupAnswer());
    return true;
  }

  async take(one) {
    const type = String.fromCharCode(one[0]);
    if (type === "X") return this.socket.end();
    if (this.isMaintenance) return this.maintain(type, one);
    if (this.copying) return this.takeCopy(type, one);
    this.batch.push(this.renamed(type, one));
    if (type === "Q") return this.flush();
    if (type === "S") return this.isCopy() ? this.beginCopy() : this.flush();
  }

  /** Statements and portals of all clients live in one session: their names begin with the client's. */
  renamed(type, one) {
    const body = one.subarray(5);
    const name = (from) => cString(body, from);
    const mine = (text) => Buffer.from(text === "" ? "\0" : `${this.prefix}${text}\0`);
    if (type === "P") {
      const [statement, at] = name(0);
      this.statements.set(statement, name(at)[0]);
      return message("P", mine(statement), body.subarray(at));
    }
    if (type === "B") {
      const [portal, at] = name(0);
      const [statement, after] = name(at);
      this.bound = this.statements.get(statement);
      return message("B", mine(portal), mine(statement), body.subarray(after));
    }
    if (type === "D" || type === "C") return message(type, body.subarray(0, 1), mine(name(1)[0]));
    if (type === "E") {
      const [portal, at] = name(0);
      this.executes = true;
      return message("E", mine(portal), body.subarray(at));
    }
    return one;
  }

  isCopy() {
    return this.executes && /^COPY .* FROM STDIN/s.test(this.bound ?? "");
  }

  /** The rows are gathered, and handed over with the COPY at once. The driver is told to begin as a server would. */
  beginCopy() {
    this.batch.pop();
    this.copying = true;
    const columns = (/\(([^)]*)\)/.exec(this.bound)?.[1] ?? "").split(",").length;
    const formats = Buffer.alloc(3 + 2 * columns);
    formats[0] = 1;
    formats.writeInt16BE(columns, 1);
    for (let at = 0; at < columns; at++) formats.writeInt16BE(1, 3 + 2 * at);
    this.socket.write(Buffer.concat([message("2"), message("G", formats)]));
  }

  async takeCopy(type, one) {
    // CopyFail does without the rows; the session never saw them begin.
    if (type === "f") {
      [this.copying, this.batch, this.executes] = [false, [], false];
      this.failed = true;
      return this.socket.write(asError("57014", "COPY from stdin failed"));
    }
    this.batch.push(one);
    if (type !== "S") return;
    this.copying = false;
    return this.flush((answer) => answer.filter((type) => type !== "2" && type !== "G"));
  }

  /** Hands over what has gathered, in this client's turn. */
  async flush(chosen) {
    const bytes = Buffer.concat(this.batch);
    [this.batch, this.executes] = [[], false];
    if (!(await this.database.turn(this))) {
      const said = "another client's transaction holds the database's one session";
      return this.socket.write(Buffer.concat([asError("55P03", said), ready("I")]));
    }
    await this.become();
    let answer = await this.database.run(bytes);
    const messages = frontMessages(answer)[0];
    const last = messages.findLast((one) => one[0] === 90);
    this.inTransaction = last !== undefined && last[5] !== 73;
    if (chosen) {
      const types = chosen(messages.map((one) => String.fromCharCode(one[0])));
      answer = Buffer.concat(messages.filter((one) => types.includes(String.fromCharCode(one[0]))));
    }
    // The session says it is ready after an error in the midst of a batch, too, and again at its end: once is enough.
    this.socket.write(onceReady(answer));
    if (!this.inTransaction) this.database.yield_();
  }

  /** The session's user is whoever's turn it is. */
  async become() {
    if (this.database.user === this.user) return;
    // Named, and not RESET: what it goes back to is wrong here.
    await this.database.run(message("Q", Buffer.from(`SET SESSION AUTHORIZATION "${this.user}"\0`)));
    this.database.user = this.user;
  }

  async maintain(type, one) {
    const body = one.subarray(5);
    if (type === "P") {
      const [name, at] = cString(body, 0);
      this.statements.set(name, cString(body, at)[0]);
      this.batch.push(message("1"));
    } else if (type === "D") {
      const isPortal = body[0] === 80;
      const parameters = isPortal ? [] : [message("t", Buffer.from(this.parametersOf(cString(body, 1)[0])))];
      this.batch.push(...parameters, message("T", Buffer.from([0, 0])));
    } else if (type === "B") {
      const [, at] = cString(body, 0);
      const [statement, after] = cString(body, at);
      this.bound = this.statements.get(statement);
      this.parameters = parametersIn(body.subarray(after));
      this.batch.push(message("2"));
    } else if (type === "E") {
      this.batch.push(answered(administer(this.bound, this.parameters)));
    } else if (type === "C") {
      this.batch.push(message("3"));
    } else if (type === "Q") {
      this.socket.write(Buffer.concat([answered(administer(cString(body, 0)[0], [])), ready("I")]));
    } else if (type === "S") {
      this.socket.write(Buffer.concat([...this.batch, ready("I")]));
      this.batch = [];
    }
  }

  /** Parameters of a statement of the maintenance database: texts. */
  parametersOf(name) {
    const text = 25;
    return /\$1/.test(this.statements.get(name) ?? "") ? [0, 1, 0, 0, 0, text] : [0, 0];
  }

  async leave() {
    this.database?.sockets.delete(this.socket);
    if (!this.database || this.database.holder !== this) return;
    if (this.inTransaction) await this.database.run(message("Q", Buffer.from("ROLLBACK\0")));
    this.database.yield_();
  }
}

function onceReady(answer) {
  const messages = frontMessages(answer)[0];
  const last = messages.findLastIndex((one) => one[0] === 90);
  return Buffer.concat(messages.filter((one, at) => one[0] !== 90 || at === last));
}

function answered({ error, rows, tag }) {
  if (error) return asError(...error);
  if (rows) return Buffer.concat([...rows.map(textRow), message("C", Buffer.from(`SELECT ${rows.length}\0`))]);
  return message("C", Buffer.from(`${tag}\0`));
}

/** The values of a Bind, taken for texts. */
function parametersIn(body) {
  let at = 2 + 2 * body.readInt16BE(0);
  const values = [];
  const count = body.readInt16BE(at);
  at += 2;
  for (let index = 0; index < count; index++) {
    const length = body.readInt32BE(at);
    values.push(body.subarray(at + 4, at + 4 + length).toString());
    at += 4 + length;
  }
  return values;
}

const server = createServer((socket) => new Client(socket));
server.listen(0, "127.0.0.1", () => {
  const url = `postgres://postgres@127.0.0.1:${server.address().port}/postgres`;
  const [program, ...args] = process.argv.slice(2);
  if (!program) return console.log(url);
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, TEST_TIMESCALE_URL: url, TEST_STORE: "timescale" } });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => process.exit(code ?? 1));
});
