// Tenants and their colours. A tenant is the top-level group of an App's id, "/" for
// Apps that are in none.

export function tenantOf(id) {
  const end = id.indexOf("/", 1);
  return end < 0 ? "/" : id.slice(0, end);
}

const COLOURS = 10;
const given = new Map();

// colour is the class of a tenant's colour. Its name says which, so that it is the
// same on all pages; where another tenant has that colour it gets the next free one.
export function colour(tenant) {
  if (!given.has(tenant)) {
    let n = hash(tenant) % COLOURS;
    if (given.size < COLOURS) while ([...given.values()].includes(n)) n = (n + 1) % COLOURS;
    given.set(tenant, n);
  }
  return `tenant-${given.get(tenant)}`;
}

function hash(text) {
  let h = 7;
  for (let n = 0; n < text.length; n++) h = (h * 31 + text.charCodeAt(n)) >>> 0;
  return h;
}
