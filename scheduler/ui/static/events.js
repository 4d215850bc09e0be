// What happens in the cluster, as it happens.
import { html, useEffect, useMemo, useRef, useState } from "./lib.js";
import { get } from "./api.js";
import { about } from "./applist.js";
import { listen } from "./live.js";
import { Command, Trouble } from "./parts.js";
import { Happening } from "./happening.js";
import { requery } from "./place.js";
import { eventName, number } from "./words.js";

const KEPT = 2000;
const SHOWN = 200;

// The page's own events, which nobody wants to see: "gap" without numbers is one.
const shownAt = (e) => e.eventType !== "tick" && (e.eventType !== "gap" || e.lastLost !== undefined);

export function Events({ query }) {
  const type = query.get("type") || "";
  const q = query.get("q") || "";
  const [list, setList] = useState([]);
  const [error, setError] = useState(null);
  const [paused, setPaused] = useState(false);
  const held = useRef(false);
  held.current = paused;
  useEffect(() => {
    let buffer = [];
    let due = 0;
    const flush = () => {
      due = 0;
      if (held.current || buffer.length === 0) return;
      const fresh = buffer.reverse();
      buffer = [];
      setList((was) => merged(fresh, was));
    };
    const unlisten = listen((e) => {
      if (!shownAt(e)) return;
      buffer.push(e);
      if (buffer.length > KEPT) buffer.shift();
    });
    const clock = setInterval(() => { due ||= requestAnimationFrame(flush); }, 250);
    return () => { unlisten(); clearInterval(clock); cancelAnimationFrame(due); };
  }, []);
  // What was before is asked for with the filters that the API has.
  useEffect(() => {
    const abort = new AbortController();
    const query = { limit: SHOWN, event_type: type, app: q.startsWith("/") ? q : "" };
    get("v3/events", query, abort.signal).then((kept) => setList((was) => merged(was, kept.events)), (e) => abort.signal.aborted || setError(e));
    return () => abort.abort();
  }, [type, q]);
  const types = useMemo(() => [...new Set(list.map((e) => e.eventType))].sort(), [list]);
  const shown = useMemo(() => list.filter((e) => (!type || e.eventType === type) && (!q || about(e).some((id) => id.includes(q)) || JSON.stringify(e).includes(q))), [list, type, q]);
  return html`<div class="title"><h1 tabindex="-1">Events</h1>
      <search class="filters">
        <label><span>Kind</span> <select value=${type} onChange=${(e) => requery({ type: e.target.value })}><option value="">all</option>${[...new Set([...types, ...(type ? [type] : [])])].map((t) => html`<option key=${t} value=${t}>${eventName(t)}</option>`)}</select></label>
        <label><span>Text</span> <input type="search" value=${q} placeholder="/an/app, a host, …" onInput=${(e) => requery({ q: e.target.value.trim() })} /></label>
        <button onClick=${() => setPaused(!paused)} aria-pressed=${paused}>${paused ? "Go on" : "Pause"}</button>
      </search><span class="faint">${number(shown.length)} of the newest ${number(list.length)}</span></div>
    ${error && html`<${Trouble} error=${error} what="What was before" />`}
    <ol class="timeline" aria-label="Events, the newest first">${shown.slice(0, SHOWN).map((e) => html`<${Happening} key=${e.number || e.timestamp} of=${e} withApp />`)}</ol>
    ${shown.length === 0 && html`<p class="empty">Nothing yet.</p>`}
    ${shown.length > SHOWN && html`<p class="faint">The newest ${SHOWN} of ${number(shown.length)}; filters show older ones.</p>`}
    <${Command}>gantry events${type && ` --type ${type}`}<//>`;
}

// merged puts newer events before older ones, each once.
function merged(newer, older) {
  const have = new Set(newer.map((e) => e.number).filter(Boolean));
  return [...newer, ...older.filter((e) => !have.has(e.number))].sort((a, b) => b.number - a.number || 0).slice(0, KEPT);
}
