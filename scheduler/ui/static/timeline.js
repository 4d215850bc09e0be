// What happened to an App, the newest first.
import { html } from "./lib.js";
import { useAsked } from "./asked.js";
import { about } from "./applist.js";
import { Answer, Command } from "./parts.js";
import { Happening } from "./happening.js";

const SHOWN = 200;

export function Timeline({ id }) {
  const kept = useAsked("v3/events", { query: { app: id, limit: SHOWN }, when: (e) => about(e).includes(id) });
  return html`<${Answer} of=${kept} what="The timeline">${({ events }) => (events.length === 0 ? html`<p class="empty">The leader remembers nothing of it: it keeps the newest 65,536 events since it began to lead.</p>`
    : html`<ol class="timeline">${events.map((e) => html`<${Happening} key=${e.number} of=${e} />`)}</ol>${events.length === SHOWN && html`<p class="faint">The newest ${SHOWN}.</p>`}`)}<//>
    <${Command}>gantry events<//>`;
}
