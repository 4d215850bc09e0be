// The list of Apps: a tree of their groups, of which any number may be there.
import { html, useEffect, useMemo, useRef, useState } from "./lib.js";
import { useApps } from "./applist.js";
import { Command, Count, Health, Loading, Tag, Time, Trouble, readOnly } from "./parts.js";
import { GroupActions } from "./groupdo.js";
import { Rows } from "./rows.js";
import { go, requery, toApp } from "./place.js";
import { rowsOf, treeOf } from "./tree.js";
import { colour, tenantOf } from "./tenants.js";
import { many, number } from "./words.js";

// With so many rows groups are closed until somebody opens them.
const OPEN = 300;

const columns = [
  { name: "name", label: "App" }, { name: "bar", label: "Health" }, { name: "count", label: "Running", kind: "num" }, { name: "waits", label: "Waiting", kind: "num" },
  { name: "cpus", label: "CPUs", kind: "num" }, { name: "mem", label: "MiB", kind: "num" }, { name: "state", label: "State" }, { name: "version", label: "Changed" },
];

export function Apps({ query }) {
  const q = query.get("q") || "";
  const label = query.get("label") || "";
  const group = query.get("group") || "";
  const waiting = query.get("waiting") === "true";
  const { apps, error } = useApps({ id: q, label, waiting: waiting ? "true" : "" });
  const [turned, turn] = useState(new Map());
  const filtered = q || label || waiting;
  const shown = useMemo(() => (apps || []).filter((a) => !group || a.id.startsWith(group + "/")), [apps, group]);
  const tree = useMemo(() => treeOf(shown), [shown]);
  const isOpen = (g) => turned.get(g.id) ?? (shown.length <= OPEN || Boolean(group && (group + "/").startsWith(g.id + "/")));
  const rows = useMemo(() => rowsOf(tree, isOpen), [tree, turned, filtered]);
  const toggle = (g, open) => g.group && turn((was) => new Map(was).set(g.id, open));
  const enter = (node) => (node.group ? toggle(node, !isOpen(node)) : go(toApp(node.id)));
  const treeParts = { level: (n) => (n.group ? n.level : n.id.split("/").length - 1), open: (n) => (n.group ? isOpen(n) : undefined), toggle };
  return html`<div class="title"><h1 tabindex="-1">Apps</h1><${Filters} q=${q} label=${label} group=${group} waiting=${waiting} />
      ${apps && html`<${Count} shown=${shown.length} total=${apps.length} noun="app" />`}
      ${!readOnly && html`${group && html`<${GroupActions} key=${group} id=${group} apps=${shown} />`}<a class="button primary" href="new">New app</a>`}</div>
    ${error && html`<${Trouble} error=${error} what=${apps ? "The newest state" : "The apps"} />`}
    ${apps ? html`<${Rows} label="Apps" columns=${columns} items=${rows} keyOf=${(n) => n.id} row=${(n) => cells(n, isOpen, toggle)} tree=${treeParts} enter=${enter}
      empty=${filtered || group ? "No app fits the filters." : html`There is no app yet.${!readOnly && html` <a href="new">Create the first</a>.`}`} />` : !error && html`<${Loading} />`}
    <${Command}>gantry app list${q && ` ${q}`}${label && ` --label '${label}'`}<//>`;
}

// Filters change the page's address, so that what is seen can be shared.
function Filters({ q, label, group, waiting }) {
  const search = useRef(null);
  useEffect(() => {
    const slash = (e) => {
      if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, textarea, select, dialog")) return;
      e.preventDefault();
      search.current.focus();
    };
    addEventListener("keydown", slash);
    return () => removeEventListener("keydown", slash);
  }, []);
  return html`<search class="filters">
    <label><span>Search</span> <input ref=${search} type="search" value=${q} placeholder="part of the id  ( / )" onInput=${(e) => requery({ q: e.target.value.trim() })} /></label>
    <label><span>Labels</span> <input type="search" value=${label} placeholder="tier==front, env in (a,b)" onChange=${(e) => requery({ label: e.target.value.trim() })} /></label>
    <label class="check"><input type="checkbox" checked=${waiting} onChange=${(e) => requery({ waiting: e.target.checked ? "true" : "" })} /> waiting only</label>
    ${group && html`<span class="tag">in ${group} <button class="plain" onClick=${() => requery({ group: "" })} aria-label="Show all groups">✕</button></span>`}
  </search>`;
}

function cells(n, isOpen, toggle) {
  const name = n.id.slice(n.id.lastIndexOf("/") + 1);
  const level = n.group ? n.level : n.id.split("/").length - 1;
  const indent = { paddingInlineStart: `${(level - 1) * 18}px` };
  if (n.group) {
    return [
      html`<span class="node" style=${indent}><button class="twist" tabindex="-1" aria-hidden="true" onClick=${() => toggle(n, !isOpen(n))}>${isOpen(n) ? "▾" : "▸"}</button>
        ${n.level === 1 && html`<span class=${`swatch ${colour(n.id)}`}></span>`} <b title=${n.id}>${name}</b> <span class="faint">${many(n.apps, "app")}</span></span>`,
      html`<${Health} of=${n} />`, html`${number(n.tasksRunning)} <span class="faint">/ ${number(n.instances)}</span>`, n.waiting ? number(n.waiting) : "", "", "",
      n.deployments ? html`<${Tag} kind="busy">${many(n.deployments, "app")} deploying<//>` : "", "",
    ];
  }
  return [
    html`<span class="node" style=${indent}>${level === 1 && html`<span class=${`swatch ${colour(tenantOf(n.id))}`}></span> `}<a href=${toApp(n.id)} title=${n.id}>${name}</a></span>`,
    html`<${Health} of=${n} />`, html`${number(n.tasksRunning)} <span class="faint">/ ${number(n.instances)}</span>`, n.waiting ? number(n.waiting) : "",
    number(n.cpus), number(n.mem), html`<${State} of=${n} />`, html`<${Time} at=${n.version} ago />`,
  ];
}

// State is an App's state in a word.
export function State({ of: a }) {
  if (a.deployments) return html`<${Tag} kind="busy" title=${`deployment ${a.deployments.join(", ")}`}>deploying<//>`;
  if (a.waiting && a.delaySeconds) return html`<${Tag} kind="bad">backs off<//>`;
  if (a.waiting) return html`<${Tag} kind="busy">waits<//>`;
  if (a.tasksUnhealthy) return html`<${Tag} kind="bad">unhealthy<//>`;
  if (a.instances === 0) return html`<${Tag}>suspended<//>`;
  return html`<${Tag} kind="good">runs<//>`;
}
