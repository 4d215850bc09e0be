// Apps as a tree of their groups.

// groupsOf lists the groups above an id, the outermost first: of "/a/b/c" they are
// "/a" and "/a/b".
export function groupsOf(id) {
  const groups = [];
  for (let end = id.indexOf("/", 1); end > 0; end = id.indexOf("/", end + 1)) groups.push(id.slice(0, end));
  return groups;
}

const sums = ["instances", "tasksRunning", "tasksStaged", "tasksHealthy", "tasksUnhealthy", "waiting"];

// treeOf makes groups of Apps, which are in the order of their ids. It returns the
// root's children: groups {id, level, children, apps and sums over them}, and Apps.
export function treeOf(apps) {
  const root = { id: "", level: 0, children: [], apps: 0 };
  const open = [root];
  for (const app of apps) {
    const groups = groupsOf(app.id);
    let depth = 0;
    while (depth < groups.length && open[depth + 1]?.id === groups[depth]) depth++;
    open.length = depth + 1;
    for (const id of groups.slice(depth)) {
      const group = { id, group: true, level: open.length, children: [], apps: 0, deployments: 0, healthChecked: false, ...Object.fromEntries(sums.map((s) => [s, 0])) };
      open[open.length - 1].children.push(group);
      open.push(group);
    }
    open[open.length - 1].children.push(app);
    for (const group of open.slice(1)) {
      group.apps++;
      group.deployments += app.deployments ? 1 : 0;
      group.healthChecked ||= app.healthChecked;
      for (const s of sums) group[s] += app[s] || 0;
    }
  }
  return root.children;
}

// rowsOf lists a tree's rows: of a group that is open also what is in it. Groups come
// where their first App would.
export function rowsOf(nodes, isOpen, rows = []) {
  for (const node of nodes) {
    rows.push(node);
    if (node.group && isOpen(node)) rowsOf(node.children, isOpen, rows);
  }
  return rows;
}
