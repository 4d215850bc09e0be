// Numbers, times and names in words.

const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

// moment is a time in the reader's zone: without the day if that is today.
export function moment(at) {
  const t = new Date(at);
  return (t.toDateString() === new Date().toDateString() ? "" : day.format(t) + " ") + clock.format(t);
}

// age is how long ago a time was, in its largest unit.
export function age(at, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - new Date(at)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const digits = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });

// number is a number as the API has it, with its thousands set apart.
export const number = (n) => digits.format(n);

// percent is a part of 1.
export const percent = (part) => `${Math.round(part * 1000) / 10} %`;

// resources are what amounts are of, with their units.
export const resources = [
  { name: "cpus", label: "CPUs", unit: "" },
  { name: "mem", label: "Memory", unit: " MiB" },
  { name: "disk", label: "Disk", unit: " MiB" },
  { name: "gpus", label: "GPUs", unit: "" },
];

// amount is an amount of a resource with its unit.
export const amount = (resource, n) => number(n) + resource.unit;

// needs says amounts in a line.
export const needs = (a) => resources.filter((r) => a[r.name] > 0).map((r) => `${amount(r, a[r.name])} ${r.name}`).join(", ");

// many is a number with its noun.
export const many = (n, noun) => `${number(n)} ${noun}${n === 1 ? "" : "s"}`;

// shortTask is what tells an App's tasks apart: the end of the instance's id, and
// which of its runs it is.
export function shortTask(id) {
  const m = /\.instance-([^.]+)\._app\.(\d+)$/.exec(id);
  return m ? `${m[1].slice(0, 8)}.${m[2]}` : id;
}

export const shortInstance = (id) => /\.instance-([^.]{1,8})/.exec(id)?.[1] || id;

export const shortId = (id) => id.split("-")[0];

// shortAgent is the end of an agent's id, by which Mesos tells them apart.
export const shortAgent = (id) => /-(S\d+)$/.exec(id)?.[1] || id;

// stateName is a task's state without what all have in common.
export const stateName = (state) => state.replace(/^TASK_/, "").toLowerCase();

// actionName is what a step of a deployment does.
export const actionName = (action) => ({
  StartApplication: "start", ScaleApplication: "scale", RestartApplication: "replace", StopApplication: "stop",
})[action] || action;

// reasonName is a reason of the funnel in words: "InsufficientCpus" is "insufficient cpus".
export const reasonName = (reason) => reason.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();

// eventName is an event's type in words.
export const eventName = (type) => type.replace(/_event$/, "").replaceAll("_", " ");
