package app

import (
	"testing"
	"time"
)

func TestTheLabelSaysHowTasksAreDrained(t *testing.T) {
	t.Parallel()
	standard := Drain{Timeout: time.Minute, MinDelay: 5 * time.Second}
	for _, row := range []struct {
		label string
		want  Drain
		wrong bool
	}{
		{label: "timeout=2m,minDelay=20s", want: Drain{Timeout: 2 * time.Minute, MinDelay: 20 * time.Second}},
		{label: "minDelay=0s", want: Drain{Timeout: time.Minute}},
		{label: "timeout=0s", want: Drain{}},
		{label: "timeout=3s", want: Drain{Timeout: 3 * time.Second, MinDelay: 3 * time.Second}},
		{label: "", wrong: true},
		{label: "timeout=-1s", wrong: true},
		{label: "timeout=2h", wrong: true},
		{label: "timeout=5", wrong: true},
		{label: "patience=5s", wrong: true},
	} {
		s := &Spec{}
		s.Labels = map[string]string{DrainLabel: row.label}
		var problems findings
		validateDrain(s, &problems)
		if wrong := len(problems) > 0; wrong != row.wrong {
			t.Errorf("%q: found %v", row.label, problems)
		}
		if row.wrong {
			row.want = standard
		}
		if got := s.Drain(standard); got != row.want {
			t.Errorf("%q: got %+v, want %+v", row.label, got, row.want)
		}
	}
	if got := (&Spec{}).Drain(standard); got != standard {
		t.Errorf("without the label: got %+v", got)
	}
}
