// The overview: what there is, who has it, what waits, and what somebody should look at.
import { html } from "./lib.js";
import { useAsked } from "./asked.js";
import { confirm } from "./doing.js";
import { ask } from "./api.js";
import { Answer, Command, Time, readOnly } from "./parts.js";
import { DeploymentList } from "./deployments.js";
import { Use } from "./use.js";
import { to, toApp } from "./place.js";
import { many, number } from "./words.js";

const EVERY = 5_000;
const WAITING = 12;

export function Overview() {
  const status = useAsked("v3/status", { every: EVERY });
  const queues = useAsked("v3/queues", { every: EVERY });
  const waiting = useAsked("v3/apps", { query: { waiting: "true", embed: "explanation", limit: WAITING }, every: EVERY });
  return html`<h1 tabindex="-1">Overview</h1>
    <${Answer} of=${status} what="The status">${(s) => html`
      <${Alarms} of=${s} />
      <${Figures} of=${s} />
    `}<//>
    <div class="columns">
      <section aria-labelledby="use"><h2 id="use">What is used, and by whom</h2>
        <${Answer} of=${queues} what="The use">${(q) => html`<${Use} of=${q} />`}<//>
      </section>
      <section aria-labelledby="waits"><h2 id="waits">What waits</h2>
        <${Answer} of=${waiting} what="What waits">${(w) => html`<${Waiting} of=${w} />`}<//>
      </section>
    </div>
    <section aria-labelledby="running"><h2 id="running">Deployments under way</h2><${DeploymentList} empty="None: every app has reached its goal or waits for room." /></section>
    <${Command}>gantry app list<//>`;
}

function Figures({ of: s }) {
  const n = s.instances;
  const figures = [
    ["Apps", number(s.apps), "", "apps"],
    ["Instances running", number(n.running), `of ${number(n.wanted)}`],
    ["Starting", number(n.staged)],
    ["Waiting", number(n.waiting), n.waiting ? `in ${many(s.appsWaiting, "app")}` : "", n.waiting ? "apps?waiting=true" : ""],
    ["Unhealthy", number(n.unhealthy)],
    ["Deployments", number(s.deployments), "", "deployments"],
  ];
  return html`<dl class="figures">
    ${figures.map(([label, value, more, where]) => html`<div key=${label}><dt>${label}</dt><dd>${where ? html`<a href=${where}>${value}</a>` : value} <small>${more}</small></dd></div>`)}
    <div><dt>Leader</dt><dd class="words">${s.leader || "none"}<small> ${s.version}</small></dd></div>
    <div><dt>Mesos master</dt><dd class="words">${s.master ? html`${s.master.address}<small> ${s.master.hostname}</small>` : "none"}</dd></div>
  </dl>`;
}

// Alarms are what somebody should look at.
function Alarms({ of: s }) {
  const alarms = [];
  if (!s.master) alarms.push(html`<p><b>No Mesos master.</b> The scheduler is not subscribed with a master: what runs goes on, nothing is launched or ended. It goes on trying.</p>`);
  if (s.killsHeld || s.volumesHeld) {
    alarms.push(html`<p><b>Held back:</b> ${[s.killsHeld && `${many(s.killsHeld, "kill")} of unknown tasks`, s.volumesHeld && `the volumes of ${many(s.volumesHeld, "unknown instance")}`].filter(Boolean).join(" and ")}.
      If the scheduler's store is wrong and the tasks are right, restore the store. ${!readOnly && html`<button onClick=${() => confirmKills(s)}>Let it happen…</button>`}</p>`);
  }
  if (s.agentsAvoided.length) {
    alarms.push(html`<p><b>${many(s.agentsAvoided.length, "agent")} avoided,</b> since tasks failed there by the agent's fault: ${s.agentsAvoided.map((id, n) => html`${n > 0 && ", "}<a href=${to(`agents/${id}`)}>${id}</a>`)}.</p>`);
  }
  return alarms.length > 0 && html`<section class="alarms" aria-label="Alarms">${alarms.map((a) => html`<div class="notice busy">${a}</div>`)}</section>`;
}

function confirmKills(s) {
  confirm({
    title: "Let the held kills happen?", button: "Kill and destroy", danger: true, command: "gantry kills confirm --yes",
    what: html`<p>${many(s.killsHeld, "unknown task")} will be killed, and the volumes of ${many(s.volumesHeld, "unknown instance")} destroyed for good. What only a lost store has forgotten cannot be brought back.</p>`,
    act: async () => {
      const done = await ask("POST", "v3/kills/confirm", { body: {} });
      return { text: `${many(done.confirmed || 0, "kill")} confirmed, the volumes of ${many(done.destroyed || 0, "instance")} given up.` };
    },
  });
}

function Waiting({ of: w }) {
  if (w.total === 0) return html`<p class="empty">Nothing waits.</p>`;
  return html`<table><thead><tr><th scope="col">App</th><th scope="col" class="num">Waiting</th><th scope="col">Since</th><th scope="col">Why</th></tr></thead>
    <tbody>${w.apps.map((a) => html`<tr key=${a.id}><td><a href=${toApp(a.id)}>${a.id}</a></td><td class="num">${number(a.waiting)}</td>
      <td><${Time} at=${a.waitingSince} ago /></td><td class="why">${a.explanation}</td></tr>`)}</tbody></table>
    ${w.total > w.apps.length && html`<p class="faint">and ${many(w.total - w.apps.length, "more app")}; <a href="apps?waiting=true">all that wait</a></p>`}`;
}
