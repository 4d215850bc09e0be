// The agents, each as a bar that its tasks fill.
import { html, useMemo } from "./lib.js";
import { useAsked } from "./asked.js";
import { Answer, Command, Count, Tag } from "./parts.js";
import { Rows } from "./rows.js";
import { go, requery, to } from "./place.js";
import { colour, tenantOf } from "./tenants.js";
import { amount, many, number, percent, resources, shortAgent } from "./words.js";

const EVERY = 5_000;

const columns = [
  { name: "host", label: "Agent" }, { name: "pack", label: "CPUs" }, { name: "pack", label: "Memory" }, { name: "tasks", label: "Tasks", kind: "num" },
  { name: "zone", label: "Region, zone" }, { name: "state", label: "State" },
];

const tells = (e) => e.eventType === "instance_changed_event" || e.eventType === "agent_avoided_event";

export function Agents({ query }) {
  const q = query.get("q") || "";
  const agents = useAsked("v3/agents", { query: { embed: "apps" }, when: tells, every: EVERY });
  const shares = useAsked("v3/queues", { every: EVERY });
  const held = new Map((shares.data?.heldAgents || []).map((h) => [h.agentId, h]));
  return html`<div class="title"><h1 tabindex="-1">Agents</h1>
      <search class="filters"><label><span>Search</span> <input type="search" value=${q} placeholder="host, id, region, zone, state" onInput=${(e) => requery({ q: e.target.value.trim() })} /></label></search></div>
    <${Answer} of=${agents} what="The agents">${(d) => html`<${List} agents=${d.agents} held=${held} q=${q.toLowerCase()} />`}<//>
    <${Command}>gantry agent list<//>`;
}

// States says all that is out of the ordinary with an agent.
export function States({ of: a, held }) {
  const kind = { active: "good", draining: "busy", drained: "busy" }[a.state] || "bad";
  return html`<${Tag} kind=${kind}>${a.state}<//>${a.avoided && html` <${Tag} kind="bad" title="tasks failed there by its fault: it is tried last">avoided<//>`}${held && html` <${Tag} kind="busy" title=${`until an instance of ${held.app} fits there`}>held for ${held.app}<//>`}`;
}

function List({ agents, held, q }) {
  const shown = useMemo(() => {
    const fits = (a) => [a.hostname, a.id, a.region, a.zone, a.state, a.avoided && "avoided"].some((t) => t && t.toLowerCase().includes(q));
    return agents.filter((a) => !q || fits(a)).sort((a, b) => a.hostname.localeCompare(b.hostname, undefined, { numeric: true }));
  }, [agents, q]);
  const tenants = useMemo(() => [...new Set(agents.flatMap((a) => a.apps.map((p) => tenantOf(p.app))))].sort(), [agents]);
  for (const t of tenants) colour(t);
  const cells = (a) => [
    html`<a href=${to(`agents/${a.id}`)} title=${a.id}>${a.hostname}</a> <span class="faint">${shortAgent(a.id)}</span>`,
    html`<${Pack} of=${a} resource=${resources[0]} />`, html`<${Pack} of=${a} resource=${resources[1]} />`,
    number(a.apps.reduce((n, p) => n + p.tasks, 0)), [a.region, a.zone].filter(Boolean).join(", "), html`<${States} of=${a} held=${held.get(a.id)} />`,
  ];
  return html`<p class="legend"><${Count} shown=${shown.length} total=${agents.length} noun="agent" />
      ${tenants.slice(0, 24).map((t) => html`<span key=${t}><span class=${`swatch ${colour(t)}`}></span> ${t}</span>`)}${tenants.length > 24 && html`<span class="faint">and ${many(tenants.length - 24, "more tenant")}</span>`}
      <span><span class="swatch others"></span> others and executors</span> <span><span class="swatch free"></span> free</span></p>
    <${Rows} label="Agents" columns=${columns} items=${shown} keyOf=${(a) => a.id} row=${cells} enter=${(a) => go(to(`agents/${a.id}`))} empty=${q ? "No agent fits the search." : "No agent is registered with the master."} />`;
}

// parts are what fills an agent: our Apps, each in one piece per task, and the rest.
function parts(a, name) {
  const ours = a.apps.filter((p) => p.used[name] > 0);
  const used = ours.reduce((sum, p) => sum + p.used[name], 0);
  return { ours, others: Math.max(0, a.allocated[name] - used) };
}

// Pack is the bar of one resource of an agent.
export function Pack({ of: a, resource: r, tall = false }) {
  const total = a.total[r.name];
  const { ours, others } = parts(a, r.name);
  const used = a.allocated[r.name];
  const text = `${amount(r, used)} of ${amount(r, total)} (${percent(total ? used / total : 0)})`;
  const width = (n) => ({ width: `${total ? (100 * n) / total : 0}%` });
  return html`<span class=${`pack ${tall ? "tall" : ""}`}><span class="bar" role="img" aria-label=${`${r.label}: ${text} used by ${many(a.apps.length, "app")}`} title=${text}>
      ${ours.map((p) => html`<span key=${p.app} class=${`piece ${colour(tenantOf(p.app))}`} style=${{ ...width(p.used[r.name]), "--tasks": p.tasks }} title=${`${p.app}: ${many(p.tasks, "task")}, ${amount(r, p.used[r.name])}`}></span>`)}
      ${others > 0 && html`<span class="others" style=${width(others)} title=${`others and executors: ${amount(r, others)}`}></span>`}
    </span>${tall && html`<span class="bar-text">${text}</span>`}</span>`;
}
