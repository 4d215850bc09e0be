// Where the reader is: each page has an address below the page's root, which is
// wherever the document says, behind any prefix.
import { useEffect, useState } from "./lib.js";

const root = new URL("./", document.baseURI);
// Credentials in the address bar must not be part of addresses that are asked for.
root.username = root.password = "";

// server is the address of the API: the root's parent.
export const server = new URL("../", root);

// here returns the present place: the segments of its path and its query.
export function here() {
  const path = location.pathname.startsWith(root.pathname) ? location.pathname.slice(root.pathname.length) : "";
  return { parts: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(location.search) };
}

// to makes the address of a place, relative to the root. Members of the query that
// are empty are left out.
export function to(path, query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(kept).toString();
  return path.split("/").map(encodeURIComponent).join("/") + (text ? "?" + text : "");
}

// toApp is the address of an App's page.
export const toApp = (id, query) => to("apps" + id, query);

const moved = new Set();

function tell() {
  for (const f of moved) f();
}

// go leads to a place; replace leaves no step back to the present one.
export function go(address, { replace = false } = {}) {
  const target = new URL(address, root);
  if (replace) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  tell();
}

// requery changes members of the query of the present place.
export function requery(changes) {
  const { parts, query } = here();
  for (const [name, value] of Object.entries(changes)) query.set(name, value ?? "");
  go(to(parts.join("/"), Object.fromEntries(query)), { replace: true });
}

addEventListener("popstate", tell);

// Links within the page are followed without loading it again.
addEventListener("click", (e) => {
  if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
  const link = e.target.closest?.("a[href]");
  if (!link || link.target || link.hasAttribute("download")) return;
  const target = new URL(link.href);
  if (target.origin !== root.origin || !target.pathname.startsWith(root.pathname) || link.getAttribute("href").startsWith("#")) return;
  e.preventDefault();
  go(target);
});

// useHere returns the present place, anew whenever it changes.
export function useHere() {
  const [place, set] = useState(here);
  useEffect(() => {
    const f = () => set(here());
    moved.add(f);
    return () => moved.delete(f);
  }, []);
  return place;
}
