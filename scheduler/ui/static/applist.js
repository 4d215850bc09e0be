// All Apps in brief, kept up to date: after an event only those that it is about are
// asked for again.
import { useEffect, useState } from "./lib.js";
import { AGAIN, Refresher, ours, passes } from "./asked.js";
import { get } from "./api.js";
import { listen } from "./live.js";

// With more changes than this, all Apps are asked for.
const FEW = 150;
// A request's address stays short enough for proxies.
const AT_ONCE = 50;
// Now and then everything is asked for again: not every change has an event.
const ANEW = 60_000;

// about returns the ids of the Apps that an event is about.
export function about(e) {
  if (e.plan) return e.plan.steps.flatMap((s) => s.actions.map((a) => a.app));
  const id = e.appId || e.runSpecId || e.appDefinition?.id;
  return id ? [id] : [];
}

// useApps returns {apps, error}: the Apps in the order of their ids that the filter,
// members of a query, lets through. Without answer apps is undefined.
export function useApps(filter) {
  const [state, set] = useState({ apps: undefined, error: null });
  const key = JSON.stringify(filter);
  useEffect(() => {
    const abort = new AbortController();
    let have = null;
    let changed = new Set();
    let loaded = 0;
    const show = (error = null) => set({ apps: have ? [...have.values()] : undefined, error });
    const all = async () => {
      changed = new Set();
      const { apps } = await get("v3/apps", filter, abort.signal);
      apps.sort((a, b) => (a.id < b.id ? -1 : 1));
      have = new Map(apps.map((a) => [a.id, a]));
      loaded = performance.now();
    };
    const some = async () => {
      const wanted = [...changed];
      changed = new Set();
      let added = false;
      for (let n = 0; n < wanted.length; n += AT_ONCE) {
        const part = wanted.slice(n, n + AT_ONCE);
        const { apps } = await get("v3/apps", { ...filter, app: part }, abort.signal);
        const found = new Map(apps.map((a) => [a.id, a]));
        for (const id of part) {
          added ||= found.has(id) && !have.has(id);
          if (found.has(id)) have.set(id, found.get(id));
          else have.delete(id);
        }
      }
      if (added) have = new Map([...have].sort(([a], [b]) => (a < b ? -1 : 1)));
    };
    const r = new Refresher(async () => {
      try {
        if (!have || changed.size > FEW || performance.now() - loaded > ANEW) await all();
        else await some();
        if (!abort.signal.aborted) show();
      } catch (error) {
        if (abort.signal.aborted) return;
        show(error);
        loaded = -ANEW;
        if (passes(error)) setTimeout(() => r.nudge(), AGAIN);
      }
    });
    set({ apps: undefined, error: null });
    r.go();
    const unlisten = listen((e) => {
      if (ours(e)) loaded = -ANEW;
      const ids = about(e);
      for (const id of ids) changed.add(id);
      if (ids.length || ours(e)) r.nudge();
    });
    const clock = setInterval(() => document.hidden || r.nudge(0), 10_000);
    return () => {
      abort.abort();
      r.end();
      unlisten();
      clearInterval(clock);
    };
  }, [key]);
  return state;
}
