// One event in a line, and whole on request.
import { html } from "./lib.js";
import { Tag, Time } from "./parts.js";
import { toApp } from "./place.js";
import { about } from "./applist.js";
import { actionName, eventName, shortId, shortInstance, shortTask, stateName } from "./words.js";

const bad = /FAILED|ERROR|LOST|GONE|DROPPED|UNREACHABLE/;

// gist says what an event tells, and how it is to be taken.
function gist(e) {
  switch (e.eventType) {
    case "status_update_event":
      return [bad.test(e.taskStatus) ? "bad" : e.taskStatus === "TASK_RUNNING" ? "good" : "", `${shortTask(e.taskId)} ${stateName(e.taskStatus)} on ${e.host}${e.message ? `: ${e.message}` : ""}`];
    case "instance_changed_event":
      return ["", `${shortInstance(e.instanceId)} ${e.condition.toLowerCase()}${e.host ? ` on ${e.host}` : ""}`];
    case "instance_health_changed_event":
      return [e.healthy ? "good" : "bad", `${shortInstance(e.instanceId)} ${e.healthy === null ? "health unknown" : e.healthy ? "healthy" : "unhealthy"}`];
    case "deployment_success":
      return ["good", `deployment ${shortId(e.plan.id)} done`];
    case "deployment_failed":
      return ["bad", `deployment ${shortId(e.plan.id)} failed${e.reason ? `: ${e.reason}` : ""}`];
    case "deployment_info":
      return ["busy", `deployment ${shortId(e.plan.id)}: ${e.currentStep.actions.slice(0, 5).map((a) => `${actionName(a.action)} ${a.app}`).join(", ")}`];
    case "unhealthy_instance_kill_event":
      return ["bad", `${shortTask(e.taskId)} ended: ${e.reason}`];
    case "agent_avoided_event":
      return ["bad", `${e.host}: ${e.message}`];
    case "api_post_event":
      return ["", `${e.appDefinition?.id} by ${e.clientIp}`];
    case "group_change_success":
      return ["", e.groupId];
    case "group_change_failed":
      return ["bad", `${e.groupId}: ${e.reason}`];
    case "gap":
      return ["bad", `events are missing here: those after ${e.lastRead} up to ${e.lastLost}`];
    default:
      return ["", Object.entries(e).filter(([k, v]) => !["number", "eventType", "timestamp"].includes(k) && typeof v !== "object").map(([k, v]) => `${k}: ${v}`).join(", ")];
  }
}

export function Happening({ of: e, withApp = false }) {
  const [kind, text] = gist(e);
  const apps = withApp ? about(e).slice(0, 3) : [];
  return html`<li>${withApp && html`<span class="whose">${apps.map((id) => html`<a key=${id} href=${toApp(id)}>${id}</a> `)}</span>`}
    <details><summary><span class="when"><${Time} at=${e.timestamp} /></span> <${Tag} kind=${kind}>${eventName(e.eventType)}<//> <span class="gist">${text}</span></summary>
    <pre tabindex="0" role="region" aria-label="The whole event">${JSON.stringify(e, null, 2)}</pre></details></li>`;
}
