// What happens, as it happens: the event stream, resumed where it broke off, and a
// clock in its place where there is none.
import { useEffect, useState } from "./lib.js";
import { get, request } from "./api.js";

// A stream without a byte for so long is dead: it has one every ten seconds.
const SILENCE = 25_000;
// What is looked at by the clock while there is no stream.
const POLL = 5_000;
// A page that nobody sees gives its connection back after this time: browsers have
// six of them for all tabs together.
const HIDDEN = 15_000;

const listeners = new Set();
const watchers = new Set();

// state is "starting", "live", "polling", "lost" or "paused" (in the background).
let state = { name: "starting", since: Date.now(), why: "" };
let last = 0;
let attempt = 0;
let stream = null;

function change(name, why = "") {
  if (state.name === name && state.why === why) return;
  state = { name, why, since: state.name === name ? state.since : Date.now() };
  for (const f of watchers) f(state);
}

// tell hands an event on. Two are the page's own: "tick", and "gap" when events may
// be missing, after which everything is to be asked for again.
function tell(event) {
  for (const f of [...listeners]) f(event);
}

// listen has f called with every event until the returned function is called.
export function listen(f) {
  listeners.add(f);
  return () => listeners.delete(f);
}

// useLive returns how live the page is.
export function useLive() {
  const [now, set] = useState(state);
  useEffect(() => {
    set(state);
    watchers.add(set);
    return () => watchers.delete(set);
  }, []);
  return now;
}

const pause = (ms, signal) => new Promise((done) => {
  const timer = setTimeout(done, ms);
  signal?.addEventListener("abort", () => { clearTimeout(timer); done(); });
});

// read takes the messages out of a stream's body.
async function read(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    const messages = (rest + value).split(/\r\n\r\n|\n\n/);
    rest = messages.pop();
    for (const message of messages) take(message);
  }
}

function take(message) {
  let id = 0;
  let data = "";
  for (const line of message.split(/\r?\n/)) {
    if (line.startsWith("id: ")) id = Number(line.slice(4));
    if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (!data) return;
  const event = JSON.parse(data);
  if (id) last = id;
  tell({ ...event, number: id });
}

// attach reads the stream until it ends.
async function attach(abort) {
  let watchdog;
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => abort.abort(), SILENCE);
  };
  try {
    alive();
    const resumed = last !== 0;
    const answer = await request("GET", "v2/events", {
      signal: abort.signal, query: { event_type: "*", "plan-format": "light", forward: "true" },
      headers: { Accept: "text/event-stream", ...(resumed ? { "Last-Event-ID": String(last) } : {}) },
    });
    change("live");
    attempt = 0;
    if (!resumed) tell({ eventType: "gap" });
    await read(answer.body, alive);
  } finally {
    clearTimeout(watchdog);
  }
}

async function follow() {
  for (;;) {
    if (document.hidden) {
      change("paused");
      await new Promise((shown) => document.addEventListener("visibilitychange", shown, { once: true }));
      continue;
    }
    stream = new AbortController();
    let refused = null;
    try {
      await attach(stream);
    } catch (e) {
      refused = e;
    }
    if (document.hidden) continue;
    if (refused?.status === 404 || refused?.status === 405) {
      change("polling", "the scheduler has no stream of events");
      await pause(POLL);
      tell({ eventType: "tick" });
      continue;
    }
    if (refused?.status === 401) change("lost", refused.message);
    else if (attempt > 0 || refused?.status) change("lost", refused?.message || "the connection broke off");
    attempt++;
    await pause(Math.min(5_000, 250 * 2 ** attempt) * (0.75 + Math.random() / 2));
  }
}

let hiding;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(() => document.hidden && stream?.abort(), HIDDEN);
});

// begin learns where the stream is, so that nothing is missed between what the page
// shows first and the first event, and then follows it.
export async function begin() {
  try {
    last = (await get("v3/events", { limit: 1 })).last;
  } catch {
    last = 0;
  }
  follow();
}
