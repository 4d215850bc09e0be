// Definitions as texts, JSON or YAML, and where in a text the member of an error's
// path is. Only the editor wants it, which fetches it when it opens.
import { EVENT_ID, dump as write, getScalarValue, load, parseEvents } from "./vendor/js-yaml.mjs";

// dump writes a value as YAML.
export const dump = (value) => write(value, { lineWidth: -1 });

// read returns {value} of a text, or {error: {line, message}}, lines counted from 1.
// JSON is read as YAML, which it is.
export function read(text) {
  try {
    return { value: load(text) };
  } catch (e) {
    if (e.mark) return { error: { line: e.mark.line + 1, message: e.reason } };
    return { error: { line: 1, message: e.message } };
  }
}

// lines returns a map from paths as the API writes them, such as
// "/healthChecks(0)/protocol", to the line where the member begins.
export function lines(text) {
  const found = new Map();
  const starts = lineStarts(text);
  // Each open collection knows its path, and what comes next in it.
  const open = [];
  let key = null;
  const place = () => {
    const parent = open[open.length - 1];
    if (!parent) return "";
    return parent.list ? `${parent.path}(${parent.next++})` : `${parent.path}/${key}`;
  };
  for (const e of parseEvents(text, {})) {
    const parent = open[open.length - 1];
    if (e.type === EVENT_ID.POP) {
      const closed = open.pop();
      if (closed?.collection && open.length && !open[open.length - 1].list) open[open.length - 1].wantsKey = true;
      continue;
    }
    if (e.type === EVENT_ID.DOCUMENT) {
      open.push({ document: true, path: "", list: false, wantsKey: false });
      key = null;
      continue;
    }
    const at = e.start ?? e.valueStart ?? e.anchorStart;
    if (parent && !parent.list && parent.wantsKey) {
      key = e.type === EVENT_ID.SCALAR ? getScalarValue(text, e) : "?";
      parent.keyAt = at;
      parent.wantsKey = false;
      continue;
    }
    const path = parent?.document ? "" : place();
    found.set(path || "/", lineOf(starts, parent?.list || parent?.document ? at : parent.keyAt));
    if (e.type === EVENT_ID.MAPPING) open.push({ collection: true, path, list: false, wantsKey: true });
    else if (e.type === EVENT_ID.SEQUENCE) open.push({ collection: true, path, list: true, next: 0 });
    else if (!parent.list) parent.wantsKey = true;
  }
  return found;
}

// lineFor is the line of a path, or of the nearest member around it that is there.
export function lineFor(found, path) {
  for (let at = path; at; at = at.replace(/(\/[^/(]*|\(\d+\))$/, "")) {
    if (found.has(at)) return found.get(at);
    if (!/(\/[^/(]*|\(\d+\))$/.test(at)) break;
  }
  return found.get("/") || 1;
}

function lineStarts(text) {
  const starts = [0];
  for (let n = text.indexOf("\n"); n >= 0; n = text.indexOf("\n", n + 1)) starts.push(n + 1);
  return starts;
}

function lineOf(starts, offset) {
  let line = 1;
  while (line < starts.length && starts[line] <= offset) line++;
  return line;
}
