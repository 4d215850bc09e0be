// The tasks of an App.
import { html } from "./lib.js";
import { Command, Tag, Time, readOnly } from "./parts.js";
import { Rows } from "./rows.js";
import { to, toApp } from "./place.js";
import { kill } from "./appdo.js";
import { shortTask, stateName } from "./words.js";

const columns = [
  { name: "task", label: "Task" }, { name: "state", label: "State" }, { name: "health", label: "Health" }, { name: "host", label: "Host and ports" },
  { name: "version", label: "Version" }, { name: "age", label: "Age" }, { name: "do", label: "More" },
];

const kinds = { TASK_RUNNING: "good", TASK_STAGING: "busy", TASK_STARTING: "busy", TASK_KILLING: "busy" };

export function Instances({ of: a }) {
  return html`<${Rows} label=${`Instances of ${a.id}`} columns=${columns} items=${a.tasks} keyOf=${(t) => t.id} row=${(t) => cells(a, t)} empty="It has no task at present." />
    <${Command}>gantry task list ${a.id}<//>`;
}

function cells(a, t) {
  const check = t.healthCheckResults[0];
  return [
    html`<code title=${t.id}>${shortTask(t.id)}</code>`,
    html`<${Tag} kind=${kinds[t.state] || "bad"}>${stateName(t.state)}<//>`,
    check ? html`<${Tag} kind=${check.alive ? "good" : "bad"} title=${check.lastFailureCause}>${check.alive ? "healthy" : "unhealthy"}<//>` : html`<span class="faint">${a.healthChecks?.length ? "unknown" : "not checked"}</span>`,
    html`<a href=${to(`agents/${t.slaveId}`)} title=${`agent ${t.slaveId}`}>${t.host}</a>${t.ports.length > 0 && html`<span class="faint">:</span>${t.ports.join(", ")}`}`,
    t.version === a.version ? html`<${Time} at=${t.version} />` : html`<${Tag} kind="busy" title="not the newest version"><${Time} at=${t.version} /><//>`,
    html`<${Time} at=${t.startedAt || t.stagedAt} ago />`,
    html`<a href=${toApp(a.id, { tab: "logs", task: t.id })} aria-label=${`Log of ${shortTask(t.id)}`}>log</a>${!readOnly && html` <button class="small" onClick=${() => kill(a, t)} aria-label=${`Kill ${shortTask(t.id)}`}>Kill…</button>`}`,
  ];
}
