// Requests to the API, and what comes of them.
import { server } from "./place.js";

// Refusal is an answer that is not 2xx, or none at all (status 0).
export class Refusal extends Error {
  constructor(status, body) {
    super(body?.message || (status ? `the scheduler answered ${status}` : "the scheduler does not answer"));
    this.status = status;
    // details are [{path, errors}], or a text that says where the body is no JSON.
    this.details = body?.details;
    // deployments lock what was to be changed.
    this.deployments = (body?.deployments || []).map((d) => d.id);
  }
}

const address = (path, query) => {
  const url = new URL(path.replace(/^\//, ""), server);
  for (const [name, value] of Object.entries(query || {})) {
    for (const one of [value].flat()) if (one !== undefined && one !== null && one !== "") url.searchParams.append(name, one);
  }
  return url;
};

// path encodes an id, whose slashes lead into the path.
export const path = (...parts) => parts.map((p) => p.split("/").map(encodeURIComponent).join("/")).join("");

// A page that is left may be kept by the browser, and its connections with it, of
// which there are six: they are given back, and such a page begins anew when the
// reader returns to it.
const leaving = new AbortController();
addEventListener("pagehide", () => leaving.abort());
addEventListener("pageshow", (e) => e.persisted && location.reload());

// request sends a request and returns the answer if it is a good one.
export async function request(method, where, { query, body, headers, signal } = {}) {
  let answer;
  try {
    answer = await fetch(address(where, query), {
      method, signal: signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal, credentials: "same-origin", cache: "no-store",
      headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
  } catch (e) {
    if (e.name === "AbortError") throw e;
    throw new Refusal(0);
  }
  if (answer.ok) return answer;
  let told;
  try {
    told = await answer.json();
  } catch {
    told = undefined; // a proxy's answer, perhaps
  }
  if (answer.status === 401) told = { message: "your name and password are not accepted (any more); load the page again to enter them" };
  throw new Refusal(answer.status, told);
}

// ask returns what an answer says: JSON, or undefined for an empty one.
export async function ask(method, where, options) {
  const answer = await request(method, where, options);
  const text = await answer.text();
  return text ? JSON.parse(text) : undefined;
}

export const get = (where, query, signal) => ask("GET", where, { query, signal });

// offered finds out whether the scheduler has a part of the API, once.
const known = new Map();
export function offered(where, query) {
  if (!known.has(where)) known.set(where, request("GET", where, { query }).then(() => true, (e) => e.status !== 404));
  return known.get(where);
}
