// Messages of PostgreSQL's wire protocol, as far as the front reads and writes them itself.

/** A message: its type, its length, what it holds. */
export function message(type, ...parts) {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

/** The whole messages at the beginning of a buffer, and the rest. */
export function frontMessages(buffer) {
  const messages = [];
  let at = 0;
  while (at + 5 <= buffer.length) {
    const end = at + 1 + buffer.readInt32BE(at + 1);
    if (end > buffer.length) break;
    messages.push(buffer.subarray(at, end));
    at = end;
  }
  return [messages, buffer.subarray(at)];
}

/** A text that ends with a zero byte, and where what follows it begins. */
export function cString(buffer, from) {
  const end = buffer.indexOf(0, from);
  return [buffer.subarray(from, end).toString(), end + 1];
}

export const ready = (state) => message("Z", Buffer.from(state));

export function asError(code, said, severity = "ERROR") {
  return message("E", Buffer.from(`S${severity}\0V${severity}\0C${code}\0M${said}\0\0`));
}

export function textRow(values) {
  const parts = values.map((value) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(Buffer.byteLength(value));
    return Buffer.concat([length, Buffer.from(value)]);
  });
  const count = Buffer.alloc(2);
  count.writeInt16BE(values.length);
  return message("D", count, ...parts);
}

/** What a server says to a client that it lets in. */
export function startupAnswer() {
  const settings = { server_version: "17.5", server_encoding: "UTF8", client_encoding: "UTF8", DateStyle: "ISO, MDY", TimeZone: "UTC", standard_conforming_strings: "on", integer_datetimes: "on" };
  const statuses = Object.entries(settings).map(([name, value]) => message("S", Buffer.from(`${name}\0${value}\0`)));
  return Buffer.concat([message("R", Buffer.alloc(4)), ...statuses, message("K", Buffer.alloc(8)), ready("I")]);
}
