package ui

import "github.com/chromedp/chromedp"

// modules tries what needs no page around it: the difference of texts, and where in
// a text the member of an error's path is.
func modules(p *page) {
	p.t.Helper()
	p.open("new")
	p.sees("New app")
	eval[chromedp.Void](p, `(async () => {
		const from = (name) => import(document.querySelector("script[type=module]").src.replace("main.js", name));
		window.modules = { ...(await from("diff.js")), ...(await from("yaml.js")), ...(await from("tree.js")), ...(await from("words.js")) };
	})()`)
	for _, c := range []struct{ expression, want string }{
		{`diff("a\nb\nc", "a\nx\nc\nd").map((l) => l.kind[0] + l.text).join(" ")`, "sa gb nx sc nd"},
		{`diff("", "").map((l) => l.kind).join()`, "same"},
		{`diff("a", "a").map((l) => l.kind).join()`, "same"},
		{`diff("a\nb", "b\na").filter((l) => l.kind !== "same").length`, "2"},
		{`[...lines('{\n "a": {\n  "b": [\n   1,\n   {"c": 2}]},\n "d": 3}')].map(([k, v]) => k + "=" + v).join(" ")`, "/=1 /a=2 /a/b=3 /a/b(0)=4 /a/b(1)=5 /a/b(1)/c=5 /d=6"},
		{`[...lines("a:\n  b:\n    - 1\n    - c: 2\nd: 3\n")].map(([k, v]) => k + "=" + v).join(" ")`, "/=1 /a=1 /a/b=2 /a/b(0)=3 /a/b(1)=4 /a/b(1)/c=4 /d=5"},
		{`lineFor(lines("a: 1\nb:\n  c: 2\n"), "/b/none(3)/x")`, "2"},
		{`lineFor(lines("a: 1\n"), "/none")`, "1"},
		{`['{', '{"a"', '{"a":\n1,\n}', '[1,\n2\n3]', '{}\n\nx', '[1, "a\n"]', '["\\x"]'].map((t) => read(t).error.line).join("")`, "1133311"},
		{`read('{"a": }').error.line + read("a: [1\nb: 2").error.line * 10`, "21"},
		{`JSON.stringify(read("a: yes\nb: 0x10\nc: 2026-01-01\n").value)`, `{"a":"yes","b":16,"c":"2026-01-01"}`},
		{`treeOf([{id: "/a/b/c", instances: 2}, {id: "/a/d", instances: 3}, {id: "/e"}]).map((n) => n.id + (n.group ? n.apps + ":" + n.instances : "")).join(" ")`, "/a2:5 /e"},
		{`rowsOf(treeOf([{id: "/a/b/c"}, {id: "/a/d"}, {id: "/e"}]), () => true).map((n) => n.id).join(" ")`, "/a /a/b /a/b/c /a/d /e"},
		{`rowsOf(treeOf([{id: "/a/b/c"}, {id: "/a/d"}, {id: "/e"}]), () => false).map((n) => n.id).join(" ")`, "/a /e"},
		{`[age(0, 5e3), age(0, 125e3), age(0, 7.3e6), age(0, 3e8)].join()`, "5 s,2 min,2 h,3 d"},
		{`shortTask("prod_web.instance-0d3c2a9e-4a57-4c55-9a53-5f0e4f0c8c11._app.12")`, "0d3c2a9e.12"},
		{`needs({cpus: 0.5, mem: 1024, disk: 0, gpus: 0})`, "0.5 cpus, 1,024 MiB mem"},
	} {
		if got := eval[string](p, "(() => { const {diff, lines, lineFor, read, treeOf, rowsOf, age, shortTask, needs} = window.modules; return String("+c.expression+"); })()"); got != c.want {
			p.t.Errorf("%s: got %s, want %s", c.expression, got, c.want)
		}
	}
}
