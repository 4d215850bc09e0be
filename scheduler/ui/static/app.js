// One App: whether it runs, why not, what happened, what it is.
import { html } from "./lib.js";
import { useAsked } from "./asked.js";
import { about } from "./applist.js";
import { path } from "./api.js";
import { Answer, Command, Deployments, Health, Tabs, Tag, Time, Trouble, readOnly } from "./parts.js";
import { toApp, to } from "./place.js";
import { destroy, restart, scale, suspend } from "./appdo.js";
import { Instances } from "./instances.js";
import { Failure } from "./failure.js";
import { Logs } from "./logs.js";
import { Timeline } from "./timeline.js";
import { Versions } from "./versions.js";
import { Why } from "./why.js";
import { DeploymentList } from "./deployments.js";
import { needs, number } from "./words.js";

const EVERY = 5_000;

export function App({ id, query }) {
  const ofIt = (e) => about(e).includes(id);
  const app = useAsked(path("v2/apps", id), { when: ofIt, every: EVERY });
  const queue = useAsked("v2/queue", { query: { app: id, embed: "explanation" }, when: ofIt, every: EVERY });
  if (app.error?.status === 404) return html`<${Gone} id=${id} />`;
  const tab = query.get("tab") || "instances";
  return html`<${Answer} of=${app} what=${`App ${id}`}>${({ app: a }) => html`
    <${Head} of=${a} />
    ${app.error && html`<${Trouble} error=${app.error} what="The newest state" />`}
    ${queue.data?.queue[0] && html`<${Why} of=${queue.data.queue[0]} app=${a} />`}
    ${a.deployments.length > 0 && html`<section aria-labelledby="deploys"><h2 id="deploys">Deployment</h2><${DeploymentList} app=${id} empty="It has just ended." /></section>`}
    ${a.lastTaskFailure && html`<${Failure} of=${a.lastTaskFailure} />`}
    <${Tabs} label=${`Views of ${id}`} at=${tab} address=${(t) => toApp(id, { tab: t === "instances" ? "" : t })}
      tabs=${[["instances", `Instances (${number(a.tasks.length)})`], ["timeline", "Timeline"], ["configuration", "Configuration"], ["logs", "Logs"]]} />
    <${Tab} at=${tab} of=${a} query=${query} />
    <${Command}>gantry app show ${id}<//>`}<//>`;
}

function Tab({ at, of: a, query }) {
  switch (at) {
    case "timeline": return html`<${Timeline} id=${a.id} />`;
    case "configuration": return html`<${Versions} of=${a} query=${query} />`;
    case "logs": return html`<${Logs} of=${a} query=${query} />`;
    default: return html`<${Instances} of=${a} />`;
  }
}

const Gone = ({ id }) => html`<h1 tabindex="-1">${id}</h1><div class="notice"><p>There is no such app (any more). <a href="apps">All apps</a></p></div>
  <section aria-labelledby="was"><h2 id="was">What has been</h2><${Timeline} id=${id} /></section>`;

function Head({ of: a }) {
  const brief = { ...a, healthChecked: Boolean(a.healthChecks?.length) };
  const above = a.id.split("/").slice(1, -1);
  return html`<div class="title"><h1 tabindex="-1">${above.map((name, n) => html`/<a href=${to("apps", { group: "/" + above.slice(0, n + 1).join("/") })}>${name}</a>`)}/${a.id.split("/").pop()}</h1>
    ${!readOnly && html`<span class="actions">
      <button onClick=${() => scale(a)}>Scale…</button>
      <button onClick=${() => restart(a)}>Restart…</button>
      <a class="button" href=${to("edit" + a.id)}>Edit</a>
      ${a.instances > 0 && html`<button onClick=${() => suspend(a)}>Suspend…</button>`}
      <button class="danger" onClick=${() => destroy(a)}>Destroy…</button>
    </span>`}</div>
    <div class="summary"><${Health} of=${brief} wide />
      <span><b>${number(a.tasksRunning)}</b> of ${number(a.instances)} running${a.tasksStaged ? html`, ${number(a.tasksStaged)} starting` : ""}${a.tasksUnhealthy ? html`, <b>${number(a.tasksUnhealthy)} unhealthy</b>` : ""}</span>
      ${a.deployments.length > 0 && html`<span><${Tag} kind="busy">deploying<//> <span class="faint">held by <${Deployments} ids=${a.deployments.map((d) => d.id)} /></span></span>`}
      <span class="faint">each needs ${needs(a) || "nothing"}</span>
      <span class="faint">version of <${Time} at=${a.version} /></span>
      ${a.container?.docker && html`<span class="faint">image <code>${a.container.docker.image}</code></span>`}
      ${Object.entries(a.labels).map(([k, v]) => html`<${Tag}>${k}${v && `=${v}`}<//>`)}
    </div>`;
}

