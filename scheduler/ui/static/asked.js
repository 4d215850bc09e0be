// What pages show: answers of the API, asked for again when something has happened.
import { useCallback, useEffect, useRef, useState } from "./lib.js";
import { get } from "./api.js";
import { listen } from "./live.js";

// How long after an event its consequences are asked for at the earliest, and how
// much of the time at most goes into asking.
const SOON = 150;
const SHARE = 10;
// When something is asked for again that could not be had, for a reason that passes.
export const AGAIN = 2_000;

export const passes = (error) => error.status === 0 || error.status >= 500;

// Refresher runs an asynchronous function now and then: soon after it is nudged, one
// run at a time, and the less often the longer it takes.
export class Refresher {
  constructor(run) {
    this.run = run;
    this.timer = 0;
    this.busy = this.again = this.ended = false;
    this.next = 0;
  }

  nudge(delay = SOON) {
    if (this.ended || this.timer) return;
    if (this.busy) {
      this.again = true;
      return;
    }
    this.timer = setTimeout(() => this.go(), Math.max(delay, this.next - performance.now()));
  }

  async go() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.ended) return;
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    this.again = false;
    const began = performance.now();
    await this.run();
    this.busy = false;
    this.next = performance.now() + SHARE * (performance.now() - began);
    if (this.again) this.nudge();
  }

  end() {
    this.ended = true;
    clearTimeout(this.timer);
  }
}

const always = () => true;

// ours are the page's own events, after which everything is asked for again.
export const ours = (event) => event.eventType === "gap" || event.eventType === "tick";

// useAsked returns {data, error, again} of a GET: asked at once, after events that
// when lets through, and every so many milliseconds if that is given. What was last
// answered stays until something else is.
export function useAsked(where, { query, when = always, every = 0 } = {}) {
  const key = where + JSON.stringify(query || {});
  const [answer, set] = useState({ key: "", data: undefined, error: null });
  const filter = useRef(when);
  filter.current = when;
  const refresher = useRef(null);
  useEffect(() => {
    if (!where) return undefined;
    const abort = new AbortController();
    const r = new Refresher(async () => {
      try {
        const data = await get(where, query, abort.signal);
        if (!abort.signal.aborted) set({ key, data, error: null });
      } catch (error) {
        if (abort.signal.aborted) return;
        set((was) => ({ key, data: was.key === key ? was.data : undefined, error }));
        if (passes(error)) setTimeout(() => r.nudge(), AGAIN);
      }
    });
    refresher.current = r;
    r.go();
    const unlisten = listen((e) => (ours(e) || filter.current(e)) && r.nudge());
    const clock = every ? setInterval(() => document.hidden || r.nudge(0), every) : 0;
    return () => {
      abort.abort();
      r.end();
      unlisten();
      clearInterval(clock);
    };
  }, [key, every]);
  const again = useCallback(() => refresher.current?.go(), []);
  return answer.key === key ? { ...answer, again } : { data: undefined, error: null, again };
}

// useNow returns the time, anew every so many milliseconds.
export function useNow(every = 1000) {
  const [now, set] = useState(Date.now);
  useEffect(() => {
    const clock = setInterval(() => set(Date.now()), every);
    return () => clearInterval(clock);
  }, [every]);
  return now;
}
