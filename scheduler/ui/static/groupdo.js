// What can be done to a group, where the scheduler has groups.
import { html, useEffect, useState } from "./lib.js";
import { ask, offered, path } from "./api.js";
import { confirm } from "./doing.js";
import { go, to } from "./place.js";
import { many } from "./words.js";

const forced = (v) => ({ force: v.force ? "true" : undefined });

function scaleBy(id, apps) {
  const wanted = apps.reduce((sum, a) => sum + a.instances, 0);
  confirm({
    title: `Scale all apps of ${id}`, button: "Scale", force: true,
    fields: [{ name: "by", label: "By the factor", kind: "number", value: "1", min: 0, step: "any", required: true }],
    what: ({ by }) => html`<p>The instances of ${many(apps.length, "app")} are multiplied, ${many(wanted, "instance")} by ${by || "…"}, each app's rounded up.</p>`,
    act: async (v) => {
      const r = await ask("PUT", path("v2/groups", id), { query: forced(v), body: { scaleBy: Number(v.by) } });
      return { text: `${id} is being scaled by ${v.by}.`, deployment: r.deploymentId };
    },
  });
}

function destroy(id, apps) {
  confirm({
    title: `Destroy the group ${id}?`, button: "Destroy", danger: true, force: true,
    fields: [{ name: "id", label: "To confirm, enter its id", kind: "text", value: "", required: true }],
    what: html`<p>All ${many(apps.length, "app")} in it, at any depth, are ended and forgotten, with their versions and persistent volumes. This cannot be undone.</p>`,
    act: async (v) => {
      if (v.id !== id) throw new Error(`that is not ${id}: nothing was destroyed`);
      const r = await ask("DELETE", path("v2/groups", id), { query: forced(v) });
      go("apps");
      return { text: `${id} is being destroyed.`, deployment: r.deploymentId };
    },
  });
}

// GroupActions are the buttons of a group, once it is known that there are groups.
export function GroupActions({ id, apps }) {
  const [there, set] = useState(false);
  useEffect(() => { offered("v2/groups", { embed: "group.groups" }).then(set); }, []);
  return there && html`<span class="actions"><button onClick=${() => scaleBy(id, apps)}>Scale group…</button>
    <a class="button" href=${to("edit-group" + id)}>Edit group</a>
    <button class="danger" onClick=${() => destroy(id, apps)}>Destroy group…</button></span>`;
}
