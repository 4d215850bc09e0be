// Small parts that all pages use.
import { html, useEffect, useState } from "./lib.js";
import { age, moment, many, number } from "./words.js";
import { to } from "./place.js";
import { useNow } from "./asked.js";

// readOnly says that this page changes nothing.
export const readOnly = document.documentElement.hasAttribute("data-read-only");

// Time shows a time in the reader's zone; the exact one is its title.
export function Time({ at, ago = false }) {
  if (!at) return html`<span class="faint">–</span>`;
  return html`<time datetime=${at} title=${at}>${ago ? html`<${Age} at=${at} />` : moment(at)}</time>`;
}

// Age shows how long ago a time was, and goes on.
export function Age({ at }) {
  const fresh = Date.now() - new Date(at) < 120_000;
  return age(at, useNow(fresh ? 1000 : 30_000));
}

// Tag is a short word about the state of something: "good", "busy", "bad" or plain.
export const Tag = ({ kind = "", title, children }) => html`<span class=${`tag ${kind}`} title=${title}>${children}</span>`;

// Trouble says why nothing can be shown.
export function Trouble({ error, what, again }) {
  return html`<div class="notice bad" role="alert">
    <p><b>${what} cannot be shown:</b> ${error.message}.</p>
    ${again && html`<button onClick=${again}>Try again</button>`}
  </div>`;
}

// Loading stands in for what has not come yet; it shows only if that takes a while.
export function Loading() {
  const [late, set] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => set(true), 400);
    return () => clearTimeout(timer);
  }, []);
  return html`<p class="faint" role="status">${late ? "Asking the scheduler…" : ""}</p>`;
}

// Answer shows what was asked for, or why it is not there (yet).
export function Answer({ of, what, children }) {
  if (of.data !== undefined) return children(of.data);
  return of.error ? html`<${Trouble} error=${of.error} what=${what} again=${of.again} />` : html`<${Loading} />`;
}

// Health is a bar of an App's instances: healthy, running, starting, unhealthy and
// missing ones, which its text says, too.
export function Health({ of: a, wide = false }) {
  const running = a.tasksRunning - a.tasksHealthy - a.tasksUnhealthy;
  const missing = Math.max(0, a.instances - a.tasksRunning - a.tasksStaged);
  const parts = [
    ["healthy", a.tasksHealthy], [a.healthChecked ? "unknown" : "running", Math.max(0, running)], ["starting", a.tasksStaged],
    ["unhealthy", a.tasksUnhealthy], ["missing", missing],
  ].filter(([, n]) => n > 0);
  const text = parts.length ? parts.map(([name, n]) => `${number(n)} ${name === "unknown" ? "running, health unknown" : name}`).join(", ") : "no instances wanted";
  return html`<span class=${`health ${wide ? "wide" : ""}`} role="img" aria-label=${text} title=${text}>
    ${parts.map(([name, n]) => html`<span key=${name} class=${name} style=${{ flexGrow: n }}></span>`)}
  </span>`;
}

// Command shows what does the same on the command line.
export function Command({ children }) {
  const [copied, set] = useState(false);
  const line = [children].flat().filter((part) => part || part === 0).join("");
  const copy = () => navigator.clipboard?.writeText(line).then(() => set(true), () => set(false));
  return html`<p class="command"><span class="faint">On the command line:</span> <code>${line}</code>
    ${navigator.clipboard && html` <button class="plain" onClick=${copy} aria-label=${`Copy: ${line}`}>${copied ? "copied" : "copy"}</button>`}</p>`;
}

// Deployments links to deployments that hold something.
export const Deployments = ({ ids }) => ids.map((id, n) => html`${n > 0 && ", "}<a href=${to("deployments") + "#" + id}>${id}</a>`);

// Tabs switch between views of one thing, each with an address.
export function Tabs({ label, tabs, at, address }) {
  return html`<nav class="tabs" aria-label=${label}>
    ${tabs.map(([id, name]) => html`<a key=${id} href=${address(id)} aria-current=${id === at ? "page" : undefined}>${name}</a>`)}
  </nav>`;
}

// Count says how many there are of what is shown.
export const Count = ({ shown, total, noun }) => html`<span class="faint" role="status">${shown === total ? many(total, noun) : `${number(shown)} of ${many(total, noun)}`}</span>`;
