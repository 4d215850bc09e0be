// What a task writes, as it writes it.
import { html, useEffect, useLayoutEffect, useRef, useState } from "./lib.js";
import { path, request } from "./api.js";
import { Command } from "./parts.js";
import { requery, server } from "./place.js";
import { shortTask, stateName } from "./words.js";

const TAIL = 300;
// So much is kept on the page, in characters; the file itself can be downloaded.
const KEPT = 400_000;

export function Logs({ of: a, query }) {
  const failed = a.lastTaskFailure?.taskId;
  const tasks = [...a.tasks.map((t) => [t.id, `${shortTask(t.id)}  ${stateName(t.state)} on ${t.host}`]), ...(failed && !a.tasks.some((t) => t.id === failed) ? [[failed, `${shortTask(failed)}  failed`]] : [])];
  // The first task stays chosen when it has ended.
  const first = useRef("");
  first.current ||= tasks[0]?.[0];
  const task = query.get("task") || first.current;
  const file = query.get("file") === "stderr" ? "stderr" : "stdout";
  if (!task) return html`<p class="empty">No task of it runs, and none has failed: there is no log.</p>`;
  const whole = new URL(path("v3/tasks/", task, "/files/content").replace(/^\//, ""), server);
  whole.searchParams.set("path", file);
  return html`<div class="filters">
      <label><span>Task</span> <select value=${task} onChange=${(e) => requery({ task: e.target.value })}>${tasks.map(([id, text]) => html`<option key=${id} value=${id}>${text}</option>`)}
        ${!tasks.some(([id]) => id === task) && html`<option value=${task}>${shortTask(task)}  ended</option>`}</select></label>
      <label><span>File</span> <select value=${file} onChange=${(e) => requery({ file: e.target.value })}><option>stdout</option><option>stderr</option></select></label>
      <a href=${whole.href} download=${`${shortTask(task)}.${file}`}>Download all</a>
    </div>
    <${Followed} key=${task + file} task=${task} file=${file} />
    <${Command}>gantry task logs ${task}${file === "stderr" && " --stderr"} --follow<//>`;
}

// Followed shows the last lines of a file and goes on with what is added.
function Followed({ task, file }) {
  const [text, setText] = useState("");
  const [state, setState] = useState("asking");
  const box = useRef(null);
  const stick = useRef(true);
  useEffect(() => {
    const abort = new AbortController();
    follow(task, file, abort.signal, (more) => setText((was) => (was + more).slice(-KEPT)), setState);
    return () => abort.abort();
  }, []);
  useLayoutEffect(() => {
    if (stick.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const scrolled = (event) => {
    const el = event.currentTarget; // the box may have gone since
    stick.current = el.scrollHeight - el.scrollTop - el.clientHeight < 20;
  };
  return html`<p class="faint" role="status">${state}</p>
    <pre class="log tall" ref=${box} onScroll=${scrolled} tabindex="0" role="region" aria-label=${`${file} of ${shortTask(task)}`}>${text}</pre>`;
}

async function follow(task, file, signal, add, say) {
  try {
    const answer = await request("GET", path("v3/tasks/", task, "/logs"), { query: { file, tail: TAIL, follow: "true" }, signal });
    say("followed live");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      add(value);
    }
    say("the task has ended: this is all");
  } catch (e) {
    if (!signal.aborted) say(`not followed any more: ${e.message}`);
  }
}
