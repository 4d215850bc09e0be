// Why an App waits: in a sentence, and as the funnel that the agents go through.
import { html } from "./lib.js";
import { Tag, Time, readOnly } from "./parts.js";
import { resetDelay } from "./appdo.js";
import { many, needs, number, reasonName } from "./words.js";

export function Why({ of: q, app: a }) {
  const delayed = q.delay.timeLeftSeconds > 0;
  return html`<section class="waits" aria-labelledby="why"><h2 id="why">Why ${many(q.count, "instance")} ${q.count === 1 ? "waits" : "wait"}</h2>
    <p class="sentence">${q.explanation || "It waits for the next offers"}. <span class="faint">Since <${Time} at=${q.since} /> (<${Time} at=${q.since} ago />).</span></p>
    ${delayed && html`<p><${Tag} kind="bad">backs off for ${many(q.delay.timeLeftSeconds, "more second")}<//>
      ${!readOnly && html`<button onClick=${() => resetDelay(a.id)}>Try now…</button>`}</p>`}
    <${Funnel} of=${q.processedOffersSummary.rejectSummaryLastOffers} needs=${needs(a)} />
  </section>`;
}

// Funnel is the picture of the counts: at each step how many agents' offers were
// still there, and how many of them it kept out.
function Funnel({ of: steps, needs: what }) {
  const looked = steps.filter((s) => s.processed > 0);
  const most = Math.max(1, ...looked.map((s) => s.processed));
  if (looked.length === 0) return null;
  const last = looked[looked.length - 1];
  const left = last.processed - last.declined;
  return html`<table class="funnel"><caption>What became of the latest offer of each agent; an instance needs ${what}</caption>
    <thead><tr><th scope="col">Asked</th><th scope="col">Picture</th><th scope="col" class="num">Looked at</th><th scope="col" class="num">Kept out</th><th scope="col" class="num">Left</th></tr></thead>
    <tbody>${looked.map((s) => html`<tr key=${s.reason} class=${s.declined ? "keeps" : ""}><th scope="row">${reasonName(s.reason)}</th>
      <td class="picture"><span class="step" style=${{ width: `${(100 * s.processed) / most}%` }}><span class="left" style=${{ flexGrow: s.processed - s.declined }}></span><span class="out" style=${{ flexGrow: s.declined }}></span></span></td>
      <td class="num">${number(s.processed)}</td><td class="num">${s.declined ? html`<b>${number(s.declined)}</b>` : "–"}</td><td class="num">${number(s.processed - s.declined)}</td></tr>`)}</tbody>
    <tfoot><tr><th scope="row" colspan="4">${left > 0 ? "Fitting" : "None fits"}</th><td class="num"><b>${number(left)}</b></td></tr></tfoot></table>`;
}
