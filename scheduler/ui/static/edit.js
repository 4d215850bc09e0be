// An editor for an App's definition, in JSON or YAML, with what the server has
// against it at the lines that it means.
import { html, useEffect, useMemo, useRef, useState } from "./lib.js";
import { get, path, request } from "./api.js";
import { Refused, verdict } from "./doing.js";
import { Command, Loading, Trouble, readOnly } from "./parts.js";
import { go, to, toApp } from "./place.js";
import { definition } from "./versions.js";

const example = `{
  "id": "/my/app",
  "cmd": "exec sleep 1000",
  "instances": 1,
  "cpus": 0.1,
  "mem": 32
}
`;

// read returns what is to be edited: of a group all that is in it.
async function read(id, group) {
  if (!group) {
    const { app } = await get(path("v2/apps", id));
    return { text: definition(app) + "\n", version: app.version };
  }
  const all = await get(path("v2/groups", id));
  return { text: JSON.stringify({ ...all, version: undefined }, null, 2) + "\n", version: "" };
}

export function Edit({ id, group = false }) {
  const [start, setStart] = useState(id ? null : { text: example, version: "" });
  const [error, setError] = useState(null);
  const [yaml, setYaml] = useState(null);
  useEffect(() => {
    import("./yaml.js").then(setYaml, () => setError({ message: "the editor could not be fetched" }));
    if (id) read(id, group).then(setStart, setError);
  }, [id]);
  const title = id ? `Edit ${id}` : "New app";
  if (readOnly) return html`<h1 tabindex="-1">${title}</h1><div class="notice">This page changes nothing: the scheduler was started with --ui-read-only.</div>`;
  return html`<h1 tabindex="-1">${title}</h1>
    ${error ? html`<${Trouble} error=${error} what=${id} />` : start && yaml ? html`<${Editor} id=${id} group=${group} start=${start} yaml=${yaml} />` : html`<${Loading} />`}`;
}

function Editor({ id, group, start, yaml: { dump, isJSON, lineFor, lines, read: parse } }) {
  const [text, setText] = useState(start.text);
  const [marks, setMarks] = useState([]);
  const [refusal, setRefusal] = useState(null);
  const [force, setForce] = useState(false);
  const [busy, setBusy] = useState(false);
  const area = useRef(null);
  const save = async () => {
    setRefusal(null);
    const got = parse(text);
    if (got.error) {
      setMarks([{ line: got.error.line, text: `this is no ${isJSON(text) ? "JSON" : "YAML"}: ${got.error.message}` }]);
      return;
    }
    setMarks([]);
    setBusy(true);
    try {
      await (group ? sendGroup(id, got.value, force) : send(id, start.version, got.value, force));
    } catch (e) {
      setBusy(false);
      setRefusal(e);
      const at = lines(text);
      setMarks((Array.isArray(e.details) ? e.details : []).map((d) => ({ line: lineFor(at, d.path), text: `${d.path}: ${d.errors.join("; ")}` })));
    }
  };
  const convert = () => {
    const got = parse(text);
    if (got.error) setMarks([{ line: got.error.line, text: got.error.message }]);
    else {
      setText(isJSON(text) ? dump(got.value) : JSON.stringify(got.value, null, 2) + "\n");
      setMarks([]);
    }
  };
  const toLine = (n) => {
    const offset = text.split("\n").slice(0, n - 1).reduce((sum, line) => sum + line.length + 1, 0);
    area.current.focus();
    area.current.setSelectionRange(offset, offset);
  };
  const keys = (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      save();
    }
  };
  return html`<div class="editor">
      <${Gutter} lines=${text.split("\n").length} marks=${marks} of=${area} />
      <textarea ref=${area} value=${text} onInput=${(e) => setText(e.target.value)} onKeyDown=${keys} spellcheck="false" wrap="off" aria-label="Definition, in JSON or YAML"
        aria-describedby="marks" aria-invalid=${marks.length > 0} rows=${Math.min(40, Math.max(12, text.split("\n").length + 1))}></textarea>
    </div>
    <ul id="marks" class="marks">${marks.map((m) => html`<li key=${m.line + m.text}><button class="plain" onClick=${() => toLine(m.line)}>Line ${m.line}</button> ${m.text}</li>`)}</ul>
    <${Refused} refusal=${refusal} />
    <div class="buttons left">
      <button class="primary" onClick=${save} disabled=${busy}>${busy ? "Asking…" : id ? "Deploy" : "Create"}</button>
      <button onClick=${convert}>As ${isJSON(text) ? "YAML" : "JSON"}</button>
      <button onClick=${() => go(group ? to("apps", { group: id }) : id ? toApp(id) : "apps")}>Cancel</button>
      <label class="check"><input type="checkbox" checked=${force} onChange=${(e) => setForce(e.target.checked)} /> Force: override deployments that hold it</label>
      <span class="faint">Ctrl-Enter ${id ? "deploys" : "creates"}</span>
    </div>
    ${!group && html`<${Command}>gantry app ${id ? `update ${id}` : "create"} FILE${id && " --replace"}${force && " --force"}<//>`}`;
}

// send creates or replaces an App. It replaces the version that was read and no other.
async function send(id, version, value, force) {
  const query = { force: force ? "true" : undefined };
  const body = JSON.stringify(value);
  const answer = id
    ? await request("PUT", path("v2/apps", id), { query: { ...query, partialUpdate: "false" }, body, headers: { "If-Match": `"${version}"` } })
    : await request("POST", "v2/apps", { query, body });
  const told = await answer.json();
  const warning = answer.headers.get("Warning");
  go(toApp(id || told.id));
  verdict(`${id || told.id} is being ${id ? "deployed" : "created"}.${warning ? ` Warning: ${warning}` : ""}`, answer.headers.get("Marathon-Deployment-Id"));
}

// sendGroup puts a group and all that is in it as it was written.
async function sendGroup(id, value, force) {
  const answer = await request("PUT", path("v2/groups", id), { query: { force: force ? "true" : undefined }, body: JSON.stringify(value) });
  const told = await answer.json();
  go(to("apps", { group: id }));
  verdict(`${id} is being deployed.`, told.deploymentId);
}

// Gutter numbers the lines beside the text and marks those with errors.
function Gutter({ lines: n, marks, of: area }) {
  const [top, setTop] = useState(0);
  useEffect(() => {
    const el = area.current;
    const look = () => setTop(el.scrollTop);
    el.addEventListener("scroll", look, { passive: true });
    return () => el.removeEventListener("scroll", look);
  }, []);
  const marked = useMemo(() => new Map(marks.map((m) => [m.line, m.text])), [marks]);
  const numbers = [];
  for (let k = 1; k <= n; k++) numbers.push(html`<span key=${k} class=${marked.has(k) ? "bad" : ""} title=${marked.get(k)}>${k}</span>`);
  return html`<div class="gutter" aria-hidden="true"><div style=${{ transform: `translateY(${-top}px)` }}>${numbers}</div></div>`;
}
