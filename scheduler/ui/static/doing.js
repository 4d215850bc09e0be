// Changes: each is confirmed in words that name what will happen, and the server's
// verdict is shown, whatever it is.
import { html, render, useEffect, useLayoutEffect, useRef, useState } from "./lib.js";
import { Command, Deployments } from "./parts.js";
import { to } from "./place.js";

const verdicts = new Set();

// verdict shows what came of a change, until the next one or until it is closed.
export function verdict(text, deployment) {
  for (const f of verdicts) f({ text, deployment });
}

// Verdicts is where verdicts are shown.
export function Verdicts() {
  const [shown, set] = useState(null);
  useEffect(() => {
    verdicts.add(set);
    return () => verdicts.delete(set);
  }, []);
  return html`<div class="verdict" role="status" aria-live="polite">${shown && html`<p>${shown.text}
    ${shown.deployment && html` Deployment <a href=${to("deployments") + "#" + shown.deployment}>${shown.deployment}</a>.`}
    <button class="plain" onClick=${() => set(null)} aria-label="Close this message">✕</button></p>`}</div>`;
}

// Refused says what the server had against a change, and the ways out.
export function Refused({ refusal }) {
  if (!refusal) return null;
  const details = Array.isArray(refusal.details) ? refusal.details : [];
  return html`<div class="notice bad" role="alert">
    <p><b>${refusal.status ? `Refused (${refusal.status})` : "No answer"}:</b> ${refusal.message}</p>
    ${typeof refusal.details === "string" && html`<p>${refusal.details}</p>`}
    ${details.length > 0 && html`<ul>${details.map((d) => html`<li><code>${d.path}</code> ${d.errors.join("; ")}</li>`)}</ul>`}
    ${refusal.deployments.length > 0 && html`<p>It is held by deployment <${Deployments} ids=${refusal.deployments} />. Wait for it, cancel it there, or override it with Force below.</p>`}
  </div>`;
}

// confirm opens a dialog. It has a title, says what will happen (a text, or elements
// made from the fields' values), and the same on the command line; fields are
// [{name, label, kind, value, min, max, help}], kind being number, text or checkbox.
// act(values) does it and returns the verdict: {text, deployment}.
export function confirm({ title, what, command, button, danger = false, fields = [], force = false, act }) {
  const place = document.createElement("div");
  document.body.append(place);
  const back = document.activeElement;
  const close = () => {
    render(null, place);
    place.remove();
    back?.focus?.();
  };
  const all = force ? [...fields, { name: "force", label: "Force: override deployments that hold it", kind: "checkbox", value: false }] : fields;
  render(html`<${Confirm} ...${{ title, what, command, button, danger, fields: all, act, close }} />`, place);
}

function Confirm({ title, what, command, button, danger, fields, act, close }) {
  const dialog = useRef(null);
  const [values, setValues] = useState(() => Object.fromEntries(fields.map((f) => [f.name, f.value])));
  const [refusal, setRefusal] = useState(null);
  const [busy, setBusy] = useState(false);
  useLayoutEffect(() => dialog.current.showModal(), []);
  const submit = async (e) => {
    e.preventDefault();
    setBusy(true);
    setRefusal(null);
    try {
      const { text, deployment } = await act(values);
      close();
      verdict(text, deployment);
    } catch (error) {
      setRefusal(error.deployments ? error : { status: 0, message: String(error), deployments: [] });
      setBusy(false);
    }
  };
  const say = (x) => (typeof x === "function" ? x(values) : x);
  return html`<dialog ref=${dialog} onClose=${close} aria-labelledby="confirm-title">
    <form onSubmit=${submit}>
      <h2 id="confirm-title">${title}</h2>
      <div class="what">${say(what)}</div>
      ${fields.map((f) => html`<${Field} key=${f.name} of=${f} value=${values[f.name]} set=${(v) => setValues((was) => ({ ...was, [f.name]: v }))} />`)}
      <${Refused} refusal=${refusal} />
      ${command && html`<${Command}>${say(command)}<//>`}
      <div class="buttons">
        <button type="button" onClick=${() => dialog.current.close()}>Cancel</button>
        <button type="submit" class=${danger ? "danger" : "primary"} disabled=${busy}>${busy ? "Asking…" : button}</button>
      </div>
    </form>
  </dialog>`;
}

function Field({ of: f, value, set }) {
  const id = `field-${f.name}`;
  const help = f.help && html`<small id=${id + "-help"} class="faint">${f.help}</small>`;
  if (f.kind === "checkbox") {
    return html`<p class="field check"><input id=${id} type="checkbox" checked=${value} onChange=${(e) => set(e.target.checked)} /><label for=${id}>${f.label}</label>${help}</p>`;
  }
  return html`<p class="field"><label for=${id}>${f.label}</label>
    <input id=${id} type=${f.kind} value=${value} min=${f.min} max=${f.max} step=${f.step} required=${f.required}
      aria-describedby=${f.help ? id + "-help" : undefined} onInput=${(e) => set(e.target.value)} />${help}</p>`;
}
