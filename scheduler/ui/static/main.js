// The page: which part of it an address shows.
import { html, render } from "./lib.js";
import { begin } from "./live.js";
import { useHere } from "./place.js";
import { Frame } from "./frame.js";
import { Agent } from "./agent.js";
import { Agents } from "./agents.js";
import { App } from "./app.js";
import { Apps } from "./apps.js";
import { Deployments } from "./deployments.js";
import { Edit } from "./edit.js";
import { Events } from "./events.js";
import { Overview } from "./overview.js";
import { Sharing } from "./sharing.js";

const Nowhere = () => html`<h1 tabindex="-1">There is no such page</h1><p>Its address may be mistyped. <a href="./">To the overview</a></p>`;

// pageOf returns the page of an address: its place in the navigation, its name, and
// what shows it.
function pageOf({ parts, query }) {
  const [first, ...rest] = parts;
  const id = "/" + rest.join("/");
  const pages = {
    undefined: ["", "Overview", html`<${Overview} />`],
    apps: rest.length ? ["apps", id, html`<${App} id=${id} query=${query} />`] : ["apps", "Apps", html`<${Apps} query=${query} />`],
    new: ["apps", "New app", html`<${Edit} query=${query} />`],
    edit: ["apps", `Edit ${id}`, html`<${Edit} id=${id} query=${query} />`],
    "edit-group": ["apps", `Edit ${id}`, html`<${Edit} id=${id} group />`],
    deployments: ["deployments", "Deployments", html`<${Deployments} />`],
    agents: rest.length ? ["agents", `Agent ${rest[0]}`, html`<${Agent} id=${rest[0]} />`] : ["agents", "Agents", html`<${Agents} query=${query} />`],
    sharing: ["sharing", "Sharing", html`<${Sharing} />`],
    events: ["events", "Events", html`<${Events} query=${query} />`],
  };
  return Object.hasOwn(pages, String(first)) ? pages[String(first)] : ["none", "Not found", html`<${Nowhere} />`];
}

function Page() {
  const place = useHere();
  const [at, name, shown] = pageOf(place);
  return html`<${Frame} at=${at} name=${name} address=${place.parts.join("/")}>${shown}<//>`;
}

const place = document.getElementById("page");
await begin();
place.replaceChildren();
render(html`<${Page} />`, place);
