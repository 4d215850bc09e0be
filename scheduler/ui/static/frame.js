// The frame around all pages: where one can go, and how live what one sees is.
import { Component, html, useEffect, useRef, useState } from "./lib.js";
import { Verdicts } from "./doing.js";
import { useLive } from "./live.js";
import { useNow } from "./asked.js";
import { Trouble, readOnly } from "./parts.js";
import { to } from "./place.js";
import { age, moment } from "./words.js";

const places = [["", "Overview"], ["apps", "Apps"], ["deployments", "Deployments"], ["agents", "Agents"], ["sharing", "Sharing"], ["events", "Events"]];

const themes = ["auto", "light", "dark"];

function theme() {
  try {
    return themes.includes(localStorage.theme) ? localStorage.theme : "auto";
  } catch {
    return "auto"; // a browser that keeps nothing
  }
}

function useTheme() {
  const [name, set] = useState(theme);
  useEffect(() => {
    document.documentElement.dataset.theme = name;
    try {
      localStorage.theme = name;
    } catch {
      // It holds until the page is closed.
    }
  }, [name]);
  return [name, () => set(themes[(themes.indexOf(name) + 1) % themes.length])];
}

function Liveness() {
  const { name, since, why } = useLive();
  const now = useNow();
  const long = age(since, now);
  const texts = {
    starting: ["", "connecting"], live: ["good", "live"], polling: ["busy", "polling"], lost: ["bad", `stale for ${long}`], paused: ["", "paused"],
  };
  const [kind, text] = texts[name];
  return html`<span class=${`liveness ${kind}`} title=${why || `since ${moment(since)}`}>${text}</span>`;
}

// Stale says loudly that what is shown may be old.
function Stale() {
  const { name, since, why } = useLive();
  if (name !== "lost") return null;
  return html`<div class="stale" role="alert">Not live since ${moment(since)}: ${why}. What you see may be old. The page goes on trying.</div>`;
}

// Fallible catches what a page's code throws, so that the rest stays usable.
class Fallible extends Component {
  constructor() {
    super();
    this.state = { error: null };
  }

  static getDerivedStateFromError(error) {
    return { error };
  }

  render({ children }, { error }) {
    return error ? html`<${Trouble} error=${error} what="This page" again=${() => this.setState({ error: null })} />` : children;
  }
}

// toHeading takes the focus to a page's heading, as soon as there is one, unless the
// reader has moved on by then.
function toHeading(main) {
  const take = () => {
    const heading = main.querySelector("h1");
    if (heading && (document.activeElement === main || document.activeElement === document.body)) heading.focus({ preventScroll: true });
    return Boolean(heading);
  };
  main.focus({ preventScroll: true });
  if (take()) return undefined;
  const drawn = new MutationObserver(() => take() && drawn.disconnect());
  drawn.observe(main, { childList: true, subtree: true });
  return () => drawn.disconnect();
}

// Frame shows a page. Its name is the document's title; a move to another page takes
// the focus to its heading.
export function Frame({ at, name, address, children }) {
  const [look, next] = useTheme();
  const main = useRef(null);
  const first = useRef(true);
  useEffect(() => { document.title = `${name} · Gantry`; }, [name]);
  useEffect(() => {
    scrollTo(0, 0);
    if (!first.current) return toHeading(main.current);
    first.current = false;
    return undefined;
  }, [address]);
  const skip = (e) => {
    e.preventDefault();
    main.current.focus();
  };
  return html`<a class="skip" href="#main" onClick=${skip}>To the content</a>
    <header>
      <a class="brand" href="./">Gantry</a>
      <nav aria-label="Pages">${places.map(([p, text]) => html`<a key=${p} href=${to(p) || "./"} aria-current=${p === at ? "page" : undefined}>${text}</a>`)}</nav>
      <span class="right">
        ${readOnly && html`<span class="tag">read-only</span>`}
        <${Liveness} />
        <button class="plain" onClick=${next} aria-label=${`Colours: ${look}. Change`}>${{ auto: "◐", light: "○", dark: "●" }[look]}</button>
      </span>
    </header>
    <${Stale} />
    <${Verdicts} />
    <main id="main" ref=${main} tabindex="-1"><${Fallible} key=${address}>${children}<//></main>`;
}
