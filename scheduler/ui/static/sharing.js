// How tenants share the cluster, and what each may have.
import { html } from "./lib.js";
import { useAsked } from "./asked.js";
import { ask, path } from "./api.js";
import { confirm } from "./doing.js";
import { Answer, Command, Time, readOnly } from "./parts.js";
import { Use } from "./use.js";
import { to, toApp } from "./place.js";
import { colour, tenantOf } from "./tenants.js";
import { amount, many, number, percent, resources } from "./words.js";

const EVERY = 3_000;

export function Sharing() {
  const shares = useAsked("v3/queues", { when: (e) => e.eventType === "instance_changed_event", every: EVERY });
  return html`<div class="title"><h1 tabindex="-1">Sharing</h1>${!readOnly && html`<button onClick=${() => add(shares.again)}>Set a quota…</button>`}</div>
    <${Answer} of=${shares} what="The shares">${(q) => html`
      <dl class="figures"><div><dt>Turns</dt><dd>${q.fairness === "drf" ? "dominant resource fairness" : "first come, first served"}</dd></div>
        <div><dt>Jain's index</dt><dd>${number(q.jainIndex)} <small>${q.jainIndex > 0.95 ? "those who wait have equal weighted shares" : "those who wait have unequal weighted shares"}</small></dd></div></dl>
      <section aria-labelledby="use"><h2 id="use">What is used, and by whom</h2><${Use} of=${q} /></section>
      <section aria-labelledby="queues"><h2 id="queues">Queues</h2><${Queues} of=${q} again=${shares.again} /></section>
      ${q.heldAgents.length > 0 && html`<section aria-labelledby="held"><h2 id="held">Agents held for large instances</h2>
        <ul>${q.heldAgents.map((h) => html`<li key=${h.agentId}><a href=${to(`agents/${h.agentId}`)}>${h.hostname || h.agentId}</a> for <a href=${toApp(h.app)}>${h.app}</a> since <${Time} at=${h.since} /></li>`)}</ul></section>`}
    `}<//>
    <${Command}>gantry queue shares<//>`;
}

// bounds says a guarantee or a limit.
const bounds = (b) => (b ? resources.filter((r) => b[r.name] !== undefined).map((r) => `${amount(r, b[r.name])} ${r.name}`).join(", ") : "");

function Queues({ of: q, again }) {
  const most = Math.max(0.0001, ...q.queues.map((s) => s.dominantShare?.weighted || 0));
  return html`<div class="scroll"><table class="queues"><thead><tr><th scope="col">Queue</th><th scope="col">Dominant share</th><th scope="col" class="num">of</th><th scope="col">By weight</th><th scope="col" class="num">Weight</th>
      <th scope="col">Guarantee</th><th scope="col">Limit</th><th scope="col" class="num">Instances</th><th scope="col" class="num">Waiting</th>${!readOnly && html`<th scope="col">Change</th>`}</tr></thead>
    <tbody>${q.queues.map((s) => html`<tr key=${s.queue}>
      <th scope="row">${s.queue !== "/" && html`<span class=${`swatch ${colour(tenantOf(s.queue + "/"))}`}></span> `}${s.queue === "/" ? "/ (all)" : html`<a href=${to("apps", { group: s.queue })}>${s.queue}</a>`}</th>
      <td><${Share} part=${s.dominantShare?.share || 0} most=${1} /></td><td class="num">${s.dominantShare?.resource || "–"}</td>
      <td><${Share} part=${s.dominantShare?.weighted || 0} most=${most} /></td><td class="num">${number(s.weight)}</td>
      <td>${bounds(s.guarantee) || html`<span class="faint">none</span>`}</td><td>${bounds(s.limit) || html`<span class="faint">none</span>`}${s.appsLimited > 0 && html` <span class="tag bad">keeps ${many(s.appsLimited, "app")} out</span>`}</td>
      <td class="num">${number(s.instances)}</td><td class="num">${number(s.waiting)}</td>
      ${!readOnly && html`<td><button class="small" onClick=${() => change(s, again)} aria-label=${`Change the quota of ${s.queue}`}>Change…</button>${s.quotaFrom === "api" && html` <button class="small" onClick=${() => reset(s, again)} aria-label=${`Reset the quota of ${s.queue}`}>Reset…</button>`}</td>`}</tr>`)}</tbody></table></div>`;
}

const Share = ({ part, most }) => html`<span class="share"><span class="bar" aria-hidden="true"><span class="part" style=${{ width: `${Math.min(100, (100 * part) / most)}%` }}></span></span> <span class="num">${percent(part)}</span></span>`;

// The fields of a quota; an empty one bounds nothing.
const fieldsOf = (s) => [
  { name: "weight", label: "Weight", kind: "number", value: String(s.weight || 1), min: 0.001, step: "any", help: "its part in relation to its siblings" },
  ...["guarantee", "limit"].flatMap((what) => resources.map((r) => ({
    name: `${what}.${r.name}`, label: `${what === "limit" ? "Limit" : "Guarantee"}: ${r.label}${r.unit && ` (${r.unit.trim()})`}`, kind: "number", min: 0, step: "any", value: String(s[what]?.[r.name] ?? ""),
  }))),
];

function quotaOf(v) {
  const quota = { weight: Number(v.weight) };
  for (const what of ["guarantee", "limit"]) {
    const given = resources.filter((r) => v[`${what}.${r.name}`] !== "");
    if (given.length) quota[what] = Object.fromEntries(given.map((r) => [r.name, Number(v[`${what}.${r.name}`])]));
  }
  return quota;
}

const whole = (queue) => path("v3/queues", queue === "/" ? "" : queue);

function said(queue, v) {
  const q = quotaOf(v);
  const list = (b) => resources.filter((r) => b?.[r.name] !== undefined).map((r) => `${r.name}=${b[r.name]}`).join(",");
  return `gantry queue set ${queue} --weight ${q.weight}${q.guarantee ? ` --guarantee ${list(q.guarantee)}` : ""}${q.limit ? ` --limit ${list(q.limit)}` : ""}`;
}

function change(s, again) {
  confirm({
    title: `The quota of ${s.queue}`, button: "Set it", fields: fieldsOf(s), command: (v) => said(s.queue, v),
    what: html`<p>What the queue may have, as a whole; an empty field bounds nothing, a limit of 0 allows nothing. It holds at once: nothing that runs is ended, the next instances are launched by it.</p>`,
    act: async (v) => {
      await ask("PUT", whole(s.queue), { body: quotaOf(v) });
      again();
      return { text: `The quota of ${s.queue} is set.` };
    },
  });
}

function add(again) {
  confirm({
    title: "Set a quota", button: "Set it", fields: [{ name: "queue", label: "Queue", kind: "text", value: "/", required: true, help: "a group's path, such as /prod" }, ...fieldsOf({})],
    command: (v) => said(v.queue, v),
    what: html`<p>A queue is a group, and all below it. An empty field bounds nothing, a limit of 0 allows nothing. It holds at once.</p>`,
    act: async (v) => {
      await ask("PUT", whole(v.queue.startsWith("/") ? v.queue : "/" + v.queue), { body: quotaOf(v) });
      again();
      return { text: `The quota of ${v.queue} is set.` };
    },
  });
}

function reset(s, again) {
  confirm({
    title: `Reset the quota of ${s.queue}?`, button: "Reset it", danger: true, command: `gantry queue reset ${s.queue}`,
    what: html`<p>What was set at run time is forgotten; what the scheduler was started with holds again, or nothing.</p>`,
    act: async () => {
      await ask("DELETE", whole(s.queue));
      again();
      return { text: `The quota of ${s.queue} is reset.` };
    },
  });
}
