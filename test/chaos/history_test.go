package chaos_test

import (
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/test/chaos"
)

func tasks(ids ...string) []chaos.Task {
	var out []chaos.Task
	for _, id := range ids {
		out = append(out, chaos.Task{ID: id})
	}
	return out
}

func TestEachKindOfLossIsFound(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answers func(h *chaos.History)
		shown   map[string]int
		live    []chaos.Task
		says    string
	}{
		"all is well": {
			answers: func(h *chaos.History) { h.Answer("/c/a", 2, 201) },
			shown:   map[string]int{"/c/a": 2}, live: tasks("c_a.instance-1._app.1", "c_a.instance-2._app.3"),
		},
		"an acknowledged app is lost": {
			answers: func(h *chaos.History) { h.Answer("/c/a", 2, 201) }, says: "/c/a has -1 instances, the last answer was for 2",
		},
		"an acknowledged scaling is lost": {
			answers: func(h *chaos.History) { h.Answer("/c/a", 2, 201); h.Answer("/c/a", 1, 200) },
			shown:   map[string]int{"/c/a": 2}, live: tasks("c_a.instance-1._app.1", "c_a.instance-2._app.1"), says: "the last answer was for 1",
		},
		"a deleted app is back": {
			answers: func(h *chaos.History) { h.Answer("/c/a", 1, 201); h.Answer("/c/a", chaos.Gone, 200) },
			shown:   map[string]int{"/c/a": 1}, live: tasks("c_a.instance-1._app.1"), says: "/c/a has 1 instances, the last answer was for -1",
		},
		"a refused change was carried out": {
			answers: func(h *chaos.History) { h.Answer("/c/a", 1, 201); h.Answer("/c/a", 3, 422) },
			shown:   map[string]int{"/c/a": 3}, live: tasks("c_a.instance-1._app.1", "c_a.instance-2._app.1", "c_a.instance-3._app.1"), says: "last answer was for 1",
		},
		"a request without an answer may be carried out": {
			answers: func(h *chaos.History) { h.Answer("/c/a", 1, 201); h.Answer("/c/a", 0, 0) },
			shown:   map[string]int{"/c/a": 0},
		},
		"or not": {
			answers: func(h *chaos.History) { h.Answer("/c/a", 1, 201); h.Answer("/c/a", 0, 503) },
			shown:   map[string]int{"/c/a": 1}, live: tasks("c_a.instance-1._app.1"),
		},
		"but nothing else": {
			answers: func(h *chaos.History) { h.Answer("/c/a", 1, 201); h.Answer("/c/a", 0, 503) },
			shown:   map[string]int{"/c/a": 2}, live: tasks("c_a.instance-1._app.1", "c_a.instance-2._app.1"), says: "and 0 were asked for without an answer",
		},
		"a task is missing": {
			answers: func(h *chaos.History) { h.Answer("/c/a", 2, 201) },
			shown:   map[string]int{"/c/a": 2}, live: tasks("c_a.instance-1._app.1"), says: "the master lists 1 of its tasks",
		},
		"a task is left over": {
			answers: func(h *chaos.History) { h.Answer("/c/a", chaos.Gone, 404) },
			live:    tasks("c_b.instance-1._app.1"), says: "tasks of /c/b, which is not there",
		},
		"an app out of nothing": {shown: map[string]int{"/c/a": 0}, says: "nobody asked for it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := chaos.NewHistory()
			if row.answers != nil {
				row.answers(h)
			}
			got := strings.Join(h.Judge(row.shown, row.live), "\n")
			if row.says == "" && got != "" || !strings.Contains(got, row.says) {
				t.Errorf("judged %q, want %q", got, row.says)
			}
			if v := h.Violations(); len(v) > 0 {
				t.Errorf("violations %q", v)
			}
		})
	}
}

func TestViolationsOnTheWayAreKept(t *testing.T) {
	t.Parallel()
	h := chaos.NewHistory()
	h.Look(tasks("c_a.instance-1._app.1", "c_a.instance-2._app.1"))
	if v := h.Violations(); len(v) > 0 {
		t.Errorf("violations %q of two instances", v)
	}
	h.Look(tasks("c_a.instance-1._app.1", "c_a.instance-1._app.2"))
	h.Answer("/c/a", 1, 201)
	h.Answer("/c/a", chaos.Gone, 404)
	v := strings.Join(h.Violations(), "\n")
	if !strings.Contains(v, "c_a.instance-1 lives twice") || !strings.Contains(v, "/c/a is not there, and was acknowledged with 1") {
		t.Errorf("violations %q", v)
	}
	if h.Answer("/c/b", 1, 0) || !h.Answer("/c/c", 1, 409) {
		t.Error("an app without an answer may be asked for more, or a refused one may not")
	}
	if c := h.Counts(); c["acknowledged"] != 2 || c["without an answer"] != 1 || c["refused"] != 1 || c["apps"] != 3 || c["looks"] != 2 {
		t.Errorf("counts %v", c)
	}
}
