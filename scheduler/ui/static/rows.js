// A table of any number of rows, of which only those in sight are drawn.
import { html, useLayoutEffect, useRef, useState } from "./lib.js";

// The height of a row, as page.css has it.
const HEIGHT = 30;
const SPARE = 8;

// Rows draws items by row(item, n), which returns the cells. Columns are
// [{name, label, kind}]; kind is a class of the cells. With tree, rows have a level
// and may be open or closed: level(item) from 1, open(item) true, false or undefined.
// Enter or a double click on a row calls enter(item), left and right arrows call
// toggle(item, open).
export function Rows({ label, columns, items, row, keyOf, tree, enter, empty }) {
  const box = useRef(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [focus, setFocus] = useState(0);
  const wantFocus = useRef(false);
  useLayoutEffect(() => {
    const el = box.current;
    let due = 0;
    const look = () => { due = 0; setView({ top: el.scrollTop, height: el.clientHeight }); };
    const later = () => { due ||= requestAnimationFrame(look); };
    look();
    el.addEventListener("scroll", later, { passive: true });
    const sizes = new ResizeObserver(later);
    sizes.observe(el);
    return () => { el.removeEventListener("scroll", later); sizes.disconnect(); cancelAnimationFrame(due); };
  }, []);
  const at = Math.min(focus, Math.max(0, items.length - 1));
  const first = Math.max(0, Math.min(Math.floor(view.top / HEIGHT) - SPARE, items.length - 1));
  const past = Math.min(items.length, Math.ceil((view.top + view.height) / HEIGHT) + SPARE);
  // At once: an effect that is still due from the picture before would take the wish.
  useLayoutEffect(() => {
    if (!wantFocus.current) return;
    wantFocus.current = false;
    box.current.querySelector(`[aria-rowindex="${at + 2}"]`)?.focus({ preventScroll: true });
  });
  const move = (n) => {
    const target = Math.max(0, Math.min(items.length - 1, n));
    const el = box.current;
    const top = target * HEIGHT;
    if (top < el.scrollTop) el.scrollTop = top;
    else if (top + 2 * HEIGHT > el.scrollTop + el.clientHeight) el.scrollTop = top + 2 * HEIGHT - el.clientHeight;
    wantFocus.current = true;
    setFocus(target);
    setView({ top: el.scrollTop, height: el.clientHeight });
  };
  const key = (e) => {
    if (e.target.getAttribute("role") !== "row" || e.altKey || e.ctrlKey || e.metaKey) return;
    const page = Math.max(1, Math.floor(view.height / HEIGHT) - 2);
    const item = items[at];
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1, PageDown: at + page, PageUp: at - page };
    if (e.key in steps) move(steps[e.key]);
    else if (e.key === "Enter" && enter) enter(item);
    else if (tree && e.key === "ArrowRight" && tree.open(item) === false) tree.toggle(item, true);
    else if (tree && e.key === "ArrowLeft" && tree.open(item)) tree.toggle(item, false);
    else return;
    e.preventDefault();
  };
  const drawn = [];
  for (let n = first; n < past; n++) {
    const item = items[n];
    drawn.push(html`<div key=${keyOf(item)} role="row" class=${`row ${n % 2 ? "odd" : ""}`} aria-rowindex=${n + 2}
      aria-level=${tree?.level(item)} aria-expanded=${tree ? tree.open(item) : undefined}
      tabindex=${n === at ? 0 : -1} style=${{ transform: `translateY(${n * HEIGHT}px)` }} onFocusIn=${() => n !== at && setFocus(n)} onDblClick=${() => enter?.(item)}>
      ${row(item, n).map((cell, k) => html`<div role=${tree ? "gridcell" : "cell"} class=${`cell c-${columns[k].name} ${columns[k].kind || ""}`}>${cell}</div>`)}
    </div>`);
  }
  return html`<div class="rows" role=${tree ? "treegrid" : "table"} aria-label=${label} aria-rowcount=${items.length + 1} ref=${box} onKeyDown=${key} tabindex=${items.length ? undefined : 0}>
    <div role="rowgroup" class="rows-head"><div role="row" class="row head" aria-rowindex="1">
      ${columns.map((c) => html`<div role="columnheader" class=${`cell c-${c.name} ${c.kind || ""}`}>${c.label}</div>`)}
    </div></div>
    <div role="rowgroup" class="rows-body" style=${{ height: `${items.length * HEIGHT}px` }}>${drawn}</div>
    ${items.length === 0 && html`<p class="empty">${empty}</p>`}
  </div>`;
}
