// Deployments: what is under way, step by step, and what has been.
import { html } from "./lib.js";
import { useAsked } from "./asked.js";
import { ask } from "./api.js";
import { confirm } from "./doing.js";
import { Answer, Command, Health, Tag, Time, readOnly } from "./parts.js";
import { toApp } from "./place.js";
import { actionName, many, shortId } from "./words.js";

const EVERY = 3_000;

export function Deployments() {
  return html`<h1 tabindex="-1">Deployments</h1>
    <section aria-labelledby="running"><h2 id="running">Under way</h2><${DeploymentList} empty="None." /></section>
    <section aria-labelledby="history"><h2 id="history">What has been</h2><${History} /></section>
    <${Command}>gantry deployment list<//>`;
}

// affects are the events after which deployments look different.
const affects = (e) => e.eventType.startsWith("deployment_") || e.eventType.startsWith("group_") || e.eventType === "instance_changed_event";

// DeploymentList shows those under way, or those that affect one App.
export function DeploymentList({ app, empty }) {
  const list = useAsked("v2/deployments", { when: affects, every: EVERY });
  const shown = (list.data || []).filter((d) => !app || d.affectedApps.includes(app));
  const now = shown.flatMap((d) => d.currentActions.map((a) => a.app));
  const apps = useAsked(now.length ? "v3/apps" : "", { query: { app: [...new Set(now)].sort().slice(0, 50), embed: "explanation" }, when: affects, every: EVERY });
  const briefs = new Map((apps.data?.apps || []).map((a) => [a.id, a]));
  return html`<${Answer} of=${list} what="The deployments">${() => (shown.length ? shown.map((d) => html`<${Deployment} key=${d.id} of=${d} briefs=${briefs} />`) : html`<p class="empty">${empty}</p>`)}<//>`;
}

function Deployment({ of: d, briefs }) {
  return html`<article class="deployment" id=${d.id} aria-labelledby=${`d-${d.id}`}>
    <div class="line"><h3 id=${`d-${d.id}`}><code title=${d.id}>${d.id}</code></h3>
      <span>step ${d.currentStep} of ${d.totalSteps}</span>
      <span class="faint">since <${Time} at=${d.version} /> (<${Time} at=${d.version} ago />)</span>
      ${!readOnly && html`<span class="actions"><button onClick=${() => cancel(d, false)}>Cancel…</button><button onClick=${() => cancel(d, true)}>Stop…</button></span>`}
    </div>
    <ol class="steps">${d.steps.map((s, n) => html`<li key=${n} class=${n + 1 < d.currentStep ? "done" : n + 1 === d.currentStep ? "now" : "later"} aria-current=${n + 1 === d.currentStep ? "step" : undefined}>
      ${s.actions.slice(0, 50).map((a) => html`<${Action} key=${a.app} of=${a} now=${n + 1 === d.currentStep} brief=${briefs.get(a.app)} />`)}
      ${s.actions.length > 50 && html`<span class="faint">and ${many(s.actions.length - 50, "more app")}</span>`}
    </li>`)}</ol>
  </article>`;
}

function Action({ of: a, now, brief }) {
  return html`<div class="action"><span class="verb">${actionName(a.action)}</span> <a href=${toApp(a.app)}>${a.app}</a>
    ${now && brief && html` <${Health} of=${brief} /> <span class="faint">${brief.tasksRunning} of ${brief.instances} running</span>
      ${brief.explanation && html`<span class="why"> ${brief.explanation}</span>`}`}</div>`;
}

function cancel(d, force) {
  const apps = d.affectedApps.join(", ");
  confirm({
    title: force ? "Stop this deployment where it is?" : "Cancel this deployment?", button: force ? "Stop it" : "Cancel it", danger: true,
    command: `gantry deployment cancel ${d.id}${force ? " --force" : ""}`,
    what: force ? html`<p>Deployment <code>${d.id}</code> ends at once. ${apps} ${d.affectedApps.length === 1 ? "stays" : "stay"} as far as it has come, with the new configuration.</p>`
      : html`<p>Deployment <code>${d.id}</code> is undone: a new deployment takes ${apps} back to what was before it.</p>`,
    act: async () => {
      const r = await ask("DELETE", `v2/deployments/${d.id}`, { query: { force: force || undefined } });
      return force ? { text: `Deployment ${shortId(d.id)} is stopped.` } : { text: "It is being undone.", deployment: r.deploymentId };
    },
  });
}

const endings = ["deployment_success", "deployment_failed"];

// History shows the deployments that have ended, as far as their events are kept.
export function History({ app }) {
  const kept = useAsked("v3/events", { query: { event_type: endings, app, limit: 100 }, when: (e) => endings.includes(e.eventType) });
  return html`<${Answer} of=${kept} what="The history">${({ events }) => (events.length === 0 ? html`<p class="empty">None that the leader remembers: it keeps the newest 65,536 events since it began to lead.</p>`
    : html`<div class="scroll"><table><thead><tr><th scope="col">Ended</th><th scope="col">Deployment</th><th scope="col">How</th><th scope="col">What it did</th></tr></thead>
      <tbody>${events.map((e) => html`<tr key=${e.number}><td><${Time} at=${e.timestamp} /></td><td><code title=${e.plan.id}>${shortId(e.plan.id)}</code></td>
        <td>${e.eventType === "deployment_success" ? html`<${Tag} kind="good">done<//>` : html`<${Tag} kind="bad">failed<//> ${e.reason || ""}`}</td>
        <td>${e.plan.steps.flatMap((s) => s.actions).slice(0, 6).map((a, n) => html`${n > 0 && ", "}${actionName(a.action)} <a href=${toApp(a.app)}>${a.app}</a>`)}</td></tr>`)}</tbody></table></div>`)}<//>`;
}
