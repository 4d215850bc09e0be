// The last abnormal end of a task, with the end of what it wrote.
import { html, useEffect, useState } from "./lib.js";
import { path, request } from "./api.js";
import { Tag, Time } from "./parts.js";
import { to } from "./place.js";
import { shortTask, stateName } from "./words.js";

const LINES = 12;

// useTail returns the last lines of a task's file, "" while they are not there.
function useTail(task, file) {
  const [text, set] = useState("");
  useEffect(() => {
    const abort = new AbortController();
    request("GET", path("v3/tasks/", task, "/logs"), { query: { file, tail: LINES }, signal: abort.signal })
      .then((r) => r.text()).then(set, () => set(""));
    return () => abort.abort();
  }, [task, file]);
  return text;
}

export function Failure({ of: f }) {
  const stderr = useTail(f.taskId, "stderr");
  const stdout = useTail(f.taskId, "stdout");
  const log = stderr.trim() ? ["stderr", stderr] : ["stdout", stdout];
  return html`<details class="failure" open=${Date.now() - new Date(f.timestamp) < 600_000}><summary>Last failure: <${Tag} kind="bad">${stateName(f.state)}<//> <${Time} at=${f.timestamp} /> (<${Time} at=${f.timestamp} ago />)</summary>
    <p class="message">${f.message || "Mesos gave no reason."}</p>
    <p class="faint">Task <code title=${f.taskId}>${shortTask(f.taskId)}</code> on <a href=${to(`agents/${f.slaveId}`)}>${f.host}</a>, version of <${Time} at=${f.version} /></p>
    ${log[1].trim() ? html`<p class="faint">The end of its ${log[0]}:</p><pre class="log" tabindex="0" role="region" aria-label=${`End of ${log[0]} of the task that failed`}>${log[1]}</pre>` : html`<p class="faint">It wrote nothing that is still there.</p>`}
  </details>`;
}
