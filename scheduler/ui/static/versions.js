// What an App is, what it was, and the way back.
import { html } from "./lib.js";
import { useAsked } from "./asked.js";
import { path } from "./api.js";
import { about } from "./applist.js";
import { rollback } from "./appdo.js";
import { diff } from "./diff.js";
import { Answer, Command, readOnly } from "./parts.js";
import { requery } from "./place.js";
import { moment } from "./words.js";

// Members that tell of the App's state, or differ in any case.
const states = ["version", "versionInfo", "tasksStaged", "tasksRunning", "tasksHealthy", "tasksUnhealthy", "deployments", "tasks", "lastTaskFailure"];

// definition is an App's JSON without its state, indented.
export const definition = (app) => JSON.stringify(Object.fromEntries(Object.entries(app).filter(([name]) => !states.includes(name))), null, 2);

export function Versions({ of: a, query }) {
  const list = useAsked(path("v2/apps", a.id, "/versions"), { when: (e) => about(e).includes(a.id) });
  return html`<${Answer} of=${list} what="The versions">${({ versions }) => {
    const shown = versions.includes(query.get("version")) ? query.get("version") : versions[0];
    const base = versions.includes(query.get("base")) ? query.get("base") : versions[versions.indexOf(shown) + 1] || "";
    const name = (v) => `${moment(v)}${v === a.version ? " (current)" : ""}`;
    return html`<div class="filters">
        <label><span>Version</span> <select value=${shown} onChange=${(e) => requery({ version: e.target.value })}>${versions.map((v) => html`<option key=${v} value=${v}>${name(v)}</option>`)}</select></label>
        <label><span>compared with</span> <select value=${base} onChange=${(e) => requery({ base: e.target.value })}><option value="">nothing</option>${versions.filter((v) => v !== shown).map((v) => html`<option key=${v} value=${v}>${name(v)}</option>`)}</select></label>
        ${!readOnly && shown !== a.version && html`<button onClick=${() => rollback(a, shown)}>Take it back to this version…</button>`}
      </div>
      <${Compared} id=${a.id} shown=${shown} base=${query.get("base") === "" ? "" : base} />
      <${Command}>gantry app versions ${a.id}<//>`;
  }}<//>`;
}

function Compared({ id, shown, base }) {
  const now = useAsked(path("v2/apps", id, "/versions/", shown), { when: () => false });
  const was = useAsked(base ? path("v2/apps", id, "/versions/", base) : "", { when: () => false });
  if (base && was.data === undefined) return html`<${Answer} of=${was} what="The version" />`;
  return html`<${Answer} of=${now} what="The version">${(app) => {
    const lines = base ? diff(definition(was.data), definition(app)) : definition(app).split("\n").map((text) => ({ kind: "same", text }));
    const changed = lines.filter((l) => l.kind !== "same").length;
    return html`${base && html`<p class="faint">${changed === 0 ? "They do not differ." : `${changed} lines differ: − was, + is.`}</p>`}
      <pre class="diff" tabindex="0" role="region" aria-label="Configuration">${lines.map((l) => html`<span class=${l.kind}>${{ same: "  ", gone: "− ", new: "+ " }[l.kind]}${l.text}${"\n"}</span>`)}</pre>`;
  }}<//>`;
}
