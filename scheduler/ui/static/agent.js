// One agent and what runs on it.
import { html } from "./lib.js";
import { useAsked } from "./asked.js";
import { ask, path } from "./api.js";
import { confirm } from "./doing.js";
import { Answer, Command, Tag, Time, readOnly } from "./parts.js";
import { Pack, States } from "./agents.js";
import { toApp } from "./place.js";
import { colour, tenantOf } from "./tenants.js";
import { amount, many, number, resources, shortTask } from "./words.js";

const EVERY = 5_000;
const TASKS = 500;

export function Agent({ id }) {
  const agent = useAsked(path("v3/agents/", id), { query: { embed: ["apps", "tasks"] }, when: (e) => e.agentId === id || e.slaveId === id, every: EVERY });
  const shares = useAsked("v3/queues", { every: EVERY });
  const held = shares.data?.heldAgents.find((h) => h.agentId === id);
  return html`<${Answer} of=${agent} what=${`Agent ${id}`}>${(a) => html`
    <div class="title"><h1 tabindex="-1">${a.hostname}</h1>${!readOnly && html`<${Actions} of=${a} again=${agent.again} />`}</div>
    <div class="summary"><${States} of=${a} held=${held} />${a.markGone && html`<${Tag} kind="bad">gone once drained<//>`}
      <span class="faint"><code>${a.id}</code></span><span class="faint">${a.address}</span>
      ${(a.region || a.zone) && html`<span class="faint">${[a.region, a.zone].filter(Boolean).join(", ")}</span>`}
      <span class="faint">Mesos ${a.version}</span><span class="faint">registered <${Time} at=${a.registered} /></span></div>
    <div class="use">${resources.filter((r) => a.total[r.name] > 0).map((r) => html`<div key=${r.name} class="bar-line"><span class="bar-name">${r.label}</span><${Pack} of=${a} resource=${r} tall /></div>`)}</div>
    <h2>Apps here</h2><${Occupants} of=${a} />
    <${Command}>gantry agent show ${id}<//>`}<//>`;
}

function Occupants({ of: a }) {
  if (a.apps.length === 0) return html`<p class="empty">No task of ours.</p>`;
  const shown = resources.filter((r) => a.apps.some((p) => p.used[r.name] > 0));
  const tasks = new Map();
  for (const id of a.tasks.slice(0, TASKS)) {
    const app = "/" + id.split(".instance-")[0].replaceAll("_", "/");
    tasks.set(app, [...(tasks.get(app) || []), id]);
  }
  return html`<div class="scroll"><table><thead><tr><th scope="col">App</th><th scope="col" class="num">Tasks</th>${shown.map((r) => html`<th scope="col" class="num">${r.label}</th>`)}<th scope="col">Logs</th></tr></thead>
    <tbody>${a.apps.map((p) => html`<tr key=${p.app}><td><span class=${`swatch ${colour(tenantOf(p.app))}`}></span> <a href=${toApp(p.app)}>${p.app}</a></td><td class="num">${number(p.tasks)}</td>
      ${shown.map((r) => html`<td class="num">${amount(r, p.used[r.name])}</td>`)}
      <td>${(tasks.get(p.app) || []).map((id) => html`<a href=${toApp(p.app, { tab: "logs", task: id })}><code>${shortTask(id)}</code></a> `)}</td></tr>`)}</tbody></table></div>`;
}

function Actions({ of: a, again }) {
  const act = (what, query, text) => async (v) => {
    await ask("POST", path("v3/agents/", a.id, `/${what}`), { query: query?.(v), body: {} });
    again();
    return { text };
  };
  const drain = () => confirm({
    title: `Drain ${a.hostname}?`, button: "Drain", danger: true, command: (v) => `gantry agent drain --yes${v.grace.trim() && ` --max-grace-period ${v.grace.trim()}`}${v.gone ? " --mark-gone" : ""} ${a.id}`,
    fields: [{ name: "grace", label: "Grace period at most", kind: "text", value: "", help: "such as 30s or 5m; empty leaves that of each app" }, { name: "gone", label: "Mark it as gone afterwards: it can never come back", kind: "checkbox", value: false }],
    what: html`<p>All tasks on this agent will be ended, those of other frameworks, too: ${many(a.tasks.length, "task")} of ours. They start again on other agents. Nothing is placed here until it is taken back.</p>`,
    act: act("drain", (v) => ({ maxGracePeriod: v.grace.trim(), markGone: v.gone ? "true" : undefined }), `${a.hostname} is being drained.`),
  });
  const undrain = () => confirm({
    title: `Take ${a.hostname} back?`, button: "Take it back", command: `gantry agent undrain ${a.id}`,
    what: html`<p>The agent offers its resources again.</p>`, act: act("undrain", null, `${a.hostname} is taken back.`),
  });
  const gone = () => confirm({
    title: `Mark ${a.hostname} as gone?`, button: "It is gone", danger: true, command: `gantry agent gone --yes ${a.id}`,
    fields: [{ name: "sure", label: "This machine never comes back", kind: "checkbox", value: false }],
    what: html`<p>The master forgets the agent. Its ${many(a.tasks.length, "task")} of ours count as ended and are replaced, and the agent can never register again.</p>`,
    act: async (v) => {
      if (!v.sure) throw new Error("tick the box to say that it never comes back: nothing was changed");
      return act("gone", null, `${a.hostname} is marked as gone.`)(v);
    },
  });
  return html`<span class="actions">${a.state === "active" || a.state === "inactive" ? html`<button onClick=${drain}>Drain…</button>` : html`<button onClick=${undrain}>Take back…</button>`}
    <button class="danger" onClick=${gone}>Mark as gone…</button></span>`;
}
