// Watchers of the live view, many in one process: node watchers.mjs PORT TOKEN
// Each line on standard input is {"do": ...}, one of those below; its answer is one line of JSON.
//
// They read WebSocket frames off the sockets themselves, and read a text that came to others too only once:
// so a thousand of them cost little beside the collector that they measure.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { createInterface } from "node:readline";

const [port, token] = process.argv.slice(2);

const OPENED_AT_ONCE = 16;
const STEP_TIMEOUT_MS = 20_000;
const TEXT = 1;
const CLOSE = 8;
const FIN = 0x80;
// RFC 6455, section 7.4.1: a normal end; an end without a closing handshake.
const NORMAL = 1000;
const ABNORMAL = 1006;
// Clients mask what they send. This key changes nothing, and is as good as another where no browser is involved.
const NO_MASK = [0, 0, 0, 0];
const ANSWER_START = Buffer.from('{"messageId"');
// How many of the last texts are compared with a new one.
const COMPARED_TEXTS = 64;

let watchers = [];
let texts = [];
let traceCount = 0;

function clientFrame(opcode, payload) {
  const { length } = payload;
  if (length > 125) throw new Error("the watchers send only short frames");
  const header = Buffer.from([FIN | opcode, FIN | length, ...NO_MASK]);
  return Buffer.concat([header, payload]);
}

const closeFrame = (code) => clientFrame(CLOSE, Buffer.from([code >> 8, code & 0xff]));
const textFrame = (message) => clientFrame(TEXT, Buffer.from(JSON.stringify(message)));

// The same clock as Python's time.monotonic_ns().
function monotonicMicroseconds() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1000);
}

class Watcher {
  constructor() {
    this.closeCode = null;
    this.textNumbers = [];
    this.receivedMicroseconds = [];
    this.unread = Buffer.alloc(0);
    this.isUpgraded = false;
    this.acknowledged = new Promise((resolve) => (this.acknowledge = resolve));
    this.closed = new Promise((resolve) => (this.close = resolve));
  }

  async open(details) {
    this.socket = connect({ host: "127.0.0.1", port: Number(port), noDelay: true });
    this.socket.on("data", (chunk) => this.read(chunk));
    this.socket.on("error", () => this.socket.destroy());
    this.socket.on("close", () => {
      this.closeCode ??= ABNORMAL;
      this.close();
    });
    this.socket.write(
      [
        "GET /api/ws HTTP/1.1",
        `Host: 127.0.0.1:${port}`,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
        `Authorization: Bearer ${token}`,
        "\r\n",
      ].join("\r\n"),
    );
    this.details = details;
    await inTime(Promise.race([this.acknowledged, this.closed]), "a handshake");
    if (this.closeCode !== null) throw new Error(`a watcher was closed with ${this.closeCode} as it began`);
  }

  read(chunk) {
    const now = monotonicMicroseconds();
    this.unread = this.unread.length ? Buffer.concat([this.unread, chunk]) : chunk;
    if (!this.isUpgraded && !this.readResponse()) return;
    while (this.readFrame(now));
  }

  readResponse() {
    const end = this.unread.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const status = this.unread.toString("latin1", 0, end).split("\r\n")[0];
    if (!status.startsWith("HTTP/1.1 101 ")) throw new Error(`the handshake was answered: ${status}`);
    this.isUpgraded = true;
    this.unread = this.unread.subarray(end + 4);
    this.socket.write(textFrame({ messageId: "1", type: "subscribe", details: this.details }));
    return true;
  }

  readFrame(now) {
    const { unread } = this;
    if (unread.length < 2) return false;
    let start = 2;
    let length = unread[1];
    if (length >= 126) {
      start = length === 126 ? 4 : 10;
      if (unread.length < start) return false;
      length = length === 126 ? unread.readUInt16BE(2) : Number(unread.readBigUInt64BE(2));
    }
    if (unread.length < start + length) return false;
    const payload = unread.subarray(start, start + length);
    this.unread = unread.subarray(start + length);
    if (unread[0] === (FIN | TEXT)) this.take(payload, now);
    else if (unread[0] === (FIN | CLOSE)) this.answerClose(payload);
    else throw new Error(`a frame begins with 0x${unread[0].toString(16)}`);
    return true;
  }

  take(payload, now) {
    // Only answers and pings begin with their id, and they are of this one watcher.
    if (payload.subarray(0, ANSWER_START.length).equals(ANSWER_START)) {
      const message = JSON.parse(payload.toString());
      if (message.type === "ping") this.socket.write(textFrame({ messageId: message.messageId, type: "pong" }));
      else if (message.type === "ack") this.acknowledge();
      else throw new Error(`a watcher was told: ${payload}`);
      return;
    }
    const number = numberOf(payload);
    this.textNumbers.push(number);
    this.receivedMicroseconds.push(now);
    traceCount += texts[number].traceIds.length;
  }

  answerClose(payload) {
    if (this.closeCode === null) {
      this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : ABNORMAL;
      this.socket.write(closeFrame(this.closeCode));
    }
    this.socket.end();
  }

  async leave() {
    if (this.closeCode === null) {
      this.closeCode = NORMAL;
      this.socket.write(closeFrame(NORMAL));
      // One that stalled reads again, or it would not learn that its close was answered.
      this.socket.resume();
    }
    await inTime(this.closed, "a closing handshake");
  }
}

// Texts are numbered as they first come; what others have received is not read again.
function numberOf(payload) {
  const oldest = Math.max(0, texts.length - COMPARED_TEXTS);
  for (let number = texts.length - 1; number >= oldest; number -= 1) {
    if (texts[number].payload.equals(payload)) return number;
  }
  const text = { payload: Buffer.from(payload), traceIds: [], spanIds: 0, dropped: 0 };
  for (const { type, details } of [JSON.parse(payload.toString())].flat()) {
    if (type === "traceUpdated") text.traceIds.push(details.traceId);
    else if (type === "spanAdded") text.spanIds += details.newSpans.length;
    else if (type === "tracesDropped") text.dropped += details.count;
    else throw new Error(`a watcher was sent a ${type}`);
  }
  return texts.push(text) - 1;
}

function inTime(promise, what) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} took too long`)), STEP_TIMEOUT_MS);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const actions = {
  // Opens one watcher for each of `details`, and returns when all subscriptions are acknowledged.
  async open({ details }) {
    watchers = details.map(() => new Watcher());
    texts = [];
    traceCount = 0;
    let next = 0;
    const openSome = async () => {
      while (next < watchers.length) {
        const index = next++;
        await watchers[index].open(details[index]);
      }
    };
    await Promise.all(Array.from({ length: OPENED_AT_ONCE }, openSome));
    return {};
  },
  // From now on the last watcher reads nothing.
  async stall() {
    watchers.at(-1).socket.pause();
    return {};
  },
  // Returns how many updates of traces all of them received, and the CPU time of this process.
  async state() {
    const { user, system } = process.cpuUsage();
    return { traceCount, cpuMicroseconds: user + system };
  },
  // The last watcher reads what is left for it, until it is closed.
  async resume() {
    watchers.at(-1).socket.resume();
    await inTime(watchers.at(-1).closed, "the end of the stalled watcher");
    return {};
  },
  async collect() {
    return {
      texts: texts.map(({ traceIds, spanIds, dropped }) => ({ traceIds, spanIds, dropped })),
      watchers: watchers.map(({ textNumbers, receivedMicroseconds, closeCode }) => ({
        textNumbers,
        receivedMicroseconds,
        closeCode,
      })),
    };
  },
  async close() {
    await Promise.all(watchers.map((watcher) => watcher.leave()));
    return {};
  },
};

console.log(JSON.stringify({}));
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  console.log(JSON.stringify(await actions[request.do](request)));
}
// Whoever asked is gone; open sockets would keep this process alive.
process.exit(0);
