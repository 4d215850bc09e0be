// How much of the cluster is used, by resource and by tenant.
import { html } from "./lib.js";
import { amount, number, percent, resources } from "./words.js";
import { colour } from "./tenants.js";
import { to } from "./place.js";

// tops are the tenants' queues, which are below the root; what Apps in no group use
// is the root's own part.
export function tops(queues) {
  const root = queues.find((q) => q.queue === "/");
  const list = queues.filter((q) => q.queue !== "/" && q.queue.lastIndexOf("/") === 0);
  for (const q of [...list].sort((a, b) => (a.queue < b.queue ? -1 : 1))) colour(q.queue);
  if (root) {
    const used = Object.fromEntries(resources.map(({ name }) => [name, Math.max(0, root.used[name] - list.reduce((sum, q) => sum + q.used[name], 0))]));
    const own = { queue: "/", used, instances: root.instances - list.reduce((n, q) => n + q.instances, 0), waiting: root.waiting - list.reduce((n, q) => n + q.waiting, 0) };
    if (own.instances > 0 || own.waiting > 0 || list.length === 0) list.push(own);
  }
  return list.sort((a, b) => share(b) - share(a));
}

const share = (q) => q.dominantShare?.share || 0;

// Use shows a bar for each resource, in which each tenant has its part, and a table
// that says the same.
export function Use({ of: q }) {
  const tenants = tops(q.queues);
  const shown = resources.filter((r) => q.total[r.name] > 0);
  return html`<div class="use">${shown.map((r) => html`<${Bar} key=${r.name} of=${r} total=${q.total[r.name]} tenants=${tenants} />`)}</div>
    <div class="scroll"><table><thead><tr><th scope="col">Tenant</th>${shown.map((r) => html`<th scope="col" class="num">${r.label}</th>`)}
      <th scope="col" class="num">Instances</th><th scope="col" class="num">Waiting</th></tr></thead>
      <tbody>${tenants.map((t) => html`<tr key=${t.queue}><td><span class=${`swatch ${colour(t.queue)}`}></span> <a href=${t.queue === "/" ? "apps" : to("apps", { group: t.queue })}>${t.queue}</a></td>
        ${shown.map((r) => html`<td class="num">${amount(r, t.used[r.name])}</td>`)}<td class="num">${number(t.instances)}</td><td class="num">${number(t.waiting)}</td></tr>`)}</tbody></table></div>`;
}

function Bar({ of: r, total, tenants }) {
  const used = tenants.reduce((n, t) => n + t.used[r.name], 0);
  const text = `${amount(r, used)} of ${amount(r, total)} (${percent(used / total)})`;
  return html`<div class="bar-line"><span class="bar-name">${r.label}</span>
    <span class="bar" role="img" aria-label=${`${r.label}: ${text} used`}>${tenants.filter((t) => t.used[r.name] > 0).map((t) => html`<span key=${t.queue} class=${colour(t.queue)} title=${`${t.queue}: ${amount(r, t.used[r.name])}`} style=${{ width: `${(100 * t.used[r.name]) / total}%` }}></span>`)}</span>
    <span class="bar-text">${text}</span></div>`;
}
