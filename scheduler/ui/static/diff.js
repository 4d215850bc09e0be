// The difference between two texts, line by line.

// diff returns [{kind, text}], kind being "same", "gone" or "new": a shortest way
// from the lines of one text to those of another.
export function diff(before, after) {
  const a = before.split("\n");
  const b = after.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const same = (lines) => lines.map((text) => ({ kind: "same", text }));
  return [...same(a.slice(0, head)), ...between(a.slice(head, a.length - tail), b.slice(head, b.length - tail)), ...same(a.slice(a.length - tail))];
}

// between compares by the longest common subsequence.
function between(a, b) {
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let k = b.length - 1; k >= 0; k--) {
      common[i * width + k] = a[i] === b[k] ? common[(i + 1) * width + k + 1] + 1 : Math.max(common[(i + 1) * width + k], common[i * width + k + 1]);
    }
  }
  const lines = [];
  let i = 0;
  let k = 0;
  while (i < a.length || k < b.length) {
    if (i < a.length && k < b.length && a[i] === b[k]) {
      lines.push({ kind: "same", text: a[i++] });
      k++;
    } else if (i < a.length && (k === b.length || common[(i + 1) * width + k] >= common[i * width + k + 1])) lines.push({ kind: "gone", text: a[i++] });
    else lines.push({ kind: "new", text: b[k++] });
  }
  return lines;
}
