// What can be done to an App.
import { html } from "./lib.js";
import { ask, path } from "./api.js";
import { confirm } from "./doing.js";
import { go } from "./place.js";
import { many, shortTask } from "./words.js";

const forced = (v) => ({ force: v.force ? "true" : undefined });
const flag = (v) => (v.force ? " --force" : "");

export function scale(a) {
  confirm({
    title: `Scale ${a.id}`, button: "Scale", force: true,
    fields: [{ name: "n", label: "Instances", kind: "number", value: String(a.instances), min: 0, max: 100000, required: true }],
    what: ({ n }) => {
      const more = Number(n) - a.instances;
      if (n === "" || more === 0) return html`<p>It wants ${many(a.instances, "instance")} now.</p>`;
      return html`<p>From ${a.instances} to ${many(Number(n), "instance")}: ${more > 0 ? `${many(more, "instance")} will be started` : `${many(-more, "instance")} will be ended`}.</p>`;
    },
    command: (v) => `gantry app scale ${a.id} ${v.n}${flag(v)}`,
    act: async (v) => {
      const r = await ask("PUT", path("v2/apps", a.id), { query: forced(v), body: { instances: Number(v.n) } });
      return { text: `${a.id} is being scaled to ${v.n}.`, deployment: r.deploymentId };
    },
  });
}

export function suspend(a) {
  confirm({
    title: `Suspend ${a.id}?`, button: "Suspend", danger: true, force: true, command: (v) => `gantry app scale ${a.id} 0${flag(v)}`,
    what: html`<p>All ${many(a.instances, "instance")} will be ended. The app stays, and can be scaled up again.</p>`,
    act: async (v) => {
      const r = await ask("PUT", path("v2/apps", a.id), { query: forced(v), body: { instances: 0 } });
      return { text: `${a.id} is being suspended.`, deployment: r.deploymentId };
    },
  });
}

export function restart(a) {
  const u = a.upgradeStrategy;
  confirm({
    title: `Restart ${a.id}?`, button: "Restart", force: true, command: (v) => `gantry app restart ${a.id}${flag(v)}`,
    what: html`<p>All ${many(a.instances, "instance")} will be replaced by new ones of the same version, with at least ${Math.ceil(u.minimumHealthCapacity * a.instances)} ready at any time and at most ${Math.floor(u.maximumOverCapacity * a.instances)} more than wanted.</p>`,
    act: async (v) => {
      const r = await ask("POST", path("v2/apps", a.id, "/restart"), { query: forced(v), body: {} });
      return { text: `${a.id} is being restarted.`, deployment: r.deploymentId };
    },
  });
}

export function destroy(a) {
  const volumes = (a.container?.volumes || []).some((v) => v.persistent);
  confirm({
    title: `Destroy ${a.id}?`, button: "Destroy", danger: true, force: true, command: (v) => `gantry app destroy ${a.id}${flag(v)}`,
    fields: [{ name: "id", label: "To confirm, enter its id", kind: "text", value: "", required: true }],
    what: html`<p>All ${many(a.instances, "instance")} will be ended, and the app with all its versions is forgotten${volumes ? ", its persistent volumes are destroyed" : ""}. This cannot be undone.</p>`,
    act: async (v) => {
      if (v.id !== a.id) throw new Error(`that is not ${a.id}: nothing was destroyed`);
      const r = await ask("DELETE", path("v2/apps", a.id), { query: { force: String(Boolean(v.force)) } });
      go("apps");
      return { text: `${a.id} is being destroyed.`, deployment: r.deploymentId };
    },
  });
}

export function kill(a, task) {
  const resident = Boolean(task.localVolumes?.length);
  confirm({
    title: `Kill task ${shortTask(task.id)}?`, button: "Kill", danger: true, force: true,
    command: (v) => `gantry task kill ${task.id}${v.scale ? " --scale" : ""}${v.wipe ? " --wipe" : ""}${flag(v)}`,
    fields: [
      { name: "scale", label: "Scale the app down by one, so that it is not replaced", kind: "checkbox", value: false },
      ...(resident ? [{ name: "wipe", label: "Destroy its volumes, too", kind: "checkbox", value: false }] : []),
    ],
    what: (v) => html`<p>The task <code>${task.id}</code> on ${task.host} is ended. ${v.scale ? `${a.id} then wants ${many(a.instances - 1, "instance")}.` : v.wipe ? "Its data is destroyed; another instance starts afresh." : resident ? "It starts again on the same agent, with the same volumes." : "Another takes its place."}</p>`,
    act: async (v) => {
      const query = { ...forced(v), scale: v.scale ? "true" : undefined, wipe: v.wipe ? "true" : undefined };
      const r = await ask("POST", "v2/tasks/delete", { query, body: { ids: [task.id] } });
      return { text: `Task ${shortTask(task.id)} is being killed.`, deployment: r?.deploymentId };
    },
  });
}

export function resetDelay(id) {
  confirm({
    title: `Try ${id} again now?`, button: "Try now",
    what: html`<p>Its back-off ends at once, and its instances are launched again as soon as they have a place.</p>`,
    act: async () => {
      await ask("DELETE", path("v2/queue", id, "/delay"));
      return { text: `${id} backs off no more.` };
    },
  });
}

export function rollback(a, version) {
  confirm({
    title: `Take ${a.id} back?`, button: "Take it back", force: true, command: (v) => `gantry app rollback ${a.id} ${version}${flag(v)}`,
    what: html`<p>What <code>${version}</code> was becomes the newest version, and the instances are replaced by those of it as its upgrade strategy says.</p>`,
    act: async (v) => {
      const r = await ask("PUT", path("v2/apps", a.id), { query: forced(v), body: { version } });
      return { text: `${a.id} goes back to the version of ${version}.`, deployment: r.deploymentId };
    },
  });
}
