// Definitions as texts, JSON or YAML, and where in a text the member of an error's
// path is. Only the editor wants it, which fetches it when it opens.
import { EVENT_ID, dump as write, getScalarValue, load, parseEvents } from "./vendor/js-yaml.mjs";

// dump writes a value as YAML.
export const dump = (value) => write(value, { lineWidth: -1 });

// isJSON reports whether a text is meant as JSON.
export const isJSON = (text) => /^\s*[[{]/.test(text);

// read returns {value} of a text, or {error: {line, message}}, lines counted from 1.
export function read(text) {
  if (isJSON(text)) {
    try {
      return { value: JSON.parse(text) };
    } catch (e) {
      return { error: { line: lineOf(lineStarts(text), brokenAt(text)), message: e.message } };
    }
  }
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

const scalar = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

// brokenAt is the offset at which a text stops being JSON, which browsers do not tell.
function brokenAt(text) {
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found ? found[0].length : 0;
    return Boolean(found);
  };
  const space = () => take(/\s*/y);
  const list = (end, member) => {
    space();
    if (take(end)) return true;
    do if (!member()) return false;
    while (take(/\s*,/y));
    space();
    return take(end);
  };
  const value = () => {
    space();
    if (take(/\{/y)) return list(/\}/y, () => space() && text[at] === '"' && take(scalar) && take(/\s*:/y) && value());
    if (take(/\[/y)) return list(/\]/y, value);
    return take(scalar);
  };
  if (value()) space();
  return Math.min(at, text.length - 1);
}
